"""G5 Opt-out wins to the last moment: judged again for each mail when it is claimed."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tashika.delivery import planning, queries
from tashika.people.models import Contact, Source, Suppression
from tests.delivery.conftest import (
    ALL,
    SenderProcess,
    add_contacts,
    check_ledger_against,
    mail_version,
    planned,
    relay_to,
    wait_until_finished,
)
from tests.fakes.smtp_server import SmtpServer


def opt_out(contact: Contact, now: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(consent="withdrawn", opted_out_at=now)


def suppress(contact: Contact, now: datetime) -> None:
    source = Source.objects.create(kind="person", label="test", at=now)
    Suppression.objects.create(
        address_hash=contact.address_hash, masked="p***@recipient.example.jp", reason="manual", since=now, source=source
    )


def delete(contact: Contact, now: datetime) -> None:
    contact.delete()


def change_address(contact: Contact, now: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(email="new@recipient.example.jp", email_key="new@recipient.example.jp")


@pytest.mark.parametrize(
    ("happens", "why"),
    [(opt_out, "opted_out"), (suppress, "suppressed"), (delete, "deleted"), (change_address, "address_changed")],
)
def test_what_happens_after_planning_counts_at_the_claim(
    happens: Callable[[Contact, datetime], None], why: str, sender: Callable[..., SenderProcess], now: datetime
) -> None:
    with SmtpServer() as server:
        dispatch = planned(10, relay_to(server, now), now)
        happens(Contact.objects.get(email="p4@recipient.example.jp"), now)
        sender()
        wait_until_finished(dispatch)
        figures = check_ledger_against(server, dispatch)
        assert (figures.accepted, figures.excluded) == (9, 1)
        assert queries.recipients(dispatch.pk, "excluded")[0].why == why
        assert "p4@recipient.example.jp" not in {mail.recipient for mail in server.taken}


@pytest.mark.django_db
def test_planning_excludes_with_the_reason_and_the_forecast_says_the_same(now: datetime) -> None:
    add_contacts(6, now)
    people = list(Contact.objects.order_by("pk"))
    opt_out(people[0], now)
    suppress(people[1], now)
    Contact.objects.filter(pk=people[2].pk).update(consent="none")
    forecast = planning.preview(audience=ALL, commercial=True)
    assert (forecast.planned, forecast.excluded) == (3, {"opted_out": 1, "suppressed": 1, "no_consent": 1})
    with SmtpServer() as server:
        dispatch = planned(6, relay_to(server, now), now)
    assert queries.figures(dispatch.pk).excluded == 3


@pytest.mark.django_db
def test_operational_mail_needs_no_consent_but_respects_the_opt_out(now: datetime) -> None:
    """特定電子メール法 applies to advertising; an opt-out is respected all the same."""
    add_contacts(3, now)
    people = list(Contact.objects.order_by("pk"))
    Contact.objects.update(consent="none")
    opt_out(people[0], now)
    forecast = planning.preview(audience=ALL, commercial=planning.is_commercial({"category": "operational"}))
    assert (forecast.planned, forecast.excluded) == (2, {"opted_out": 1})
    assert mail_version(now, category="operational").body["category"] == "operational"
