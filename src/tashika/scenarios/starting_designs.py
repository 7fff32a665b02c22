"""What a new flow can start from: our own designs. Contents are left open; the canvas says where one is to be chosen."""

from dataclasses import dataclass
from typing import Any

from tashika.core.text import Text, t

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Design:
    """A starting point: nodes with what one would hardly change, to be completed."""

    key: str
    name: Text
    description: Text
    nodes: tuple[Node, ...]

    def draft(self) -> dict[str, Any]:
        """The draft that a new flow begins with."""
        return {
            "type": "flow",
            "nodes": [{"name": "", "x": 0, "y": 0, **node} for node in self.nodes],
            "re_entry": "never",
            "goal": None,
            "exit": None,
            "cap": None,
            "relay": None,
        }


def _node(id: str, kind: str, next: str | dict[str, str] = "", **settings: Any) -> Node:
    branches = next if isinstance(next, dict) else {"": next} if next else {}
    return {"id": id, "kind": kind, "next": branches, **settings}


_OWNER = {"owner": True}

DESIGNS: tuple[Design, ...] = (
    Design(
        "document_request",
        t("資料請求のフォロー", "Follow up a request for a document"),
        t(
            "お礼を送り、3営業日待つ。反応した人は担当者へ、しない人にはもう一度。",
            "Thank them, wait 3 business days; tell the owner of those who respond, write once more to the others.",
        ),
        (
            _node("n1", "entry", "n2", on="form_sent", form=""),
            _node("n2", "mail", "n3", mail=""),
            _node("n3", "wait", "n4", wait={"business_days": 3}),
            _node("n4", "decision", {"yes": "n5", "no": "n8"}, did="clicked", of="", within={"days": 5}),
            _node("n5", "tag", "n6", add=["関心あり"], remove=[]),
            _node("n6", "score", "n7", add=10),
            _node("n7", "notify", mail="", to=_OWNER),
            _node("n8", "wait", "n9", wait={"weekday": 1, "time": "10:00"}),
            _node("n9", "mail", mail=""),
        ),
    ),
    Design(
        "after_fair",
        t("展示会のあと", "After a trade fair"),
        t(
            "名刺にタグがついたらお礼を送り、開いたかどうかで分ける。",
            "Thank whoever got the tag, then part by whether they opened it.",
        ),
        (
            _node("n1", "entry", "n2", on="tag_added", tag=""),
            _node("n2", "mail", "n3", mail=""),
            _node("n3", "decision", {"yes": "n4", "no": "n6"}, did="opened", of="", within={"days": 5}),
            _node("n4", "score", "n5", add=5),
            _node("n5", "notify", mail="", to=_OWNER),
            _node("n6", "wait", "n7", wait={"weekday": 1, "time": "10:00"}),
            _node("n7", "mail", mail=""),
        ),
    ),
    Design(
        "renewal",
        t("契約更新の30日前", "30 days before a renewal"),
        t(
            "契約終了日の30日前に案内し、2週間反応がなければ担当者に知らせる。",
            "Write 30 days before the contract ends; tell the owner if there is no response in two weeks.",
        ),
        (
            _node("n1", "entry", "n2", on="date", field="", days=-30, time="09:00"),
            _node("n2", "mail", "n3", mail=""),
            _node("n3", "decision", {"yes": "n4", "no": "n5"}, did="clicked", of="", within={"days": 14}),
            _node("n4", "tag", add=["更新を検討中"], remove=[]),
            _node("n5", "notify", "n6", mail="", to=_OWNER),
            _node("n6", "mail", mail=""),
        ),
    ),
    Design(
        "reawaken",
        t("しばらく反応のない方へ", "Those who have been quiet"),
        t(
            "毎週月曜にセグメントの方へ送り、A/Bで比べ、クリックした人にタグをつける。",
            "Every Monday to a segment, two mails compared; a tag for those who click.",
        ),
        (
            _node("n1", "entry", "n2", on="every", segment="", weekdays=[0], time="09:00"),
            _node("n2", "split", {"a": "n3", "b": "n4"}, share=50, winner={"by": "clicked", "after": {"days": 2}}),
            _node("n3", "mail", "n5", mail=""),
            _node("n4", "mail", "n5", mail=""),
            _node("n5", "wait", "n6", wait={"days": 7}),
            _node("n6", "condition", {"yes": "n7"}, rule={"op": "and", "rules": []}),
            _node("n7", "tag", add=["再び関心あり"], remove=["休眠"]),
        ),
    ),
)
EMPTY = Design(
    "",
    t("空白から", "With nothing"),
    t("開始だけを置いて、自由に組み立てる。", "Just an entry; build it freely."),
    (_node("n1", "entry", on="tag_added", tag=""),),
)


def design(key: str) -> Design:
    """The design of a key; the empty one where there is none."""
    return next((found for found in DESIGNS if found.key == key), EMPTY)
