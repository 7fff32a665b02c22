"""The queue of the Postfix on this host: what waits in it, and hold, release, delete by queue id.

Reading is open to every account (`postqueue`); changing is the superuser's (`postsuper`), so that a service account needs
a line in sudoers, which the manual gives. Without it `UnableToChangeQueue` says so, and nothing is changed.

A mail that an agent has open while it is put on hold is finished by that agent, which marks its recipient as done in the
file: released later, it leaves nothing twice. Until then the agent holds a lock on the file, which `in_delivery` sees.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tashika.core import config
from tashika.core.errors import TashikaError
from tashika.core.text import t

TIMEOUT = 60.0  # seconds for one command; listing 10,000 mails takes 1.2, holding 500 takes 0.1
AT_A_TIME = 500  # queue ids in one command
ONE_BY_ONE = 50  # released mails that are asked for by id; for more the whole queue is tried, as one command
AHEAD = ("maildrop", "incoming", "active")  # the queues of what is on its way; what is deferred waits for its receiver
HELD = "hold"
_HEADERS = re.compile(r"\*\*\* MESSAGE CONTENTS \S+/(\w+) \*\*\*$")
_GONE = re.compile(r"open queue file (\w+): No such file")
_LETTERS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxy"  # of a long queue id's inode


class UnableToReadQueue(TashikaError):
    """There is no Postfix here, or it does not answer."""

    code = "unable_to_read_queue"
    status = 503


class UnableToChangeQueue(TashikaError):
    """This account may not change the queue."""

    code = "unable_to_change_queue"
    status = 503


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail in Postfix's queue. `recipients` are those that have not got it; none: it is done. `reason` is why it
    waits, as Postfix says."""

    queue_id: str
    queue: str  # maildrop, incoming, active, deferred, hold, corrupt
    arrived_at: datetime
    sender: str
    recipients: tuple[str, ...]
    reason: str


def waiting() -> list[Waiting]:
    """Everything in the queue. Raises UnableToReadQueue."""
    answer = _run(["postqueue", "-c", _folder(), "-j"])
    if answer.returncode:
        raise UnableToReadQueue(
            t("Postfixの待ち行列を読めません。", "Postfix's queue can't be read."),
            fix=t("このサーバーでPostfixが動いているか確認してください。", "See that Postfix runs on this host."),
            where=_last_line(answer.stderr),
        )
    return [_waiting(json.loads(line)) for line in answer.stdout.splitlines() if line.strip()]


def ids_ahead() -> frozenset[str]:
    """The queue ids of mails on their way: not deferred, not held. Lists files where this account may, which takes a
    tenth of a millisecond for a hundred of them; else asks Postfix. Raises UnableToReadQueue."""
    try:
        folder = Path(queue_folder())
        return frozenset(name for queue in AHEAD for name in _names(folder / queue))
    except OSError:
        return frozenset(one.queue_id for one in waiting() if one.queue in AHEAD)


def in_delivery(queue_ids: Iterable[str]) -> set[str]:
    """Those of these mails that an agent of Postfix has open to deliver them. The inode of a mail's file, which stands in
    its queue id, is locked meanwhile; any account may read that. None where the system does not say."""
    try:
        locked = set(re.findall(r":(\d+) \d+ \S+$", Path("/proc/locks").read_text(), re.MULTILINE))
    except OSError:
        return set()
    return {one for one in queue_ids if str(_inode(one)) in locked}


def examine() -> None:
    """Whether this account may do all that a stop needs, without changing anything. Raises UnableToReadQueue,
    UnableToChangeQueue."""
    waiting()
    message_ids(["0"])
    _command("-h", [], (HELD,))


def message_ids(queue_ids: Iterable[str]) -> dict[str, str]:
    """The Message-ID of queued mails by queue id, without brackets; what is gone is left out. Needs the superuser or
    Postfix's account. Raises UnableToChangeQueue."""
    found: dict[str, str] = {}
    ids = list(queue_ids)
    while ids:
        portion = ids[:AT_A_TIME]
        answer = _run([*_privileged(), "postcat", "-c", _folder(), "-ehq", *portion])
        found |= _read_message_ids(answer.stdout)
        gone = _GONE.search(answer.stderr)  # postcat ends at the first that is gone
        if answer.returncode and (gone is None or gone[1] not in portion):
            raise _not_allowed(answer.stderr)
        ids = ids[portion.index(gone[1]) + 1 :] if answer.returncode and gone else ids[AT_A_TIME:]
    return found


def hold(queue_ids: Iterable[str]) -> None:
    """Keep mails from being delivered until they are released; what is held does not expire. Ids that are gone are passed
    over. Raises UnableToChangeQueue."""
    _change("-h", queue_ids, (*AHEAD, "deferred"))


def release(queue_ids: Iterable[str]) -> None:
    """Let held mails be delivered, at once: by itself Postfix would put them among the deferred ones. Raises
    UnableToChangeQueue."""
    ids = list(queue_ids)
    _change("-H", ids, (HELD,))
    for choice in [["-i", one] for one in ids] if len(ids) <= ONE_BY_ONE else [["-f"]]:
        _run(["postqueue", "-c", _folder(), *choice])


def delete(queue_ids: Iterable[str]) -> None:
    """Delete held mails for good; one that is not held is not touched. Raises UnableToChangeQueue."""
    _change("-d", queue_ids, (HELD,))


@cache
def queue_folder() -> str:
    """Where Postfix keeps its queue. Raises OSError where there is no Postfix."""
    answer = subprocess.run(
        ["postconf", "-c", _folder(), "-h", "queue_directory"], capture_output=True, text=True, timeout=TIMEOUT
    )
    if answer.returncode:
        raise OSError(_last_line(answer.stderr))
    return answer.stdout.strip()


def _change(act: str, queue_ids: Iterable[str], queues: tuple[str, ...]) -> None:
    ids = list(queue_ids)
    for start in range(0, len(ids), AT_A_TIME):
        _command(act, ids[start : start + AT_A_TIME], queues)


def _command(act: str, ids: list[str], queues: tuple[str, ...]) -> None:
    answer = _run([*_privileged(), "postsuper", "-c", _folder(), act, "-", *queues], "\n".join(ids) + "\n")
    if answer.returncode:
        raise _not_allowed(answer.stderr)


def _read_message_ids(words: str) -> dict[str, str]:
    found: dict[str, str] = {}
    queue_id = ""
    for line in words.splitlines():
        if line.startswith("*** "):
            mark = _HEADERS.match(line)
            queue_id = mark[1] if mark else ""
        name, _, value = line.partition(":")
        if queue_id and name.lower() == "message-id":
            found.setdefault(queue_id, value.strip().strip("<>"))
    return found


def _names(folder: Path) -> Iterator[str]:
    """Files in a queue, which Postfix may have spread over folders named by one letter (hash_queue_names)."""
    for entry in os.scandir(folder):
        if len(entry.name) > 1:
            yield entry.name
        else:
            yield from _names(Path(entry.path))


def _inode(queue_id: str) -> int:
    """Of a short queue id (microseconds, inode) or a long one (seconds, microseconds, z, inode)."""
    if "z" not in queue_id:
        return int(queue_id[5:] or "0", 16)
    number = 0
    for letter in queue_id.rpartition("z")[2]:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    return number


def _not_allowed(words: str) -> UnableToChangeQueue:
    return UnableToChangeQueue(
        t("Postfixの待ち行列を変更できません。", "Postfix's queue can't be changed."),
        fix=t(
            "運用マニュアル「このサーバーのPostfix」の設定で postsuper を許可してください。",
            "Allow postsuper as the operator's manual says under “The Postfix of this host”.",
        ),
        where=_last_line(words),
    )


def _run(command: list[str], words: str = "") -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, input=words, capture_output=True, text=True, errors="replace", timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnableToReadQueue(
            t("Postfixの命令を実行できません。", "Postfix's commands can't be run."),
            fix=t("Postfixが入っているか確認してください。", "See that Postfix is installed."),
            where=type(error).__name__,
        ) from error


def _waiting(found: dict[str, object]) -> Waiting:
    recipients = found.get("recipients")
    given = [one for one in recipients if isinstance(one, dict)] if isinstance(recipients, list) else []
    return Waiting(
        queue_id=str(found["queue_id"]),
        queue=str(found["queue_name"]),
        arrived_at=datetime.fromtimestamp(float(str(found["arrival_time"])), tz=UTC),
        sender=str(found.get("sender", "")),
        recipients=tuple(str(one["address"]) for one in given),
        reason=str(given[0].get("delay_reason", "")) if given else "",
    )


def _privileged() -> list[str]:
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


def _folder() -> str:
    return config.get("postfix_config")


def _last_line(words: str) -> str:
    return (words.strip().splitlines() or [""])[-1][:200]
