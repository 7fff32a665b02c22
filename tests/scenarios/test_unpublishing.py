"""非公開 is one commit with the stop, whoever presses and whatever is just starting."""

import threading
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from django.db import connection

from tashika.accounts.models import User
from tashika.accounts.users import actor_of
from tashika.core import audit, database
from tashika.delivery import planning, stopping
from tashika.delivery.gate import GATE
from tashika.delivery.models import Dispatch, Stop
from tashika.scenarios import starting, unpublishing
from tashika.scenarios.models import Publication
from tests.delivery.conftest import wait_until
from tests.scenarios.conftest import accept, broadcast_to

Publish = Callable[..., Publication]
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_figures_add_up_and_pressing_again_answers_the_same(
    publish: Publish, person: Callable[[str], User], now: datetime
) -> None:
    scenario, viewer = broadcast_to(20, now), person("viewer")
    publication = publish(scenario)
    starting.start_due(now=now)
    accept(publication, 5, now)
    first = unpublishing.unpublish(scenario=scenario, by=actor_of(viewer), now=now, reason="件名の間違い")
    again = unpublishing.unpublish(scenario=scenario, by=actor_of(viewer), now=now)
    assert first is not None and again is not None
    assert first.figures == again.figures
    assert (
        sum(number for state, number in first.figures.items() if state != "planned") == first.figures["planned"] == 20
    )
    assert first.last_begun_at is not None
    publication.refresh_from_db()
    assert (publication.state, publication.unpublished_by_id) == ("unpublished", viewer.pk)


def test_a_scenario_that_never_ran_has_nothing_to_stop(publisher: User, now: datetime) -> None:
    assert unpublishing.unpublish(scenario=broadcast_to(1, now), by=actor_of(publisher), now=now) is None


def test_killed_in_the_middle_it_is_not_half_unpublished(
    publish: Publish, publisher: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = broadcast_to(3, now)
    publication = publish(scenario)
    starting.start_due(now=now)

    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stopping, "press", killed)
        with pytest.raises(KeyboardInterrupt):
            unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now)
    publication.refresh_from_db()
    assert (publication.state, Dispatch.objects.get().state) == ("running", "sending"), "both, or neither"
    unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now)
    publication.refresh_from_db()
    assert (publication.state, Dispatch.objects.get().state) == ("unpublished", "stopped")


def test_one_that_is_just_starting_is_stopped_too(
    publish: Publish, publisher: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = broadcast_to(3, now)
    publication = publish(scenario)
    opening, pressed = threading.Event(), threading.Event()
    usual = planning.open_dispatch

    def slowly(**values: object) -> Dispatch:
        dispatch = usual(**values)  # type: ignore[arg-type]
        opening.set()
        pressed.wait(1)  # the button is pressed while this transaction is still open
        return dispatch

    monkeypatch.setattr(planning, "open_dispatch", slowly)

    def work() -> None:
        starting.start_due(now=now)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert opening.wait(10)
    threading.Timer(0.3, pressed.set).start()
    answer = unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now)
    worker.join(10)
    publication.refresh_from_db()
    assert publication.state == "unpublished"
    assert answer is not None, "it had begun, and it was stopped"
    assert Dispatch.objects.get().state == "stopped"
    assert Stop.objects.count() == 1


def test_an_emergency_stop_at_the_same_instant_neither_waits_for_it_nor_makes_it_wait(
    publish: Publish, publisher: User, now: datetime
) -> None:
    """Both take the gate and then the audit trail. The other way round each would wait for the other."""
    scenario = broadcast_to(3, now)
    publish(scenario)
    starting.start_due(now=now)
    with psycopg.connect(database.conninfo()) as emergency:
        emergency.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])

        def press() -> None:
            unpublishing.unpublish(scenario=scenario, by=actor_of(publisher), now=now)
            connection.close()

        pressed = threading.Thread(target=press)
        pressed.start()
        wait_until(_waits_for_the_gate)
        emergency.execute("SET LOCAL lock_timeout = '2s'")
        emergency.execute("SELECT pg_advisory_xact_lock(%s)", [audit._CHAIN_LOCK])
        emergency.commit()
        pressed.join(10)
    assert Dispatch.objects.get().state == "stopped"


def _waits_for_the_gate() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])
