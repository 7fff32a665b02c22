"""The main job as a person does it, at full size, in a real browser against a real installation and a real Postfix.

    python -m bench.through_the_interface [--rows 1000000] [--stops 10]   (as root, with postfix and chromium)

A CP932 file with 1 % broken rows is uploaded by the form; the worker that imports it is killed with -9 half-way. A
twentieth of the people get a broadcast, which is unpublished in the middle by the button that many times and published
again by choice. At the end every mail that Postfix has is parsed and held against the file and the lists that the
interface exports. The last line is one JSON object; `violations` has to be empty.
"""

import argparse
import csv
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.import_contacts import FAMILY, GIVEN, write_file
from bench.postfix import Postfix

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_SUBJECT = "{{ contact.family_name }} {{ contact.given_name }}様 秋のご案内"


def run(rows: int, stops: int) -> dict[str, Any]:
    """The whole job; figures as the pages show them."""
    folder = Path(tempfile.mkdtemp(prefix="tashika-interface-"))
    folder.chmod(0o711)
    write_file(folder / "customers.csv", rows)
    postfix = Postfix(2525)
    postfix.start()
    port = _free_port()
    process = _up(folder, port)
    address = f"http://127.0.0.1:{port}"
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
            page = browser.new_context(locale="ja-JP").new_page()
            page.set_default_timeout(60_000)
            _set_up(page, address, (folder / "data" / "setup_code").read_text())
            _add_relay(page, address, postfix.port)
            imported = _import(page, address, folder / "customers.csv", rows, process.pid)
            print(json.dumps(imported, ensure_ascii=False), flush=True)
            _prepare_broadcast(page, address, rows // 20)
            stopped = _stop_again_and_again(page, address, rows // 20, stops)
            while postfix.waiting():
                time.sleep(0.5)
            time.sleep(1)
            lists = {name: _export(page, address, name) for name in ("got", "in_doubt", "spared")}
            return {**imported, **stopped, **_compare(rows, postfix, lists)}
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        postfix.stop()


def _up(folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment |= {
        "TASHIKA_DATA": str(folder / "data"),
        "TASHIKA_PORT": str(port),
        "TASHIKA_PRACTICE_PORT": str(_free_port()),
        "TASHIKA_BASE_URL": f"http://127.0.0.1:{port}",
    }
    log = (folder / "up.log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "tashika.cli", "up"], env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise SystemExit((folder / "up.log").read_text())


def _set_up(page: Page, address: str, code: str) -> None:
    page.goto(address)
    for field, value in (("code", code), ("name", "未来 花子"), ("email", "hanako@mirai.example.jp")):
        page.fill(f"#{field}", value)
    page.fill("#password", "correct horse 7")
    page.click("button[type=submit]")
    page.wait_for_selector("h1:has-text('ホーム')")
    page.goto(f"{address}/settings/organisation")
    page.fill("#name", "みらい計測システム株式会社")
    page.fill("#postal_address", "東京都千代田区例町1-2-3")
    page.click("main button[type=submit]")


def _add_relay(page: Page, address: str, port: int) -> None:
    page.goto(f"{address}/settings/relays/new")
    page.fill("#name", "社内リレー")
    page.fill("#host", "127.0.0.1")
    page.fill("#port", str(port))
    page.select_option("#security", "none")
    page.fill("#connections", "10")
    page.click("main button[type=submit]")
    page.click("button[value=check]")
    page.wait_for_selector("#notices:has-text('接続できました')")
    page.click("button[value=confirm]")
    page.click("button[value=default]")


def _import(page: Page, address: str, file: Path, rows: int, up: int) -> dict[str, Any]:
    began = time.monotonic()
    page.goto(f"{address}/imports/new")
    page.set_input_files("#file", file)
    page.click("main button[type=submit]", no_wait_after=True)
    page.wait_for_selector("#encoding", timeout=120_000)
    page.select_option("#ground", "form")
    page.fill("#detail", "2026年10月の展示会")
    uploaded = time.monotonic()
    page.click("text=ファイル全体を確認する")
    page.wait_for_selector("text=取り込みを始める", timeout=600_000)
    checked = time.monotonic()
    page.click("text=取り込みを始める")
    while _tile(page, "処理した行") < rows // 2:
        time.sleep(0.2)
    peak = _peak_of_worker(up)
    killed = _kill_worker(up)
    at = _tile(page, "処理した行")
    page.wait_for_selector("h1:has-text('完了')", timeout=1_200_000)
    ended = time.monotonic()
    tiles = {word: _tile(page, word) for word in ("新規", "更新", "変更なし", "隔離")}
    return {
        "rows": rows,
        "tiles": tiles,
        "adds_up": sum(tiles.values()) == rows,
        "uploaded_seconds": round(uploaded - began, 1),
        "checked_seconds": round(checked - uploaded, 1),
        "imported_seconds": round(ended - checked, 1),
        "killed_process": killed,
        "killed_at_row": at,
        "peak_memory_mb_of_worker": round(max(peak, _peak_of_worker(up)) / 1024),
    }


def _worker(up: int) -> Path:
    """The process that imports, as a folder of /proc: the worker of the installation."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            parent = re.search(r"^PPid:\s+(\d+)", (path.parent / "status").read_text(), re.M)
        except OSError:
            continue
        if b"worker" in words and parent and int(parent.group(1)) == up:
            return path.parent
    raise SystemExit("no worker found")


def _kill_worker(up: int) -> str:
    os.kill(int(_worker(up).name), signal.SIGKILL)
    return "worker"


def _peak_of_worker(up: int) -> int:
    """Peak memory of the worker so far, in kB."""
    found = re.search(r"^VmHWM:\s+(\d+)", (_worker(up) / "status").read_text(), re.M)
    return int(found.group(1)) if found else 0


def _prepare_broadcast(page: Page, address: str, people: int) -> None:
    page.goto(f"{address}/segments/new")
    page.fill("#name", "北海道のお客様")
    page.click("main button[type=submit]")
    page.fill("input[aria-label=value]", "北海道")
    page.wait_for_selector(f"#segment-count:has-text('{people:,}')")
    page.wait_for_selector("[data-draft-state]:has-text('保存済み')")
    page.goto(f"{address}/mails/new")
    page.fill("main input[name=name]", "秋のご案内")
    page.click("button[value=letter]")
    page.wait_for_selector("#mail-subject")
    page.fill("#mail-subject", _SUBJECT)
    page.fill("#mail-from-name", "みらい計測システム")
    page.fill("#mail-from-email", "news@mirai.example.jp")
    page.wait_for_timeout(3000)
    page.goto(f"{address}/scenarios/new/broadcast")
    page.fill("#name", "秋の一斉配信")
    page.select_option("#segment", "G-1")
    page.select_option("#mail", "M-1")
    page.click("text=確認へ進む")
    page.click(f"text={people:,}人に公開する")
    page.wait_for_selector("h1:has-text('公開')")


def _stop_again_and_again(page: Page, address: str, people: int, stops: int) -> dict[str, Any]:
    pressed_ms, moved = [], []
    for number in range(1, stops + 1):
        page.goto(f"{address}/scenarios/S-1")
        while _tile(page, "送信済み") < people * number // (stops + 1):
            time.sleep(0.05)
        page.click(".actions >> text=非公開にする")
        began = time.monotonic()
        page.click("text=今すぐ非公開にする")
        page.wait_for_selector("#notices:has-text('これ以上は1通も出ません')")
        pressed_ms.append(round((time.monotonic() - began) * 1000))
        states = ("送信済み", "不明", "停止", "断られた")
        figures = {word: _tile(page, word) for word in states}
        time.sleep(1)
        page.reload()
        later = {word: _tile(page, word) for word in states}
        if figures != later or sum(figures.values()) != people:
            moved.append({"stop": number, "answer": figures, "later": later})
        print(f"stop {number}: {pressed_ms[-1]} ms, {figures}", flush=True)
        page.click(f"text=残り{later['停止']:,}件を送る")
        page.wait_for_selector("#notices:has-text('公開しました')")
    page.goto(f"{address}/scenarios/S-1")
    while _tile(page, "未送信") + _tile(page, "送信中"):
        time.sleep(0.5)
        page.reload()
    return {"stops": stops, "press_to_answer_ms": pressed_ms, "moved_after_the_answer": moved}


def _tile(page: Page, words: str) -> int:
    found = page.locator(".tiles .tile").filter(has=page.locator(f"span:text-is('{words}')")).first
    return int(found.locator("strong").inner_text().replace(",", "")) if found.count() else 0


def _export(page: Page, address: str, outcome: str) -> set[str]:
    page.goto(f"{address}/scenarios/S-1")
    link = page.locator("a[href*='/dispatches/']").first.get_attribute("href") or ""
    page.goto(f"{address}{link.partition('?')[0]}?outcome={outcome}")
    with page.expect_download() as download:
        page.click("text=この一覧をCSVで保存")
    return {row[0] for row in csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")))} - {
        "メールアドレス"
    }


def _compare(rows: int, postfix: Postfix, lists: dict[str, set[str]]) -> dict[str, Any]:
    dice, names = random.Random(7), {}
    for index in range(rows):
        family, given = dice.choice(FAMILY), dice.choice(GIVEN)
        if index % 20 == 0:
            names[f"p{index}@c{index % 20_000}.example.jp"] = f"{family} {given}"
    arrived: Counter[str] = Counter()
    violations = []
    for mail in postfix.mails():
        to = str(mail["X-Original-To"])
        arrived[to] += 1
        if str(mail["To"]) != to or str(mail["Subject"]) != f"{names[to]}様 秋のご案内":
            violations.append(f"{to}: {mail['To']} {mail['Subject']}")
        if str(mail["List-Unsubscribe-Post"]) != "List-Unsubscribe=One-Click":
            violations.append(f"headers of {to}")
    violations += [f"twice: {one}" for one, number in arrived.items() if number > 1]
    violations += [f"on the list, not there: {one}" for one in lists["got"] - set(arrived)]
    violations += [f"there, not on the list: {one}" for one in set(arrived) - lists["got"] - lists["in_doubt"]]
    violations += [f"in no list: {one}" for one in set(names) - lists["got"] - lists["in_doubt"] - lists["spared"]]
    return {
        "arrived": len(arrived),
        "lists": {name: len(found) for name, found in lists.items()},
        "violations": violations[:20],
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stops", type=int, default=10)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.rows, arguments.stops), ensure_ascii=False))


if __name__ == "__main__":
    main()
