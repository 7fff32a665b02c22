"""How many mails a second leave, beside Postfix's own load generator in the same run.

    ./tashika bench throughput [--quick] [--json] [--recipients N] [--memory [N]]   (with the package postfix)

    smtp_source   Postfix's smtp-source to its smtp-sink: a C program that makes no mail and keeps no record
    tashika_1/2   claimed, compiled with 5 merge fields, tracking links made, sent, recorded; one and two sender processes
    naive         smtplib and email.message, one connection kept, nothing recorded
    dkim          tashika_1 with a signature by RSA-2048 or by Ed25519 on each mail
    memory        (--memory) the most that a sender takes for 10,000 recipients and for N; a million takes some minutes

All speak to the same sink with mails of the same size and the same number of sessions, on the same cores, in turn.
Ratios are those of neighbouring runs, for machines are shared; the median of the rounds is printed. The main figures are
of a newsletter as our own starting design makes it; `short` is the same with a mail of half its size and plain HTML: the
sink's part grows with the bytes, ours hardly does.
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
from collections import defaultdict
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import installation, scenery

SESSIONS = 10  # in all, however many senders
SMALL, LARGE = 10_000, 1_000_000  # recipients between which memory is compared


class Sent(NamedTuple):
    """One dispatch: mails a second from the first claim to the last record, the most memory of a sender in MB, and
    microseconds of CPU a mail by kind of process."""

    per_second: float
    memory: float
    cpu: dict[str, float]


class Mail(NamedTuple):
    """What is sent: a kept version, its bytes on the wire, and what one person would read."""

    version: Any
    size: int
    subject: str
    html: str
    text: str

    @classmethod
    def kept(cls, body: Mapping[str, Any]) -> "Mail":
        """Of a mail's body."""
        from bench.compile import NOW, ORGANISATION, recipient
        from tashika.mails.compiling import compile_mail

        compiled = compile_mail(body, organisation=ORGANISATION)
        return cls(scenery.mail(body), len(compiled.build(recipient(1), NOW)), *compiled.parts(recipient(1)))


def run(*, recipients: int, rounds: int, processes: tuple[int, ...], signed: int, memory: int) -> dict[str, Any]:
    """All of it; the figures. `signed`: recipients of the runs with DKIM; `memory`: of the large run, or 0."""
    installation.prepare()
    with _sink() as port:
        scenery.people(max(recipients, signed, memory, SMALL if memory else 0))
        scenery.relay(port, SESSIONS)
        newsletter, short = Mail.kept(scenery.newsletter()), Mail.kept(scenery.short())
        scenery.say(f"{recipients:,} recipients, {SESSIONS} sessions")
        figures = _rates(port, newsletter, recipients, rounds, processes)
        figures["short"] = _rates(port, short, recipients, rounds, processes[-1:])
        if signed:
            figures["dkim"] = {name: _signed(name, signed, port, newsletter) for name in ("rsa2048", "ed25519")}
        if memory:
            figures["memory_mb"] = _memory_of(newsletter, (SMALL, memory))
    return {"bench": "throughput", "recipients": recipients, "sessions": SESSIONS, **figures}


def _rates(port: int, mail: Mail, recipients: int, rounds: int, processes: tuple[int, ...]) -> dict[str, Any]:
    scenery.say(f"{mail.size:,} bytes a mail")
    rates: dict[str, list[float]] = defaultdict(list)
    ratios: dict[int, list[float]] = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    memory, to_naive = 0.0, []
    for _ in range(rounds):
        for number in processes:
            source, ours = _smtp_source(port, recipients, mail.size), _send(number, recipients, mail)
            memory = max(memory, ours.memory)
            for name, microseconds in ours.cpu.items():
                cpu[name].append(microseconds)
            rates["smtp_source"].append(source)
            rates[f"tashika_{number}"].append(ours.per_second)
            ratios[number].append(ours.per_second / source)
            scenery.say(
                f"smtp-source {source:,.0f}/s, {number} sender(s) {ours.per_second:,.0f}/s, ratio {ratios[number][-1]:.2f}"
            )
        rates["naive"].append(_naive(port, mail, min(recipients // 25, 1500)))
        to_naive.append(rates[f"tashika_{processes[0]}"][-1] / rates["naive"][-1])
        scenery.say(f"smtplib and email.message {rates['naive'][-1]:,.0f}/s")
    by_senders = {number: round(statistics.median(values), 3) for number, values in ratios.items()}
    return {
        "message_bytes": mail.size,
        "per_second": {name: round(statistics.median(values)) for name, values in rates.items()},
        "ratio_smtp_source_by_senders": by_senders,
        "ratio_smtp_source": max(by_senders.values()),
        "ratio_naive": round(statistics.median(to_naive), 1),
        "cpu_microseconds_per_mail": {name: round(statistics.median(spent)) for name, spent in cpu.items()},
        "peak_memory_mb_of_a_sender": round(memory),
    }


def _signed(algorithm: str, recipients: int, port: int, mail: Mail) -> dict[str, float]:
    """The rate of one sender with a key of this algorithm on."""
    from tashika.accounts import users
    from tashika.accounts.models import User
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.delivery import sending_domains
    from tashika.delivery.dkim import keeping
    from tashika.delivery.sender_check.dns_lookup import Lookup

    now = clock.now()
    by = User.objects.first() or users.create(
        email="admin@example.jp",
        name="管理者",
        password="long enough to pass",
        role="administrator",
        by=SYSTEM,
        now=now,
    )
    domain = sending_domains.add(name="example.jp", by=by, now=now)
    key = keeping.make(domain=domain, algorithm=algorithm, by=by, now=now)
    keeping.activate(key, by=by, now=now, lookup=Lookup(server="127.0.0.1"), unseen=True)
    source, ours = _smtp_source(port, recipients, mail.size), _send(1, recipients, mail)
    keeping.retire(key, by=by, now=now)
    scenery.say(f"signed by {algorithm}: {ours.per_second:,.0f}/s beside {source:,.0f}/s")
    return {
        "per_second": round(ours.per_second),
        "ratio_smtp_source": round(ours.per_second / source, 3),
        "cpu_microseconds_of_the_sender": round(ours.cpu["sender"]),
    }


def _memory_of(mail: Mail, sizes: tuple[int, ...]) -> dict[str, float]:
    """The most memory of one sender at each number of recipients."""
    found: dict[str, float] = {}
    for recipients in sizes:
        found[str(recipients)] = round(_send(1, recipients, mail).memory, 1)
        scenery.say(f"{recipients:,} recipients: {found[str(recipients)]} MB")
    return {**found, "ratio": round(found[str(sizes[-1])] / found[str(sizes[0])], 3)}


@contextlib.contextmanager
def _sink() -> Any:
    """smtp-sink on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "256"])
    try:
        _wait_for_port(port)
        yield port
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("smtp-sink does not answer")


def _send(senders: int, recipients: int, mail: Mail) -> Sent:
    """One dispatch from so many sender processes, which share the sessions."""
    from tashika.delivery.models import Dispatch, LedgerRow, Relay

    Relay.objects.filter(name="bench").update(connections=SESSIONS // senders)
    processes = scenery.senders(senders)
    audience = f"SELECT id FROM people_contact ORDER BY id LIMIT {recipients}"
    dispatch = scenery.dispatch(f"bench:{Dispatch.objects.count()}", audience, mail.version)
    peak, began, before = 0.0, time.monotonic(), _cpu()
    while Dispatch.objects.get(pk=dispatch.pk).state != "finished":
        time.sleep(0.1)
        peak = max([peak, *(_memory(process.pid) for process in processes)])
    spent = {name: (seconds - before[name]) / recipients * 1e6 for name, seconds in _cpu().items()}
    seconds = _seconds(dispatch.pk, recipients)
    for process in processes:
        process.terminate()
        process.wait(30)
    assert LedgerRow.objects.filter(dispatch=dispatch).count() == recipients
    assert seconds <= time.monotonic() - began + 1, "the ledger's own times don't fit the clock's"
    return Sent(recipients / seconds, peak, spent)


def _seconds(dispatch: int, recipients: int) -> float:
    """From the first transaction to the last reply, by the ledger; all must have been accepted."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), extract(epoch FROM max(ended_at) - min(begun_at)) FROM delivery_ledger"
            " WHERE dispatch_id = %s AND state = 'accepted'",
            [dispatch],
        )
        accepted, seconds = cursor.fetchone()
    assert accepted == recipients, f"{accepted} accepted"
    return float(seconds)


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


def _memory(pid: int) -> float:
    """The most that a process has taken so far, in MB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0) / 1024


def _smtp_source(port: int, number: int, size: int) -> float:
    began = time.monotonic()
    subprocess.run(
        ["smtp-source", "-s", str(SESSIONS), "-l", str(size), "-m", str(number), "-d", f"127.0.0.1:{port}"],
        check=True,
    )
    return number / (time.monotonic() - began)


def _naive(port: int, mail: Mail, number: int) -> float:
    """A straightforward program: one message object per recipient, one connection."""
    began = time.monotonic()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for index in range(number):
            company = f"株式会社架空{index}"
            message = EmailMessage()
            message["From"], message["To"] = "news@example.jp", f"p{index}@example.com"
            message["Subject"] = mail.subject
            message.set_content(mail.text.replace("株式会社架空1", company))
            message.add_alternative(mail.html.replace("株式会社架空1", company), subtype="html")
            server.send_message(message)
    return number / (time.monotonic() - began)


def main() -> None:
    """Measures and prints; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small, within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--recipients", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--senders", type=int, default=0, help="only that many, instead of 1 and 2; nothing signed")
    parser.add_argument("--memory", type=int, nargs="?", const=LARGE, default=0, metavar="N")
    arguments = parser.parse_args()
    recipients = arguments.recipients or (8_000 if arguments.quick else 100_000)
    figures = run(
        recipients=recipients,
        rounds=arguments.rounds or (1 if arguments.quick else 3),
        processes=(1, 2) if not arguments.senders else (arguments.senders,),
        signed=0 if arguments.senders else recipients // 5,
        memory=arguments.memory,
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
