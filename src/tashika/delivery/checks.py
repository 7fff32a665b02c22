"""The one list of checks of an installation: the ground's, and whether mail can leave and does.

The page 「システムの状態」, `/readyz`, `tashika doctor` and `tashika status` all show it. Django is loaded only once the
database has answered.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import psycopg

from tashika.core import checks, config, sql
from tashika.core.checks import Finding
from tashika.core.text import t

LATE = 300  # seconds that a due row may wait while none of its dispatch begins
UNANSWERED = 30  # seconds that a stop may wait for its answers
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# What must be well for the whole to be ready; other findings are a person's to weigh.
READY = ("data", "disk", "database", "migrations", "arming", "senders", "workers", "due", "stops")


def examine(*, now: datetime, conninfo: str = "") -> Iterator[Finding]:
    """Every finding, the ground first. What needs the database is left out when it can't be reached. `conninfo`: another
    way to it than the settings'."""
    yield from checks.ground()
    try:
        connection = psycopg.connect(conninfo or config.database_url(), connect_timeout=5, autocommit=True)
    except (psycopg.Error, ValueError) as error:
        yield checks.unreachable(error)
        return
    with connection:
        connection.execute("SET statement_timeout = '5s'")
        found = list(checks.server(connection, now))
        yield from found
        if not any(one.subject == "migrations" and one.level == "bad" for one in found):
            yield from _sending(connection)
            yield from _arming(now)
            yield from checks.workers(connection)
            yield from _leaving(connection)


def ready(found: list[Finding]) -> dict[str, str]:
    """The level of each check that readiness asks for: the worst, where a check says several things."""
    grave = {"ok": 0, "warn": 1, "bad": 2}
    levels: dict[str, str] = {}
    for one in found:
        if one.subject in READY and grave[one.level] >= grave[levels.get(one.subject, "ok")]:
            levels[one.subject] = one.level
    return levels


def _sending(connection: psycopg.Connection) -> Iterator[Finding]:
    live, silent, emergency, due, late, unanswered, doubts, failing = checks.row(
        connection, sql.load("delivery", "how_it_goes").format(late=LATE, unanswered=UNANSWERED)
    )
    if live:
        yield Finding("ok", "senders", t("動いている送信プロセス: {n}", "Senders alive: {n}", n=live))
    else:
        yield Finding(
            "bad", "senders", t("動いている送信プロセスがありません。メールは1通も出ません。", "No sender is running: nothing leaves."),
            t("tashika sender を起動してください。", "Start `tashika sender`."),
        )  # fmt: skip
    if silent:
        yield Finding(
            "warn", "silent", t("応答のない送信プロセス: {n}", "Silent senders: {n}", n=silent),
            t("そのホストを確かめてください。許可は切れているので、そこからは送られません。手にしていた行は、そのホストで tashika sender を起動するとジャーナルで確定します。",
              "Look at their hosts. Their permits have run out: nothing leaves from there. A `tashika sender` started on that host settles from the journal what they had in hand."),
        )  # fmt: skip
    if emergency:
        yield Finding(
            "warn", "emergency", t("緊急停止中です。", "Emergency stop is on."),
            t("解除できるのは公開者です。", "A publisher can release it."),
        )  # fmt: skip
    if late is not None:
        yield Finding(
            "bad", "due", t("時刻が来たメールが {n} 分間、1通も出ていない配信があります。", "A dispatch has had mails due for {n} minutes, and none begins.", n=int(late // 60)),
            t("送信プロセスと送信サーバーの状態を確かめてください。", "Look at the senders and at the relays."),
        )  # fmt: skip
    else:
        waits = (
            t("送信待ちはありません。", "Nothing waits to leave.")
            if due is None
            else t("送信待ちは進んでいます。", "What is due is leaving.")
        )
        yield Finding("ok", "due", waits)
    yield from _to_be_settled(unanswered, doubts, failing)


def _arming(now: datetime) -> Iterator[Finding]:
    """Whether senders may work (G13)."""
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tashika.core.settings")
        django.setup()
    from tashika.delivery.arming import deciding

    here = deciding.situation(now=now)
    if here.is_fine:
        yield Finding("ok", "arming", t("送信ロックはかかっていません。", "Senders are armed."))
        return
    words = [*here.why, *(one for host in here.waiting for one in host.why)]
    joined = t(" / ".join(one.ja for one in words), "; ".join(one.en for one in words))
    level = "warn" if here.sending else "bad"
    yield Finding(
        level, "arming", t("送信ロック: {why}", "Senders are locked: {why}", why=joined),
        t("「送信ロック」のページか tashika arm で確かめ、解除してください。", "Look into it on the page of arming or with `tashika arm`."),
    )  # fmt: skip


def _to_be_settled(unanswered: int, doubts: int, failing: list[str] | None) -> Iterator[Finding]:
    if unanswered:
        yield Finding(
            "bad", "stops", t("応答がそろわない停止が {n} 件あります。", "{n} stops have no answer yet.", n=unanswered),
            t("応答のない送信プロセスのホストを確かめてください。", "Look at the hosts of the senders that stay silent."),
        )  # fmt: skip
    else:
        yield Finding("ok", "stops", t("停止にはすべて応答があります。", "Every stop has been answered."))
    if doubts:
        yield Finding(
            "warn", "in_doubt", t("届いたか不明なメールが {n} 通あります。", "{n} mails are in doubt.", n=f"{doubts:,}"),
            t("配信の記録の「不明」で確かめてください。自動では再送されません。", "See “In doubt” on the dispatches. They are never sent again by themselves."),
        )  # fmt: skip
    if failing:
        yield Finding(
            "bad", "relays", t("接続できない送信サーバー: {r}", "Relays that can't be reached: {r}", r=", ".join(failing)),
            t("設定の「送信サーバー」で理由を確かめてください。", "See why under Settings → Relays."),
        )  # fmt: skip


def _leaving(connection: psycopg.Connection) -> Iterator[Finding]:
    """What matters once mail really leaves: links that recipients can open."""
    (relays,) = checks.row(
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
    elif relays and host in LOOPBACK:
        yield Finding(
            "bad", "base_url", t("メール内のリンクが受信者には開けません。", "Recipients can't open the links in mails."),
            t("TASHIKA_BASE_URL に公開アドレスを設定してください。", "Set TASHIKA_BASE_URL to the public address."),
        )  # fmt: skip
    else:
        yield Finding("ok", "base_url", t("リンク先 {u}", "Links go to {u}", u=config.base_url()))
    allowed = [part.strip() for part in config.get("allowed_hosts").split(",")]
    if host and host not in (*LOOPBACK, *allowed) and "*" not in allowed:
        yield Finding(
            "bad", "allowed_hosts", t("{h} への接続に応答しません。", "Requests for {h} are refused.", h=host),
            t("TASHIKA_ALLOWED_HOSTS に {h} を加えてください。", "Add {h} to TASHIKA_ALLOWED_HOSTS.", h=host),
        )  # fmt: skip
