"""How many mails a second leave, beside Postfix's own load generator in the same run.

    ./tashika bench throughput [--quick] [--json] [--recipients N]   (with the package postfix)

    smtp_source   Postfix's smtp-source to its smtp-sink: a C program that makes no mail and keeps no record
    tashika_1/2   claimed, compiled with 5 merge fields, tracking links made, sent, recorded; one and two sender processes
    naive         smtplib and email.message, one connection kept, nothing recorded

All speak to the same sink with mails of the same size and the same number of sessions, on the same cores, in turn.
Ratios are those of neighbouring runs, for machines are shared; the median of the rounds is printed.
"""

import argparse
import contextlib
import json
import os
import signal
import smtplib
import socket
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation

SESSIONS = 10
_READY = 60.0  # seconds


def run(*, recipients: int, rounds: int, processes: tuple[int, ...]) -> dict[str, Any]:
    """All of it; the figures."""
    installation.prepare()
    sink = _sink()
    try:
        size = _prepare(recipients, sink.port)
        _say(f"{recipients:,} recipients, {size:,} bytes a mail, {SESSIONS} sessions")
        found: dict[str, list[float]] = {"smtp_source": [], "naive": []}
        ratios: dict[int, list[float]] = {number: [] for number in processes}
        naive_ratios: list[float] = []
        memory = 0
        cpu: dict[str, list[float]] = {}
        for turn in range(rounds):
            for number in processes:
                source = _smtp_source(sink.port, recipients, size)
                ours, peak, spent = _tashika(number, turn, recipients)
                memory = max(memory, peak)
                for name, seconds in spent.items():
                    cpu.setdefault(name, []).append(seconds / recipients * 1e6)
                found["smtp_source"].append(source)
                found.setdefault(f"tashika_{number}", []).append(ours)
                ratios[number].append(ours / source)
                _say(f"smtp-source {source:,.0f}/s, {number} sender(s) {ours:,.0f}/s, ratio {ours / source:.2f}")
            naive = _naive(sink.port, min(recipients, 1500))
            found["naive"].append(naive)
            naive_ratios.append(found[f"tashika_{processes[0]}"][-1] / naive)
            _say(f"smtplib and email.message {naive:,.0f}/s")
        best = max(processes, key=lambda number: statistics.median(ratios[number]))
        return {
            "bench": "throughput",
            "recipients": recipients,
            "message_bytes": size,
            "sessions": SESSIONS,
            "per_second": {name: round(statistics.median(rates)) for name, rates in found.items()},
            "ratio_smtp_source_by_senders": {
                number: round(statistics.median(values), 3) for number, values in ratios.items()
            },
            "ratio_smtp_source": round(statistics.median(ratios[best]), 3),
            "ratio_naive": round(statistics.median(naive_ratios), 1),
            "cpu_microseconds_per_mail": {name: round(statistics.median(spent)) for name, spent in cpu.items()},
            "peak_memory_mb_of_a_sender": round(memory / 1024),
        }
    finally:
        sink.stop()


class _sink:
    """smtp-sink on a free port."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{self.port}", "256"])
        _wait_for_port(self.port)

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("smtp-sink does not answer")


def _prepare(recipients: int, port: int) -> int:
    """Invented people, a relay, a mail; the size of one message."""
    from django.db import connection

    from bench.compile import body
    from tashika.contents import drafting, versions
    from tashika.core import clock
    from tashika.delivery.models import Relay

    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_contact (email, email_key, address_hash, family_name, given_name, company_name,"
            " department, job_title, consent, created_at, updated_at)"
            " SELECT a, a, sha256(convert_to(a, 'UTF8')), '佐藤', '花子' || i, '株式会社みらい' || i %% 500, '営業部',"
            " '部長', 'given', %s, %s FROM (SELECT i, 'p' || i || '@c' || i %% 500 || '.example.jp' AS a"
            " FROM generate_series(1, %s) i)",
            [now, now, recipients],
        )
        cursor.execute("VACUUM (ANALYZE) people_contact")
    Relay.objects.create(
        name="sink",
        host="127.0.0.1",
        port=port,
        security="none",
        connections=SESSIONS,
        confirmed_at=now,
        is_default=True,
        created_at=now,
    )
    content = drafting.create(kind="mail", name="bench", draft=body(conditional=False), by=None, now=now)
    versions.keep(content=content, by=None, now=now)
    return _size_of_one()


def _size_of_one() -> int:
    from bench.compile import NOW, ORGANISATION, body, recipient
    from tashika.mails.compiling import compile_mail

    return len(compile_mail(body(conditional=False), organisation=ORGANISATION).build(recipient(1), NOW))


def _plan(reason: str, recipients: int) -> Any:
    from tashika.contents.models import Version
    from tashika.core import clock
    from tashika.delivery import planning

    now = clock.now()
    dispatch = planning.open_dispatch(
        reason=reason,
        name=reason,
        mail_version=Version.objects.get(),
        relay=None,
        give_up_at=now + timedelta(days=1),
        now=now,
    )
    planned = planning.plan(dispatch=dispatch, audience=("SELECT id FROM people_contact", []), now=now)
    assert planned == recipients
    return dispatch


def _tashika(senders: int, turn: int, recipients: int) -> tuple[float, int, dict[str, float]]:
    """Mails per second from the first claim to the last record, the peak memory of a sender in kB, and the seconds of
    CPU that each kind of process took."""
    from django.db import connection

    from tashika.delivery.models import Dispatch, LedgerRow, Sender

    Dispatch.objects.filter(state="sending").update(state="finished")
    processes = [subprocess.Popen(_sender_command(), env=dict(os.environ)) for _ in range(senders)]
    deadline = time.monotonic() + _READY
    while Sender.objects.filter(ended_at=None).count() < senders and time.monotonic() < deadline:
        time.sleep(0.05)
    dispatch = _plan(f"{senders} senders, turn {turn}", recipients)
    peak, began = 0, time.monotonic()
    before = _cpu()
    while Dispatch.objects.get(pk=dispatch.pk).state != "finished":
        time.sleep(0.1)
        peak = max([peak, *(_memory(process.pid) for process in processes)])
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in _cpu().items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), extract(epoch FROM max(ended_at) - min(begun_at)) FROM delivery_ledger"
            " WHERE dispatch_id = %s AND state = 'accepted'",
            [dispatch.pk],
        )
        accepted, seconds = cursor.fetchone()
    for process in processes:
        process.terminate()
        process.wait(30)
    assert accepted == recipients == LedgerRow.objects.filter(dispatch=dispatch).count(), f"{accepted} accepted"
    wall = time.monotonic() - began
    assert float(seconds) <= wall + 1, "the ledger's own times don't fit the clock's"
    return accepted / float(seconds), peak, spent


def _sender_command() -> list[str]:
    if profile := os.environ.get("TASHIKA_BENCH_PROFILE"):
        return [sys.executable, profile]
    return [sys.executable, "-m", "tashika.cli", "sender"]


def _cpu() -> dict[str, float]:
    """Seconds of CPU so far of the senders, the database and the sink below this process."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents, found = {os.getpid()}, {"sender": 0.0, "database": 0.0, "sink": 0.0}
    for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            fields = rest.split()
            if int(fields[1]) in parents:
                parents.add(int(stat.parent.name))
                kind = {"postgres": "database", "smtp-sink": "sink"}.get(name, "sender")
                found[kind] += (int(fields[11]) + int(fields[12])) / ticks
    return found


def _memory(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _smtp_source(port: int, number: int, size: int) -> float:
    began = time.monotonic()
    subprocess.run(
        ["smtp-source", "-s", str(SESSIONS), "-l", str(size), "-m", str(number), "-d", f"127.0.0.1:{port}"],
        check=True,
    )
    return number / (time.monotonic() - began)


def _naive(port: int, number: int) -> float:
    """A straightforward program: one message object per recipient, one connection."""
    from bench.compile import body

    template = body(conditional=False)
    subject, html = str(template["subject"]), str(template["html"])
    began = time.monotonic()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for index in range(number):
            merged = html.replace("{{ contact.company_name }}", f"株式会社架空{index}")
            message = EmailMessage()
            message["From"], message["To"] = "news@example.jp", f"p{index}@example.com"
            message["Subject"] = subject.replace("{{ contact.family_name | default: 'お客様' }}", "佐藤")
            message.set_content(merged)
            message.add_alternative(merged, subtype="html")
            server.send_message(message)
    return number / (time.monotonic() - began)


def _say(words: str) -> None:
    print(words, flush=True)


def main() -> None:
    """Measures and prints; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--recipients", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--senders", type=int, default=0, help="only that many, instead of 1 and 2")
    arguments = parser.parse_args()
    recipients = arguments.recipients or (20_000 if arguments.quick else 100_000)
    figures = run(
        recipients=recipients,
        rounds=arguments.rounds or (1 if arguments.quick else 3),
        processes=(1, 2) if not arguments.senders else (arguments.senders,),
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
