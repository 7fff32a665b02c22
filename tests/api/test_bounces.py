"""Bounces over the API."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.delivery.bounces import taking
from tests.delivery.bounces.conftest import dispatched, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(person: Callable[[str], User], now: datetime) -> dict[str, str]:
    secret = api_keys.make(name="k", role="administrator", by=person("administrator"), now=now)[1]
    return {"Authorization": f"Bearer {secret}"}


def test_reports_and_figures(key: dict[str, str], client: Client, now: datetime) -> None:
    rows = dispatched(3, now)
    for row in rows[:2]:
        taking.take(raw=report(row), way="pipe", now=now)
    first = client.get("/api/v1/bounces?limit=1", headers=key).json()
    second = client.get(f"/api/v1/bounces?limit=1&after={first['next']}", headers=key).json()
    assert (first["items"][0]["row_id"], second["items"][0]["row_id"]) == (rows[1].pk, rows[0].pk)
    assert second["next"] is None
    assert client.get("/api/v1/bounces?kind=soft", headers=key).json()["items"] == []
    assert len(client.get(f"/api/v1/bounces?contact={rows[0].contact_id}", headers=key).json()["items"]) == 1
    one = client.get(f"/api/v1/bounces/{first['items'][0]['id']}", headers=key).json()
    assert (one["kind"], one["code"], one["way"]) == ("hard", "5.1.1", "pipe")
    assert "User unknown" in one["raw"] and one["size"] == len(one["raw"].encode())
    figures = client.get(f"/api/v1/dispatches/{rows[0].dispatch_id}/bounces", headers=key).json()
    assert (figures["hard"], figures["soft"]) == (2, 0)


def test_settings(key: dict[str, str], client: Client) -> None:
    where, kind = "/api/v1/bounce-settings", "application/json"
    given = {"return_path": "bounce@return.example.jp", "soft_limit": 3, "password": "himitsu"}
    assert client.patch(where, given, content_type=kind, headers=key).status_code == 200
    found = client.get(where, headers=key).json()
    assert (found["return_path"], found["soft_limit"], found["soft_days"]) == ("bounce@return.example.jp", 3, 30)
    assert "himitsu" not in str(found)
    wrong = client.patch(where, {"soft_limit": 0}, content_type=kind, headers=key)
    assert (wrong.status_code, wrong.json()["where"]) == (422, "soft_limit")
    answer = client.post(f"{where}/check", headers=key).json()
    assert answer["ok"] is False and answer["words"]
