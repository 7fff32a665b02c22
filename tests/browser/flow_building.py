"""Building flows by hand on the canvas, as a person with a mouse does."""

import json
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Desk

TAG = "展示会2026"
HOT = "関心あり"
MAILS = ("お礼", "もう一度のご案内", "担当者へのお知らせ")  # M-1, M-2, M-3


def prepare(desk: Desk) -> None:
    """What the flow names: three mails and a tag."""
    for name in MAILS:
        desk.goto("/mails/new")
        desk.page.fill("main input[name=name]", name)
        desk.page.click("button[value=letter]")
        desk.page.wait_for_selector("#mail-subject")
    desk.goto("/tags")
    desk.page.click("[data-open=new]")
    desk.page.fill("#new #name", TAG)
    desk.page.click("#new button.primary")


def new_flow(desk: Desk, name: str, design: str = "") -> str:
    """A new flow from a design; its ID."""
    desk.goto("/scenarios/new")
    desk.page.fill("#name", name)
    desk.page.click(f"button[name=design][value='{design}']")
    expect(face(desk, "n1")).to_be_visible()
    return desk.page.url.split("/")[-2]


def face(desk: Desk, node: str) -> Locator:
    """A node on the canvas."""
    return desk.page.locator(f".flow-face[data-node={node}]")


def panel(desk: Desk) -> Locator:
    """The settings of what is chosen."""
    return desk.page.locator(".flow-panel")


def pick(desk: Desk, label: str, words: str) -> None:
    """Choose by a part of the name in one of the panel's pickers."""
    panel(desk).get_by_label(label, exact=True).fill(words)
    panel(desk).get_by_role("option", name=words).first.click()


def saved(desk: Desk) -> None:
    """Wait until the draft has saved itself."""
    expect(desk.page.locator(".flow-saved")).to_have_attribute("data-state", "saved", timeout=15_000)


def drop(desk: Desk, kind: str, plus: str) -> None:
    """Drag a kind from the palette onto a plus, such as n2: or n4:yes."""
    desk.page.locator(f".flow-palette [data-kind={kind}]").drag_to(desk.page.locator(f"[data-plus='{plus}']"))


def join(desk: Desk, node: str, to: str) -> None:
    """Draw a line from a node's lower edge to another node."""
    page = desk.page
    page.wait_for_timeout(400)  # the canvas may be moving to what is chosen
    start = page.locator(f".react-flow__node[data-id={node}] .react-flow__handle.source").first.bounding_box()
    end = face(desk, to).bounding_box()
    assert start and end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)
    page.mouse.up()


def build_follow_up(desk: Desk) -> str:
    """Tag → mail → 3 business days → opened within 5 days? → yes: tag, score, tell the owner; no: a reminder, wait until
    Tuesday 10:00. The scenario's ID."""
    scenario = new_flow(desk, desk.t("展示会のフォロー", "After the fair"))
    t, page = desk.t, desk.page
    face(desk, "n1").click()
    pick(desk, t("タグ", "Tag"), TAG)
    drop(desk, "mail", "n1:")
    pick(desk, t("送るメール", "Mail to send"), MAILS[0])
    drop(desk, "wait", "n2:")
    panel(desk).get_by_label(t("期間", "Span"), exact=True).fill("3")
    panel(desk).get_by_label(t("単位", "Unit")).select_option("business_days")
    expect(face(desk, "n3")).to_contain_text(t("3営業日待つ（土日祝日を除く）", "Wait 3 business days"))
    drop(desk, "decision", "n3:")
    panel(desk).get_by_label(t("いつまでに", "Within")).fill("5")
    _build_yes(desk)
    drop(desk, "mail", "n4:no")
    pick(desk, t("送るメール", "Mail to send"), MAILS[1])
    page.click("[data-plus='n8:']")
    page.keyboard.type(t("待つ", "wait"))
    page.keyboard.press("Enter")
    panel(desk).get_by_label(t("待ち方", "How long")).select_option("weekday")
    saved(desk)
    return scenario


def _build_yes(desk: Desk) -> None:
    """The tag by the menu; the score apart and then joined by a line; the owner's notice by a press in the palette."""
    t, page = desk.t, desk.page
    page.click("[data-plus='n4:yes']")
    page.keyboard.type(t("タグづけ", "tagging"))
    page.keyboard.press("Enter")
    panel(desk).get_by_label(t("つけるタグ", "Tags to put on")).fill(HOT)
    panel(desk).get_by_role("option", name=HOT).click()
    page.click(".flow-panel header button")
    page.click(f".flow-toolbar >> text={t('整列', 'Lay out')}")
    page.wait_for_timeout(400)
    canvas = page.locator(".flow-canvas")
    box = canvas.bounding_box()
    assert box
    score = page.locator(".flow-palette [data-kind=score]")
    score.drag_to(canvas, target_position={"x": 160, "y": box["height"] - 120})
    panel(desk).get_by_label(t("スコアに足す点数", "Points to add")).fill("15")
    join(desk, "n5", "n6")
    face(desk, "n6").click()
    page.click(".flow-palette [data-kind=notify]")
    pick(desk, t("お知らせの文面（メール）", "Words of the notification (mail)"), MAILS[2])
    page.click(".flow-panel header button")
    page.click(f".flow-toolbar >> text={t('整列', 'Lay out')}")
    page.wait_for_timeout(400)


def draft(desk: Desk, scenario: str) -> dict[str, Any]:
    """The draft as the server keeps it, without places."""
    desk.goto(f"/scenarios/{scenario}/edit")
    found: dict[str, Any] = json.loads(desk.page.locator("#flow-data").text_content() or "")["draft"]
    for node in found["nodes"]:
        assert type(node.pop("x")) is int and type(node.pop("y")) is int
    return found


def _node(id: str, kind: str, next: dict[str, str], **settings: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind, "name": "", "next": next, **settings}


FOLLOW_UP: dict[str, Any] = {
    "type": "flow",
    "nodes": [
        _node("n1", "entry", {"": "n2"}, on="tag_added", tag=TAG),
        _node("n2", "mail", {"": "n3"}, mail="M-1"),
        _node("n3", "wait", {"": "n4"}, wait={"business_days": 3}),
        _node("n4", "decision", {"yes": "n5", "no": "n8"}, did="opened", of="M-1", within={"days": 5}),
        _node("n5", "tag", {"": "n6"}, add=[HOT], remove=[]),
        _node("n6", "score", {"": "n7"}, add=15),
        _node("n7", "notify", {}, mail="M-3", to={"owner": True}),
        _node("n8", "mail", {"": "n9"}, mail="M-2"),
        _node("n9", "wait", {}, wait={"weekday": 1, "time": "10:00"}),
    ],
    "re_entry": "never",
    "goal": None,
    "exit": None,
    "cap": None,
    "relay": None,
}
