"""G13 Armed, in the interface: every page says that nothing leaves, and a publisher decides on a page of its own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from tests.delivery.conftest import planned, relay_to
from tests.fakes.smtp_server import SmtpServer

from tashika.accounts.models import User
from tashika.core.models import AuditEntry
from tashika.delivery.arming import looking
from tashika.delivery.models import Arming, Sender, SenderHost

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(tmp_path: Path, now: datetime) -> None:
    """An installation whose database was put on another server, with 4 mails waiting."""
    looking.look(data=tmp_path, now=now)
    with SmtpServer() as server:
        planned(4, relay_to(server, now), now)
    Arming.objects.update(place="1/1/1/1")
    looking.look(data=tmp_path, now=now)


def at_desk(user: User, language: str = "ja") -> Client:
    user.language = language
    user.save(update_fields=["language"])
    client = Client()
    client.force_login(user)
    return client


def test_while_all_is_well_no_page_speaks_of_it(tmp_path: Path, now: datetime, person: Callable[[str], User]) -> None:
    looking.look(data=tmp_path, now=now)
    client = at_desk(person("viewer"))
    assert "送信ロック中です" not in client.get("/").content.decode()
    assert "送信ロックはかかっていません" in client.get("/arming").content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", "送信ロック中です。メールは1通も出ていません。"), ("en", "Senders are locked. No mail leaves.")],
)
def test_every_page_says_why_nothing_leaves(
    language: str, words: str, locked: None, person: Callable[[str], User]
) -> None:
    client = at_desk(person("viewer"), language)
    for address in ("/", "/contacts", "/dispatches", "/settings"):
        page = client.get(address).content.decode()
        assert words in page and 'href="/arming"' in page, address


def test_a_viewer_sees_what_would_leave_and_may_not_arm(locked: None, person: Callable[[str], User]) -> None:
    client = at_desk(person("viewer"))
    page = client.get("/arming").content.decode()
    assert "別のサーバー" in page and "秋のご案内" in page and "(4通が出ます)" not in page
    assert client.post("/arming/arm", {"reason": "試す"}).status_code == 403
    assert Arming.objects.get().unarmed_since is not None


def test_a_publisher_arms_with_a_reason(locked: None, publisher: User) -> None:
    client = at_desk(publisher)
    assert "解除する（4通が出ます）" in client.get("/arming").content.decode()
    client.post("/arming/arm", {"reason": " "})
    assert Arming.objects.get().unarmed_since is not None
    answer = client.post("/arming/arm", {"reason": "移した"}, follow=True)
    assert "送信ロックを解除しました" in answer.content.decode()
    assert Arming.objects.get().unarmed_since is None
    assert AuditEntry.objects.filter(verb="arm").latest("id").actor_label.startswith(publisher.name)


def test_a_host_that_has_not_answered_is_asked_for(locked: None, publisher: User, now: datetime) -> None:
    gone = SenderHost.objects.create(
        id="0b8e0a52-6f0b-4c43-8df6-5d5a3b4d6c11",
        name="mail2",
        born="new",
        first_seen_at=now,
        seen_at=now,
        armed_at=now,
    )
    client = at_desk(publisher)
    assert f'name="lost" value="{gone.pk}"' in client.get("/arming").content.decode()
    refused = client.post("/arming/arm", {"reason": "移した"}, follow=True).content.decode()
    assert "「mail2」の記録をまだ突き合わせていません" in refused
    client.post("/arming/arm", {"reason": "移した", "lost": str(gone.pk), "host": "いいえ"})
    assert Arming.objects.get().unarmed_since is None
    gone.refresh_from_db()
    assert gone.lost_at is not None and gone.armed_at is None


def test_a_host_that_was_away_says_whom_it_waits_for_and_a_person_may_say_that_this_one_is_lost(
    tmp_path: Path, now: datetime, publisher: User
) -> None:
    ours = looking.look(data=tmp_path, now=now).host
    yesterday = now - timedelta(days=1)
    other = SenderHost.objects.create(
        id=uuid4(), name="mail2", born="new", armed_at=yesterday, first_seen_at=yesterday, seen_at=yesterday
    )
    for home, until in ((ours, yesterday - timedelta(minutes=5)), (other.pk, yesterday)):
        Sender.objects.create(
            id=uuid4(),
            host="mail",
            home_id=home,
            pid=1,
            started_at=until,
            seen_at=until,
            permit_until=until,
            ended_at=until,
        )
    client = at_desk(publisher)
    page = client.get("/arming").content.decode()
    assert "あとまで動いていた送信ホスト" in page and f'name="lost" value="{other.pk}"' in page
    assert "mail2" in client.post("/arming/arm", {"reason": "待てない"}, follow=True).content.decode()
    assert SenderHost.objects.get(pk=other.pk).armed_at is not None
    client.post("/arming/arm", {"reason": "mail2 は故障", "lost": str(other.pk)})
    assert "送信ロックはかかっていません" in client.get("/arming").content.decode()
