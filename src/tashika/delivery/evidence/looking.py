"""Look for evidence about rows in doubt: in Postfix's log (`mail_log`), then in the queue of this host's Postfix.

Where the log was read to is kept in the data folder, for it belongs to this host and nothing is lost with it: the log is
then searched again. Places are noted every minute, also while nothing is in doubt, so that a doubt that arises later
is searched from the moment on at which its mail was begun.
"""

import json
import logging
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tashika.core import config
from tashika.delivery import postfix_queue, settling, states
from tashika.delivery.bounces import return_path
from tashika.delivery.evidence import log_files, postfix_log
from tashika.delivery.evidence.log_files import Place
from tashika.delivery.models import LedgerRow

log = logging.getLogger("tashika.delivery")
AT_A_TIME = 10_000  # rows in doubt
_MARGIN = 60.0  # seconds between the clocks of a sender and of this host
_KEPT = 7 * 86_400  # seconds
_CLOSE = 3 * 3600  # seconds in which each place is kept; one an hour before that


@dataclass
class _Memory:
    """Where a log was read to. `searched` are the rows that were looked for up to the newest place; `seen` as in
    postfix_log."""

    places: list[Place] = field(default_factory=list)
    searched: list[int] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)


def look(*, now: datetime) -> int:
    """Settle what there is evidence for; how many rows."""
    return in_log(now=now) + in_queue(now=now)


def in_log(*, now: datetime) -> int:
    """Search the log. A log that can't be read is reported and shown by `tashika doctor`."""
    if not config.get("mail_log"):
        return 0
    path, doubts = Path(config.get("mail_log")), _doubts()
    memory = _recall(path)
    try:
        end = log_files.end(path, now.timestamp())
        found, memory.seen = _search(path, memory, doubts, end)
    except OSError as error:
        log.warning("the mail log can't be read: %s", type(error).__name__)
        return 0
    settled = settling.by_evidence(found, now=now)
    open_still = {int(row.pk) for row in doubts} - {one.row for one in found}
    _note(path, _Memory(_thinned([*memory.places, end]), sorted(open_still), memory.seen))
    return settled


def in_queue(*, now: datetime) -> int:
    """Ask this host's Postfix what waits in it: that was taken."""
    doubts = _doubts()
    if not doubts or not Path(config.get("postfix_config"), "main.cf").exists():
        return 0
    try:
        found = _waiting(doubts)
    except postfix_queue.UnableToReadQueue as error:
        log.warning("Postfix's queue can't be read: %s", error.code)
        return 0
    return settling.by_evidence(found, now=now)


def log_is_set() -> bool:
    """Whether there is a log to be read."""
    return bool(config.get("mail_log"))


def log_read_at() -> datetime | None:
    """When this host last read the log to its end; None where it never has."""
    places = _recall(Path(config.get("mail_log"))).places if log_is_set() else []
    return datetime.fromtimestamp(places[-1].at, tz=UTC) if places else None


def _doubts() -> list[LedgerRow]:
    rows = settling.in_doubt(None).only("message_id", "address", "begun_at", "attempts")
    return list(rows[:AT_A_TIME])


def _search(
    path: Path, memory: _Memory, doubts: list[LedgerRow], end: Place
) -> tuple[list[settling.Verdict], dict[str, str]]:
    if not doubts:
        return [], {}
    rows = {str(row.message_id): row for row in doubts}
    start, seen = _start(memory, doubts)
    reader = postfix_log.Reader(rows, seen)
    found = []
    for line in log_files.lines(path, start, end):
        if (proof := reader.read(line)) is not None:
            row = rows[proof.message_id]
            if proof.taken:
                found.append(settling.Verdict(int(row.pk), states.ACCEPTED, proof.words))
            elif row.attempts <= 1:  # of several tries a refusal may be an earlier one's
                found.append(settling.Verdict(int(row.pk), states.REFUSED, proof.words))
    return found, reader.seen


def _start(memory: _Memory, doubts: list[LedgerRow]) -> tuple[Place, dict[str, str]]:
    """From where on the log has not been searched for all of these."""
    known = set(memory.searched)
    fresh = [row for row in doubts if row.pk not in known]
    if not fresh and memory.places:
        return memory.places[-1], memory.seen
    begun = min((row.begun_at.timestamp() if row.begun_at else 0.0) for row in fresh or doubts) - _MARGIN
    before = [place for place in memory.places if place.at <= begun]
    return (before[-1] if before else Place(begun)), {}


def _waiting(doubts: list[LedgerRow]) -> list[settling.Verdict]:
    addresses = {row.address for row in doubts}
    mails = [one for one in postfix_queue.waiting() if not addresses.isdisjoint(one.recipients)]
    found = {one.queue_id: return_path.row_in(one.sender) for one in mails}
    unnamed = [queue_id for queue_id, row in found.items() if row is None]
    with suppress(postfix_queue.UnableToChangeQueue):  # this account may not look into mails: the log will tell
        by_id = {str(row.message_id): int(row.pk) for row in doubts}
        for queue_id, message_id in postfix_queue.message_ids(unnamed).items():
            found[queue_id] = by_id.get(message_id.partition("@")[0])
    return [settling.Verdict(row, states.ACCEPTED, f"queue {queue_id}") for queue_id, row in found.items() if row]


def _thinned(places: list[Place]) -> list[Place]:
    """Every place of the last hours, one an hour of the days before, none older."""
    newest, kept, hours = places[-1].at, list[Place](), set[int]()
    for place in places:
        age = newest - place.at
        hour = int(place.at // 3600)
        if age <= _CLOSE or (age <= _KEPT and hour not in hours):
            kept.append(place)
            hours.add(hour)
    return kept


def _recall(path: Path) -> _Memory:
    try:
        kept = json.loads(_memory_file().read_text())
        if kept["path"] == str(path):
            return _Memory([Place(*place) for place in kept["places"]], kept["searched"], kept["seen"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return _Memory()


def _note(path: Path, memory: _Memory) -> None:
    kept = {
        "path": str(path),
        "places": [astuple(place) for place in memory.places],
        "searched": memory.searched,
        "seen": memory.seen,
    }
    unfinished = _memory_file().with_suffix(".part")
    unfinished.write_text(json.dumps(kept))
    unfinished.replace(_memory_file())


def _memory_file() -> Path:
    return config.data_folder() / "mail_log.json"
