"""A broadcast over a real Postfix to a real site where some recipients don't exist, some are full, some answer 4xx first:
the record ends right for every one, from the reports alone.

    ./tashika bench bounces [--quick] [--json]     (as root, with the package postfix)

    1,000 recipients: 50 that do not exist, 20 that are full (10 refused with 552 at the door, 10 found full by the delivery
    agent after their site had taken the mail), 10 that are greylisted (5 by their site, so that our Postfix tries again;
    5 by our Postfix itself, so that Tashika does).

The mails leave through one Postfix, which speaks to another, the site's. Reports are written by whichever of the two gives
up, travel as mail to the return path, and come in over the pipe that the operator's manual describes. What the record
says of each person is then held against what the site's mailboxes have. Tashika tries again after five minutes; with
--quick that moment is brought forward.
"""

import argparse
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import installation, scenery
from bench.postfix import Postfix
from bench.receiving_site import Fates, Greylist, ReceivingSite

RECIPIENTS, UNKNOWN, FULL, GREYLISTED = 1000, 50, 10, 5
RETURN = "return.mirai.example.jp"
_RELAY = f"""
myhostname = mail.mirai.example.jp
relayhost = [127.0.0.1]:{{site}}
virtual_mailbox_domains =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{{greylist}}
relay_domains = {RETURN}
transport_maps = inline:{{{RETURN}=tashika:}}
tashika_destination_recipient_limit = 1
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
notify_classes =
"""
_PIPE = """tashika unix - n n - 4 pipe
  flags=ORq user={account} null_sender=
  argv={command} bounce
"""


def run(*, quick: bool) -> dict[str, Any]:
    """All of it; the figures."""
    began = time.monotonic()
    folder = installation.prepare()
    scenery.people(RECIPIENTS)
    fates, ours = _draw()
    greylist = Greylist(ours)
    relay_port, site_port = _free_port(), _free_port()
    site = ReceivingSite(port=site_port, back=relay_port, people=_people(), fates=fates)
    settings = _RELAY.replace("{site}", str(site_port)).replace("{greylist}", str(greylist.port))
    relay = Postfix(relay_port, settings=settings, services=_pipe(folder))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with (folder / "worker.log").open("wb") as log:
            processes.append(subprocess.Popen([sys.executable, "-m", "tashika.cli", "worker"], stderr=log))
        with ThreadPoolExecutor() as pool:
            for starting in [pool.submit(site.start), pool.submit(relay.start)]:
                starting.result()
        processes += scenery.senders(1)
        dispatch = _send_off(relay_port)
        _wait(dispatch.pk, [relay, site.postfix], quick)
        figures = _judge(dispatch.pk, site, fates, ours)
        figures["deferred_then_arrived"] = {
            "tried_again_by_postfix": sum(site.greylist.deferred.values()),
            "tried_again_by_tashika": sum(greylist.deferred.values()),
        }
    finally:
        for process in processes:
            process.terminate()
        for one in (relay, site.postfix):
            one.stop()
        for process in processes:
            process.wait(30)
    return {"bench": "bounces", **figures, "seconds": round(time.monotonic() - began, 1)}


def _people() -> set[str]:
    from tashika.people.models import Contact

    return set(Contact.objects.values_list("email", flat=True))


def _draw() -> tuple[Fates, frozenset[str]]:
    """Who meets what at the site, and who is greylisted by our own Postfix."""
    numbers = (UNKNOWN, FULL, FULL, GREYLISTED, GREYLISTED)
    drawn = iter(random.Random(4).sample(sorted(_people()), sum(numbers)))
    unknown, full, door, greylisted, ours = (frozenset(next(drawn) for _ in range(number)) for number in numbers)
    return Fates(unknown=unknown, full=full, full_at_the_door=door, greylisted=greylisted), ours


def _send_off(port: int) -> Any:
    from tashika.delivery.bounces.models import BounceSettings

    BounceSettings.objects.create(return_path=f"bounce@{RETURN}")
    scenery.relay(port, 10)
    scenery.mail()
    return scenery.dispatch("bounces")


def _wait(dispatch: int, servers: list[Postfix], quick: bool) -> None:
    """Until nothing is under way anywhere: neither mails, nor retries, nor reports, nor their reading."""
    from django.db import connection

    from tashika.delivery import queries
    from tashika.delivery.bounces.models import Bounce, RawReport
    from tashika.delivery.models import Dispatch, Queued

    quiet, told, deadline = 0, 0.0, time.monotonic() + (120 if quick else 600)
    while quiet < 3:
        time.sleep(0.3)
        waiting = [server.waiting() for server in servers]
        reports, read = RawReport.objects.count(), Bounce.objects.count()
        figures = queries.figures(dispatch)
        finished = Dispatch.objects.get(pk=dispatch).state == Dispatch.State.FINISHED
        if quick and figures.queued and not figures.sending:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {Queued._meta.db_table} SET due_at = now()")
        quiet = quiet + 1 if finished and not any(waiting) and reports == read else 0
        if time.monotonic() > told + 2:
            told = time.monotonic()
            scenery.say(
                f"{figures.accepted} accepted, {figures.queued} to try again, in Postfix {waiting}, {read} reports"
            )
        if time.monotonic() > deadline:
            raise SystemExit("it did not come to rest")


def _judge(dispatch: int, site: ReceivingSite, fates: Fates, ours: frozenset[str]) -> dict[str, Any]:
    """What the record says of each, held against the site's mailboxes and against what was arranged."""
    from tashika.delivery import planning
    from tashika.delivery.bounces.models import Bounce
    from tashika.delivery.models import LedgerRow
    from tashika.people import suppression

    arrived = site.arrived()
    reported: dict[int, list[str]] = {}
    for bounce in Bounce.objects.all():
        reported.setdefault(bounce.row_id or 0, []).append(f"{bounce.kind} {bounce.reason} {bounce.tied_by}".strip())
    wrong, found = [f"a report that leads nowhere: {one}" for one in reported.get(0, [])], Counter[str]()
    for row in LedgerRow.objects.filter(dispatch_id=dispatch):
        says = " ".join([row.state, *reported.get(row.pk, [])])
        expected = _expected(row.address, fates)
        found[expected] += says == expected
        if says != expected:
            wrong.append(f"ledger:{row.pk} should be {expected}: {says} ({row.reply})")
        if arrived[row.address] != (expected == "accepted"):
            wrong.append(f"ledger:{row.pk} arrived {arrived[row.address]} times: {says}")
        if suppression.is_suppressed(row.address) != (row.address in fates.unknown):
            wrong.append(f"ledger:{row.pk} is on the wrong side of the suppression list: {says}")
        if row.attempts != 1 + (row.address in ours):
            wrong.append(f"ledger:{row.pk} was tried {row.attempts} times")
    forecast = planning.preview(audience=("SELECT id FROM people_contact", []), commercial=True)
    if (forecast.planned, forecast.excluded) != (RECIPIENTS - UNKNOWN, {"suppressed": UNKNOWN}):
        wrong.append(f"publishing again would plan {forecast}")
    for words in wrong[:20]:
        scenery.say(f"WRONG: {words}")
    return {
        "recipients": RECIPIENTS,
        "accepted_and_arrived": found["accepted"],
        "unknown_found": found[_UNKNOWN],
        "full_found": found[_FULL],
        "spared_next_time": forecast.excluded.get("suppressed", 0),
        "wrong": len(wrong),
    }


_UNKNOWN = "accepted hard unknown_user token"
_FULL = "accepted soft mailbox_full token"


def _expected(address: str, fates: Fates) -> str:
    if address in fates.unknown:
        return _UNKNOWN
    return _FULL if address in fates.full | fates.full_at_the_door else "accepted"


def _pipe(folder: Path) -> str:
    """The service as the manual has it. Postfix runs nothing as root, so it is the account that PostgreSQL runs under."""
    account = pwd.getpwuid((folder / "postgresql" / "socket").stat().st_uid).pw_name
    python = _readable_python(folder, account)
    path = ":".join(str(Path(one).absolute()) for one in sys.path if one)
    command = f"/usr/bin/env TASHIKA_DATA={folder} PYTHONPATH={path} {python} -m tashika.cli"
    return _PIPE.format(account=account, command=command)


def _readable_python(folder: Path, account: str) -> str:
    """Our interpreter, or a copy where it lies in a folder that only root may read."""
    try:
        subprocess.run([sys.executable, "-c", "import psycopg"], user=account, check=True, capture_output=True)
        return sys.executable
    except (OSError, subprocess.CalledProcessError):
        pass
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base, copy = Path(sys.base_prefix), folder / "python"
    (copy / "bin").mkdir(parents=True)
    shutil.copy2(os.path.realpath(sys.executable), copy / "bin" / version)
    leave = shutil.ignore_patterns("test", "site-packages", "config-*", "idlelib", "ensurepip")
    shutil.copytree(base / "lib" / version, copy / "lib" / version, ignore=leave)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy2(library, copy / "lib" / library.name)
    return f"LD_LIBRARY_PATH={copy}/lib {copy}/bin/{version}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Runs and prints; the last line is one JSON object. Exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="Tashika's own retry is brought forward: within 50 s")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        raise SystemExit("this needs the package postfix, and root to start it")
    figures = run(quick=arguments.quick)
    print(json.dumps(figures))
    sys.exit(1 if figures["wrong"] else 0)


if __name__ == "__main__":
    main()
