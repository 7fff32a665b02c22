"""Every page of the demo at both widths in both languages: it opens, fits the screen, breaks no script."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tashika.cli.demo import EMAIL
from tests.browser.conftest import Desk, Installation, running
from tests.browser.pictures import SIZES
from tests.fakes.dns_server import DnsServer, dns_server

pytestmark = pytest.mark.system
DOMAIN = "mirai-keisoku.example.jp"
CORPUS = Path(__file__).resolve().parents[1] / "delivery" / "bounces" / "corpus"
CAME_BACK = ("postfix_dsn_unknown_user", "postfix_dsn_mailbox_full", "arf_abuse", "out_of_office_exchange")

# The address of each page and, where a manual shows it, the picture's name.
PAGES = (
    ("/", ""),
    ("/contacts", "11-contacts"),
    ("/contacts?q=佐藤&consent=given", ""),
    ("/contacts/10", "12-contact"),
    ("/contacts/10/edit", ""),
    ("/contacts/new", ""),
    ("/tags", "13-tags"),
    ("/tags/1", ""),
    ("/tags/bulk?q=佐藤", "14-bulk-tagging"),
    ("/companies", "15-companies"),
    ("/companies/1", ""),
    ("/companies/1/join?q=青葉", ""),
    ("/fields", "16-fields"),
    ("/fields/new", ""),
    ("/fields/interest", ""),
    ("/imports", ""),
    ("/imports/new", ""),
    ("/segments", ""),
    ("/segments/new", ""),
    ("/segments/G-4", ""),
    ("/mails", ""),
    ("/mails/new", ""),
    ("/mails/M-1", ""),
    ("/contents/M-1/versions", ""),
    ("/contents/M-1/states/draft", ""),
    ("/contents/M-1/difference?before=r1&after=draft", ""),
    ("/contents/G-1/versions", ""),
    ("/contents/S-1/states/draft", ""),
    ("/landing-pages", ""),
    ("/forms", ""),
    ("/documents", ""),
    ("/scenarios", ""),
    ("/scenarios/new", "30-new-scenario"),
    ("/scenarios/new/broadcast", "17-new-broadcast"),
    ("/scenarios/S-1", ""),
    ("/scenarios/S-2/review", ""),
    ("/dispatches", ""),
    ("/dispatches/1", ""),
    ("/dispatches/1?outcome=excluded", "18-dispatch"),
    ("/practice", "19-practice-inbox"),
    ("/practice/1", "20-practice-mail"),
    ("/bounces", "21-bounces"),
    ("/bounces/1", ""),
    ("/suppression", "22-suppression"),
    ("/processes", ""),
    ("/system", ""),
    ("/settings", "23-settings"),
    ("/settings/organisation", ""),
    ("/settings/people", "24-members"),
    ("/settings/api-keys", ""),
    ("/settings/relays", "25-relays"),
    ("/settings/relays/new", "26-relay"),
    ("/settings/sending-domains", ""),
    (f"/settings/sending-domains/{DOMAIN}", "27-sending-domain"),
    ("/settings/bounces", "28-bounce-settings"),
    ("/audit", "29-audit-trail"),
    ("/password", ""),
    ("/design", ""),
)


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """What the world knows of the demo's domain: nearly enough."""
    with dns_server() as server:
        server.write(f'{DOMAIN}. 60 IN TXT "v=spf1 ip4:192.0.2.25 -all"')
        server.write(f"{DOMAIN}. 60 IN MX 10 mx.{DOMAIN}.")
        server.write(f"mx.{DOMAIN}. 60 IN A 192.0.2.25")
        server.write(f'_dmarc.{DOMAIN}. 60 IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"')
        yield server


@pytest.fixture
def demo(folder: Path, dns: DnsServer) -> Iterator[Installation]:
    """`tashika up --demo`."""
    with running(folder, "--demo", TASHIKA_DNS_SERVER=dns.address) as found:
        yield found


def test_every_page_opens_and_fits(demo: Installation, page: Page) -> None:
    desk = Desk(page, demo, "ja")
    log_in(desk)
    let_something_happen(desk)
    wrong = walk(desk)
    page.click("details.dropdown summary")
    page.click("button[name=language]")
    desk.language = "en"
    wrong += walk(desk)
    assert wrong == []


def log_in(desk: Desk) -> None:
    desk.goto("/login")
    desk.page.fill("input[name=email]", EMAIL)
    desk.page.fill("input[name=password]", desk.at.secret)
    desk.page.click(".card button[type=submit]")
    expect(desk.page.locator("h1")).to_contain_text("ホーム")


def let_something_happen(desk: Desk) -> None:
    """A broadcast into the practice inbox, mails that came back, a sending domain, a member."""
    page = desk.page
    desk.goto("/scenarios/S-1/review")
    page.click("text=人に公開する")
    expect(page.locator("h1")).to_contain_text("完了", timeout=120_000)
    for name in CAME_BACK:
        report = (CORPUS / f"{name}.eml").read_bytes()
        command = [sys.executable, "-m", "tashika.cli", "bounce"]
        subprocess.run(command, input=report, env=desk.at.environment, check=True)
    desk.goto("/settings/sending-domains")
    page.fill("main form.form input[name=name]", DOMAIN)
    page.click("main form.form button.primary")
    expect(page.locator("h1")).to_contain_text(DOMAIN)
    desk.goto("/settings/people")
    page.fill("#name", "青葉 健一")
    page.fill("#email", f"aoba@{DOMAIN}")
    page.fill("#password", "correct horse 7")
    page.click("main form.form button.primary")


def walk(desk: Desk) -> list[str]:
    """Look at each page; what is wider than the screen."""
    wrong = []
    for path, name in PAGES:
        desk.goto(path)
        desk.page.wait_for_timeout(300)  # previews and counts that a page asks for
        if name:
            desk.picture(name)
        for width, height in SIZES.values():
            desk.page.set_viewport_size({"width": width, "height": height})
            wide = desk.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append(f"{desk.language} {path} at {width}: {wide}")
        desk.page.set_viewport_size(dict(zip(("width", "height"), SIZES[""], strict=True)))
    return wrong
