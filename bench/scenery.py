"""What a benchmark of sending stands on: invented people, a relay, mails, a planned dispatch, sender processes."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bench.names import SURNAMES

_READY = 60.0  # seconds
SHORT_MAIL = {
    "subject": "{{ contact.family_name }}様 秋のご案内",
    "preheader": "",
    "from_name": "みらい計測システム",
    "from_email": "news@mirai.example.jp",
    "reply_to": "",
    "format": "text",
    "mjml": "",
    "html": "",
    "text": "{{ contact.company_name }}\n{{ contact.family_name }} {{ contact.given_name }} 様\n\n秋のご案内です。\n{{ opt_out_url }}\n",
    "text_auto": False,
    "category": "commercial",
    "track_opens": False,
    "track_clicks": False,
}


def people(number: int) -> None:
    """So many invented contacts who may get mail."""
    from django.db import connection

    from tashika.core import clock
    from tashika.people import addresses

    now = clock.now()
    columns = (
        "email, email_key, address_hash, family_name, given_name, company_name, department, job_title, consent,"
        " created_at, updated_at"
    )
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY people_contact ({columns}) FROM STDIN") as rows:
            for index in range(1, number + 1):
                address = f"p{index}@c{index % 500}.example.jp"
                person = (SURNAMES[index % len(SURNAMES)], f"花子{index}", f"株式会社みらい{index % 500}")
                hashed = addresses.address_hash(address)
                rows.write_row((address, address, hashed, *person, "営業部", "部長", "given", now, now))
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


def newsletter() -> dict[str, Any]:
    """The starting design of a newsletter with five merge fields, as its editor leaves it: about 20 kB on the wire."""
    from tashika.mails import starting_designs

    design = starting_designs.design("newsletter")
    assert design is not None
    body = design.body()
    greeting = (
        "{{ contact.company_name }}<br />{{ contact.department }} {{ contact.job_title }}<br />"
        '{{ contact.family_name | default: "ご担当者" }} {{ contact.given_name }} 様'
    )
    first, last = body["mjml"].index("{{ contact.company_name"), body["mjml"].index("様")
    body["mjml"] = body["mjml"][:first] + greeting + body["mjml"][last + 1 :]
    return {**body, "from_name": "株式会社サンプル", "from_email": "news@example.jp", "reply_to": "info@example.jp"}


def short() -> dict[str, Any]:
    """A plain mail with five merge fields: about 9 kB on the wire."""
    from bench.compile import body

    return dict(body(conditional=False))


def mail(body: Mapping[str, Any] | None = None) -> Any:
    """A mail with tracked links kept as a version: that one, or the short one."""
    from tashika.contents import drafting, versions
    from tashika.core import clock

    now = clock.now()
    content = drafting.create(kind="mail", name="bench", draft=dict(body or short()), by=None, now=now)
    return versions.keep(content=content, by=None, now=now)


def dispatch(reason: str, audience: str = "SELECT id FROM people_contact", mail: Any = None) -> Any:
    """A dispatch of a kept mail (the only one), planned for an audience (everybody): senders begin at once."""
    from tashika.contents.models import Version
    from tashika.core import clock
    from tashika.delivery import planning

    now = clock.now()
    opened = planning.open_dispatch(
        reason=reason,
        name=reason,
        mail_version=mail or Version.objects.get(),
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
