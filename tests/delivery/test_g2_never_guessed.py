"""G2 Never guessed: a reply lost after the body makes the row in_doubt, counted, never sent again by itself."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tashika.delivery import queries
from tests.delivery.conftest import SenderProcess, check_ledger_against, planned, relay_to, wait_until_finished
from tests.fakes.smtp_server import SmtpServer


@pytest.mark.parametrize("phase", ["dot", "reply"])
def test_a_lost_reply_is_a_doubt_whether_the_server_took_it_or_not(
    phase: str, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    def script(at: str, recipient: str) -> str | None:
        return "drop" if at == phase and recipient.startswith("p3@") else None

    with SmtpServer(script=script) as server:
        dispatch = planned(20, relay_to(server, now), now)
        sender()
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
        assert (figures.accepted, figures.in_doubt) == (19, 1)
        doubt = queries.recipients(dispatch.pk, "in_doubt")[0]
        assert doubt.address.startswith("p3@") and "no reply after the body" in doubt.reply


@pytest.mark.parametrize("phase", ["greeting", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_body_is_no_doubt_and_is_tried_again(
    phase: str, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    failures = iter(["drop", "drop"])

    def script(at: str, recipient: str) -> str | None:
        return next(failures, None) if at == phase else None

    with SmtpServer(script=script) as server:
        dispatch = planned(20, relay_to(server, now), now)
        sender()
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
    assert (figures.accepted, figures.in_doubt) == (20, 0)
