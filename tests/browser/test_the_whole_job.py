"""From the company's CSV to a bulk mail that leaves over real SMTP, is stopped in the middle, and says who got it."""

import csv
import io
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Installation, picture
from tests.fakes.smtp_server import SmtpServer

PEOPLE = 1500
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


def set_up(page: Page, at: Installation) -> None:
    page.goto(at.address)
    page.fill("#code", at.setup_code)
    page.fill("#name", "未来 花子")
    page.fill("#email", "hanako@mirai.example.jp")
    page.fill("#password", "correct horse 7")
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_contain_text("ホーム")
    picture(page, "01-first-run")
    page.goto(f"{at.address}/settings/organisation")
    page.fill("#name", "みらい計測システム株式会社")
    page.fill("#postal_address", "東京都千代田区例町1-2-3")
    page.click("main button[type=submit]")


def add_relay(page: Page, at: Installation, server: SmtpServer) -> None:
    page.goto(f"{at.address}/settings/relays/new")
    page.fill("#name", "社内リレー")
    page.fill("#host", "127.0.0.1")
    page.fill("#port", str(server.port))
    page.select_option("#security", "none")
    page.fill("#connections", "4")
    page.click("main button[type=submit]")
    page.click("button[value=check]")
    expect(page.locator("#notices")).to_contain_text("接続できました")
    page.click("button[value=confirm]")
    page.click("button[value=default]")
    expect(page.locator(".top")).not_to_contain_text("練習モード")


def import_file(page: Page, at: Installation, file: Path) -> None:
    page.goto(f"{at.address}/imports/new")
    page.set_input_files("#file", file)
    page.click("main button[type=submit]")
    expect(page.locator("#encoding")).to_have_value("cp932")
    expect(page.locator("select[name=column-1]")).to_have_value("family_name")
    page.select_option("#ground", "business_card")
    page.fill("#detail", "2026年10月の展示会")
    picture(page, "02-import-mapping")
    page.click("text=ファイル全体を確認する")
    page.click("text=取り込みを始める", timeout=30_000)
    expect(page.locator("h1")).to_contain_text("完了", timeout=30_000)
    tiles = page.locator(".tiles").inner_text()
    assert f"{PEOPLE:,}" in tiles and "隔離" in tiles
    picture(page, "03-import-finished")
    page.click("a:has-text('直す') >> nth=0")
    page.fill("#cell-0", "fixed@recipient.example.jp")
    page.click("text=直して取り込む")
    expect(page.locator("#notices")).to_contain_text("取り込みました")


def make_segment(page: Page, at: Installation) -> None:
    page.goto(f"{at.address}/segments/new")
    page.fill("#name", "東京都のお客様")
    page.click("main button[type=submit]")
    page.fill("input[aria-label=value]", "東京都")
    expect(page.locator("#segment-count")).to_have_text(f"{PEOPLE + 1:,}")
    page.click("#segment-save")
    expect(page.locator("#segment-state")).to_have_text("保存しました")
    page.fill("input[name=q][hx-get]", "山田")
    expect(page.locator("#why")).to_contain_text("入る")
    picture(page, "04-segment")


def write_mail(page: Page, at: Installation) -> None:
    page.goto(f"{at.address}/mails/new")
    page.fill("main input[name=name]", "秋のご案内")
    page.click("button[value=letter]")
    page.wait_for_selector("#mail-subject")
    page.fill("#mail-subject", '{{ contact.family_name | default: "ご担当者" }}様 秋のご案内')
    page.fill("#mail-from-name", "みらい計測システム")
    page.fill("#mail-from-email", "news@mirai.example.jp")
    page.wait_for_timeout(2500)
    picture(page, "05-mail")


def publish(page: Page, at: Installation) -> None:
    page.goto(f"{at.address}/scenarios/new")
    page.fill("#name", "秋の一斉配信")
    page.select_option("#segment", "G-1")
    page.select_option("#mail", "M-1")
    page.click("text=確認へ進む")
    expect(page.locator(".tile.good").first).to_contain_text(f"{PEOPLE + 1:,}")
    picture(page, "06-review")
    page.click(f"text={PEOPLE + 1:,}人に公開する")
    expect(page.locator("h1")).to_contain_text("公開")


def stop_in_the_middle(page: Page, server: SmtpServer) -> float:
    deadline = time.monotonic() + 30
    while len(server.taken) < 200:
        assert time.monotonic() < deadline, "nothing leaves"
        time.sleep(0.02)
    picture(page, "07-sending")
    page.click(".actions >> text=非公開にする")
    expect(page.locator("#unpublish")).to_contain_text("ほかに止まるアクション")
    page.click("text=今すぐ非公開にする")
    expect(page.locator("#notices")).to_contain_text("これ以上は1通も出ません")
    return time.time()


def tile(page: Page, words: str) -> int:
    text = page.locator(".tiles .tile", has_text=words).first.locator("strong").inner_text()
    return int(text.replace(",", ""))


def test_the_whole_job(installation: Installation, page: Page, tmp_path: Path) -> None:
    with SmtpServer(delay=0.01) as server:
        set_up(page, installation)
        add_relay(page, installation, server)
        import_file(page, installation, customers_csv(tmp_path))
        make_segment(page, installation)
        write_mail(page, installation)
        publish(page, installation)
        answered = stop_in_the_middle(page, server)
        time.sleep(0.5)
        assert [begun for _, begun in server.begun if begun > answered] == []
        accepted, stopped = tile(page, "送信済み"), tile(page, "停止")
        picture(page, "08-stopped")
        assert accepted == len(server.taken) and stopped > 0
        assert accepted + stopped + tile(page, "不明") == PEOPLE + 1

        page.click("text=止まった人の一覧")
        picture(page, "09-spared")
        with page.expect_download() as download:
            page.click("text=この一覧をCSVで保存")
        spared = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))[1:]
        assert len(spared) == stopped
        assert not {row[0] for row in spared} & {mail.recipient for mail in server.taken}

        page.goto(f"{installation.address}/scenarios/S-1")
        page.click(f"text=残り{stopped:,}件を送る")
        deadline = time.monotonic() + 60
        while len(server.taken) < PEOPLE + 1:
            assert time.monotonic() < deadline, f"{len(server.taken)} taken"
            time.sleep(0.1)
        recipients = [mail.recipient for mail in server.taken]
        assert len(recipients) == len(set(recipients)) == PEOPLE + 1, "each once"
        assert re.search(rb"List-Unsubscribe-Post: List-Unsubscribe=One-Click", server.taken[0].body)
        page.click("text=緊急停止")
        picture(page, "10-emergency-stop")
