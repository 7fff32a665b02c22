"""Figures for Prometheus: what each is called and means, those of the processes and the ground, and how they are written.

Labels are names of our own: routes, tasks, states, ids. Never a person, an address or what somebody typed.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.exposition import generate_latest

from tashika.core import config, processes, sql
from tashika.core.counting import SECONDS, Counted
from tashika.core.text import Text, t

__all__ = ["CONTENT_TYPE", "METRICS", "Kind", "Measure", "expose", "measured"]


class Kind(StrEnum):
    """What may be done with a figure's values."""

    COUNTER = "counter"  # only grows; ask for its rate
    GAUGE = "gauge"  # as it is now
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: its name after `tashika_` (a counter's gets `_total` behind), its labels in order, its meaning."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: Text


METRICS: tuple[Measure, ...] = (
    Measure("processes", Kind.GAUGE, ("kind", "state"), t("Web・ワーカーなどのプロセス数（live / silent）", "Processes of the web server, workers and the catcher, live or silent")),
    Measure("process_memory_bytes", Kind.GAUGE, ("kind", "process"), t("プロセスの常駐メモリ", "Resident memory of a process")),
    Measure("http_requests", Kind.COUNTER, ("process", "method", "route", "status"), t("応答したリクエスト", "Requests that were answered")),
    Measure("http_request_seconds", Kind.HISTOGRAM, ("process", "way"), t("応答までの秒数（pages・api・public・watching）", "Seconds until the answer (pages, api, public, watching)")),
    Measure("jobs", Kind.COUNTER, ("process", "task", "outcome"), t("終わったジョブ（succeeded・failed・aborted）", "Background jobs that ended (succeeded, failed, aborted)")),
    Measure("job_seconds", Kind.COUNTER, ("process", "task"), t("ジョブにかかった秒数の合計", "Seconds spent in background jobs")),
    Measure("jobs_waiting", Kind.GAUGE, ("task",), t("順番を待っているジョブ", "Background jobs that are due and wait")),
    Measure("jobs_in_hand", Kind.GAUGE, ("task",), t("実行中のジョブ", "Background jobs that are being done")),
    Measure("database_bytes", Kind.GAUGE, (), t("データベースの大きさ", "Size of the database")),
    Measure("data_free_bytes", Kind.GAUGE, (), t("データフォルダの空き容量", "Free space where the data folder is")),
    Measure("wal_archived_timestamp_seconds", Kind.GAUGE, (), t("PostgreSQL が最後に WAL を保管した時刻（保管が有効なとき）", "When PostgreSQL last archived WAL (where archiving is on)")),
)  # fmt: skip


def measured(now: datetime) -> Counted:
    """The values of the figures above."""
    found = [*_from_the_database(), *_from_processes(now)]
    folder = config.data_folder()
    if folder.is_dir():
        found.append(("data_free_bytes", [], shutil.disk_usage(folder).free))
    return found


def _from_the_database() -> Counted:
    with connection.cursor() as cursor:
        cursor.execute(sql.load("core", "metrics"))
        return [(name, labels, value) for name, labels, value in cursor.fetchall()]


def _from_processes(now: datetime) -> Iterator[tuple[str, list[str], float]]:
    numbers = {(kind, state): 0 for kind in ("web", "worker") for state in ("live", "silent")}
    for one in processes.shown(now):
        name = f"{one.host}:{one.pid}"
        for counted, labels, value in one.says.get("counts", []):
            yield counted, [name, *labels], value
        if one.ended_at is None:
            state = "silent" if processes.is_silent(one, now) else "live"
            numbers[one.kind, state] = numbers.get((one.kind, state), 0) + 1
            yield "process_memory_bytes", [one.kind, name], one.says.get("memory", 0)
    for (kind, state), number in numbers.items():
        yield "processes", [kind, state], number


def expose(measures: Iterable[Measure], values: Counted) -> bytes:
    """The page that Prometheus reads. Raises KeyError for a value whose figure is not among the measures."""
    families = {one.name: _family(one) for one in measures}
    parts: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for name, labels, value in values:
        family = families[name]
        if isinstance(family, HistogramMetricFamily):
            parts[(name, *labels[:-1])][labels[-1]] = value
        else:
            family.add_metric(labels, value)  # type: ignore[attr-defined]
    for (name, *labels), found in parts.items():
        families[name].add_metric(labels, *_distribution(found))  # type: ignore[attr-defined]
    return generate_latest(_Collected(list(families.values())))


def _family(measure: Measure) -> Metric:
    kinds = {
        Kind.COUNTER: CounterMetricFamily,
        Kind.GAUGE: GaugeMetricFamily,
        Kind.HISTOGRAM: HistogramMetricFamily,
    }
    meaning = measure.meaning.in_language("en")
    return kinds[measure.kind](f"tashika_{measure.name}", meaning, labels=measure.labels)


def _distribution(found: dict[str, float]) -> tuple[list[tuple[str, float]], float]:
    """Parts of a distribution, each with what lies below it, and the sum."""
    total, buckets = 0.0, []
    for bound in (*map(str, SECONDS), "+Inf"):
        total += found.get(bound, 0)
        buckets.append((bound, total))
    return buckets, found.get("sum", 0.0)


@dataclass(frozen=True, slots=True)
class _Collected:
    families: list[Metric]

    def collect(self) -> Iterator[Metric]:
        yield from self.families
