"""Every phase in which a connection can break has its outcome (RFC 5321; the standard library can't tell them apart)."""

import asyncio
import errno

import pytest

from tashika.delivery.smtp.client import Outcome, Result, Single, Transaction, UnableToConnect
from tashika.delivery.smtp.opening import Server, open_connection
from tashika.delivery.smtp.opening import send_one as send_alone
from tests.fakes.smtp_server import SmtpServer

NOTHING = Single(Transaction("", "", b""))
MESSAGE = b"From: a@example.jp\r\nTo: b@example.jp\r\n\r\n.dot first\r\nhello\r\n"


def send_one(server: SmtpServer, *, may_begin: bool = True) -> tuple[Result, list[str]]:
    begun: list[str] = []

    class Watched(Single):
        def body_begins(self, transaction: Transaction) -> None:
            begun.append("begun")

    async def talk() -> Result:
        single = Watched(Transaction("a@example.jp", "b@example.jp", MESSAGE), allowed=lambda: may_begin)
        connection = await open_connection(Server("127.0.0.1", server.port), single)
        connection.go_on()
        await single.done.wait()
        connection.quit()
        await asyncio.sleep(0)
        assert single.result is not None
        return single.result

    return asyncio.run(talk()), begun


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("phase", "what", "outcome", "taken", "body_begun"),
    [
        ("none", None, Outcome.ACCEPTED, 1, True),
        ("mail", "drop", Outcome.NOT_LEFT, 0, False),
        ("rcpt", "drop", Outcome.NOT_LEFT, 0, False),
        ("data", "drop", Outcome.NOT_LEFT, 0, False),
        ("dot", "drop", Outcome.IN_DOUBT, 0, True),
        ("reply", "drop", Outcome.IN_DOUBT, 1, True),
        ("mail", "451 later", Outcome.DEFERRED, 0, False),
        ("mail", "421 closing", Outcome.NOT_LEFT, 0, False),
        ("rcpt", "550 5.1.1 unknown", Outcome.REFUSED, 0, False),
        ("rcpt", "450 4.2.0 greylisted", Outcome.DEFERRED, 0, False),
        ("data", "554 no", Outcome.REFUSED, 0, False),
        ("dot", "552 5.2.2 full", Outcome.REFUSED, 0, True),
        ("dot", "451 4.3.0 later", Outcome.DEFERRED, 0, True),
        ("mail", "garbage", Outcome.NOT_LEFT, 0, False),
    ],
)
def test_each_phase_has_its_outcome(
    pipelining: bool, phase: str, what: str | None, outcome: Outcome, taken: int, body_begun: bool
) -> None:
    with SmtpServer(script=lambda at, _: what if at == phase else None, pipelining=pipelining) as server:
        result, begun = send_one(server)
        assert result.outcome is outcome
        assert len(server.taken) == taken
        assert bool(begun) is body_begun


def test_the_body_arrives_as_it_was_dots_and_all() -> None:
    with SmtpServer() as server:
        send_one(server)
        assert server.taken[0].body == MESSAGE


def test_a_stop_before_the_body_keeps_the_mail_here() -> None:
    with SmtpServer() as server:
        result, begun = send_one(server, may_begin=False)
        assert (result.outcome, server.taken, begun) == (Outcome.NOT_LEFT, [], [])


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_body_that_cannot_be_noted_stays_here_and_is_concluded(pipelining: bool) -> None:
    """The journal's disk is full (fault 12): found by `bench chaos`, the mail was neither sent nor given back."""
    concluded: list[Result] = []

    class OnAFullDisk(Single):
        def body_begins(self, transaction: Transaction) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def concluded(self, transaction: Transaction, result: Result) -> None:
            concluded.append(result)
            super().concluded(transaction, result)

    async def talk(port: int) -> None:
        single = OnAFullDisk(Transaction("a@example.jp", "b@example.jp", MESSAGE))
        connection = await open_connection(Server("127.0.0.1", port), single)
        connection.go_on()
        await asyncio.wait_for(single.done.wait(), 5)
        assert not connection.usable

    with SmtpServer(pipelining=pipelining) as server:
        asyncio.run(talk(server.port))
        assert [result.outcome for result in concluded] == [Outcome.NOT_LEFT]
        assert server.taken == []


def test_no_address_carries_a_command() -> None:
    with SmtpServer() as server:
        recipient = "b@example.jp>\r\nRCPT TO:<c@example.jp"
        result = asyncio.run(
            send_alone(Server("127.0.0.1", server.port), sender="a@example.jp", recipient=recipient, message=MESSAGE)
        )
        assert (result.outcome, server.taken, server.begun) == (Outcome.REFUSED, [], [])


def test_a_server_that_is_not_there_is_said_so() -> None:
    with pytest.raises(UnableToConnect):
        asyncio.run(open_connection(Server("127.0.0.1", 9), NOTHING))


@pytest.mark.parametrize("greeting", ["554 go away", "x" * 5000, "no smtp"])
def test_a_server_that_refuses_us_is_said_so(greeting: str) -> None:
    with (
        SmtpServer(script=lambda at, _: greeting if at == "greeting" else None) as server,
        pytest.raises(UnableToConnect),
    ):
        asyncio.run(open_connection(Server("127.0.0.1", server.port), NOTHING))
