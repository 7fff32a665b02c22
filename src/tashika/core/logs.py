"""What a process writes down: one line an event, with ids and nothing personal.

A line names things by their ids (`dispatch`, `ledger`, `stop`, `sender`, `request`, `job` …), given as `extra` or held for
a while by `within`. Addresses are taken out of whatever else is said, and of an exception its type and its place are
written, never its words: a database's complaint quotes the row. (With the setting `debug` the words are written, too.)

`log_format` text: for people at a terminal; json: one object a line, for machines; empty: whichever the stream is.
"""

import contextlib
import json
import logging
import logging.config
import os
import re
import secrets
import sys
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from tashika.core import config

# The ids that a line may carry; whatever else a library adds to its records is left out.
IDS = (
    "request", "job", "sender", "dispatch", "publication", "ledger", "claim", "stop", "relay", "report", "import",
    "user", "route", "task", "method", "status", "ms", "rows", "in_doubt", "code", "child", "pause",
)  # fmt: skip

_ADDRESS = re.compile(r"[^\s<>\"'(),:;=\[\]]+@[^\s<>\"'(),:;=\[\]]+")
_REDACTED = "…@…"
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # what sounds and looks unlike, for the phone
_held: ContextVar[dict[str, object]] = ContextVar("tashika_log_ids", default={})  # noqa: B039  replaced, never changed
_process: dict[str, object] = {}  # who writes: held for the whole process


def configuration() -> dict[str, Any]:
    """What `logging.config.dictConfig` and Django's LOGGING take."""
    level = config.get("log_level").upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "tashika.core.logs.formatter"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {"tashika": {"level": level}, "django.request": {"level": "ERROR"}},
    }


def formatter() -> logging.Formatter:
    """The formatter that the setting `log_format` asks for."""
    chosen = config.get("log_format") or ("text" if sys.stderr.isatty() else "json")
    return Readable() if chosen == "text" else JsonLines()


def begin(process: str) -> None:
    """Set logging up for a process of ours; what ends it unexpectedly is a line like any other."""
    logging.config.dictConfig(configuration())
    identify(process=process)
    sys.excepthook = _last_words
    threading.excepthook = lambda ended: _last_words(ended.exc_type, ended.exc_value, ended.exc_traceback)


def identify(**ids: object) -> None:
    """Say on every line of this process who writes it."""
    _process.update(ids)


@contextlib.contextmanager
def within(**ids: object) -> Iterator[None]:
    """Every line that is written inside carries these ids."""
    token = _held.set({**_held.get(), **ids})
    try:
        yield
    finally:
        _held.reset(token)


def speakable_id() -> str:
    """A new id that a person can read out on the phone: two groups of four, 39 random bits."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, object] = {
            "time": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "what": _words(record),
            "pid": os.getpid(),
            **_ids(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = _error(record)
        return json.dumps(line, ensure_ascii=False, default=str)


class Readable(logging.Formatter):
    """A line for people: `12:03:44 WARNING sender delivery: can't be sent dispatch:5`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        ids = _ids(record)
        who = str(ids.pop("process", ""))
        named = " ".join(f"{name}:{value}" for name, value in ids.items() if not (name == "sender" and who == "sender"))
        moment = f"{_moment(record).astimezone():%H:%M:%S}"
        line = f"{moment} {record.levelname} {who} {record.name.removeprefix('tashika.')}: {_words(record)} {named}"
        if record.exc_info and record.exc_info[0]:
            error = _error(record)
            where = "\n".join(f"    {place}" for place in error["where"])
            line += f"\n  {error['type']} {error.get('code', '')} {error.get('words', '')}\n{where}"
        return line.rstrip()


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)


def _words(record: logging.LogRecord) -> str:
    """What is said. Of a request its route stands for it, whose path may be a recipient's own; of a job its kind."""
    if record.name == "django.request":
        return "request failed"
    if record.name.startswith("procrastinate") and hasattr(record, "action"):
        return str(record.action)
    return _ADDRESS.sub(_REDACTED, record.getMessage()).partition("\n")[0]


def _ids(record: logging.LogRecord) -> dict[str, object]:
    found = {**_process, **_held.get()}
    found |= {name: record.__dict__[name] for name in IDS if name in record.__dict__}
    job = record.__dict__.get("job")
    if isinstance(job, dict):  # procrastinate's own lines
        found |= {"job": job.get("id"), "task": job.get("task_name")}
    request = record.__dict__.get("request")
    if request is not None and not isinstance(request, str):  # Django's own lines
        match = getattr(request, "resolver_match", None)
        found |= {"request": getattr(request, "request_id", ""), "route": match.route if match else ""}
    return {
        name: value if isinstance(value, int | float) else _ADDRESS.sub(_REDACTED, str(value))
        for name, value in found.items()
        if value not in (None, "")
    }


def _error(record: logging.LogRecord) -> dict[str, Any]:
    """Type, place and code of an exception. Its words may quote somebody's data."""
    assert record.exc_info is not None
    kind, error, trace = record.exc_info
    assert kind is not None
    found: dict[str, Any] = {"type": kind.__name__, "where": _places(trace)}
    cause = error.__cause__ or error.__context__ if error else None
    codes = (getattr(one, name, None) for one in (error, cause) for name in ("sqlstate", "errno", "code"))
    if code := next((str(one) for one in codes if one), ""):
        found["code"] = code
    if cause is not None:
        found["because_of"] = type(cause).__name__
        found["where"] += _places(cause.__traceback__)
    if config.get("debug") == "1":
        found["words"] = _ADDRESS.sub(_REDACTED, str(error))
    return found


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{_short(one.filename)}:{one.lineno} {one.name}" for one in traceback.extract_tb(trace)]


def _short(path: str) -> str:
    return path.rpartition("/site-packages/")[2] if "/site-packages/" in path else path.rpartition("/src/")[2]


def _last_words(
    kind: type[BaseException], error: BaseException | None = None, trace: TracebackType | None = None
) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    what = (kind, error or kind(), trace)
    logging.getLogger("tashika").critical("this process ends", exc_info=what)
