"""People in doubt on the dispatch's page, and the page that settles them: in both languages, for who may."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.delivery.bounces.conftest import dispatched

from tashika.accounts.models import User
from tashika.core.models import AuditEntry
from tashika.delivery.models import LedgerRow

pytestmark = pytest.mark.django_db
REASON = "受信側の管理者に確認した"


@pytest.fixture
def doubts(db: None, now: datetime) -> list[LedgerRow]:
    return dispatched(3, now, state="in_doubt")


def logged_in(client: Client, user: User, language: str = "ja") -> Client:
    user.language = language
    user.save(update_fields=["language"])
    client.force_login(user)
    return client


@pytest.mark.parametrize(("language", "words"), [("ja", "3人全員を確定する…"), ("en", "Settle all 3…")])
def test_the_list_leads_to_all_and_to_each(
    language: str, words: str, client: Client, doubts: list[LedgerRow], publisher: User
) -> None:
    page = logged_in(client, publisher, language).get(f"/dispatches/{doubts[0].dispatch_id}?outcome=in_doubt")
    text = page.content.decode()
    assert words in text
    for row in doubts:
        assert f"/dispatches/{row.dispatch_id}/settle?row={row.pk}" in text


def test_who_may_not_release_reads_what_it_means_and_settles_nothing(
    client: Client, doubts: list[LedgerRow], editor: User
) -> None:
    page = f"/dispatches/{doubts[0].dispatch_id}"
    text = logged_in(client, editor).get(f"{page}?outcome=in_doubt").content.decode()
    assert "送り直すことはありません" in text and "/settle" not in text
    assert client.get(f"{page}/settle").status_code == client.post(f"{page}/settle").status_code == 403


def test_one_is_settled_and_then_nobody_is_left(client: Client, doubts: list[LedgerRow], publisher: User) -> None:
    page = f"/dispatches/{doubts[0].dispatch_id}/settle"
    logged_in(client, publisher)
    shown = client.get(f"{page}?row={doubts[1].pk}")
    assert [row.row_id for row in shown.context["rows"]] == [doubts[1].pk]
    seen_at = shown.context["seen_at"]
    word = {"verdict": "not_arrived", "reason": REASON, "seen_at": seen_at}
    done = client.post(f"{page}?row={doubts[1].pk}", word, follow=True)
    assert "1人を「届かなかった」として確定しました。" in done.content.decode()
    client.post(page, word | {"verdict": "arrived"})
    assert list(LedgerRow.objects.order_by("pk").values_list("state", flat=True)) == ["accepted", "refused", "accepted"]
    assert "不明の人はいません" in client.get(page).content.decode()
    trail = logged_in(client, publisher).get("/audit")
    assert trail.status_code == 403 or REASON in trail.content.decode()
    assert {entry.detail["reason"] for entry in AuditEntry.objects.filter(verb="settle_doubts")} == {REASON}


@pytest.mark.parametrize(
    "change", [{"verdict": ""}, {"verdict": "x"}, {"reason": " "}, {"seen_at": "x"}, {"seen_at": "2026-11-25T10:00:00"}]
)
def test_what_is_missing_is_asked_for_and_what_was_written_is_kept(
    change: dict[str, str], client: Client, doubts: list[LedgerRow], publisher: User, now: datetime
) -> None:
    word = {"verdict": "arrived", "reason": REASON, "seen_at": (now + timedelta(minutes=1)).isoformat()} | change
    answer = logged_in(client, publisher, "en").post(f"/dispatches/{doubts[0].dispatch_id}/settle", word)
    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert word["reason"].strip() in answer.content.decode()
    assert set(LedgerRow.objects.values_list("state", flat=True)) == {"in_doubt"}


def test_it_is_said_how_far_the_log_was_read(
    client: Client, doubts: list[LedgerRow], publisher: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tashika.delivery.evidence import looking

    page = f"/dispatches/{doubts[0].dispatch_id}?outcome=in_doubt"
    logged_in(client, publisher, "en")
    assert "(not set up)" in client.get(page).content.decode()
    monkeypatch.setenv("TASHIKA_DATA", str(tmp_path))
    monkeypatch.setenv("TASHIKA_MAIL_LOG", str(tmp_path / "mail.log"))
    assert "(not read yet)" in client.get(page).content.decode()
    (tmp_path / "mail.log").touch()
    looking.in_log(now=doubts[0].ended_at)  # type: ignore[arg-type]
    assert "(read until " in client.get(page).content.decode()
