"""The broadcast's pages: from the draft to the two lists, in both languages, for each role."""

from collections.abc import Callable
from datetime import datetime

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from tests.scenarios.conftest import accept, broadcast_to

from tashika.accounts.models import User
from tashika.contents import drafting
from tashika.contents.models import Content
from tashika.delivery.models import LedgerRow
from tashika.scenarios.models import Publication

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_as(client: Client) -> Callable[[User, str], Client]:
    """Logs a person in, in a language."""

    def log_in(user: User, language: str = "ja") -> Client:
        user.language = language
        user.save(update_fields=["language"])
        client.force_login(user)
        return client

    return log_in


def _read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def _download(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200, address

    async def read() -> bytes:
        return b"".join([part async for part in response.streaming_content])  # type: ignore[union-attr]

    return async_to_sync(read)()


def _publish(client: Client, scenario: Content) -> Publication:
    page = client.get(f"/scenarios/{scenario.public_id}/review")
    values = {"bill": page.context["bill"], "people": page.context["review"].forecast.planned}
    assert client.post(f"/scenarios/{scenario.public_id}/publish", values).status_code == 302
    return Publication.objects.order_by("-id")[0]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", ("公開前の確認", "人に公開する", "非公開にする", "もう一度公開する", "残り4件を送る", "届いた人の一覧")),
        (
            "en",
            ("Before publishing", "Publish to", "Unpublish", "Publish again", "Send the remaining 4", "List: got it"),
        ),
    ],
)
def test_from_the_review_to_the_two_lists(
    language: str, words: tuple[str, ...], open_as: Callable[..., Client], publisher: User, now: datetime
) -> None:
    client, scenario = open_as(publisher, language), broadcast_to(6, now)
    where = f"/scenarios/{scenario.public_id}"
    assert scenario.public_id in _read(client, "/scenarios")
    page = _read(client, f"{where}/review")
    assert words[0] in page and words[1] in page
    publication = _publish(client, scenario)
    page = _read(client, where)
    assert words[2] in page and f'data-events="{where}/events' in page
    accept(publication, 2, now)
    client.post(f"{where}/unpublish", {"reason": "件名の間違い"})
    page = _read(client, where)
    assert "件名の間違い" in page
    assert all(one in page for one in words[3:])
    publication.refresh_from_db()
    for outcome, number in (("got", 2), ("spared", 4), ("in_doubt", 0)):
        lines = _download(client, f"/dispatches/{publication.dispatch_id}/{outcome}.csv")
        assert lines.startswith(b"\xef\xbb\xbf")
        assert len(lines.decode().splitlines()) == number + 1
    assert "p0@recipient.example.jp" in _read(client, f"/dispatches/{publication.dispatch_id}?outcome=got")
    found = _read(client, f"/dispatches/{publication.dispatch_id}?outcome=spared&q=p5@")
    assert "p5@recipient" in found and "p4@recipient" not in found
    client.post(f"{where}/publish", {"choice": "send"})
    assert _read(client, where).count(words[2])
    _read(client, "/dispatches")


def test_who_may_what(open_as: Callable[..., Client], person: Callable[[str], User], now: datetime) -> None:
    scenario = broadcast_to(2, now)
    where = f"/scenarios/{scenario.public_id}"
    publication = _publish(open_as(person("publisher")), scenario)
    accept(publication, 1, now)
    viewer = open_as(person("viewer"))
    assert "非公開にする" in _read(viewer, where)
    assert viewer.post(f"/contents/{scenario.public_id}/copy").status_code == 403
    assert viewer.post(f"{where}/unpublish", {}).status_code == 302
    assert "もう一度公開する" not in _read(viewer, where)
    assert viewer.post(f"{where}/publish", {"choice": "send"}).status_code == 403
    publication.refresh_from_db()
    assert publication.state == "unpublished"
    assert viewer.get(f"/dispatches/{publication.dispatch_id}/got.csv").status_code == 403


def test_a_holiday_is_named_and_an_edit_after_the_review_is_refused(
    open_as: Callable[..., Client], publisher: User, now: datetime
) -> None:
    year = now.year + 1
    client, scenario = open_as(publisher), broadcast_to(2, now, send_at=f"{year}-01-01T10:00:00+09:00")
    where = f"/scenarios/{scenario.public_id}"
    page = client.get(f"{where}/review")
    assert "元日" in page.content.decode()
    drafting.save(content=scenario, draft={**scenario.draft, "send_at": None}, by=None, now=now)
    response = client.post(f"{where}/publish", {"bill": page.context["bill"], "people": "2"})
    assert response.status_code == 409
    assert not Publication.objects.exists()


def test_a_cell_that_a_spreadsheet_would_run_is_harmless(
    open_as: Callable[..., Client], publisher: User, now: datetime
) -> None:
    from tashika.people.models import Contact

    client, scenario = open_as(publisher), broadcast_to(1, now)
    Contact.objects.update(company_name='=cmd|" /C calc"!A0')
    publication = _publish(client, scenario)
    accept(publication, 1, now)
    LedgerRow.objects.update(reply="250 @ok")
    lines = _download(client, f"/dispatches/{publication.dispatch_id}/got.csv").decode()
    assert "'=cmd" in lines and ",=cmd" not in lines


def test_a_copy_is_a_new_draft(open_as: Callable[..., Client], editor: User, now: datetime) -> None:
    client, scenario = open_as(editor), broadcast_to(1, now)
    assert client.post(f"/contents/{scenario.public_id}/copy").status_code == 302
    made = Content.objects.filter(kind="scenario").order_by("-number")[0]
    assert made.pk != scenario.pk and made.draft == scenario.draft


def test_stopped_before_the_ledger_was_written_it_is_no_dead_end(
    open_as: Callable[..., Client], publisher: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tashika.scenarios import starting

    client, scenario = open_as(publisher), broadcast_to(3, now)
    where = f"/scenarios/{scenario.public_id}"
    with monkeypatch.context() as patched:
        patched.setattr(starting, "_plan", lambda publication, now: None)
        _publish(client, scenario)
    client.post(f"{where}/unpublish", {})
    assert "はじめから送る" in _read(client, where)
    client.post(f"{where}/publish", {"choice": "send"})
    assert LedgerRow.objects.count() == 3
