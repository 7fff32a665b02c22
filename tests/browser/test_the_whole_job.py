"""From the company's CSV to a bulk mail that leaves over real SMTP, is stopped in the middle, and says who got it."""

import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.fakes.smtp_server import SmtpServer

PEOPLE = 1500
SOME = 200  # that have left when it is stopped
SLOW = 0.25  # seconds per mail from then on, over four connections: the rest would take more than a minute
pytestmark = pytest.mark.system


def customers_csv(folder: Path) -> Path:
    """Invented people in CP932 with the headers of another tool and a few broken rows."""
    lines = ["メールアドレス,苗字,名前,会社名,都道府県"]
    lines += [f"p{i}@recipient.example.jp,山田,太一,株式会社みらい{i % 40},東京都" for i in range(PEOPLE)]
    lines += [
        "こわれたアドレス,佐藤,健太,株式会社例,東京都",
        "q@recipient.example.jp,03-1234-5678,健太,株式会社例,東京都",
    ]
    path = folder / "展示会の来場者.csv"
    path.write_bytes("\r\n".join(lines).encode("cp932"))
    return path


def wait_until(seconds: float, holds: Callable[[], bool], problem: str) -> None:
    """Wait for a condition; a loaded machine may need long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, problem
        time.sleep(0.02)


def set_up(desk: Desk) -> None:
    page = desk.page
    desk.goto("/")
    page.fill("#code", desk.at.secret)
    page.fill("#name", "未来 花子")
    page.fill("#email", "hanako@mirai.example.jp")
    page.fill("#password", "correct horse 7")
    page.click(".card button[type=submit]")
    expect(page.locator("h1")).to_contain_text(desk.t("ホーム", "Home"))
    desk.picture("01-first-run")
    desk.goto("/settings/organisation")
    page.fill("#name", "みらい計測システム株式会社")
    page.fill("#postal_address", "東京都千代田区例町1-2-3")
    page.click("main button[type=submit]")


def add_relay(desk: Desk, server: SmtpServer) -> None:
    page = desk.page
    expect(page.locator(".top")).to_contain_text(desk.t("練習モード", "Practice mode"))
    desk.goto("/settings/relays/new")
    page.fill("#name", "社内リレー")
    page.fill("#host", "127.0.0.1")
    page.fill("#port", str(server.port))
    page.select_option("#security", "none")
    page.fill("#connections", "4")
    page.click("main button[type=submit]")
    page.click("button[value=check]")
    expect(page.locator("#notices")).to_contain_text(desk.t("接続できました", "Connected"))
    page.click("button[value=confirm]")
    page.click("button[value=default]")
    expect(page.locator(".top")).not_to_contain_text(desk.t("練習モード", "Practice mode"))


def import_file(desk: Desk, file: Path) -> None:
    page = desk.page
    desk.goto("/imports/new")
    page.set_input_files("#file", file)
    page.click("main button[type=submit]")
    expect(page.locator("#encoding")).to_have_value("cp932")
    expect(page.locator("select[name=column-1]")).to_have_value("family_name")
    page.select_option("#ground", "business_card")
    page.fill("#detail", desk.t("2026年10月の展示会", "Trade fair, October 2026"))
    desk.picture("02-import-mapping")
    page.click(f"text={desk.t('ファイル全体を確認する', 'Check the whole file')}")
    page.click(f"text={desk.t('取り込みを始める', 'Begin the import')}", timeout=60_000)
    expect(page.locator("h1")).to_contain_text(desk.t("完了", "Finished"), timeout=60_000)
    tiles = page.locator(".tiles").inner_text()
    assert f"{PEOPLE:,}" in tiles and desk.t("隔離", "quarantined") in tiles
    desk.picture("03-import-finished")
    page.click(f"a:has-text('{desk.t('直す', 'Correct')}') >> nth=0")
    page.fill("#cell-0", "fixed@recipient.example.jp")
    page.click(f"text={desk.t('直して取り込む', 'Import it so')}")
    expect(page.locator("#notices")).to_contain_text(desk.t("取り込みました", "Imported"))


def make_segment(desk: Desk) -> None:
    page = desk.page
    desk.goto("/segments/new")
    page.fill("#name", desk.t("東京都のお客様", "Customers in Tokyo"))
    page.click("main button[type=submit]")
    page.fill("input[aria-label=value]", "東京都")
    expect(page.locator("#segment-count")).to_have_text(f"{PEOPLE + 1:,}", timeout=30_000)
    expect(page.locator("[data-draft-state]")).to_contain_text(desk.t("保存済み", "Saved"), timeout=30_000)
    page.fill("input[name=q][hx-get]", "山田")
    expect(page.locator("#why")).to_contain_text(desk.t("入る", "matches"), timeout=30_000)
    desk.picture("04-segment")


def write_mail(desk: Desk) -> None:
    page = desk.page
    desk.goto("/mails/new")
    page.fill("main input[name=name]", desk.t("秋のご案内", "Autumn letter"))
    page.click("button[value=letter]")
    page.wait_for_selector("#mail-subject")
    with page.expect_response(lambda answer: "秋のご案内" in (answer.request.post_data or ""), timeout=60_000):
        page.fill("#mail-subject", '{{ contact.family_name | default: "ご担当者" }}様 秋のご案内')
        page.fill("#mail-from-name", "みらい計測システム")
        page.fill("#mail-from-email", "news@mirai.example.jp")
    page.wait_for_timeout(2500)
    desk.picture("05-mail")


def publish(desk: Desk) -> None:
    page = desk.page
    desk.goto("/scenarios/new/broadcast")
    page.fill("#name", desk.t("秋の一斉配信", "Autumn broadcast"))
    page.select_option("#segment", "G-1")
    page.select_option("#mail", "M-1")
    page.click(f"text={desk.t('確認へ進む', 'Go on to the review')}")
    expect(page.locator(".tile.good").first).to_contain_text(f"{PEOPLE + 1:,}", timeout=30_000)
    desk.picture("06-review")
    page.click(f"text={desk.t(f'{PEOPLE + 1:,}人に公開する', f'Publish to {PEOPLE + 1:,}')}")
    expect(page.locator("h1")).to_contain_text(desk.t("公開", "Published"), timeout=30_000)


def stop_in_the_middle(desk: Desk, server: SmtpServer) -> float:
    page = desk.page
    wait_until(120, lambda: len(server.taken) >= SOME, "nothing leaves")
    server.delay = SLOW
    shown = page.locator("[data-field=accepted]")
    wait_until(60, lambda: int(shown.inner_text().replace(",", "")) >= SOME, "the page does not follow")
    weekday = re.compile(desk.t(r"\([月火水木金土日]\) \d", r"^[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d{4} "))
    expect(page.locator("[data-field=last]")).to_have_text(weekday)
    desk.picture("07-sending")
    page.click(f".actions >> text={desk.t('非公開にする', 'Unpublish')}")
    expect(page.locator("#unpublish")).to_contain_text(desk.t("ほかに止まるアクション", "no other action"))
    page.click(f"text={desk.t('今すぐ非公開にする', 'Unpublish now')}")
    expect(page.locator("#notices")).to_contain_text(
        desk.t("これ以上は1通も出ません", "Not one more mail leaves"), timeout=30_000
    )
    return time.time()


def tile(desk: Desk, ja: str, en: str) -> int:
    text = desk.page.locator(".tiles .tile", has_text=desk.t(ja, en)).first.locator("strong").inner_text()
    return int(text.replace(",", ""))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_whole_job(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    with SmtpServer(delay=0.01) as server:
        set_up(desk)
        add_relay(desk, server)
        import_file(desk, customers_csv(tmp_path))
        make_segment(desk)
        write_mail(desk)
        publish(desk)
        answered = stop_in_the_middle(desk, server)
        time.sleep(0.5)
        assert [begun for _, begun in server.begun if begun > answered] == []
        accepted, stopped = tile(desk, "送信済み", "accepted"), tile(desk, "停止", "stopped")
        desk.picture("08-stopped")
        assert accepted == len(server.taken) and stopped > 0
        assert accepted + stopped + tile(desk, "不明", "in doubt") == PEOPLE + 1

        page.click(f"text={desk.t('止まった人の一覧', 'List: spared')}")
        desk.picture("09-spared")
        with page.expect_download() as download:
            page.click(f"text={desk.t('この一覧をCSVで保存', 'Save this list as CSV')}")
        spared = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))[1:]
        assert len(spared) == stopped
        assert not {row[0] for row in spared} & {mail.recipient for mail in server.taken}

        server.delay = 0
        desk.goto("/scenarios/S-1")
        page.click(f"text={desk.t(f'残り{stopped:,}件を送る', f'Send the remaining {stopped:,}')}")
        wait_until(120, lambda: len(server.taken) >= PEOPLE + 1, "not all are taken")
        recipients = [mail.recipient for mail in server.taken]
        assert len(recipients) == len(set(recipients)) == PEOPLE + 1, "each once"
        assert re.search(rb"List-Unsubscribe-Post: List-Unsubscribe=One-Click", server.taken[0].body)
        page.click(f"text={desk.t('緊急停止', 'Emergency stop')}")
        desk.picture("10-emergency-stop")
        page.wait_for_timeout(2000)  # the delivery has finished meanwhile: what a person is about to do stays open
        expect(page.locator("#emergency")).to_be_visible()
