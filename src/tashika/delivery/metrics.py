"""Figures of delivery for Prometheus, and the one list of all figures with `read`, which whoever shows them calls.

Nothing here counts the ledger: its figures are the tally's, the queue's are those of the few dispatches that are sending.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from tashika.core import metrics as ground
from tashika.core import sql
from tashika.core.counting import Counted
from tashika.core.metrics import Kind, Measure
from tashika.core.text import t
from tashika.delivery import watching

METRICS: tuple[Measure, ...] = (
    *ground.METRICS,
    Measure("ledger_rows", Kind.GAUGE, ("state",), t("配信台帳の行（状態ごと）", "Rows of the ledger by state")),
    Measure("queue_rows", Kind.GAUGE, (), t("送信中の配信でまだ出ていない行", "Rows still to leave of dispatches that are sending")),
    Measure("queue_oldest_due_seconds", Kind.GAUGE, (), t("時刻が来たのに出ていない行のうち、最も長い待ち時間（緊急停止中は0）", "How long the oldest due row has waited; 0 during an emergency stop")),
    Measure("dispatches", Kind.GAUGE, ("state",), t("配信（状態ごと）", "Dispatches by state")),
    Measure("claims_open", Kind.GAUGE, (), t("送信プロセスが手にしているまとまり", "Claims that senders have in hand")),
    Measure("claimed_rows", Kind.GAUGE, (), t("送信プロセスが手にしている行", "Rows that senders have in hand")),
    Measure("senders", Kind.GAUGE, ("state",), t("送信プロセスの数（live / silent）", "Sender processes, live or silent")),
    Measure("sender_permit_seconds", Kind.GAUGE, ("process",), t("送信許可の残り秒数（切れていれば負）", "Seconds left of a sender's permit; negative: it has run out")),
    Measure("sender_memory_bytes", Kind.GAUGE, ("process",), t("送信プロセスの常駐メモリ", "Resident memory of a sender")),
    Measure("sender_interruptions", Kind.COUNTER, ("process",), t("送信プロセスがデータベース切断などでやり直した回数", "How often a sender had to begin again, as when the database went away")),
    Measure("journal_bytes", Kind.GAUGE, ("process",), t("そのホストのジャーナルの大きさ", "Size of the journals on the sender's host")),
    Measure("smtp_begun", Kind.COUNTER, ("process", "relay"), t("始めたSMTPトランザクション", "SMTP transactions begun")),
    Measure("smtp_concluded", Kind.COUNTER, ("process", "relay", "outcome", "code"), t("終わったトランザクション（結果と応答コードごと）", "Transactions ended, by outcome (accepted, refused, deferred, not_left, in_doubt) and reply code")),
    Measure("smtp_seconds", Kind.COUNTER, ("process", "relay", "phase"), t("SMTPの各段階の秒数の合計（connect・envelope・reply）", "Seconds spent: connect; envelope (building to the body); reply (body to its answer)")),
    Measure("smtp_replied", Kind.COUNTER, ("process", "relay"), t("本文に応答があったトランザクション", "Transactions whose body was answered")),
    Measure("smtp_connections", Kind.COUNTER, ("process", "relay"), t("開いた接続", "Connections opened")),
    Measure("smtp_unreachable", Kind.COUNTER, ("process", "relay"), t("開けなかった接続", "Connections that could not be opened")),
    Measure("smtp_connections_open", Kind.GAUGE, ("process", "relay"), t("開いている接続", "Connections open")),
    Measure("smtp_per_second", Kind.GAUGE, ("process", "relay"), t("毎秒のメール", "Mails a second")),
    Measure("relay_failures", Kind.GAUGE, ("process", "relay"), t("続けて失敗した回数", "Failures of a relay in a row")),
    Measure("relay_resting_seconds", Kind.GAUGE, ("process", "relay"), t("失敗のあと、次に試すまでの秒数", "Seconds until a relay that failed is tried again")),
    Measure("ledger_seconds", Kind.COUNTER, ("process", "statement"), t("台帳の操作の秒数の合計（claim・record）", "Seconds spent in the ledger's statements (claim, record)")),
    Measure("ledger_statements", Kind.COUNTER, ("process", "statement"), t("台帳の操作の回数", "The ledger's statements")),
    Measure("ledger_moved", Kind.COUNTER, ("process", "statement"), t("その操作で動いた行", "Rows that they moved")),
    Measure("stops", Kind.COUNTER, (), t("停止の操作", "Stops that were pressed")),
    Measure("stops_answered", Kind.COUNTER, (), t("応答がそろった停止", "Stops that were answered")),
    Measure("stop_answer_seconds", Kind.COUNTER, (), t("停止の操作から応答までの秒数の合計", "Seconds from presses to their answers")),
    Measure("stop_last_answer_seconds", Kind.GAUGE, (), t("最後の停止の、操作から応答までの秒数", "Seconds from the last press to its answer")),
    Measure("stop_unanswered_seconds", Kind.GAUGE, (), t("応答のない停止が待っている秒数（なければ0）", "How long a stop has gone unanswered; 0: none")),
    Measure("emergency_stop", Kind.GAUGE, (), t("緊急停止中は1", "1 during an emergency stop")),
    Measure("practice_mode", Kind.GAUGE, (), t("練習モードなら1", "1 in practice mode")),
    Measure("bounces", Kind.GAUGE, ("kind",), t("戻ってきた報告（種類ごと）", "Reports that came back, by kind")),
    Measure("mailbox_read_timestamp_seconds", Kind.GAUGE, (), t("戻りメールの受信箱を最後に読んだ時刻", "When the mailbox of reports was last read")),
    Measure("imports", Kind.GAUGE, ("state",), t("取り込み（状態ごと）", "Imports by state")),
)  # fmt: skip


def read(now: datetime) -> Counted:
    """The values of every figure."""
    return [*ground.measured(now), *_from_the_database(), *_from_senders(now)]


def page(now: datetime) -> bytes:
    """What Prometheus reads."""
    return ground.expose(METRICS, read(now))


def _from_the_database() -> Counted:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("delivery", "metrics"))
        return [(name, labels, value) for name, labels, value in cursor.fetchall()]


def _from_senders(now: datetime) -> Iterator[tuple[str, list[str], float]]:
    numbers = {"live": 0, "silent": 0}
    watched = watching.senders(now)
    newest = {one.name: one.id for one in sorted(watched, key=lambda one: one.started_at)}
    for one in watched:
        if one.state != "ended":
            numbers[one.state] += 1
        if newest[one.name] != one.id:  # a process that began again has registered anew; its counts went on
            continue
        for name, labels, value in one.says.get("counts", []):
            yield name, [one.name, *labels], value
        yield "sender_interruptions", [one.name], one.says.get("interrupted", {}).get("times", 0)
        if one.state == "ended":
            continue
        yield "sender_permit_seconds", [one.name], round(one.permit_left, 3)
        yield "sender_memory_bytes", [one.name], one.says.get("memory", 0)
        yield "journal_bytes", [one.name], one.says.get("journals", 0)
        for lane in one.lanes if one.state == "live" else []:
            labels = [one.name, str(lane["relay"])]
            yield "smtp_connections_open", labels, lane["connections"]
            yield "smtp_per_second", labels, lane["rate"]
            yield "relay_failures", labels, lane["failures"]
            yield "relay_resting_seconds", labels, max(0.0, (lane["rests_until"] or 0) - now.timestamp())
    for state, number in numbers.items():
        yield "senders", [state], number
