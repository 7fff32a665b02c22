"""What a benchmark of sending stands on: invented people, a relay, a mail, a planned dispatch, sender processes."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

_READY = 60.0  # seconds


def people(number: int) -> None:
    """So many invented contacts who may get mail."""
    from django.db import connection

    from tashika.core import clock

    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_contact (email, email_key, address_hash, family_name, given_name, company_name,"
            " department, job_title, consent, created_at, updated_at)"
            " SELECT a, a, sha256(convert_to(a, 'UTF8')), '佐藤', '花子' || i, '株式会社みらい' || i %% 500, '営業部',"
            " '部長', 'given', %s, %s FROM (SELECT i, 'p' || i || '@c' || i %% 500 || '.example.jp' AS a"
            " FROM generate_series(1, %s) i)",
            [now, now, number],
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
