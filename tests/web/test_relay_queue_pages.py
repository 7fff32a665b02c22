"""What the pages say of mails that a stop has held in the relay's queue, and who may decide about them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client
from tests.delivery.conftest import planned

from tashika.accounts.models import User
from tashika.delivery.models import Dispatch, HeldMail, LedgerRow, QueueLook, Relay, SenderHost, Stop

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(person: Callable[[str], User]) -> User:
    return person("viewer")


@pytest.fixture
def dispatch(now: datetime) -> Dispatch:
    """Three mails, of which a stop has held two."""
    relay = Relay.objects.create(
        name="本社", host="127.0.0.1", port=25, security="none", confirmed_at=now, created_at=now, on_this_host=True
    )
    found = planned(3, relay, now)
    stop = Stop.objects.create(dispatch=found, pressed_at=now, pressed_by="x", answered_at=now)
    host = SenderHost.objects.create(id=UUID(int=1), name="mail1", born="first", first_seen_at=now, seen_at=now)
    figures = {str(found.pk): {"handed_over": 3, "held": 2, "under_way": 0}}
    QueueLook.objects.create(stop=stop, host=host, at=now, ended_at=now, figures=figures)
    for number, row in enumerate(LedgerRow.objects.order_by("pk")[:2]):
        HeldMail.objects.create(
            row_id=row.pk, dispatch=found, host=host, queue_id=f"4F{number}", held_at=now, state="held", changed_at=now
        )
    return found


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_dispatch_tells_the_figures_and_the_list_names_people(
    dispatch: Dispatch, viewer: User, publisher: User
) -> None:
    shown = client_of(viewer).get(f"/dispatches/{dispatch.pk}").content.decode()
    assert "送信サーバーに渡した3通のうち" in shown and "<strong>2通</strong>" in shown and ">1通<" in shown
    assert "どうするか決める" not in shown and "だれのメールか見る" in shown
    shown = client_of(publisher).get(f"/dispatches/{dispatch.pk}").content.decode()
    assert "保留中の2通をどうするか決める" in shown
    listed = client_of(viewer).get(f"/dispatches/{dispatch.pk}/held").content.decode()
    assert "株式会社みらい 姓0 名0" in listed and "4F1" in listed and 'name="choice"' not in listed


def test_a_publisher_decides_about_one_or_all_and_a_viewer_does_not(
    dispatch: Dispatch, viewer: User, publisher: User
) -> None:
    address = f"/dispatches/{dispatch.pk}/held/decide"
    given = {"choice": "delete", "reason": "別の人の名前"}
    assert client_of(viewer).post(address, given).status_code == 403
    assert client_of(publisher).post(address, {**given, "reason": " "}).status_code == 422
    assert client_of(publisher).post(address, {**given, "choice": "x"}).status_code == 422
    assert not HeldMail.objects.exclude(wish="").exists()
    first, second = HeldMail.objects.order_by("row_id")
    assert client_of(publisher).post(f"{address}?row={second.row_id}", given).status_code == 302
    assert list(HeldMail.objects.order_by("row_id").values_list("wish", flat=True)) == ["", "delete"]
    assert client_of(publisher).post(address, {**given, "choice": "release"}).status_code == 302
    first.refresh_from_db()
    assert (first.wish, first.reason) == ("release", "別の人の名前")
    assert client_of(publisher).post(address, given).status_code == 422, "all is decided"


def test_the_list_of_those_who_got_it_tells_who_did_not(dispatch: Dispatch, viewer: User) -> None:
    row = LedgerRow.objects.order_by("pk")[0]
    LedgerRow.objects.filter(pk=row.pk).update(state="sending")
    LedgerRow.objects.filter(pk=row.pk).update(state="accepted")
    HeldMail.objects.filter(row_id=row.pk).update(state="deleted")
    assert "削除した（届いていない）" in client_of(viewer).get(f"/dispatches/{dispatch.pk}").content.decode()


def test_a_queue_that_could_not_be_held_is_said_so(dispatch: Dispatch, viewer: User) -> None:
    QueueLook.objects.update(figures={}, ended_at=None, error="postsuper: not allowed")
    shown = client_of(viewer).get(f"/dispatches/{dispatch.pk}").content.decode()
    assert "保留できませんでした" in shown and "postsuper: not allowed" in shown


def test_the_form_of_a_relay_takes_the_setting(
    person: Callable[[str], User],
) -> None:
    client = client_of(person("administrator"))
    given = {
        "name": "a", "host": "127.0.0.1", "port": "1", "security": "none", "connections": "1",
        "on_this_host": "1", "credit_seconds": "0",
    }  # fmt: skip
    assert "3600" in client.post("/settings/relays/new", given).content.decode()
    assert client.post("/settings/relays/new", {**given, "credit_seconds": "3"}).status_code == 302
    relay = Relay.objects.get(name="a")
    assert (relay.on_this_host, relay.credit_seconds) == (True, 3)
