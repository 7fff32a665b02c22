"""Refusals that speak of us lose nobody: the dispatch or the relay is paused, and goes on where it was."""

from collections.abc import Callable
from datetime import datetime

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.core import clock
from tashika.core.models import AuditEntry
from tashika.delivery import pausing, queries, states
from tashika.delivery.breaker import IN_A_ROW
from tashika.delivery.models import Dispatch, LedgerRow, Queued, Relay
from tashika.people.models import Contact
from tests.delivery.conftest import (
    SenderProcess,
    check_ledger_against,
    planned,
    relay_to,
    wait_until,
)
from tests.fakes.smtp_server import SmtpServer

PEOPLE = 300
MOST_BEGUN = IN_A_ROW + 2 * 4  # four connections, each with one envelope ahead


def the_relay() -> Relay:
    return Relay.objects.get(practice=False)


def make_due() -> None:
    """What waits for its next try may be tried now."""
    Queued.objects.update(due_at=clock.now())


def finished() -> bool:
    """Whether nothing is left. What was refused a moment ago may be on record only now: it is made due, too."""
    make_due()
    return Dispatch.objects.get().state == Dispatch.State.FINISHED


def test_a_sender_address_that_is_refused_pauses_the_dispatch_and_loses_nobody(
    sender: Callable[..., SenderProcess], publisher: User, now: datetime
) -> None:
    refusing = True
    with SmtpServer(script=lambda phase, _: "553 5.7.1 not yours" if phase == "mail" and refusing else None) as server:
        dispatch = planned(PEOPLE, relay_to(server, now), now, domains=2)
        sender()
        wait_until(lambda: Dispatch.objects.get().pauses == 1)
        wait_until(lambda: not LedgerRow.objects.filter(state=states.SENDING).exists())
        paused = Dispatch.objects.get()
        assert paused.paused_until is not None and "553 5.7.1 not yours" in paused.paused_why
        begun = len(server.begun)
        assert begun <= MOST_BEGUN
        figures = queries.figures(dispatch.pk)
        assert (figures.queued, figures.refused) == (PEOPLE, 0)
        pausing.try_now(dispatch_id=dispatch.pk, by=actor_of(publisher), now=clock.now())
        wait_until(lambda: Dispatch.objects.get().pauses == 2)
        assert len(server.begun) == begun + 1, "one mail is tried"
        refusing = False
        pausing.try_now(dispatch_id=dispatch.pk, by=actor_of(publisher), now=clock.now())
        wait_until(lambda: Dispatch.objects.get().pauses == 0)
        wait_until(finished)
        assert check_ledger_against(server, dispatch).accepted == PEOPLE
    verbs = list(AuditEntry.objects.filter(subject=str(dispatch)).order_by("id").values_list("verb", flat=True))
    assert verbs == ["pause", "try_again", "try_again", "resume"]


def test_a_relay_that_does_not_know_us_is_left_alone_and_no_row_is_refused(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    refusing = True
    with SmtpServer(script=lambda phase, _: "530 5.7.0 log in" if phase == "mail" and refusing else None) as server:
        dispatch = planned(PEOPLE, relay_to(server, now), now)
        sender()
        wait_until(lambda: the_relay().paused_until is not None)
        wait_until(lambda: queries.figures(dispatch.pk).queued == PEOPLE)
        assert the_relay().last_error == "530 5.7.0 log in"
        assert len(server.begun) <= 8 and Dispatch.objects.get().pauses == 0
        refusing = False
        Relay.objects.filter(practice=False).update(connections=3)  # a person has mended it: the lane is made anew
        wait_until(finished)
        assert check_ledger_against(server, dispatch).accepted == PEOPLE
        assert the_relay().last_error == ""


def test_a_refused_login_is_not_repeated_every_few_seconds(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer(script=lambda phase, _: "535 5.7.8 no" if phase == "greeting" else None) as server:
        dispatch = planned(3, relay_to(server, now), now)
        sender()
        wait_until(lambda: the_relay().paused_until is not None)
        paused = the_relay().paused_until
        assert paused is not None and (paused - clock.now()).total_seconds() > 50
        assert server.connections == 1 and queries.figures(dispatch.pk).queued == 3


def test_a_policy_against_one_person_is_believed_the_second_time(
    sender: Callable[..., SenderProcess], now: datetime
) -> None:
    def script(phase: str, recipient: str) -> str | None:
        return "550 5.7.1 policy" if phase == "rcpt" and recipient.startswith("p4@") else None

    with SmtpServer(script=script) as server:
        dispatch = planned(10, relay_to(server, now), now)
        sender()
        wait_until(lambda: queries.figures(dispatch.pk).accepted == 9)
        wait_until(lambda: LedgerRow.objects.filter(attempts=1, state=states.QUEUED).count() == 1)
        wait_until(finished)
        figures = check_ledger_against(server, dispatch)
    assert (figures.accepted, figures.refused) == (9, 1)
    assert LedgerRow.objects.get(state=states.REFUSED).attempts == 2


def test_an_opt_out_between_two_tries_ends_them(sender: Callable[..., SenderProcess], now: datetime) -> None:
    """G5: judged again at each try."""

    def script(phase: str, recipient: str) -> str | None:
        return "452 4.2.2 full" if phase == "rcpt" and recipient.startswith(("p4@", "p5@")) else None

    with SmtpServer(script=script) as server:
        dispatch = planned(10, relay_to(server, now), now)
        sender()
        wait_until(lambda: LedgerRow.objects.filter(attempts=1, state=states.QUEUED).count() == 2)
        Contact.objects.filter(email__startswith="p4@").update(consent="withdrawn", opted_out_at=now)
        tried = len(server.begun)
        make_due()
        wait_until(lambda: LedgerRow.objects.filter(attempts=2, state=states.QUEUED).count() == 1)
        figures = queries.figures(dispatch.pk)
        assert (figures.accepted, figures.excluded, figures.queued) == (8, 1, 1)
        assert len(server.begun) == tried + 1, "only the one who did not opt out was tried again"
