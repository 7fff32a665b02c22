"""A broadcast to a real Postfix over loopback: all arrive, each once, each parsed and compared; stopped or killed on request.

    python -m bench.broadcast [--recipients 50000] [--stops 10] [--kills 10]   (as root, with the package postfix)

With --stops the dispatch is unpublished that many times in the middle and released again; with --kills a sender is
killed with -9 that many times. The last line is one JSON object; `violations` has to be empty.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from typing import Any

from bench import installation
from bench.postfix import Postfix

BODY = {
    "subject": "{{ contact.family_name }} {{ contact.given_name }}様 秋のご案内",
    "preheader": "",
    "from_name": "みらい計測システム",
    "from_email": "news@mirai.example.jp",
    "reply_to": "info@mirai.example.jp",
    "format": "text",
    "mjml": "",
    "html": "",
    "text": "{{ contact.company_name }}\n{{ contact.family_name }} {{ contact.given_name }} 様\n\n"
    + "秋のご案内です。\n" * 60,
    "text_auto": False,
    "category": "commercial",
    "track_opens": False,
    "track_clicks": False,
}


def run(recipients: int, stops: int, kills: int) -> dict[str, Any]:
    """One broadcast; what the ledger says held against what Postfix has."""
    installation.prepare()
    from tashika.core import clock

    postfix = Postfix(2525)
    senders: list[subprocess.Popen[bytes]] = []
    try:
        postfix.start()
        dispatch = _plan(recipients, postfix.port, clock.now())
        print(f"planned {recipients:,}", flush=True)
        began = time.monotonic()
        senders = [_sender(), _sender()]
        answers = _disturb(dispatch, recipients, stops, kills, senders)
        _wait(dispatch)
        seconds = time.monotonic() - began
        print(f"finished after {seconds:.1f} s; waiting for Postfix", flush=True)
        while postfix.waiting():
            time.sleep(0.5)
        time.sleep(1)
        return {
            "recipients": recipients,
            "seconds": round(seconds, 1),
            "mails_per_second": round(recipients / seconds),
            "stops": stops,
            "stop_ms": answers,
            "kills": kills,
            **_compare(dispatch, postfix),
        }
    finally:
        for process in senders:
            process.terminate()
        postfix.stop()


def _plan(recipients: int, port: int, now: Any) -> Any:
    from tashika.contents import drafting, versions
    from tashika.delivery import planning
    from tashika.delivery.models import Relay
    from tashika.people.addresses import address_hash
    from tashika.people.models import Contact

    families = ["佐藤", "髙橋", "濱田", "𠮷田", "鈴木"]
    for start in range(0, recipients, 10_000):
        Contact.objects.bulk_create(
            Contact(
                email=f"p{i}@c{i % 500}.example.jp",
                email_key=f"p{i}@c{i % 500}.example.jp",
                address_hash=address_hash(f"p{i}@c{i % 500}.example.jp"),
                family_name=families[i % 5],
                given_name=f"名{i}",
                company_name=f"株式会社みらい{i % 500}",
                consent="given",
                created_at=now,
                updated_at=now,
            )
            for i in range(start, min(start + 10_000, recipients))
        )
    relay = Relay.objects.create(
        name="postfix",
        host="127.0.0.1",
        port=port,
        security="none",
        connections=10,
        confirmed_at=now,
        is_default=True,
        created_at=now,
    )
    content = drafting.create(kind="mail", name="秋のご案内", draft=BODY, by=None, now=now)
    dispatch = planning.open_dispatch(
        reason="bench",
        name="bench",
        mail_version=versions.keep(content=content, by=None, now=now),
        relay=relay,
        give_up_at=now + timedelta(days=1),
        now=now,
    )
    planning.plan(dispatch=dispatch, audience=("SELECT id FROM people_contact", []), now=now)
    return dispatch


def _sender() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tashika.cli", "sender"], env=dict(os.environ))


def _disturb(
    dispatch: Any, recipients: int, stops: int, kills: int, senders: list[subprocess.Popen[bytes]]
) -> list[int]:
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.delivery import queries, releasing, stopping

    answers: list[int] = []
    rounds = max(stops, kills)
    for number in range(1, rounds + 1):
        while queries.figures(dispatch.pk).accepted < recipients * number // (rounds + 1):
            time.sleep(0.05)
        if number <= stops:
            pressed = time.monotonic()
            answer = stopping.stop_dispatch(dispatch_id=dispatch.pk, by=SYSTEM, now=clock.now())
            answers.append(round((time.monotonic() - pressed) * 1000))
            time.sleep(0.3)
            later = queries.figures(dispatch.pk).by_state()
            assert answer.certain and later["accepted"] == answer.figures["accepted"], (
                "something moved after the answer"
            )
            releasing.release(dispatch_id=dispatch.pk, by=SYSTEM, now=clock.now())
        if number <= kills:
            senders[0].send_signal(signal.SIGKILL)
            senders[0].wait()
            senders[0] = _sender()
    return answers


def _wait(dispatch: Any) -> None:
    from tashika.delivery import queries
    from tashika.delivery.models import Dispatch

    while Dispatch.objects.get(pk=dispatch.pk).state != "finished":
        print(queries.figures(dispatch.pk).by_state(), flush=True)
        time.sleep(2)


def _compare(dispatch: Any, postfix: Postfix) -> dict[str, Any]:
    from tashika.delivery import queries
    from tashika.people.models import Contact

    people = {c.email: c for c in Contact.objects.all()}
    arrived: Counter[str] = Counter()
    violations: list[str] = []
    for mail in postfix.mails():
        address = str(mail["X-Original-To"])
        arrived[address] += 1
        person = people[address]
        subject = f"{person.family_name} {person.given_name}様 秋のご案内"
        text = mail.get_content()
        if str(mail["To"]) != address or mail["Cc"] or mail["Bcc"]:
            violations.append(f"To of {address}")
        if str(mail["Subject"]) != subject or f"{person.family_name} {person.given_name} 様" not in text:
            violations.append(f"names of {address}")
        if str(mail["List-Unsubscribe-Post"]) != "List-Unsubscribe=One-Click" or "@mirai.example.jp>" not in str(
            mail["Message-ID"]
        ):
            violations.append(f"headers of {address}")
    got = {row.address for row in queries.export_rows(dispatch.pk, "got")}
    doubt = {row.address for row in queries.export_rows(dispatch.pk, "in_doubt")}
    violations += [f"twice: {address}" for address, number in arrived.items() if number > 1]
    violations += [f"said accepted, not there: {address}" for address in got - set(arrived)]
    violations += [f"there, not said: {address}" for address in set(arrived) - got - doubt]
    return {
        "arrived": len(arrived),
        "figures": queries.figures(dispatch.pk).by_state(),
        "in_doubt_named": sorted(doubt),
        "violations": violations[:20],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=50_000)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.recipients, arguments.stops, arguments.kills), ensure_ascii=False))


if __name__ == "__main__":
    main()
