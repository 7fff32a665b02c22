"""A draft becomes a flow; what is wrong with it, node by node. An unfinished draft may be saved, not published."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tashika.contents import queries as contents
from tashika.contents.models import Content
from tashika.core.errors import NotFound, TashikaError
from tashika.core.text import Text, t
from tashika.scenarios.flow.nodes import BRANCHES, ENTRY, Flow, Node
from tashika.scenarios.flow.settings import Fault, faults, names

MOST_NODES = 200
LONGEST = 100_000  # characters of one node's settings
_EMPTY: dict[str, Any] = {
    "type": "flow",
    "nodes": [],
    "re_entry": "never",
    "goal": None,
    "exit": None,
    "cap": None,
    "relay": None,
}
_PLACED = ("id", "kind", "name", "x", "y", "next")
_ID = re.compile(r"[a-z][a-z0-9]{0,11}")


class UnableToReadFlow(TashikaError):
    """The draft is no flow; `where` is the node."""

    code = "unable_to_read_flow"
    status = 422


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a node (or, without one, with the flow), in which of its settings, and what to do."""

    node: str
    field: str
    what: Text
    fix: Text
    severity: str = "error"


def accepted(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The draft with nothing missing of its structure. Settings may be unfinished. Raises UnableToReadFlow."""
    for key in draft:
        if key not in _EMPTY:
            raise UnableToReadFlow(
                t("シナリオに {key} という項目はありません。", "A flow has no {key}.", key=key), where=key
            )
    found = {**_EMPTY, **draft}
    _refuse_unless(found["type"] == "flow", "type")
    _refuse_unless(found["re_entry"] in ("never", "after_leaving"), "re_entry")
    for key in ("goal", "exit", "cap"):
        _refuse_unless(found[key] is None or isinstance(found[key], dict), key)
    _refuse_unless(found["relay"] is None or type(found["relay"]) is int, "relay")
    nodes = found["nodes"]
    _refuse_unless(isinstance(nodes, list) and len(nodes) <= MOST_NODES, "nodes")
    ids = [node.get("id") if isinstance(node, dict) else None for node in nodes]
    _refuse_unless(len(set(map(str, ids))) == len(ids), "nodes")
    for node in nodes:
        _accept_node(node, ids)
    return found


def of(draft: Mapping[str, Any]) -> Flow:
    """The flow of a draft. Raises UnableToReadFlow for one that is none or runs in a circle."""
    found = accepted(draft)
    nodes = [Node(one["id"], one["kind"], one["next"], _settings(one)) for one in found["nodes"]]
    return Flow(
        _in_order({node.id: node for node in nodes}),
        found["re_entry"],
        found["goal"],
        found["exit"],
        found["cap"],
        found["relay"],
    )


def problems(draft: Mapping[str, Any]) -> list[Problem]:
    """Everything that keeps a flow from being published, and what looks odd. Raises UnableToReadFlow only for what could
    not have been saved."""
    accepted(draft)
    try:
        flow = of(draft)
    except UnableToReadFlow as error:
        return [Problem(error.where, "next", t("一周して戻っています。", "It runs in a circle."), _UNTIE)]
    found = [*_shape(flow), *_of_flow(draft)]
    for node in flow.nodes.values():
        found += [Problem(node.id, one.field, one.what, one.fix, one.severity) for one in faults(node)]
        found += _missing(node)
    return found


def used(flow: Flow) -> list[Content]:
    """The contents that a flow names, each once. Raises NotFound."""
    ids = dict.fromkeys(public_id for node in flow.nodes.values() for _, public_id, _ in names(node))
    return [contents.by_public_id(public_id) for public_id in ids]


_UNTIE = t("つなぎ直してください。", "Join it otherwise.")


def _accept_node(node: Any, ids: list[Any]) -> None:
    _refuse_unless(isinstance(node, dict) and isinstance(node.get("id"), str) and bool(_ID.fullmatch(node["id"])), "id")
    place = node["id"]
    _refuse_unless(node.get("kind") in BRANCHES, place)
    _refuse_unless(isinstance(node.setdefault("name", ""), str) and len(node["name"]) <= 200, place)
    _refuse_unless(type(node.setdefault("x", 0)) is int and type(node.setdefault("y", 0)) is int, place)
    following = node.setdefault("next", {})
    _refuse_unless(isinstance(following, dict) and set(following) <= set(BRANCHES[node["kind"]]), place)
    _refuse_unless(all(one in ids for one in following.values()), place)
    _refuse_unless(len(str(_settings(node))) <= LONGEST, place)


def _refuse_unless(good: bool, where: str) -> None:
    if not good:
        raise UnableToReadFlow(t("{where} を読めません。", "{where} can't be read.", where=where), where=where)


def _settings(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key not in _PLACED}


def _in_order(nodes: dict[str, Node]) -> dict[str, Node]:
    """Every node after all those that lead to it (Kahn's way). Raises UnableToReadFlow where they run in a circle."""
    leading = dict.fromkeys(nodes, 0)
    for node in nodes.values():
        for following in node.next.values():
            leading[following] += 1
    ready = [name for name, number in leading.items() if not number]
    ordered: dict[str, Node] = {}
    while ready:
        node = nodes[ready.pop(0)]
        ordered[node.id] = node
        for following in node.next.values():
            leading[following] -= 1
            if not leading[following]:
                ready.append(following)
    if len(ordered) < len(nodes):
        place = next(name for name in nodes if name not in ordered)
        raise UnableToReadFlow(t("一周して戻っています。", "It runs in a circle."), where=place)
    return ordered


def _shape(flow: Flow) -> Iterator[Problem]:
    entries = [node for node in flow.nodes.values() if node.kind == ENTRY]
    if len(entries) != 1:
        yield Problem(
            "",
            "nodes",
            t("開始は1つ必要です。", "A flow has one entry."),
            t("開始を1つ置いてください。", "Put one there."),
        )
        return
    reached = _reached(flow, entries[0])
    for node in flow.nodes.values():
        if node.id not in reached:
            what = t("どこからもつながっていません。", "Nothing leads here.")
            yield Problem(node.id, "next", what, t("つなぐか、消してください。", "Join it or delete it."), "warning")
    if not entries[0].next:
        yield Problem(
            entries[0].id,
            "next",
            t("開始のあとに何もありません。", "Nothing follows the entry."),
            t("次の要素をつないでください。", "Join what follows."),
        )


def _reached(flow: Flow, entry: Node) -> set[str]:
    found = {entry.id}
    for node in flow.nodes.values():  # in order: whatever leads to a node was seen before it
        if node.id in found:
            found.update(node.next.values())
    return found


def _of_flow(draft: Mapping[str, Any]) -> Iterator[Problem]:
    for fault in faults(Node("", "flow", {}, {key: draft.get(key) for key in ("goal", "exit", "cap")})):
        yield Problem("", fault.field, fault.what, fault.fix)


def _missing(node: Node) -> Iterator[Problem]:
    """Contents that a node names and that are not there, or are of another kind."""
    for field, public_id, kind in names(node):
        fault = _fault_of(public_id, kind)
        if fault is not None:
            yield Problem(node.id, field, fault.what, fault.fix)


def _fault_of(public_id: str, kind: str) -> Fault | None:
    fix = t("選び直してください。", "Choose another.")
    try:
        content = contents.by_public_id(public_id)
    except NotFound as error:
        return Fault("", error.what if isinstance(error.what, Text) else t(str(error), str(error)), fix)
    if content.kind != kind:
        return Fault("", t("{id} は別の種類です。", "{id} is of another kind.", id=public_id), fix)
    if content.archived_at is not None:
        return Fault("", t("{id} は一覧から外されています。", "{id} was taken out of the list.", id=public_id), fix)
    return None
