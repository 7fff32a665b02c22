"""Look an installation over: what is wrong, and how to mend it."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tashika.core import config
from tashika.core.text import Text, t

_LEAST_FREE = 2 * 1024**3  # bytes; an import file may be as large
_CLOCK_TOLERANCE = 2.0  # seconds; permits of senders are judged by the database's clock
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `level` is ok, warn or bad; `fix` says how to mend what is not ok."""

    level: str
    subject: str
    what: Text
    fix: Text | None = None


def examine(*, now: datetime) -> Iterator[Finding]:
    """Every finding, the ground first. What needs the database is left out when it can't be reached."""
    yield _python()
    yield from _data_folder()
    yield _secret_key()
    yield from _mail_log()
    try:
        connection = psycopg.connect(config.database_url(), connect_timeout=5, autocommit=True)
    except (psycopg.Error, ValueError) as error:
        yield _unreachable(error)
        return
    with connection:
        yield from _server(connection, now)
        missing = _missing_migrations(connection)
        yield missing
        if missing.level == "ok":
            yield from _processes(connection)
            yield from _arming()
            yield from _leaving(connection)
            yield from _trail()


def _python() -> Finding:
    return Finding("ok", "python", t("Python {v}", "Python {v}", v=sys.version.split()[0]))


def _mail_log() -> Iterator[Finding]:
    """Whether Postfix's log, which is evidence for mails in doubt, can be read by this account."""
    path = config.get("mail_log")
    if not path:
        return
    try:
        Path(path).open("rb").close()
    except OSError as error:
        yield Finding(
            "warn",
            "mail log",
            t("{path} を読めません（{why}）。", "{path} can't be read ({why}).", path=path, why=type(error).__name__),
            t(
                "TASHIKA_MAIL_LOG の場所と、このアカウントの読み取り権限を確認してください。",
                "See that TASHIKA_MAIL_LOG names it and that this account may read it.",
            ),
        )
        return
    yield Finding("ok", "mail log", t("{path} を読めます。", "{path} can be read.", path=path))


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
    words = t("空き容量 {gb} GB", "{gb} GB free", gb=f"{free / 1024**3:.1f}")
    if free < _LEAST_FREE:
        yield Finding("warn", "disk", words, t("2 GB 以上空けてください。", "Make room: 2 GB at least."))
    else:
        yield Finding("ok", "disk", words)


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


def _unreachable(error: Exception) -> Finding:
    if config.get("database_url"):
        return Finding(
            "bad", "database", t("データベースに接続できません: {e}", "The database can't be reached: {e}", e=_line(error)),
            t("DATABASE_URL とサーバーの状態を確かめてください。", "Check DATABASE_URL and the server."),
        )  # fmt: skip
    return Finding(
        "warn", "database", t("内蔵の PostgreSQL は動いていません。", "The embedded PostgreSQL is not running."),
        t("tashika up で起動してから、もう一度実行してください。", "Start `tashika up`, then run this again."),
    )  # fmt: skip


def _server(connection: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    major = connection.info.server_version // 10000
    if major < 15:
        yield Finding(
            "bad", "database", t("PostgreSQL {v} は古すぎます。", "PostgreSQL {v} is too old.", v=major),
            t("15以上にしてください。", "Use 15 or newer."),
        )  # fmt: skip
    else:
        yield Finding("ok", "database", t("PostgreSQL {v}", "PostgreSQL {v}", v=major))
    encoding, clock = _row(connection, "SELECT current_setting('server_encoding'), clock_timestamp()")
    if encoding != "UTF8":
        yield Finding(
            "bad", "encoding", t("文字コードが {e} です。", "The database's encoding is {e}.", e=encoding),
            t("UTF8 のデータベースを作り直してください。", "Make the database again with UTF8."),
        )  # fmt: skip
    apart = abs((clock - now).total_seconds())
    words = t("データベースとの時計の差 {s} 秒", "Clock {s} s apart from the database's", s=f"{apart:.1f}")
    if apart > _CLOCK_TOLERANCE:
        yield Finding("bad", "clock", words, t("NTP で時刻を合わせてください。", "Synchronise both by NTP."))
    else:
        yield Finding("ok", "clock", words)


def _missing_migrations(connection: psycopg.Connection) -> Finding:
    from tashika.cli import migrations

    missing = migrations.missing(connection)
    if missing:
        return Finding(
            "bad", "migrations", t("未適用の変更が {n} 件あります。", "{n} migrations are missing.", n=len(missing)),
            t("tashika migrate を実行してください。", "Run `tashika migrate`."),
        )  # fmt: skip
    return Finding("ok", "migrations", t("テーブルは最新です。", "The tables are up to date."))


def _processes(connection: psycopg.Connection) -> Iterator[Finding]:
    senders, workers, stalled = _row(
        connection,
        """SELECT (SELECT count(*) FROM delivery_sender WHERE ended_at IS NULL AND permit_until > now()),
                  (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'),
                  (SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
                    WHERE j.status = 'doing' AND coalesce(w.last_heartbeat, '-infinity') < now() - interval '90 seconds')
        """,
    )
    for subject, number, start in (("senders", senders, "tashika sender"), ("workers", workers, "tashika worker")):
        words = t("動いている {s}: {n}", "{s} alive: {n}", s=subject, n=number)
        fix = t("{c} を起動してください。", "Start `{c}`.", c=start)
        yield Finding("ok", subject, words) if number else Finding("bad", subject, words, fix)
    if stalled:
        yield Finding(
            "warn", "jobs", t("止まったままのジョブが {n} 件あります。", "{n} jobs are stalled.", n=stalled),
            t("worker が動いていれば30秒ほどで再開します。", "A live worker takes them up within about 30 s."),
        )  # fmt: skip


def _arming() -> Iterator[Finding]:
    """Whether senders may work (G13)."""
    _set_up_django()
    from tashika.core import clock
    from tashika.delivery.arming import deciding

    here = deciding.situation(now=clock.now())
    if here.is_fine:
        yield Finding("ok", "arming", t("送信ロックはかかっていません。", "Senders are armed."))
        return
    words = [*here.why, *(one for host in here.waiting for one in host.why)]
    joined = t(" / ".join(one.ja for one in words), "; ".join(one.en for one in words))
    level = "warn" if here.sending else "bad"
    yield Finding(
        level, "arming", t("送信ロック: {why}", "Senders are locked: {why}", why=joined),
        t("tashika arm で確かめ、解除してください。", "Look into it with `tashika arm`."),
    )  # fmt: skip


def _leaving(connection: psycopg.Connection) -> Iterator[Finding]:
    """What matters once mail really leaves: links that recipients can open."""
    (relays,) = _row(
        connection,
        "SELECT count(*) FROM delivery_relay WHERE NOT practice AND confirmed_at IS NOT NULL AND archived_at IS NULL",
    )
    if not relays:
        yield Finding(
            "warn", "practice", t("練習モードです。メールは外へ出ません。", "Practice mode: no mail leaves."),
            t("本番では配信サーバーを登録して確認してください。", "For real sending add a relay and confirm it."),
        )  # fmt: skip
    host = urlsplit(config.base_url()).hostname or ""
    if not host or urlsplit(config.base_url()).scheme not in ("http", "https"):
        yield Finding(
            "bad", "base_url", t("base_url が URL ではありません。", "base_url is not a URL."),
            t("https://mail.example.jp のように設定してください。", "Set it like https://mail.example.jp."),
        )  # fmt: skip
    elif relays and host in _LOOPBACK:
        yield Finding(
            "bad", "base_url", t("メール内のリンクが受信者には開けません。", "Recipients can't open the links in mails."),
            t("TASHIKA_BASE_URL に公開アドレスを設定してください。", "Set TASHIKA_BASE_URL to the public address."),
        )  # fmt: skip
    else:
        yield Finding("ok", "base_url", t("リンク先 {u}", "Links go to {u}", u=config.base_url()))
    allowed = [part.strip() for part in config.get("allowed_hosts").split(",")]
    if host and host not in (*_LOOPBACK, *allowed) and "*" not in allowed:
        yield Finding(
            "bad", "allowed_hosts", t("{h} への接続に応答しません。", "Requests for {h} are refused.", h=host),
            t("TASHIKA_ALLOWED_HOSTS に {h} を加えてください。", "Add {h} to TASHIKA_ALLOWED_HOSTS.", h=host),
        )  # fmt: skip


def _set_up_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tashika.core.settings")
    django.setup()


def _trail() -> Iterator[Finding]:
    _set_up_django()
    from tashika.core import audit

    broken = audit.first_broken_entry()
    if broken is None:
        yield Finding("ok", "audit", t("監査記録の鎖は完全です。", "The audit trail is whole."))
    else:
        yield Finding(
            "bad", "audit", t("監査記録 {n} が書き換えられています。", "Audit entry {n} was tampered with.", n=broken),
            t("バックアップと突き合わせ、触れた人を調べてください。", "Compare with a backup; find who had access."),
        )  # fmt: skip


def _row(connection: psycopg.Connection, sql: str) -> tuple:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return tuple(row)


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def ports(*, host: str, taken: Path | None = None) -> Iterator[Finding]:
    """Whether the ports of `up` are free; they are taken, rightly, while it runs."""
    from tashika.cli.ports import port_is_free

    running = taken is not None and taken.exists() and _is_locked(taken)
    for key in ("port", "practice_port"):
        number = config.get_int(key)
        if running or port_is_free(host if key == "port" else "127.0.0.1", number):
            yield Finding("ok", key, t("ポート {n}", "Port {n}", n=number))
        else:
            yield Finding(
                "bad", key, t("ポート {n} は使われています。", "Port {n} is taken.", n=number),
                t("設定 {k} で別の番号にしてください。", "Choose another by the setting {k}.", k=key),
            )  # fmt: skip


def _is_locked(path: Path) -> bool:
    import fcntl

    with path.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
