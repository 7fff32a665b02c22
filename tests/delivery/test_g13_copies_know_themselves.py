"""G13 Armed: a data folder knows that it is a copy, however it was made; and what does not copy it changes nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from tashika.delivery.arming import machine
from tashika.delivery.arming.memory import Memory, own_host


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose host remembers something."""
    folder = tmp_path / "data"
    folder.mkdir()
    memory = Memory(folder)
    memory.begin()
    memory.remember(41)
    memory.remember(42)
    return folder


def doubt(folder: Path) -> str:
    found = Memory(folder).read()
    assert found is not None
    return found.doubt


def test_it_remembers_and_a_lower_count_changes_nothing(data: Path) -> None:
    Memory(data).remember(7)
    found = Memory(data).read()
    assert found and (found.counter, found.doubt) == (42, "")
    assert own_host(data) == found.host == Memory(data).begin()


def _tar(source: Path, target: Path) -> None:
    target.mkdir()
    packed = subprocess.run(["tar", "-C", source, "-c", "."], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-C", target, "-xp"], check=True, input=packed)


COPIES: dict[str, Callable[[Path, Path], object]] = {
    "cp -a": lambda source, target: subprocess.run(["cp", "-a", source, target], check=True),
    "tar": _tar,
    "copytree": shutil.copytree,
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_in_another_folder_is_one(way: str, data: Path) -> None:
    copied = data.with_name("copied")
    COPIES[way](data, copied)
    assert doubt(copied) == "copied" and own_host(copied) is None
    assert doubt(data) == ""


@pytest.mark.parametrize("way", COPIES)
def test_a_folder_put_back_from_its_backup_is_a_copy(way: str, data: Path) -> None:
    backup = data.with_name("backup")
    COPIES[way](data, backup)
    Memory(data).remember(99)
    shutil.rmtree(data)
    COPIES[way](backup, data)
    assert doubt(data) == "copied"


def test_files_written_over_in_place_are_a_copy(data: Path) -> None:
    backup = data.with_name("backup")
    shutil.copytree(data, backup)
    Memory(data).remember(99)
    time.sleep(0.02)
    subprocess.run(["cp", "-a", f"{backup}/.", data], check=True)
    assert doubt(data) == "copied"


def test_a_copy_becomes_a_host_of_its_own(data: Path) -> None:
    copied = data.with_name("copied")
    shutil.copytree(data, copied)
    host = Memory(copied).begin()
    assert host != own_host(data) and own_host(copied) == host
    found = Memory(copied).read()
    assert found and found.counter == 0


def test_the_image_of_a_disk_in_another_machine_is_told_by_the_machine(data: Path) -> None:
    about = json.loads((data / "arming" / "host").read_text())
    about["signals"]["machine"] = ["0123456789abcdef"]
    (data / "arming" / "host").write_text(json.dumps(about))
    expected = "other_machine" if machine.signals(data).get("machine") else ""
    assert doubt(data) == expected


@pytest.mark.parametrize(
    ("then", "now", "differs"),
    [
        ({"machine": ["a"], "network": ["x", "y"]}, {"machine": ["a"], "network": ["y", "z"]}, ""),
        ({"machine": ["a"], "network": ["x"]}, {"machine": ["a"], "network": ["z"]}, "network"),
        ({"machine": ["a"], "product": ["p"]}, {"machine": ["a"], "product": ["q"]}, "product"),
        ({"machine": ["a"], "product": ["p"]}, {"machine": ["a"]}, ""),
        ({"chosen": ["a"]}, {"chosen": ["a"]}, ""),
        ({"chosen": ["a"]}, {"chosen": ["b"]}, "chosen"),
        ({"machine": ["a"]}, {"chosen": ["a"]}, "chosen"),
    ],
)
def test_which_signs_make_another_machine(then: dict[str, list[str]], now: dict[str, list[str]], differs: str) -> None:
    assert machine.differs(then, now) == differs


def test_a_container_says_who_it_is(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TASHIKA_HOST_IDENTITY", "mail1")
    Memory(data).begin()  # from now on it is named
    moved = tmp_path / "moved"
    data.rename(moved)
    assert doubt(moved) == "", "a volume that is mounted elsewhere"
    monkeypatch.setenv("TASHIKA_HOST_IDENTITY", "staging")
    assert doubt(moved) == "other_machine"


def test_a_folder_that_was_renamed_is_told_apart(data: Path) -> None:
    moved = data.with_name("moved")
    data.rename(moved)
    assert doubt(moved) == "other_folder"


@pytest.mark.parametrize("lost", ["counter", "seal"])
def test_without_one_of_its_files_nothing_is_believed(lost: str, data: Path) -> None:
    (data / "arming" / lost).unlink()
    assert doubt(data) == "copied"


def test_kill_9_in_the_middle_of_remembering_is_no_copy(data: Path) -> None:
    """A process that does nothing but remember is killed again and again, wherever it is."""
    code = (
        "import sys, itertools; from pathlib import Path; from tashika.delivery.arming.memory import Memory\n"
        "memory = Memory(Path(sys.argv[1])); start = memory.read().counter\n"
        "print('go', flush=True)\n"
        "for n in itertools.count(start + 1): memory.remember(n)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    before = 42
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", code, data], env=environment, stdout=subprocess.PIPE)
        assert process.stdout and process.stdout.readline() == b"go\n"
        for _ in range(50):
            assert doubt(data) == "", "read while it is written"
        process.kill()
        process.wait()
        found = Memory(data).read()
        assert found and found.doubt == "" and found.counter > before
        before = found.counter


def test_nobody_waits_for_a_frozen_process(data: Path) -> None:
    """It holds the lock: others read, and leave the writing to the next time."""
    code = (
        "import sys; from pathlib import Path; from tashika.delivery.arming.memory import Memory\n"
        "with Memory(Path(sys.argv[1]))._locked(): print('locked', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, data], env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert process.stdout and process.stdout.readline() == b"locked\n"
    process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    Memory(data).remember(100)
    assert isinstance(own_host(data), UUID) and time.monotonic() - began < 1
    process.kill()
    process.wait()
    Memory(data).remember(101)
    found = Memory(data).read()
    assert found and found.counter == 101
