"""What a node does for a set of people, in the transaction that moves them on. Each kind of action is one function here or
in `actions`; what leaves the house is written as rows, which others send."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from zlib import crc32

from django.db import connection

from tashika.audiences import matching
from tashika.scenarios.flow import actions, nodes, winning
from tashika.scenarios.flow.batch import Batch, Walker, by_round

Moved = tuple[str, str, list[Walker]]  # branch, outcome, who


def act(batch: Batch) -> Iterator[Moved]:
    """Do the node's work; who goes on by which branch with which outcome. Who is not among them stays to be tried again."""
    if not batch.walkers:
        return
    if batch.node.kind in nodes.ACTIONS:
        skipped = [one for one in batch.walkers if one.skipping]
        batch.walkers = [one for one in batch.walkers if not one.skipping]
        yield "", "skipped", skipped
        if not batch.walkers:
            return
    yield from _ACTS[batch.node.kind](batch)


def _pass(batch: Batch) -> Iterator[Moved]:
    yield "", "passed", batch.walkers


def _entry(batch: Batch) -> Iterator[Moved]:
    yield "", "entered", batch.walkers


def _decision(batch: Batch) -> Iterator[Moved]:
    yield "yes", "did", [one for one in batch.walkers if one.verdict == "yes"]
    yield "no", "in_vain", [one for one in batch.walkers if one.verdict != "yes"]


def _condition(batch: Batch) -> Iterator[Moved]:
    met = batch.meeting(matching.condition(batch.node["rule"]))
    yield "yes", "met", [one for one in batch.walkers if one.contact in met]
    yield "no", "not_met", [one for one in batch.walkers if one.contact not in met]


def _split(batch: Batch) -> Iterator[Moved]:
    """By chance, the same for a person whenever it is asked: nobody changes sides."""
    winner = winning.winner(batch)
    share = {"a": 100, "b": 0}.get(winner, int(batch.node["share"]))
    place = f"{batch.flow.scenario}:{batch.node.id}:"
    chosen = {one.id: crc32(f"{place}{one.contact}".encode()) % 100 < share for one in batch.walkers}
    outcome = "winner" if winner else "chance"
    yield "a", outcome, [one for one in batch.walkers if chosen[one.id]]
    yield "b", outcome, [one for one in batch.walkers if not chosen[one.id]]


def _mail(batch: Batch) -> Iterator[Moved]:
    capped = _capped(batch)
    yield "", "capped", [one for one in batch.walkers if one.contact in capped]
    rest = [one for one in batch.walkers if one.contact not in capped]
    yield from _handed_down(batch, rest, actions.mail, "sent")


def _notify(batch: Batch) -> Iterator[Moved]:
    yield from _handed_down(batch, batch.walkers, actions.notify, "told")


def _handed_down(
    batch: Batch, walkers: list[Walker], action: Callable[[Batch, list[int], int], bool], outcome: str
) -> Iterator[Moved]:
    """Round by round, for each has its dispatch; those of a stopped one stay."""
    for number, people in by_round(walkers):
        if action(batch, [one.contact for one in people], number):
            yield "", outcome, people
        else:
            batch.held += len(people)


def _webhook(batch: Batch) -> Iterator[Moved]:
    for number, people in by_round(batch.walkers):
        actions.webhook(batch, [one.contact for one in people], number)
    yield "", "queued", batch.walkers


def _capped(batch: Batch) -> set[int]:
    """Who has had as many mails lately as the flow allows a person, over all scenarios: this one is left out for them."""
    cap = batch.flow.flow.cap
    if not cap:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_id FROM activity_event WHERE contact_id = ANY (%s) AND kind = 'mail_accepted' AND at > %s"
            " GROUP BY contact_id HAVING count(*) >= %s",
            [batch.contacts, batch.now - timedelta(days=cap["days"]), cap["mails"]],
        )
        return {row[0] for row in cursor.fetchall()}


def _does(action: Callable[[Batch], None]) -> Callable[[Batch], Iterator[Moved]]:
    def do(batch: Batch) -> Iterator[Moved]:
        action(batch)
        yield "", "done", batch.walkers

    return do


_ACTS: dict[str, Callable[[Batch], Iterator[Moved]]] = {
    nodes.ENTRY: _entry,
    nodes.WAIT: _pass,
    nodes.DECISION: _decision,
    nodes.CONDITION: _condition,
    nodes.SPLIT: _split,
    nodes.MAIL: _mail,
    nodes.NOTIFY: _notify,
    nodes.WEBHOOK: _webhook,
    nodes.TAG: _does(actions.tag),
    nodes.FIELD: _does(actions.field),
    nodes.SCORE: _does(actions.score),
    nodes.LIST: _does(actions.static_list),
    nodes.OPT_OUT: _does(actions.opt_out),
    nodes.SCENARIO: _does(actions.scenario),
}
