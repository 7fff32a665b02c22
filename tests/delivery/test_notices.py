"""Notices (お知らせメール) to our own staff go through the ledger with every guarantee of a mail, and are no mail of the contact."""

from collections.abc import Callable, Iterator
from datetime import datetime
from email import message_from_bytes, policy

import pytest

from tashika.accounts import users, verifying
from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.core.actors import SYSTEM
from tashika.core.models import AuditEntry
from tashika.delivery import letters, planning, queries, recipients, stopping
from tashika.delivery.bounces import taking
from tashika.delivery.models import Dispatch, LedgerRow, Unmatched
from tashika.people.models import Contact, Suppression
from tests.delivery.conftest import SenderProcess, add_contacts, mail_version, relay_to, wait_until_finished
from tests.fakes.smtp_server import SmtpServer

EVERY_PAIR: planning.Pairs = ("SELECT c.id, u.id FROM people_contact c, accounts_user u", [])
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(transactional_db: None) -> Iterator[SmtpServer]:
    with SmtpServer() as one:
        yield one


@pytest.fixture
def notices(server: SmtpServer, now: datetime) -> Dispatch:
    """A dispatch to staff, of a mail that is commercial and tracked if it goes to contacts; two contacts, of whom one has
    opted out."""
    add_contacts(2, now)
    Contact.objects.filter(email__startswith="p1@").update(consent="withdrawn")
    return planning.open_dispatch(
        reason="test:notices",
        name="担当者への連絡",
        mail_version=mail_version(
            now,
            subject="{{ contact.company_name }} から資料請求",
            text="{{ contact.family_name }} さんがページを見ました。https://www.example.jp/",
            track_opens=True,
            track_clicks=True,
        ),
        relay=relay_to(server, now),
        give_up_at=now + planning.GIVE_UP_AFTER,
        now=now,
        to_staff=True,
    )


@pytest.fixture
def staff(db: None, now: datetime, notices: Dispatch) -> list[User]:
    """Two of our people, verified."""
    made = [
        users.create(
            email=f"tanto{index}@staff.example.jp",
            name=f"担当{index}",
            password="correct horse 7",
            role="editor",
            by=SYSTEM,
            now=now,
        )
        for index in range(2)
    ]
    for one in made:
        verifying.by_link(token=verifying.token_for(one, now=now), now=now)
    return made


def why(dispatch: Dispatch) -> list[str]:
    return sorted(row.why for row in queries.recipients(dispatch.pk, "excluded"))


def test_g1_each_is_told_of_each_contact_once_whatever_the_contact_wishes(
    notices: Dispatch, staff: list[User], server: SmtpServer, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    assert planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now) == 4
    assert planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now) == 0
    sender()
    wait_until_finished(notices)
    assert planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now) == 0
    assert sorted(mail.recipient for mail in server.taken) == sorted([one.email for one in staff] * 2)
    assert queries.figures(notices.pk).accepted == 4
    for row in LedgerRow.objects.select_related("dispatch__mail_version"):
        assert letters.rebuild(row), "G6"


def test_a_notice_is_the_contacts_words_without_opt_out_or_tracking_and_leaves_no_trace_at_the_contact(
    notices: Dispatch, staff: list[User], server: SmtpServer, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now)
    sender()
    wait_until_finished(notices)
    message = message_from_bytes(server.taken[0].body, policy=policy.default)
    text = message.get_body(("plain",)).get_content()
    assert message["Subject"] == "株式会社みらい から資料請求"
    assert "https://www.example.jp/" in text and "/u/" not in text and "/c/" not in text and "/o/" not in text
    assert message["List-Unsubscribe"] is None and message["Auto-Submitted"] == "auto-generated"
    assert not Event.objects.exists()
    assert queries.of_contact(Contact.objects.first().pk, 10) == []
    row = LedgerRow.objects.first()
    assert recipients.find(row.pk) is None, "no token of it opts anybody out"
    assert {one.contact_id for one in queries.recipients(notices.pk, "got")} == set(
        Contact.objects.values_list("pk", flat=True)
    )


def test_who_has_left_or_was_never_verified_is_on_record_with_the_reason(
    notices: Dispatch, staff: list[User], now: datetime
) -> None:
    User.objects.filter(pk=staff[0].pk).update(is_active=False)
    User.objects.filter(pk=staff[1].pk).update(email="other@staff.example.jp")  # what was verified was another address
    planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now)
    assert why(notices) == ["staff_inactive"] * 2 + ["staff_unverified"] * 2
    assert Dispatch.objects.get().state == Dispatch.State.SENDING


def leaves(staff: list[User]) -> None:
    User.objects.filter(pk=staff[0].pk).update(is_active=False)


def moves(staff: list[User]) -> None:
    User.objects.filter(pk=staff[0].pk).update(email="new@staff.example.jp", verified_email="new@staff.example.jp")


def bounces(staff: list[User]) -> None:
    User.objects.filter(pk=staff[0].pk).update(verified_email="")


def contacts_go(staff: list[User]) -> None:
    Contact.objects.first().delete()


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (leaves, "staff_inactive"),
        (moves, "address_changed"),
        (bounces, "staff_unverified"),
        (contacts_go, "deleted"),
    ],
)
def test_g5_what_happens_after_planning_counts_at_the_claim(
    happens: Callable[[list[User]], None],
    reason: str,
    notices: Dispatch,
    staff: list[User],
    server: SmtpServer,
    sender: Callable[..., SenderProcess],
    now: datetime,
) -> None:
    planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now)
    happens(staff)
    sender()
    wait_until_finished(notices)
    assert why(notices) == [reason] * 2
    assert len(server.taken) == 2


def test_g3_what_is_stopped_takes_no_notices(notices: Dispatch, staff: list[User], now: datetime) -> None:
    planning.notify(
        dispatch=notices, pairs=("SELECT %s::bigint, %s::bigint", [Contact.objects.first().pk, staff[0].pk]), now=now
    )
    answer = stopping.stop_dispatch(dispatch_id=notices.pk, by=SYSTEM, now=now)
    assert planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now) is None
    assert queries.figures(notices.pk).by_state() == answer.figures
    assert answer.figures["stopped"] == 1


def test_g13_what_a_journal_says_has_left_holds_back_that_one_notice_alone(
    notices: Dispatch, staff: list[User], now: datetime
) -> None:
    planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now)
    gone = LedgerRow.objects.first()
    again = planning.open_dispatch(
        reason="test:again",
        name="",
        mail_version=notices.mail_version,
        relay=notices.relay,
        give_up_at=notices.give_up_at,
        now=now,
        to_staff=True,
    )
    from tashika.delivery.models import SenderHost

    host = SenderHost.objects.create(id=gone.message_id, name="x", born="first", first_seen_at=now, seen_at=now)
    Unmatched.objects.create(
        message_id=gone.message_id, row_id=1, dispatch_id=1, reason="test:again", address_hash=gone.address_hash,
        state="accepted", host=host, sender=gone.message_id, left_by=now, found_at=now,
    )  # fmt: skip
    assert planning.notify(dispatch=again, pairs=EVERY_PAIR, now=now) == 4
    assert why(again) == ["handed_over"]


def test_a_hard_bounce_of_a_notice_touches_no_contact_and_unverifies_the_address(
    notices: Dispatch, staff: list[User], server: SmtpServer, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    planning.notify(dispatch=notices, pairs=EVERY_PAIR, now=now)
    sender()
    wait_until_finished(notices)
    from tashika.delivery.bounces import return_path

    row = LedgerRow.objects.get(staff_id=staff[0].pk, about_id=Contact.objects.first().pk)
    back = return_path.envelope_sender(
        row.pk, return_path="bounces@mail.example.jp", from_address="info@mirai.example.jp"
    )
    report = (
        f"From: MAILER-DAEMON@mx.example.jp\r\nTo: {back}\r\nSubject: failed\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.jp\r\n\r\n"
        f"Final-Recipient: rfc822; {row.address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    taken = taking.take(raw=report.encode(), way="mailbox", now=now)
    assert (taken.bounce.kind, taken.bounce.row_id, taken.bounce.contact_id) == ("hard", row.pk, None)
    assert not Suppression.objects.exists() and not Event.objects.exists()
    assert [User.objects.get(pk=one.pk).is_verified for one in staff] == [False, True]
    assert AuditEntry.objects.filter(verb="unverify_user", subject=f"user:{staff[0].pk}").exists()
