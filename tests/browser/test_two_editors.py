"""Two people write on one mail at once: they are told of each other, see both states, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, Installation, running
from tests.browser.test_every_page_of_the_demo import log_in

pytestmark = pytest.mark.system
STATE, SAVED = "[data-draft-state]", "保存済み"


@pytest.fixture
def demo(folder: Path) -> Iterator[Installation]:
    """`tashika up --demo`."""
    with running(folder, "--demo") as found:
        yield found


def write(page: Page, field: str, words: str) -> None:
    page.fill(field, words)
    expect(page.locator(STATE)).to_contain_text(SAVED, timeout=30_000)


def test_both_states_are_shown_and_the_one_not_chosen_stays(demo: Installation, page: Page) -> None:
    desk = Desk(page, demo, "ja")
    log_in(desk)
    other = page.context.new_page()
    for one in (page, other):
        one.goto(f"{demo.address}/mails/M-1")
    expect(other.locator("[data-draft-notice=others]")).to_contain_text("編集中", timeout=30_000)

    write(other, "#mail-subject", "相手の件名")
    page.fill("#mail-subject", "自分の件名")
    choose = page.locator("#choose")
    expect(choose).to_be_visible(timeout=30_000)
    expect(choose.locator("del").filter(has_text="相手")).to_be_visible()
    expect(choose.locator("ins").filter(has_text="自分")).to_be_visible()
    choose.locator("[data-choice=mine]").click()
    expect(page.locator(STATE)).to_contain_text(SAVED, timeout=30_000)

    other.fill("#mail-preheader", "相手の続き")  # now the other comes second, and gives way
    other.locator("#choose [data-choice=theirs]").click(timeout=30_000)
    expect(other.locator("#mail-subject")).to_have_value("自分の件名", timeout=30_000)

    desk.goto("/contents/M-1/versions")
    expect(page.locator("main")).to_contain_text("選ばれなかった内容")
    page.click("text=何を変えたか >> nth=0")
    expect(page.locator(".difference").first).to_contain_text("相手の件名")
    page.click("main button:has-text('下書きに戻す')")
    expect(page.locator("main")).to_contain_text("元に戻す")
    desk.goto("/mails/M-1")
    expect(page.locator("#mail-subject")).to_have_value("相手の件名")
