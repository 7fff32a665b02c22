"""What the page of the processes shows: each row with its fixed part and its `live` figures, by one key."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from tashika.core import clock, processes
from tashika.core.models import Process
from tashika.core.text import Text, t
from tashika.delivery import watching
from tashika.delivery.models import Dispatch, Stop
from tashika.people.models import BulkTagging, Import

STATES: dict[str, Text] = {
    "live": t("稼働中", "running"),
    "silent": t("応答なし", "silent"),
    "ended": t("終了", "ended"),
}
KINDS: dict[str, Text] = {
    "web": t("Web サーバー", "Web server"),
    "worker": t("ワーカー", "Worker"),
    "catcher": t("練習モードの受け皿", "Practice catcher"),
}
TASKS: dict[str, Text] = {
    "people.tasks.check_import": t("取り込みの確認", "Checking an import"),
    "people.tasks.run_import": t("取り込み", "Import"),
    "people.tasks.tag_in_bulk": t("一括タグづけ", "Tagging many"),
    "people.tasks.mend_search_index": t("検索の手入れ", "Upkeep of the search"),
    "delivery.tasks.check_sender": t("差出人ドメインの確認", "Checking a sending domain"),
    "delivery.tasks.check_senders": t("差出人ドメインの毎日の確認", "Daily check of sending domains"),
    "delivery.bounces.tasks.poll": t("受信箱の確認", "Reading the mailbox"),
    "delivery.bounces.tasks.read": t("戻ってきた報告の読み取り", "Reading reports"),
    "delivery.bounces.tasks.catch_up": t("読み残しの確認", "Catching up on reports"),
    "scenarios.tasks.start_due": t("予約配信の開始", "Starting what is due"),
    "core.tasks.retry_stalled": t("止まったジョブの再開", "Taking up stalled jobs"),
    "core.tasks.forget_old_jobs": t("古いジョブの片付け", "Clearing old jobs"),
}
LONG = 2.0  # seconds from which on a job is shown: what is done in a moment would only flicker


def shown(now: datetime) -> dict[str, Any]:
    """Everything of the page but what failed. `shape` changes when a row comes, goes or changes its state."""
    watched = watching.senders(now)
    found = list(processes.shown(now))
    rows: dict[str, list[dict[str, Any]]] = {
        "senders": _senders(watched, now),
        "relays": [_relay(one) for one in watching.relays(watched)],
        "processes": [_process(one, now) for one in found],
        "jobs": _jobs(found, now),
    }
    shape = ",".join(f"{row['key']}{row['state']}" for part in rows.values() for row in part)
    live = [one for one in watched if one.state == "live"]
    return {**rows, "shape": shape, "any_live": bool(live), "waiting": _waiting_jobs(), "at": now}


def failed_jobs() -> list[dict[str, Any]]:
    """Jobs that failed within a day, the newest first."""
    failed = ProcrastinateJob.objects.filter(status="failed").order_by("-id")[:10]
    return [{"id": one.pk, "task": task_in_words(one.task_name)} for one in failed]


def task_in_words(name: str) -> str:
    """What a task does, for people."""
    short = name.removeprefix("tashika.")
    return str(TASKS.get(short, short))


def _senders(watched: list[watching.Watched], now: datetime) -> list[dict[str, Any]]:
    stops = watching.last_answered(watched)
    numbers = {number for one in watched for lane in one.lanes for number in lane["dispatches"]}
    names = dict(Dispatch.objects.filter(pk__in=numbers).values_list("pk", "name"))
    return [_sender(one, stops.get(one.seen_stop), names, now) for one in watched]


def _sender(one: watching.Watched, stop: Stop | None, names: dict[int, str], now: datetime) -> dict[str, Any]:
    lanes = one.lanes if one.state == "live" else []
    numbers = sorted({number for lane in lanes for number in lane["dispatches"]})
    interrupted = one.says.get("interrupted", {})
    busy = ", ".join(f"{names.get(number, '')} ({number})" for number in numbers[:3])
    return {
        "key": f"s{one.id}",
        "state": one.state,
        "words": STATES[one.state],
        "one": one,
        "stop": stop,
        "interrupted": interrupted,
        "interrupted_at": datetime.fromtimestamp(interrupted["at"], tz=UTC) if "at" in interrupted else None,
        "live": {
            "rate": f"{one.total('rate'):,.0f}",
            "connections": int(one.total("connections")),
            "rows": f"{int(one.total('waiting') + one.total('under_way')):,}",
            "permit": _permit(one),
            "memory": _megabytes(one.says.get("memory", 0)),
            "busy": busy or t("待機中", "idle"),
        },
    }


def _permit(one: watching.Watched) -> Text:
    if one.state == "live":
        return t("あと {n} 秒", "{n} s left", n=f"{one.permit_left:.0f}")
    return t("切れています", "has run out") if one.state == "silent" else t("–", "–")


def _relay(one: watching.WatchedRelay) -> dict[str, Any]:
    resting = one.rests_until is not None
    return {
        "key": f"r{one.relay.pk}",
        "state": "resting" if resting else "failing" if one.failures else "fine",
        "relay": one.relay,
        "live": {
            "rate": f"{one.rate:,.0f}",
            "connections": one.connections,
            "rows": f"{one.waiting:,}",
            "failures": one.failures,
            "rests": clock.to_the_second(one.rests_until) if one.rests_until else "–",
        },
    }


def _process(one: Process, now: datetime) -> dict[str, Any]:
    state = "ended" if one.ended_at else "silent" if processes.is_silent(one, now) else "live"
    return {
        "key": f"p{one.pk}",
        "state": state,
        "words": STATES[state],
        "one": one,
        "kind": KINDS.get(one.kind, one.kind),
        "live": {
            "seen": _ago(now - one.seen_at),
            "memory": _megabytes(one.says.get("memory", 0)),
            "done": _done(one),
        },
    }


def _done(one: Process) -> Text:
    counted = one.says.get("counts", [])
    if one.kind == "worker":
        jobs = [(labels[1], value) for name, labels, value in counted if name == "jobs"]
        failed = sum(value for outcome, value in jobs if outcome == "failed")
        words = t(
            "ジョブ {n} 件、うち失敗 {f} 件", "{n} jobs, {f} failed", n=_number(sum(v for _, v in jobs)), f=int(failed)
        )
        return words
    requests = sum(value for name, _, value in counted if name == "http_requests")
    return t("応答 {n} 件", "{n} requests", n=_number(requests)) if one.kind == "web" else t("–", "–")


def _jobs(found: list[Process], now: datetime) -> list[dict[str, Any]]:
    """What workers have in hand for a while, with how far it has come."""
    rows = []
    for one in found:
        if one.ended_at or processes.is_silent(one, now):
            continue
        for job in one.says.get("jobs", []):
            if now.timestamp() - job["since"] > LONG:
                done, planned, link = _progress(job)
                rows.append(
                    {
                        "key": f"j{job['job']}",
                        "state": "",
                        "task": task_in_words(job["task"]),
                        "job": job["job"],
                        "worker": f"{one.host}:{one.pid}",
                        "since": datetime.fromtimestamp(job["since"], tz=UTC),
                        "link": link,
                        "live": {"progress": f"{done:,} / {planned:,}" if planned else "–"},
                    }
                )
    return rows


def _progress(job: dict[str, Any]) -> tuple[int, int, str]:
    """Done, planned, and the page that tells more."""
    of = job.get("of", {})
    if "import_id" in of:
        row = Import.objects.filter(pk=of["import_id"]).values_list("rows", "total_rows").first()
        return (row[0], row[1] or 0, f"/imports/{of['import_id']}") if row else (0, 0, "")
    if "bulk_id" in of:
        row = BulkTagging.objects.filter(pk=of["bulk_id"]).values_list("seen", "planned").first()
        return (*row, f"/tags/bulk/{of['bulk_id']}") if row else (0, 0, "")
    return 0, 0, ""


def _waiting_jobs() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, count(*) FROM procrastinate_jobs"
            " WHERE status = 'todo' AND coalesce(scheduled_at, '-infinity') <= now() - interval '2 seconds'"
            " GROUP BY task_name ORDER BY 2 DESC"
        )
        return [(task_in_words(name), number) for name, number in cursor.fetchall()]


def _ago(span: timedelta) -> Text:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return t("{n} 秒前", "{n} s ago", n=seconds)
    return t("{n} 分前", "{n} min ago", n=seconds // 60)


def _megabytes(size: float) -> str:
    return f"{size / 1_000_000:,.0f} MB" if size else "–"


def _number(value: float) -> str:
    return f"{int(value):,}"
