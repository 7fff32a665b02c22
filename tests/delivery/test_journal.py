"""A sender's journal: what it says of a dead sender, what is kept of it, and for how long."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tashika.delivery import journal
from tashika.delivery.journal import Begun, Journal


def begun(row: int) -> Begun:
    return Begun(row, f"message-{row}", 7, f"{row:016x}")


def test_a_body_without_a_reply_is_a_doubt_and_one_with_it_is_not(tmp_path: Path) -> None:
    sender = uuid4()
    written = Journal(tmp_path, sender)
    written.body_begins(begun(1), "publication:3")
    written.replied(1, "accepted", "250 2.0.0 queued as A1")
    written.body_begins(begun(2), "publication:3")
    assert journal.is_alive(tmp_path, sender) is True
    written.abandon()
    assert journal.is_alive(tmp_path, sender) is False
    said = journal.read(tmp_path, sender)
    assert said.same_boot
    assert set(said.begun) - set(said.replied) == {2}
    assert said.replied[1] == ("accepted", "250 2.0.0 queued as A1")
    assert said.begun[2] == begun(2) and said.reasons == {7: "publication:3"}


def test_what_went_before_a_rotation_still_counts(tmp_path: Path) -> None:
    sender = uuid4()
    written = Journal(tmp_path, sender)
    written.body_begins(begun(1), "publication:3")
    written.rotate()
    assert journal.is_alive(tmp_path, sender) is True, "nobody could take the lock in between"
    written.body_begins(begun(2), "publication:3")
    written.abandon()
    assert set(journal.read(tmp_path, sender).begun) == {1, 2}


def test_a_row_that_was_tried_again_is_as_its_last_try(tmp_path: Path) -> None:
    sender = uuid4()
    written = Journal(tmp_path, sender)
    for _ in range(2):
        written.body_begins(begun(1), "publication:3")
        written.replied(1, "queued", "451 later")
    written.body_begins(begun(1), "publication:3")
    written.abandon()
    assert journal.read(tmp_path, sender).replied == {}


@contextmanager
def full_disk(at: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_journal_on_a_full_disk_is_let_go_all_the_same(tmp_path: Path) -> None:
    """Else its lock is held as long as the process lives, and its rows are in hand for ever: found by `bench chaos`."""
    sender = uuid4()
    written = Journal(tmp_path, sender)
    written.body_begins(begun(1), "publication:3")
    written.replied(1, "accepted", "250 2.0.0 queued as A1")
    with full_disk(written.path.stat().st_size):
        written.abandon()
    assert journal.is_alive(tmp_path, sender) is False
    assert set(journal.read(tmp_path, sender).begun) == {1}


@pytest.mark.parametrize("room", [0, 5])
def test_a_journal_that_can_not_begin_on_a_full_disk_is_not_there(tmp_path: Path, room: int) -> None:
    open_before = len(os.listdir("/proc/self/fd"))
    with full_disk(room), pytest.raises(OSError, match=r"too large|journal"):
        Journal(tmp_path, uuid4())
    assert not journal.any_alive(tmp_path), "a lock that nobody lets go keeps this host from being armed (G13)"
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_rotation_that_fails_leaves_the_journal_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = uuid4()
    written = Journal(tmp_path, sender)
    written.body_begins(begun(1), "publication:3")
    for _ in range(2):  # a lock on the new file that were left behind would stop the second for ever
        with monkeypatch.context() as disk:
            disk.setattr(os, "link", _no_room)
            with pytest.raises(OSError, match="no room"):
                written.rotate()
    written.body_begins(begun(2), "publication:3")
    written.abandon()
    assert set(journal.read(tmp_path, sender).begun) == {1, 2}


def _no_room(*_: object) -> None:
    raise OSError("no room")


def test_what_is_written_after_the_disk_was_full_is_not_glued_to_a_cut_line(tmp_path: Path) -> None:
    sender = uuid4()
    written = Journal(tmp_path, sender)
    with full_disk(written.path.stat().st_size + 5), pytest.raises(OSError, match="journal"):
        written.body_begins(begun(1), "publication:3")
    written.body_begins(begun(2), "publication:3")
    written.abandon()
    said = journal.read(tmp_path, sender)
    assert set(said.begun) == {1, 2} and said.reasons == {7: "publication:3"}


def test_a_journal_that_was_let_go_takes_nothing_more(tmp_path: Path) -> None:
    written = Journal(tmp_path, uuid4())
    written.abandon()
    with (tmp_path / "another").open("wb") as another:
        with pytest.raises(OSError, match="descriptor"):
            written.body_begins(begun(1), "publication:3")
        assert another.tell() == os.fstat(another.fileno()).st_size == 0


def test_journals_are_kept_after_all_is_on_record_and_go_when_they_are_old(tmp_path: Path, now: datetime) -> None:
    senders = [uuid4(), uuid4()]
    for sender in senders:
        written = Journal(tmp_path, sender)
        written.body_begins(begun(1), "publication:3")
        written.close()
    old = next(tmp_path.glob(f"{senders[0]}.*.kept"))
    past = (now - timedelta(days=journal.KEPT_DAYS + 1)).timestamp()
    os.utime(old, (past, past))
    assert {said.sender for said in journal.all_in(tmp_path)} == set(senders)
    journal.forget(tmp_path, now=now)
    assert {said.sender for said in journal.all_in(tmp_path)} == {senders[1]}
