"""The scenario's canvas in a real browser: by mouse, by keyboard alone, by two people at once."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.flow_building import (
    FOLLOW_UP,
    HOT,
    MAILS,
    TAG,
    build_follow_up,
    draft,
    face,
    new_flow,
    panel,
    prepare,
    saved,
)  # fmt: skip
from tests.browser.test_the_whole_job import set_up

pytestmark = pytest.mark.system


@pytest.mark.parametrize("language", ["ja"])
def test_a_flow_is_built_by_hand_and_saves_itself(desk: Desk) -> None:
    set_up(desk)
    prepare(desk)
    scenario = build_follow_up(desk)
    expect(desk.page.locator(".flow-toolbar")).to_contain_text("問題なし")
    desk.picture("31-canvas")
    assert draft(desk, scenario) == FOLLOW_UP
    _undo_and_redo(desk, scenario)
    _problems_come_and_go(desk)
    _two_at_once(desk, scenario)
    _looked_at_and_published(desk, scenario)


def _undo_and_redo(desk: Desk, scenario: str) -> None:
    """Step by step back and forth; what is saved is what is seen."""
    page = desk.page
    face(desk, "n3").click()
    page.keyboard.press("Delete")
    expect(face(desk, "n3")).to_have_count(0)
    expect(face(desk, "n2")).to_be_focused()
    face(desk, "n9").click()
    panel(desk).get_by_label("時刻", exact=True).fill("14:30")
    expect(face(desk, "n9")).to_contain_text("14:30")
    page.click("button[aria-label='元に戻す']")
    expect(face(desk, "n9")).to_contain_text("10:00")
    page.click("button[aria-label='元に戻す']")
    expect(face(desk, "n3")).to_contain_text("3営業日待つ")
    expect(page.locator("button[aria-label='元に戻す']")).to_be_disabled()
    page.click("button[aria-label='やり直す']")
    expect(face(desk, "n3")).to_have_count(0)
    page.click("button[aria-label='元に戻す']")
    saved(desk)
    assert draft(desk, scenario) == FOLLOW_UP


def _problems_come_and_go(desk: Desk) -> None:
    """The node is marked, the list leads there, and the mark goes when the setting is right."""
    page = desk.page
    face(desk, "n5").click()
    page.click(f"button[aria-label='{HOT}を外す']")
    expect(page.locator(".react-flow__node[data-id=n5] .flow-mark")).to_be_visible()
    page.click(".flow-count")
    page.click(".flow-problems button")
    expect(panel(desk)).to_contain_text("タグがありません")
    panel(desk).get_by_label("つけるタグ").fill(HOT)
    panel(desk).get_by_role("option", name=HOT).click()
    expect(page.locator(".flow-mark")).to_have_count(0)
    saved(desk)


def _two_at_once(desk: Desk, scenario: str) -> None:
    """Somebody else saves first: the second is told, nothing is overwritten, and what they did is kept elsewhere."""
    page = desk.page
    other = page.context.new_page()
    other.goto(page.url)
    other.click(".flow-face[data-node=n6]")
    other.fill(".flow-panel input[type=number]", "20")
    expect(other.locator(".flow-saved")).to_have_attribute("data-state", "saved", timeout=15_000)
    face(desk, "n6").click()
    panel(desk).get_by_label("スコアに足す点数").fill("99")
    notice = page.locator(".flow-notice")
    expect(notice).to_contain_text("先に保存しました", timeout=15_000)
    assert "20点" in other.locator(".flow-face[data-node=n6]").inner_text()
    page.click("text=自分の変更を別のシナリオとして保存")
    page.wait_for_url(lambda address: f"/{scenario}/" not in address)
    expect(face(desk, "n6")).to_contain_text("99点")
    other.close()
    kept = next(node for node in draft(desk, scenario)["nodes"] if node["id"] == "n6")
    assert kept["add"] == 20


def _looked_at_and_published(desk: Desk, scenario: str) -> None:
    """The scenario's page shows the canvas to look at; the mails have to be complete before it is published."""
    page = desk.page
    desk.goto(f"/scenarios/{scenario}")
    face(desk, "n3").click()
    expect(panel(desk)).to_contain_text("3営業日待つ")
    expect(page.locator(".flow-palette, .flow-plus")).to_have_count(0)
    page.click(".actions >> text=確認して公開する")
    expect(page.locator("main")).to_contain_text("M-1")


@pytest.mark.parametrize("language", ["en"])
def test_a_flow_is_built_without_a_mouse(desk: Desk) -> None:
    set_up(desk)
    prepare(desk)
    scenario = new_flow(desk, "By keyboard")
    keys = desk.page.keyboard
    for _ in range(80):
        if face(desk, "n1").evaluate("element => element === document.activeElement"):
            break
        keys.press("Tab")
    expect(face(desk, "n1")).to_be_focused()
    keys.press("Enter")
    expect(panel(desk).get_by_label("What lets people in")).to_be_focused()
    keys.press("Tab")
    _choose(desk, TAG)
    _add(desk, "send a mail")
    keys.press("Enter")
    _choose(desk, MAILS[0])
    _add(desk, "wait")
    _add(desk, "decision")
    _add(desk, "tagging")
    keys.press("Enter")
    _choose(desk, HOT)
    keys.press("ArrowUp")
    _add(desk, "score")
    keys.press("j")
    expect(panel(desk).get_by_label("Next", exact=True)).to_be_focused()
    keys.type("Tagging")
    keys.press("Escape")
    expect(face(desk, "n6")).to_be_focused()
    keys.press("Home")
    keys.press("ArrowDown")
    keys.press("Delete")
    expect(face(desk, "n2")).to_have_count(0)
    keys.press("Control+z")
    expect(face(desk, "n2")).to_be_visible()
    saved(desk)
    assert [(one["id"], one["kind"], one["next"]) for one in draft(desk, scenario)["nodes"]] == [
        ("n1", "entry", {"": "n2"}),
        ("n2", "mail", {"": "n3"}),
        ("n3", "wait", {"": "n4"}),
        ("n4", "decision", {"yes": "n5", "no": "n6"}),
        ("n5", "tag", {}),
        ("n6", "score", {"": "n5"}),
    ]
    _on_a_phone(desk)


def _add(desk: Desk, words: str) -> None:
    """The next node from the menu, found by typing."""
    keys = desk.page.keyboard
    keys.press("a")
    expect(desk.page.locator(".flow-menu input[role=combobox]")).to_be_focused()
    keys.type(words)
    keys.press("Enter")
    expect(desk.page.locator(".flow-menu")).to_have_count(0)
    expect(desk.page.locator(".flow-card.selected .flow-face")).to_be_focused()


def _choose(desk: Desk, words: str) -> None:
    """In the picker that the keyboard is in; then back to the canvas."""
    page = desk.page
    expect(page.locator("input[role=combobox]:focus")).to_have_count(1)
    page.keyboard.type(words)
    expect(panel(desk).get_by_role("option", name=words).first).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".flow-card.selected .flow-face")).to_be_focused()


def _on_a_phone(desk: Desk) -> None:
    """A list from top to bottom; settings open over it and can be changed."""
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("button[data-node=n3]")
    panel(desk).get_by_label("Span", exact=True).fill("4")
    page.click(".flow-panel header button")
    expect(page.locator("button[data-node=n3]")).to_contain_text("Wait 4 days")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    saved(desk)
