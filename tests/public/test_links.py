"""What recipients reach: opt-out without login and never on GET, links that lead only where the mail says."""

from datetime import datetime

import pytest
from django.test import Client

from tashika.activity.models import Event
from tashika.delivery import planning, tracking
from tashika.delivery.models import LedgerRow
from tashika.people.models import Contact, Suppression
from tests.delivery.conftest import ALL, add_contacts, mail_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(now: datetime) -> LedgerRow:
    add_contacts(1, now)
    text = "{{ contact.family_name }} 様\nhttps://www.example.jp/seminar\n{{ opt_out_url }}\n"
    version = mail_version(now, text=text, track_clicks=True, track_opens=True)
    dispatch = planning.open_dispatch(
        reason="test:1", name="案内", mail_version=version, relay=None, give_up_at=now, now=now
    )
    planning.plan(dispatch=dispatch, audience=ALL, now=now)
    return LedgerRow.objects.get()


def test_a_scanner_that_follows_the_link_opts_nobody_out(row: LedgerRow) -> None:
    page = Client().get(f"/u/{tracking.token(tracking.OPT_OUT, row.pk)}")
    Client().head(f"/u/{tracking.token(tracking.OPT_OUT, row.pk)}")
    assert page.status_code == 200 and "p***@recipient.example.jp" in page.content.decode()
    assert row.address not in page.content.decode(), "a forwarded mail shows nobody's address"
    assert Contact.objects.get().consent == "given"


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_the_button_and_one_click_opt_out_without_login(row: LedgerRow, body: dict[str, str]) -> None:
    """RFC 8058: a POST without cookies or confirmation."""
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        assert client.post(f"/u/{tracking.token(tracking.OPT_OUT, row.pk)}", body).status_code == 200
    assert Contact.objects.get().consent == "withdrawn"
    assert Suppression.objects.count() == 1


def test_the_opt_out_of_a_deleted_contact_still_counts(row: LedgerRow) -> None:
    Contact.objects.all().delete()
    assert Client().post(f"/u/{tracking.token(tracking.OPT_OUT, row.pk)}").status_code == 200
    assert Suppression.objects.get().reason == "opt_out"


@pytest.mark.parametrize("purpose", [tracking.CLICK, tracking.OPEN])
def test_a_token_made_for_something_else_opts_nobody_out(row: LedgerRow, purpose: bytes) -> None:
    """A click link that leaks to the page it leads to must not be worth an opt-out."""
    assert Client().post(f"/u/{tracking.token(purpose, row.pk)}").status_code == 404
    assert Contact.objects.get().consent == "given"


@pytest.mark.parametrize("forged", ["", "x", "A" * 32, "AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA", "%00", "あ"])
def test_forged_tokens_all_get_the_same_answer_and_leave_no_trace(row: LedgerRow, forged: str) -> None:
    assert Client().post(f"/u/{forged}").status_code == 404
    assert Client().get(f"/c/{forged}/0").status_code == 404
    assert Client().get(f"/o/{forged or 'x'}.gif").status_code == 200, "the picture says nothing"
    assert Event.objects.count() == 0


def test_a_click_leads_where_the_mail_says_and_nowhere_else(row: LedgerRow) -> None:
    token = tracking.token(tracking.CLICK, row.pk)
    response = Client().get(f"/c/{token}/0?u=https://evil.example/&next=//evil.example")
    assert response.status_code == 302 and response["Location"] == "https://www.example.jp/seminar"
    assert Client().get(f"/c/{token}/1").status_code == 404
    assert Event.objects.get().kind == "clicked"


def test_an_open_is_on_record(row: LedgerRow) -> None:
    assert Client().get(f"/o/{tracking.token(tracking.OPEN, row.pk)}.gif")["Content-Type"] == "image/gif"
    assert Event.objects.get().kind == "opened"
