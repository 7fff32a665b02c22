"""The dispatch's page says why nothing goes on, and until when."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from tests.delivery.conftest import planned

from tashika.accounts.models import User
from tashika.delivery import pausing
from tashika.delivery.models import Dispatch, Relay

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatch(now: datetime) -> Dispatch:
    relay = Relay.objects.create(
        name="本社", host="127.0.0.1", port=2525, security="none", confirmed_at=now, created_at=now
    )
    planned(3, relay, now)
    return Dispatch.objects.get()


def page(dispatch: Dispatch, person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.get(f"/dispatches/{dispatch.pk}").content.decode()


def test_a_pause_is_told_with_the_servers_words_and_can_be_tried_at_once(
    dispatch: Dispatch, publisher: User, now: datetime
) -> None:
    assert "見合わせて" not in page(dispatch, publisher)
    pausing.pause(dispatch_id=dispatch.pk, why="MAIL 553 5.7.1 not yours", minutes=10, now=now)
    shown = page(dispatch, publisher)
    assert "見合わせて" in shown and "MAIL 553 5.7.1 not yours" in shown and "今すぐ1通試す" in shown
    client = Client()
    client.force_login(publisher)
    assert client.post(f"/dispatches/{dispatch.pk}/try").status_code == 302
    until = Dispatch.objects.get().paused_until
    assert until is not None and until < now + timedelta(minutes=9)


def test_a_login_that_is_refused_is_told(dispatch: Dispatch, publisher: User, now: datetime) -> None:
    Relay.objects.update(last_error="535 5.7.8 no", paused_until=now + timedelta(minutes=2))
    shown = page(dispatch, publisher)
    assert "ログインを断って" in shown and "535 5.7.8 no" in shown
    Dispatch.objects.update(state="finished")
    assert "ログインを断って" not in page(dispatch, publisher)
