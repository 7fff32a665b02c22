"""What a benchmark of sending stands on: invented people, a relay, a mail, a planned dispatch, sender processes."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

_READY = 60.0  # seconds
_SURNAMES = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "林",
    "斎藤",
    "清水",
    "山崎",
    "森",
    "池田",
    "橋本",
    "阿部",
    "石川",
    "山下",
    "中島",
    "石井",
    "小川",
    "前田",
    "岡田",
    "長谷川",
    "藤田",
    "後藤",
    "近藤",
    "村上",
    "遠藤",
    "青木",
    "坂本",
    "斉藤",
    "福田",
    "太田",
    "西村",
    "藤井",
    "金子",
    "岡本",
    "藤原",
    "中野",
    "三浦",
]


def people(number: int) -> None:
    """So many invented contacts who may get mail."""
    from django.db import connection

    from tashika.core import clock

    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_contact (email, email_key, address_hash, family_name, given_name, company_name,"
            " department, job_title, consent, created_at, updated_at)"
            " SELECT a, a, sha256(convert_to(a, 'UTF8')), (%s::text[])[1 + i %% %s], '花子' || i,"
            " '株式会社みらい' || i %% 500, '営業部',"
            " '部長', 'given', %s, %s FROM (SELECT i, 'p' || i || '@c' || i %% 500 || '.example.jp' AS a"
            " FROM generate_series(1, %s) i)",
            [_SURNAMES, len(_SURNAMES), now, now, number],
        )
        cursor.execute("VACUUM (ANALYZE) people_contact")


def relay(port: int, connections: int) -> None:
    """A confirmed default relay on this machine, without encryption."""
    from tashika.core import clock
    from tashika.delivery.models import Relay

    now = clock.now()
    Relay.objects.create(
        name="bench",
        host="127.0.0.1",
        port=port,
        security="none",
        connections=connections,
        confirmed_at=now,
        is_default=True,
        created_at=now,
    )


def mail() -> None:
    """A mail of about 6 kB with five merge fields and tracked links, kept as a version."""
    from bench.compile import body
    from tashika.contents import drafting, versions
    from tashika.core import clock

    now = clock.now()
    content = drafting.create(kind="mail", name="bench", draft=body(conditional=False), by=None, now=now)
    versions.keep(content=content, by=None, now=now)


def dispatch(reason: str, audience: str = "SELECT id FROM people_contact") -> Any:
    """A dispatch of that mail, planned for an audience (everybody): senders begin at once."""
    from tashika.contents.models import Version
    from tashika.core import clock
    from tashika.delivery import planning

    now = clock.now()
    opened = planning.open_dispatch(
        reason=reason,
        name=reason,
        mail_version=Version.objects.get(),
        relay=None,
        give_up_at=now + timedelta(days=1),
        now=now,
    )
    planning.plan(dispatch=opened, audience=(audience, []), now=now)
    opened.refresh_from_db()
    return opened


def senders(number: int) -> list[subprocess.Popen[bytes]]:
    """So many sender processes, registered."""
    from tashika.delivery.models import Sender

    before = Sender.objects.filter(ended_at=None).count()
    command = [sys.executable, "-m", "tashika.cli", "sender"]
    started = [subprocess.Popen(command, env=dict(os.environ)) for _ in range(number)]
    deadline = time.monotonic() + _READY
    while Sender.objects.filter(ended_at=None).count() < before + number:
        if time.monotonic() > deadline:
            for process in started:
                process.kill()
            raise SystemExit("the senders did not register")
        time.sleep(0.05)
    return started


def say(words: str) -> None:
    """Progress, at once."""
    print(words, flush=True)
