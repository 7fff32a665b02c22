"""What an installation stands on, looked over: each finding says in words how it is and what to do.

`delivery.checks.examine` is the one list of all checks; the page, `/readyz`, `tashika doctor` and `tashika status` show it.
"""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from tashika.core import config, migrating
from tashika.core.text import Text, t

_LEAST_FREE = 2 * 1024**3  # bytes; an import file may be as large
_TOO_LITTLE = 512 * 1024**2  # a database whose disk is full stops
_CLOCK_TOLERANCE = 2.0  # seconds; permits of senders are judged by the database's clock


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `level` is ok, warn or bad; `fix` says how to mend what is not ok."""

    level: str
    subject: str
    what: Text
    fix: Text | None = None


def ground() -> Iterator[Finding]:
    """What needs no database."""
    yield Finding("ok", "python", t("Python {v}", "Python {v}", v=sys.version.split()[0]))
    yield from _data_folder()
    yield _secret_key()
    yield from _mail_log()


def _mail_log() -> Iterator[Finding]:
    """Whether Postfix's log, which is evidence for mails in doubt, can be read by this account."""
    path = config.get("mail_log")
    if not path:
        return
    try:
        Path(path).open("rb").close()
    except OSError as error:
        why = type(error).__name__
        yield Finding(
            "warn", "mail_log", t("{path} を読めません（{why}）。", "{path} can't be read ({why}).", path=path, why=why),
            t("TASHIKA_MAIL_LOG の場所と、このアカウントの読み取り権限を確認してください。", "See that TASHIKA_MAIL_LOG names it and that this account may read it."),
        )  # fmt: skip
        return
    yield Finding("ok", "mail_log", t("{path} を読めます。", "{path} can be read.", path=path))


def _data_folder() -> Iterator[Finding]:
    folder = config.data_folder()
    if not folder.is_dir():
        yield Finding(
            "warn", "data", t("データフォルダ {f} がまだありません。", "The data folder {f} does not exist yet.", f=folder),
            t("tashika up で作られます。", "`tashika up` makes it."),
        )  # fmt: skip
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "bad", "data", t("データフォルダ {f} に書き込めません。", "The data folder {f} can't be written.", f=folder),
            t("所有者を tashika を動かす利用者にしてください。", "Give it to the account that runs tashika."),
        )  # fmt: skip
        return
    yield Finding("ok", "data", t("データフォルダ {f}", "Data folder {f}", f=folder))
    free = shutil.disk_usage(folder).free
    level = "bad" if free < _TOO_LITTLE else "warn" if free < _LEAST_FREE else "ok"
    words = t("空き容量 {gb} GB", "{gb} GB free", gb=f"{free / 1024**3:.1f}")
    yield Finding(level, "disk", words, _unless_ok(level, t("2 GB 以上空けてください。", "Make room: 2 GB at least.")))


def _secret_key() -> Finding:
    path = config.data_folder() / "secret_key"
    given = config.get("secret_key")
    if given:
        if len(given) < 32:
            return Finding(
                "bad", "secret_key", t("TASHIKA_SECRET_KEY が短すぎます。", "TASHIKA_SECRET_KEY is too short."),
                t("32文字以上の乱数にしてください。", "Use 32 random characters or more."),
            )  # fmt: skip
        return Finding("ok", "secret_key", t("秘密鍵は設定にあります。", "The secret key is in the settings."))
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding(
            "bad", "secret_key", t("{f} を他人が読めます。", "Others can read {f}.", f=path),
            t("chmod 600 {f}", "chmod 600 {f}", f=path),
        )  # fmt: skip
    return Finding("ok", "secret_key", t("秘密鍵はデータフォルダにあります。", "The secret key is in the data folder."))


def unreachable(error: Exception) -> Finding:
    """The database did not answer."""
    if config.get("database_url"):
        return Finding(
            "bad", "database", t("データベースに接続できません: {e}", "The database can't be reached: {e}", e=_line(error)),
            t("DATABASE_URL とサーバーの状態を確かめてください。", "Check DATABASE_URL and the server."),
        )  # fmt: skip
    return Finding(
        "warn", "database", t("内蔵の PostgreSQL は動いていません。", "The embedded PostgreSQL is not running."),
        t("tashika up で起動してから、もう一度実行してください。", "Start `tashika up`, then run this again."),
    )  # fmt: skip


def server(connection: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    """The database server, and whether its tables are those of this version."""
    major = connection.info.server_version // 10000
    if major < 15:
        yield Finding(
            "bad", "database", t("PostgreSQL {v} は古すぎます。", "PostgreSQL {v} is too old.", v=major),
            t("15以上にしてください。", "Use 15 or newer."),
        )  # fmt: skip
    else:
        yield Finding("ok", "database", t("PostgreSQL {v}", "PostgreSQL {v}", v=major))
    encoding, clock = row(connection, "SELECT current_setting('server_encoding'), clock_timestamp()")
    if encoding != "UTF8":
        yield Finding(
            "bad", "encoding", t("文字コードが {e} です。", "The database's encoding is {e}.", e=encoding),
            t("UTF8 のデータベースを作り直してください。", "Make the database again with UTF8."),
        )  # fmt: skip
    apart = abs((clock - now).total_seconds())
    level = "bad" if apart > _CLOCK_TOLERANCE else "ok"
    words = t("データベースとの時計の差 {s} 秒", "Clock {s} s apart from the database's", s=f"{apart:.1f}")
    yield Finding(
        level, "clock", words, _unless_ok(level, t("NTP で時刻を合わせてください。", "Synchronise both by NTP."))
    )
    missing = len(migrating.missing(connection))
    if missing:
        yield Finding(
            "bad", "migrations", t("未適用の変更が {n} 件あります。", "{n} migrations are missing.", n=missing),
            t("tashika migrate を実行してください。", "Run `tashika migrate`."),
        )  # fmt: skip
    else:
        yield Finding("ok", "migrations", t("テーブルは最新です。", "The tables are up to date."))


def workers(connection: psycopg.Connection) -> Iterator[Finding]:
    """Whether somebody does the background jobs."""
    alive, stalled = row(
        connection,
        """SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'),
                  (SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                    WHERE j.status = 'doing' AND coalesce(w.last_heartbeat, '-infinity') < now() - interval '90 seconds')
        """,
    )
    level = "ok" if alive else "bad"
    yield Finding(
        level, "workers", t("動いているワーカー: {n}", "Workers alive: {n}", n=alive),
        _unless_ok(level, t("取り込みや予約配信が進みません。tashika worker を起動してください。", "Imports and scheduled broadcasts stand still. Start `tashika worker`.")),
    )  # fmt: skip
    if stalled:
        yield Finding(
            "warn", "jobs", t("止まったままのジョブが {n} 件あります。", "{n} jobs are stalled.", n=stalled),
            t("worker が動いていれば30秒ほどで再開します。", "A live worker takes them up within about 30 s."),
        )  # fmt: skip


def row(connection: psycopg.Connection, sql: str) -> tuple:
    """The one row of a statement."""
    found = connection.execute(sql).fetchone()
    assert found is not None
    return tuple(found)


def _unless_ok(level: str, fix: Text) -> Text | None:
    return None if level == "ok" else fix


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
