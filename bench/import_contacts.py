"""Import of a CP932 file of invented people with 1 % broken rows: rates, memory, sums; killed with -9 half-way on request.

    python -m bench.import_contacts [--rows 1000000] [--kill]

The last line is one JSON object.
"""

import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import installation
from bench.names import GIVEN_NAMES, SURNAMES

FAMILY = [*SURNAMES, "髙橋", "濱田"]
FAULTS = ("address", "missing", "mojibake", "phone", "swapped", "double")


def write_file(path: Path, rows: int) -> dict[str, int]:
    """The file, and how many broken rows of each kind are in it."""
    dice, planted = random.Random(7), Counter[str]()
    with path.open("wb") as stream:
        stream.write("メールアドレス,姓,名,セイ,メイ,会社名,部署,役職,電話番号,都道府県\r\n".encode("cp932"))
        for index in range(rows):
            family, given = dice.choice(FAMILY), dice.choice(GIVEN_NAMES)
            email = f"p{index}@c{index % 20_000}.example.jp"
            prefecture = "北海道" if index % 20 == 0 else "東京都"
            tail = f"サトウ,ケンタ,株式会社みらい{index % 20_000},営業部,課長,03-0000-0000,{prefecture}"
            fault = FAULTS[(index // 100) % 6] if index % 100 == 50 else ""
            planted[fault] += bool(fault)
            line = _line(fault, email, family, given, tail, index)
            stream.write(line)
    return dict(planted)


def _line(fault: str, email: str, family: str, given: str, tail: str, index: int) -> bytes:
    if fault == "address":
        email = email.replace("@", "＠")
    elif fault == "missing":
        return f"{email},{family}\r\n".encode("cp932")
    elif fault == "mojibake":
        return f"{email},".encode("cp932") + b"\x81\xff\xfd" + f",{given},{tail}\r\n".encode("cp932")
    elif fault == "phone":
        family = "03-1234-5678"
    elif fault == "swapped":
        family, given = "健太", "佐藤"
    elif fault == "double":
        email = f"p{index - 10}@c{(index - 10) % 20_000}.example.jp"
    return f"{email},{family},{given},{tail}\r\n".encode("cp932")


def child(folder: str, import_id: int) -> None:
    """The importing process."""
    installation.attach(folder)
    from tashika.people import importing

    importing.run(import_id=import_id)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def run(rows: int, kill: bool) -> dict[str, Any]:
    """One import from upload to the end state."""
    folder = installation.prepare()
    from django.db import connection

    from tashika.accounts import users
    from tashika.core import clock
    from tashika.core.actors import SYSTEM
    from tashika.people import importing, uploading
    from tashika.people.models import Import

    path = folder / "customers.csv"
    planted = write_file(path, rows)
    print(f"file: {path.stat().st_size:,} bytes", flush=True)
    by = users.create(
        email="a@staff.example.jp",
        name="編集者",
        password="correct horse 7",
        role="administrator",
        by=SYSTEM,
        now=clock.now(),
    )
    began = time.monotonic()
    made = uploading.take(file_name=path.name, blocks=_blocks(path), by=by, now=clock.now())
    taken = time.monotonic()
    options = {"consent_ground": "form", "tags": ["展示会"]}
    importing.set_up(contact_import=made, mapping=made.mapping, options=options, by=by, now=clock.now())
    importing.check(import_id=made.pk)
    made.refresh_from_db()
    checked = time.monotonic()
    print(f"uploaded {taken - began:.1f} s, checked {checked - taken:.1f} s, {made.state}", flush=True)
    if made.findings:
        decisions = {one["code"]: "quarantine" for one in made.findings}
        importing.decide(contact_import=made, decisions=decisions, by=by, now=clock.now())
    importing.begin(contact_import=Import.objects.get(pk=made.pk), by=by, now=clock.now())
    memory = _import(folder, int(made.pk), rows, kill)
    ended = time.monotonic()
    made.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r->>'code', count(*) FROM people_quarantined_row, jsonb_array_elements(reasons) r GROUP BY 1 ORDER BY 1"
        )
        reasons = dict(cursor.fetchall())
        cursor.execute(
            "SELECT count(*), md5(string_agg(email_key || family_name || company_name, ',' ORDER BY email_key)) FROM people_contact"
        )
        contacts, digest = cursor.fetchone()
    counts = {name: getattr(made, name) for name in ("rows", "created", "updated", "skipped", "quarantined")}
    return {
        "state": made.state,
        **counts,
        "adds_up": counts["rows"] == sum(counts[n] for n in ("created", "updated", "skipped", "quarantined")),
        "contacts": contacts,
        "digest": digest,
        "planted": planted,
        "reasons": reasons,
        "check_rows_per_second": round(rows / (checked - taken)),
        "write_rows_per_second": round(rows / (ended - checked)),
        "rows_per_second": round(rows / (ended - taken)),
        "rows_per_second_until_finished": round(
            rows / (checked - taken + (made.finished_at - made.started_at).total_seconds())
        ),
        "peak_memory_mb": round(memory / 1024),
        "killed": kill,
    }


def _import(folder: Path, import_id: int, rows: int, kill: bool) -> int:
    from tashika.people.models import Import

    command = [sys.executable, "-m", "bench.import_contacts", "--child", str(folder), str(import_id)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if kill:
        while Import.objects.get(pk=import_id).rows < rows // 2:
            time.sleep(0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"killed at {Import.objects.get(pk=import_id).rows:,} rows", flush=True)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        print(f"{Import.objects.get(pk=import_id).rows:,} rows", flush=True)
        time.sleep(3)
    return int((process.stdout.read() if process.stdout else "0").strip() or 0)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1_048_576):
            yield block


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--json", action="store_true", help="the last line always is JSON")
    parser.add_argument("--child", nargs=2)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], int(arguments.child[1]))
        return
    print(json.dumps(run(arguments.rows, arguments.kill), ensure_ascii=False))


if __name__ == "__main__":
    main()
