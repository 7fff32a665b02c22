"""Contents by the API: versions, history, differences, uses, freeze; kept, restored, copied."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import Role, User
from tashika.contents import freezing, queries
from tashika.core import clock
from tashika.core.actors import SYSTEM

pytestmark = pytest.mark.django_db
Api = Callable[..., Any]


@pytest.fixture
def api(person: Callable[[str], User], now: datetime) -> Api:
    """Calls the API as an editor's key: the status and the answer."""
    _, secret = api_keys.make(name="検査", role=Role.EDITOR, by=person(Role.ADMINISTRATOR), now=now)

    def call(method: str, path: str, **values: Any) -> tuple[int, Any]:
        data = {"data": values, "content_type": "application/json"} if method != "get" else {"data": values}
        headers = {"Authorization": f"Bearer {secret}", "Accept-Language": "ja"}
        response = getattr(Client(), method)(f"/api/v1{path}", headers=headers, **data)
        return response.status_code, response.json() if response.content else None

    return call


@pytest.fixture
def page(api: Api) -> str:
    """A landing page that was changed once."""
    status, made = api("post", "/landing-pages", name="秋", draft={"title": "秋の申込", "note": "一行目\n二行目"})
    assert (status, made["public_id"]) == (201, "L-1")
    api("post", "/contents/L-1/versions")
    assert api("put", "/landing-pages/L-1", name="秋", draft={"title": "冬の申込"}, revision=1)[0] == 200
    return "L-1"


def test_versions_history_and_states(api: Api, page: str) -> None:
    assert [one["ref"] for one in api("get", f"/contents/{page}/versions")[1]] == ["v1"]
    history = api("get", f"/contents/{page}/history")[1]
    assert [one["ref"] for one in history] == ["r2", "r1"]
    assert all("API: 検査" in one["by"] for one in history), history
    assert api("get", f"/contents/{page}/states/v1")[1]["body"]["title"] == "秋の申込"
    assert api("get", f"/contents/{page}/states/r2")[1]["body"]["title"] == "冬の申込"
    assert api("get", f"/contents/{page}/states/v7")[0] == 404


def test_a_difference_has_its_words_marked(api: Api, page: str) -> None:
    status, changes = api("get", f"/contents/{page}/difference", before="v1")
    assert status == 200
    assert [(one["label"], one["kind"]) for one in changes] == [("題名", "changed")]
    assert [line["pieces"] for line in changes[0]["lines"]] == [
        [["gone", "秋"], ["same", "の申込"]],
        [["new", "冬"], ["same", "の申込"]],
    ]


def test_as_it_was_at_a_time(api: Api, page: str) -> None:
    early = (clock.now() - timedelta(days=1)).isoformat()
    assert api("get", f"/contents/{page}/at", time=early)[1] == {"draft": None, "version": None, "being_edited_by": ""}
    found = api("get", f"/contents/{page}/at", time=clock.now().isoformat())[1]
    assert (found["draft"]["ref"], found["version"]["ref"]) == ("r2", "v1")


def test_restoring_keeps_what_stood_and_can_be_undone(api: Api, page: str) -> None:
    assert api("post", f"/contents/{page}/restore", ref="v1", revision=1)[0] == 409
    status, done = api("post", f"/contents/{page}/restore", ref="v1", revision=2)
    assert (status, done["content"]["draft"]["title"], done["kept"]) == (200, "秋の申込", "v2")
    undone = api("post", f"/contents/{page}/restore", ref=done["kept"])[1]
    assert undone["content"]["draft"]["title"] == "冬の申込"


def test_a_copy_of_a_version(api: Api, page: str) -> None:
    status, made = api("post", f"/contents/{page}/copy", ref="v1", name="来年の秋")
    assert (status, made["public_id"], made["name"], made["draft"]["title"]) == (201, "L-2", "来年の秋", "秋の申込")


def test_where_it_is_used(api: Api) -> None:
    api("post", "/segments", name="名簿", draft={"static": True})
    api("post", "/scenarios", name="秋の一斉配信", draft={"segment": "G-1"})
    found = api("get", "/contents/G-1/uses")[1]
    assert found == {
        "contents": [{"public_id": "S-1", "name": "秋の一斉配信", "in_draft": True, "versions": []}],
        "publications": [],
    }


def test_a_freeze_is_told_and_holds(api: Api, page: str, now: datetime) -> None:
    assert api("get", f"/contents/{page}")[1]["frozen"] is None
    freezing.freeze(contents=[queries.by_public_id(page)], incident="I-3", by=SYSTEM, now=now)
    assert api("get", f"/contents/{page}")[1]["frozen"]["incident"] == "I-3"
    status, problem = api("post", f"/contents/{page}/restore", ref="v1")
    assert (status, problem["code"]) == (423, "frozen") and "I-3" in problem["title"]
    assert api("post", f"/contents/{page}/copy")[0] == 201
