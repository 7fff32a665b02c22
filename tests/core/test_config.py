"""Settings: the environment wins over the file, the file over the default."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tashika.cli.commands import settings
from tashika.core import config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for setting in config.SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("TASHIKA_CONFIG", str(tmp_path / "tashika.toml"))
    config.forget_file()
    yield
    config.forget_file()


def _write(tmp_path: Path, text: str) -> None:
    (tmp_path / "tashika.toml").write_text(text, encoding="utf-8")


def test_the_default_holds_when_nothing_is_said() -> None:
    assert config.get_int("port") == 8000


def test_the_file_wins_over_the_default(tmp_path: Path) -> None:
    _write(tmp_path, 'port = 9000\ndebug = true\nallowed_hosts = ["a.example.jp", "b.example.jp"]\n')
    assert (config.get_int("port"), config.get("debug"), config.get("allowed_hosts")) == (
        9000,
        "1",
        "a.example.jp,b.example.jp",
    )


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, "port = 9000\n")
    monkeypatch.setenv("TASHIKA_PORT", "9100")
    assert config.get_int("port") == 9100


def test_the_file_may_name_the_data_folder(tmp_path: Path) -> None:
    _write(tmp_path, f'data = "{tmp_path / "elsewhere"}"\n')
    assert config.data_folder() == tmp_path / "elsewhere"


def test_a_number_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASHIKA_PORT", "eighty")
    with pytest.raises(ValueError, match="TASHIKA_PORT"):
        config.get_int("port")


def test_of_many_that_make_the_secret_key_at_once_all_read_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASHIKA_DATA", str(tmp_path / "data"))
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(config.secret_key())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 12
    assert len(set(keys)) == 1
    assert len(keys[0]) > 40
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]


def test_the_manuals_table_of_settings_is_current() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == settings.markdown(), "run: tashika settings --markdown > docs/reference/settings.md"
