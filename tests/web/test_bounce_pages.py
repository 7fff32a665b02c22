"""The pages of what came back: for each role, in both languages; what strangers write stays text."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from tests.delivery.bounces.conftest import complaint, dispatched, report

from tashika.accounts.models import User
from tashika.delivery.bounces import taking
from tashika.delivery.bounces.models import Bounce, BounceSettings, Hook
from tashika.delivery.models import LedgerRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(now: datetime) -> LedgerRow:
    return dispatched(1, now)[0]


@pytest.fixture
def as_a(client: Client, person: Callable[[str], User]) -> Callable[..., Client]:
    """Logs in a person of a role: as_a("viewer", "en")."""

    def log_in(role: str, language: str = "ja") -> Client:
        user = person(role)
        user.language = language
        user.save(update_fields=["language"])
        client.force_login(user)
        return client

    return log_in


def _read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ("届かない宛先", "宛先が存在しない", "戻り先アドレスの署名", "届いたままの内容")),
        ("en", ("Hard bounce", "no such recipient", "signed return path", "As it came")),
    ],
)
def test_from_the_list_to_one_report_to_its_contact(
    language: str, words: tuple[str, ...], as_a: Callable[..., Client], row: LedgerRow, now: datetime
) -> None:
    client = as_a("viewer", language)
    bounce = taking.take(raw=report(row), way="pipe", now=now).bounce
    page = _read(client, "/bounces")
    assert words[0] in page and words[1] in page and f"/bounces/{bounce.pk}" in page
    page = _read(client, f"/bounces/{bounce.pk}")
    assert words[2] in page and words[3] in page and row.address in page
    assert words[0] in _read(client, f"/contacts/{row.contact_id}")
    assert "bounce:" in _read(client, "/suppression")
    page = _read(client, f"/dispatches/{row.dispatch_id}")
    assert f"/bounces?dispatch={row.dispatch_id}&kind=hard" in page


def test_the_list_is_filtered_by_kind_and_dispatch(as_a: Callable[..., Client], row: LedgerRow, now: datetime) -> None:
    client = as_a("viewer")
    hard = taking.take(raw=report(row), way="pipe", now=now).bounce
    unknown = taking.take(raw=b"Subject: x\n\nhello", way="pipe", now=now).bounce
    page = _read(client, "/bounces?kind=unknown")
    assert f"/bounces/{unknown.pk}" in page and f"/bounces/{hard.pk}" not in page
    page = _read(client, f"/bounces?dispatch={row.dispatch_id}")
    assert f"/bounces/{hard.pk}" in page and f"/bounces/{unknown.pk}" not in page
    for strange in ("?kind=x", "?dispatch=x", "?after=x", "?dispatch=" + "9" * 40, "?after=-1"):
        _read(client, f"/bounces{strange}")


def test_what_strangers_write_stays_text(as_a: Callable[..., Client], row: LedgerRow, now: datetime) -> None:
    evil = "<script>alert(1)</script>"
    raw = report(row, words=f"550 5.1.1 {evil} User unknown").replace(b"Subject: ", f"Subject: {evil}".encode())
    bounce = taking.take(raw=raw, way="pipe", now=now).bounce
    client = as_a("editor")
    for page in ("/bounces", f"/bounces/{bounce.pk}", f"/contacts/{row.contact_id}"):
        assert evil not in _read(client, page), page
    response = client.get(f"/bounces/{bounce.pk}/raw")
    assert response.content == raw and response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_complaint_can_not_be_lifted_on_the_page(as_a: Callable[..., Client], row: LedgerRow, now: datetime) -> None:
    taking.take(raw=complaint(row), way="pipe", now=now)
    page = _read(as_a("administrator"), "/suppression")
    assert "迷惑メールとして報告された" in page and "/lift" not in page


def test_settings_are_for_administrators(as_a: Callable[..., Client]) -> None:
    client = as_a("publisher")
    assert client.get("/settings/bounces").status_code == 403
    assert client.post("/settings/bounces/act", {"act": "open", "provider": "postmark"}).status_code == 403
    assert not Hook.objects.exists()


def test_settings_are_kept_or_say_what_is_wrong(as_a: Callable[..., Client]) -> None:
    client = as_a("administrator", "en")
    values = {
        "return_path": "bounce@return.example.jp", "soft_limit": "4", "soft_days": "20", "host": "imap.example.jp",
        "port": "993", "security": "tls", "verify_certificate": "1", "username": "bounce", "password": "himitsu",
        "folder": "INBOX", "done_folder": "Tashika",
    }  # fmt: skip
    assert client.post("/settings/bounces", values).status_code == 302
    found = BounceSettings.objects.get()
    assert (found.return_path, found.soft_limit, found.host) == ("bounce@return.example.jp", 4, "imap.example.jp")
    page = _read(client, "/settings/bounces")
    assert "himitsu" not in page and "imap.example.jp" in page
    response = client.post("/settings/bounces", {**values, "return_path": "nobody", "soft_limit": "7"})
    page = response.content.decode()
    assert "an address without a +" in page and 'value="nobody"' in page, "what was typed is still there"
    assert BounceSettings.objects.get().soft_limit == 4


def test_the_address_for_a_provider_is_shown_once(as_a: Callable[..., Client]) -> None:
    client = as_a("administrator", "en")
    page = client.post("/settings/bounces/act", {"act": "open", "provider": "postmark"}).content.decode()
    assert "/hooks/mail/postmark" in page and "http://tashika:" in page
    assert "http://tashika:" not in _read(client, "/settings/bounces")
    client.post("/settings/bounces/act", {"act": "close", "provider": "postmark"})
    assert not Hook.objects.exists()


def test_nothing_yet_says_what_will_gather_here(as_a: Callable[..., Client]) -> None:
    assert "Nothing has come back yet" in _read(as_a("viewer", "en"), "/bounces")
    assert not Bounce.objects.exists()
