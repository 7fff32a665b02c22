"""What running flows listen to: rows that triggers look at, while it is published."""

from datetime import datetime

from tashika.people import tagging
from tashika.scenarios.flow import nodes
from tashika.scenarios.flow.nodes import Node
from tashika.scenarios.flow.running import Running
from tashika.scenarios.models import Signal, Watch


def begin(running: Running, *, now: datetime) -> None:
    """Listen, from the caller's commit on."""
    wanted = {signal for node in running.flow.nodes.values() if (signal := heard_by(node, now=now))}
    end(int(running.publication.pk))
    Watch.objects.bulk_create(
        Watch(publication=running.publication, kind=kind, subject=subject) for kind, subject in sorted(wanted)
    )


def end(publication_id: int) -> None:
    """Listen no more; what was heard and not taken in is forgotten."""
    Watch.objects.filter(publication_id=publication_id).delete()
    Signal.objects.filter(publication_id=publication_id).delete()


def heard_by(node: Node, *, now: datetime) -> tuple[str, str] | None:
    """The kind and the subject of the signals that concern a node; None for one that waits for none."""
    if node.kind == nodes.DECISION:
        return str(node["did"]), subject_of(str(node["of"]))
    if node.kind == nodes.ENTRY and node["on"] in nodes.SIGNALS:
        kind, setting = nodes.SIGNALS[node["on"]]
        value = str(node[setting])
        if setting == "tag":
            return kind, str(tagging.of_name(value, now=now).pk)
        return kind, value if setting == "field" else subject_of(value)
    return None


def subject_of(public_id: str) -> str:
    """How events name a content: a mail by its number, others by their ID."""
    return public_id.removeprefix("M-")
