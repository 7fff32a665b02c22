"""A report comes in: it is kept, tied to its mail and judged; forged ones take nobody off."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from tashika.activity.models import Event
from tashika.core.models import AuditEntry
from tashika.delivery.bounces import keeping, queries, recomputing, settings, taking
from tashika.delivery.bounces.models import Bounce, BounceSettings, RawReport
from tashika.delivery.bounces.parsing import reading
from tashika.delivery.bounces.parsing.report import Kind, Report
from tashika.delivery.models import LedgerRow
from tashika.people import consent, suppression
from tashika.people.consent import RECIPIENT
from tashika.people.models import Contact, Suppression
from tests.delivery.bounces.conftest import complaint, dispatched, report, vacation

pytestmark = pytest.mark.django_db
FULL = ("5.2.2", "552 5.2.2 Mailbox full")


def take(raw: bytes, now: datetime, way: str = "pipe") -> Bounce:
    return taking.take(raw=raw, way=way, now=now).bounce


def test_a_hard_bounce_takes_the_address_off_at_once(row: LedgerRow, now: datetime) -> None:
    bounce = take(report(row), now)
    assert (bounce.kind, bounce.tied_by, bounce.row_id) == ("hard", "token", row.pk)
    found = Suppression.objects.get()
    assert found.reason == "hard_bounce" and found.detail == f"bounce:{bounce.pk} unknown_user 5.1.1"
    event = Event.objects.get(kind="bounced")
    assert (event.contact_id, event.dispatch_id) == (row.contact_id, row.dispatch_id)
    row.refresh_from_db()
    assert row.state == "accepted", "the ledger says what the relay said; the bounce stands beside it"
    assert Contact.objects.get().consent == "given", "a bounce is not the person's wish"


def test_the_same_report_twice_is_one(row: LedgerRow, now: datetime) -> None:
    raw = report(row)
    first, again = taking.take(raw=raw, way="pipe", now=now), taking.take(raw=raw, way="mailbox", now=now)
    with_line = taking.take(raw=b"From MAILER-DAEMON Tue Nov 24 10:00:00 2026\n" + raw, way="pipe", now=now)
    assert (first.new, again.new, with_line.new) == (True, False, False)
    assert RawReport.objects.count() == Bounce.objects.count() == Event.objects.count() == 1


def test_two_reports_about_one_mail_are_one_fact(row: LedgerRow, now: datetime) -> None:
    for number in "12":
        take(report(row, *FULL, unique=number), now)
    assert Bounce.objects.count() == 2 and Event.objects.count() == 1
    assert queries.bounce_figures(row.dispatch_id).soft == 1


def test_soft_bounces_are_counted_per_mail_and_suppress_at_the_limit(now: datetime) -> None:
    BounceSettings.objects.create(soft_limit=3, soft_days=30)
    for number in range(3):
        one = dispatched(1, now, reason=f"test:{number}")[0]
        for again in "12":  # twice each: still one mail
            take(report(one, *FULL, unique=f"{number}{again}"), now)
        assert Suppression.objects.exists() is (number == 2)
    assert Suppression.objects.get().reason == "soft_bounce"


def test_old_soft_bounces_do_not_count(now: datetime) -> None:
    BounceSettings.objects.create(soft_limit=2, soft_days=30)
    first, second = (dispatched(1, now, reason=f"test:{number}")[0] for number in range(2))
    take(report(first, *FULL), now - timedelta(days=31))
    take(report(second, *FULL), now)
    assert not Suppression.objects.exists()


def test_a_complaint_is_the_persons_own_word(row: LedgerRow, now: datetime) -> None:
    assert take(complaint(row), now).kind == "complaint"
    found = Suppression.objects.get()
    assert found.reason == "complaint" and Contact.objects.get().consent == "withdrawn"
    with pytest.raises(suppression.UnableToLift):
        suppression.lift(suppression=found, why="x", by=RECIPIENT, now=now)
    consent.give(contact=Contact.objects.get(), ground="form", detail="x", by=RECIPIENT, now=now)
    assert not Suppression.objects.exists(), "the person's later word counts"


def test_an_opt_out_outlives_an_earlier_bounce(row: LedgerRow, now: datetime) -> None:
    """Lifting the bounce later must not lift the person's wish with it."""
    take(report(row), now)
    consent.opt_out(contact_id=row.contact_id, address=row.address, now=now)
    found = Suppression.objects.get()
    assert found.reason == "opt_out"
    with pytest.raises(suppression.UnableToLift):
        suppression.lift(suppression=found, why="x", by=RECIPIENT, now=now)


def test_automatic_replies_delays_and_unknown_reports_lead_to_nothing(row: LedgerRow, now: datetime) -> None:
    kinds = [
        take(vacation(row), now).kind,
        take(report(row, "4.4.1", "connection timed out", action="delayed"), now).kind,
        take(report(row, "2.0.0", "250 ok", action="relayed"), now).kind,
        take(b"From: sato@corp.example.jp\nSubject: Re: x\n\nhello\n", now).kind,
    ]
    assert kinds == ["auto_reply", "delayed", "delivered", "unknown"]
    assert not Suppression.objects.exists() and not Event.objects.exists()


def test_a_report_without_a_true_trace_counts_for_nobody(row: LedgerRow, now: datetime) -> None:
    forged = report(row, to="bounce+" + "a" * 32 + "@return.mirai.example.jp")
    forged = forged.replace(str(row.message_id).encode(), b"3f0c9a52-7d61-4b8e-9a10-5c2d8e4f7b19")
    bounce = take(forged, now)
    assert (bounce.kind, bounce.tied_by, bounce.row_id) == ("hard", "", None)
    assert bounce.recipient == row.address, "kept and shown all the same"
    assert not Suppression.objects.exists() and not Event.objects.exists()


def test_the_message_id_leads_to_the_mail_where_no_return_path_is_set(row: LedgerRow, now: datetime) -> None:
    bounce = take(report(row, to="news@mirai.example.jp"), now)
    assert (bounce.tied_by, bounce.row_id) == ("message_id", row.pk)


def test_the_opt_out_link_leads_to_the_mail_where_all_else_is_blacked_out(row: LedgerRow, now: datetime) -> None:
    from tashika.delivery import tracking

    link = f"List-Unsubscribe: <https://m.example.jp/u/{tracking.token(tracking.OPT_OUT, int(row.pk))}>\n"
    raw = (
        b"From: fbl@isp.example.jp\nContent-Type: multipart/report; boundary=b\n\n--b\n"
        b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--b\nContent-Type: message/rfc822\n\n"
    )
    bounce = take(raw + link.encode() + b"\nx\n--b--\n", now)
    assert (bounce.kind, bounce.tied_by, bounce.row_id) == ("complaint", "link", row.pk)


def test_the_address_that_was_written_to_is_taken_off_not_the_one_in_the_report(row: LedgerRow, now: datetime) -> None:
    raw = report(row).replace(row.address.encode(), b"somebody.else@other.example.jp")
    take(raw, now)
    assert suppression.is_suppressed(row.address)
    assert not suppression.is_suppressed("somebody.else@other.example.jp")


def test_a_deleted_contact_stays_off(row: LedgerRow, now: datetime) -> None:
    Contact.objects.all().delete()
    take(report(row), now)
    assert suppression.is_suppressed(row.address)


def test_what_is_kept_is_never_changed_or_deleted(row: LedgerRow, now: datetime) -> None:
    take(report(row), now)
    for act in (lambda: RawReport.objects.update(size=1), lambda: RawReport.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_crash_before_reading_loses_nothing(row: LedgerRow, now: datetime) -> None:
    taking.keep(raw=report(row), way="mailbox", now=now)
    assert not Bounce.objects.exists()
    assert taking.read_what_is_unread(now=now) == 1
    assert taking.read_what_is_unread(now=now) == 0
    assert Bounce.objects.get().kind == "hard" and Suppression.objects.exists()


def test_a_report_beyond_every_limit_is_cut_and_its_length_known(row: LedgerRow, now: datetime) -> None:
    raw = report(row) + b"x" * (keeping.KEPT + 5)
    kept = take(raw, now).raw
    assert kept.size == len(raw) and len(bytes(kept.raw)) == keeping.KEPT
    assert Bounce.objects.get().kind == "hard"


def test_figures_count_every_mail_once_by_the_gravest(now: datetime) -> None:
    rows = dispatched(5, now)
    take(report(rows[0], action="delayed", status="4.4.1", words="timed out"), now)
    take(report(rows[0]), now)
    take(report(rows[1], *FULL), now)
    take(report(rows[2], action="delayed", status="4.4.1", words="timed out"), now)
    take(vacation(rows[3]), now)
    take(complaint(rows[4]), now)
    figures = queries.bounce_figures(rows[0].dispatch_id)
    assert figures == queries.BounceFigures(hard=1, soft=1, delayed=1, auto_reply=1, complaint=1)
    assert figures.bounced == 2


def test_recompute_reads_anew_and_takes_back_what_no_longer_holds(
    row: LedgerRow, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if an older parser had taken a vacation for a hard bounce and a bounce for nothing."""
    other = dispatched(1, now, reason="test:2")[0]
    Contact.objects.update(email="second@recipient.example.jp")
    wrong = {vacation(row): Kind.HARD, report(other, *FULL): Kind.UNKNOWN}
    with monkeypatch.context() as patch:
        patch.setattr(reading, "read", lambda raw: Report(wrong[raw], references=_true_read(raw).references))
        for raw in wrong:
            take(raw, now)
    assert Suppression.objects.get().reason == "hard_bounce"
    outcome = recomputing.recompute(by=RECIPIENT, now=now)
    assert (outcome.read, outcome.changed, outcome.lifted) == (2, 2, 1)
    assert not Suppression.objects.exists()
    assert sorted(Bounce.objects.values_list("kind", flat=True)) == ["auto_reply", "soft"]
    assert AuditEntry.objects.filter(verb="recompute_bounces").exists()
    again = recomputing.recompute(by=RECIPIENT, now=now)
    assert (again.read, again.changed, again.lifted) == (2, 0, 0)


_true_read = reading.read


def test_the_policy_is_the_organisations(person: object, now: datetime) -> None:
    administrator = person("administrator")  # type: ignore[operator]
    changed = settings.change(
        values={"soft_limit": 9, "return_path": " bounce@return.example.jp "}, password=None, by=administrator, now=now
    )
    assert (changed.soft_limit, changed.return_path) == (9, "bounce@return.example.jp")
    for values in (
        {"return_path": "a+b@return.example.jp"}, {"return_path": "nobody"}, {"return_path": "x" * 32 + "@a.example.jp"},
        {"soft_limit": 0}, {"port": 70000}, {"folder": ""}, {"done_folder": "受信箱"}, {"done_folder": 'a"b'},
        {"folder": "A", "done_folder": "A"}, {"host": "a b"}, {"security": "x"},
    ):  # fmt: skip
        with pytest.raises(settings.UnableToSetUpBounces):
            settings.change(values=values, password=None, by=administrator, now=now)


def test_a_password_is_not_carried_to_another_server(person: object, now: datetime) -> None:
    administrator = person("administrator")  # type: ignore[operator]
    by = {"by": administrator, "now": now}
    kept = settings.change(values={"host": "imap.example.jp", "username": "b"}, password="secret", **by)
    assert settings.password_of(kept) == "secret" and b"secret" not in bytes(kept.password_sealed)
    assert settings.password_of(settings.change(values={"soft_days": 10}, password=None, **by)) == "secret"
    assert settings.password_of(settings.change(values={"host": "evil.example.com"}, password=None, **by)) == ""
