"""Log lines carry ids, are what a machine can read, and say nothing of anybody."""

import json
import logging
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from tashika.core import logs


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger whose lines go to standard error only, as a process of ours would write them."""
    one = logging.getLogger("tashika.test")
    one.propagate = False
    yield one
    one.handlers.clear()
    one.propagate = True


def _to(log: logging.Logger, formatter: logging.Formatter) -> logging.Logger:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    log.addHandler(handler)
    return log


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_an_object_with_the_ids_that_hold_here(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    _to(log, logs.JsonLines())
    with logs.within(request="K7QM-2XPA"):
        log.warning("can't be sent", extra={"dispatch": 5, "shape": "round"})
    log.warning("afterwards")
    inside, outside = _lines(capsys)
    assert (inside["what"], inside["level"], inside["logger"]) == ("can't be sent", "warning", "tashika.test")
    assert (inside["dispatch"], inside["request"]) == (5, "K7QM-2XPA")
    assert "shape" not in inside, "only known ids are written"
    assert "request" not in outside


def test_addresses_are_taken_out_whoever_said_them(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    _to(log, logs.JsonLines())
    log.warning("550 <taro.sato@example.jp>: no such user; 佐藤@例え.example.jp too\nsecond line with data")
    log.warning("x", extra={"route": "mailto:hanako@example.jp"})
    said = capsys.readouterr().err
    assert "@example" not in said and "taro" not in said and "hanako" not in said and "second line" not in said


def test_an_error_is_named_by_type_code_and_place_never_by_its_words(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], db: None
) -> None:
    _to(log, logs.JsonLines())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT '佐藤 太郎'::int")
    except Exception:
        log.exception("a fault")
    (line,) = _lines(capsys)
    error = line["error"]
    assert isinstance(error, dict)
    assert error["type"] == "DataError" and error["because_of"] == psycopg.errors.InvalidTextRepresentation.__name__
    assert any("test_logs.py" in place for place in error["where"])
    assert "佐藤" not in json.dumps(line, ensure_ascii=False)


def test_people_at_a_terminal_get_words(
    log: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_process", {})  # another test may have been a sender in this process
    _to(log, logs.Readable())
    log.warning("can't be sent", extra={"dispatch": 5})
    assert capsys.readouterr().err.rstrip().endswith("test: can't be sent dispatch:5")


def test_which_form_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(logs.formatter(), logs.JsonLines), "no terminal"
    monkeypatch.setenv("TASHIKA_LOG_FORMAT", "text")
    assert isinstance(logs.formatter(), logs.Readable)


def test_an_id_can_be_read_out() -> None:
    one = logs.speakable_id()
    assert len(one) == 9 and one[4] == "-" and one != logs.speakable_id()
    assert not set(one) & set("01IO")
