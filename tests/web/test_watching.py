"""Who may read the figures, what health says to whom, and what the pages of processes and of the system show."""

import inspect
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from tests.core.test_config import ROOT
from tests.delivery.conftest import add_contacts, planned

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.cli.commands import metrics as command
from tashika.core import checks as ground
from tashika.core import database, processes
from tashika.core.models import Process
from tashika.core.text import t
from tashika.delivery import checks, metrics
from tashika.delivery.models import Dispatch, Queued, Relay, Sender
from tashika.web.views import health

TOKEN = "a token for whoever watches"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _looked_at_anew() -> Iterator[None]:
    health._looked = (0.0, {})
    yield
    health._looked = (0.0, {})


def _scrape(client: Client, secret: str) -> int:
    return client.get("/metrics", headers={"Authorization": f"Bearer {secret}"}).status_code


def _sender(now: datetime, *, permit: float, **values: object) -> Sender:
    said = {"lanes": [], "counts": [], "memory": 50_000_000, "interrupted": {"times": 0}}
    made: dict[str, object] = {
        "id": uuid4(),
        "host": "mail1",
        "pid": 4711,
        "started_at": now,
        "seen_at": now,
        "permit_until": now + timedelta(seconds=permit),
        "says": said,
    }
    return Sender.objects.create(**{**made, **values})


# -- the figures


def test_figures_are_read_with_the_token_of_the_settings_or_a_key_that_holds(
    client: Client, person: Callable[[str], User], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = person("administrator")
    key, secret = api_keys.make(name="Prometheus", role="viewer", by=administrator, now=now)
    assert client.get("/metrics").status_code == 401
    assert [_scrape(client, one) for one in ("", "wrong", TOKEN, secret)] == [401, 401, 401, 200]
    monkeypatch.setenv("TASHIKA_METRICS_TOKEN", TOKEN)
    assert [_scrape(client, one) for one in ("", "wrong", TOKEN)] == [401, 401, 200]
    api_keys.revoke(key=key, by=administrator, now=now)
    assert _scrape(client, secret) == 401
    client.force_login(administrator)
    assert client.get("/metrics").status_code == 401, "a session is no right to it: a browser never reads it by mistake"


def test_the_manuals_table_is_that_of_the_code() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    assert page == command.markdown(), "run: tashika metrics --markdown > docs/reference/metrics.md"


def test_every_figure_of_the_alert_rules_exists() -> None:
    known = {f"tashika_{one.name}" + ("_total" if one.kind == "counter" else "") for one in metrics.METRICS}
    for manual in ("operator.md", "operator.ja.md"):
        rules = (ROOT / "docs" / manual).read_text(encoding="utf-8").partition("groups:")[2].partition("**")[0]
        asked = set(re.findall(r"\btashika_\w+", rules))
        assert asked and asked <= known, (manual, asked - known)


def test_neither_figures_nor_checks_read_the_ledger() -> None:
    """However long the ledger is, a look costs the same."""
    for module in (metrics, checks):
        folder = ROOT / "src" / "tashika" / "delivery" / "sql"
        name = "metrics.sql" if module is metrics else "how_it_goes.sql"
        assert "delivery_ledger" not in (folder / name).read_text(encoding="utf-8")


def test_requests_are_counted_by_route_and_timed(client: Client, now: datetime) -> None:
    client.get("/u/a-token-of-somebody")
    counted = {(name, *labels): value for name, labels, value in processes.counts.counted()}
    assert sum(v for key, v in counted.items() if key[:3] == ("http_requests", "GET", "/u/<str:token>")) >= 1
    page = metrics.ground.expose(metrics.METRICS, [(n, ["p", *labels], v) for (n, *labels), v in counted.items()])
    families = {one.name: one for one in text_string_to_metric_families(page.decode())}
    seconds = families["tashika_http_request_seconds"].samples
    public = {s.labels.get("le"): s.value for s in seconds if s.labels.get("way") == "public" and "bucket" in s.name}
    assert public["+Inf"] >= max(public.values()) >= 1, "what lies below a bound is among what lies below a larger one"
    assert b"a-token-of-somebody" not in page


# -- health, for machines


def test_that_this_process_lives_is_told_without_asking_anybody(client: Client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_ready_is_who_has_senders_and_workers_and_only_names_of_checks_are_told(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    told = answer.json()
    assert told["ready"] is False and set(told["checks"]) <= set(checks.READY)
    assert set(told["checks"].values()) <= {"ok", "warn", "bad"}


def test_without_its_database_nothing_is_ready(now: datetime) -> None:
    found = list(checks.examine(now=now, conninfo="postgresql://nobody@127.0.0.1:1/none"))
    assert checks.ready(found)["database"] != "ok" and "senders" not in checks.ready(found)


@pytest.mark.django_db(transaction=True)
def test_mails_that_are_due_and_of_which_none_begins_are_noticed(now: datetime) -> None:
    def due() -> str:
        return checks.ready(list(checks.examine(now=now, conninfo=database.conninfo())))["due"]

    relay = Relay.objects.create(name="x", host="127.0.0.1", port=9, security="none", confirmed_at=now, created_at=now)
    add_contacts(3, now)
    dispatch = planned(3, relay, now)
    assert due() == "ok", "it is due since a moment only"
    Queued.objects.filter(dispatch=dispatch).update(due_at=now - timedelta(seconds=checks.LATE + 60))
    assert due() == "bad"
    Dispatch.objects.filter(pk=dispatch.pk).update(state="stopped")
    assert due() == "ok", "what was stopped is not late"


# -- health, for people


def test_every_check_has_a_name_for_people() -> None:
    source = inspect.getsource(ground) + inspect.getsource(checks)
    named = set(re.findall(r'Finding\(\s*(?:"(?:ok|warn|bad)"|level), "(\w+)"', source))
    assert len(named) > 15 and named == set(health._SUBJECTS)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_system_page_says_what_to_do_the_gravest_first(
    language: str, client: Client, person: Callable[[str], User]
) -> None:
    viewer = person("viewer")
    viewer.language = language
    viewer.save(update_fields=["language"])
    client.force_login(viewer)
    page = client.get("/system").content.decode()
    start = t("tashika sender を起動してください。", "Start `tashika sender`.").in_language(language)
    assert start.replace("`", "&#x60;") in page or start in page
    assert page.index("tashika sender") < page.index("Python")


# -- the processes


def test_where_no_sender_runs_the_page_says_that_nothing_leaves(client: Client, person: Callable[[str], User]) -> None:
    client.force_login(person("viewer"))
    page = client.get("/processes").content.decode()
    assert "動いている送信プロセスがありません。メールは1通も出ません。" in page and "tashika sender" in page
    assert "ワーカーが動いていません" in page


def test_a_silent_sender_stands_out_and_what_it_said_last_is_not_taken_for_now(
    client: Client, person: Callable[[str], User], now: datetime
) -> None:
    lane = {"relay": 1, "connections": 4, "waiting": 30, "under_way": 4, "rate": 800.0, "failures": 0,
            "rests_until": None, "dispatches": []}  # fmt: skip
    said = {"lanes": [lane], "counts": [], "memory": 1, "interrupted": {"times": 0}}
    _sender(now, permit=-5, says=said)
    _sender(now, permit=10, pid=4712, says=said)
    client.force_login(person("viewer"))
    page = client.get("/processes").content.decode()
    assert "mail1:4711 から応答がありません" in page and "mail1:4712 から" not in page
    figures = {(n, *labels): v for n, labels, v in metrics.read(now)}
    assert (figures["senders", "live"], figures["senders", "silent"]) == (1, 1)
    assert ("smtp_connections_open", "mail1:4711", "1") not in figures
    assert figures["smtp_connections_open", "mail1:4712", "1"] == 4


def test_a_sender_that_had_to_begin_again_is_one_series(now: datetime) -> None:
    said = {"lanes": [], "memory": 1, "interrupted": {"times": 1}, "counts": [["smtp_begun", ["1"], 7]]}
    before = now - timedelta(seconds=60)
    _sender(now, permit=-50, started_at=before, ended_at=now, says=said)
    _sender(now, permit=10, says={**said, "counts": [["smtp_begun", ["1"], 9]]})
    found = [value for name, labels, value in metrics.read(now) if name == "smtp_begun"]
    assert found == [9]


@pytest.mark.django_db(transaction=True)
def test_the_live_figures_are_those_that_the_page_has_a_place_for(
    client: Client, person: Callable[[str], User], now: datetime
) -> None:
    _sender(now, permit=10)
    Process.objects.create(id=uuid4(), kind="worker", host="w", pid=1, started_at=now, seen_at=now)
    client.force_login(person("viewer"))
    page = client.get("/processes").content.decode()
    answer = client.get(re.search(r'data-events="([^"]+)"', page)[1].replace("&amp;", "&"))  # type: ignore[index]

    @async_to_sync
    async def first() -> str:
        async for part in answer:
            return part.decode()
        return ""

    values = json.loads(first().removeprefix("data: "))
    assert values.pop("reload") is False, "nothing came or went since"
    assert set(values) == set(re.findall(r'data-field="([^"]+)"', page))
