"""What every walk begins with, made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.db import connection

from tashika.accounts import users
from tashika.accounts.models import Role
from tashika.core.actors import SYSTEM
from tashika.delivery import letters, planning
from tashika.delivery.carrying import Letter
from tashika.delivery.ledger import Due
from tashika.delivery.models import Dispatch, Relay
from tashika.people.models import Contact
from tests.delivery.conftest import ALL, add_contacts, mail_version
from tests.delivery.model.database import SESSION, Admin
from tests.delivery.model.exploring import new_loop
from tests.delivery.model.world import BASE, Scene

PEOPLE = 4


@contextmanager
def a_scene(folder: Path) -> Iterator[Scene]:
    """Two dispatches to a few people over one relay; the first one is planned. Needs an empty test database."""
    admin = Admin()
    add_contacts(PEOPLE, BASE)
    publisher = users.create(
        email="publisher@staff.example.jp",
        name="公開 担当",
        password="correct horse 7",
        role=Role.PUBLISHER,
        by=SYSTEM,
        now=BASE,
    )
    relay = Relay.objects.create(
        name="model", host="127.0.0.1", port=25, security="none", connections=2, confirmed_at=BASE, created_at=BASE
    )
    with connection.cursor() as cursor:
        cursor.execute(SESSION)
    dispatches = [_opened(number, relay) for number in range(2)]
    planning.plan(dispatch=dispatches[0], audience=ALL, now=BASE)
    admin.keep("start")
    scene = Scene(
        admin=admin,
        loop=new_loop(),
        folder=folder,
        relay=relay,
        publisher=publisher,
        dispatches=dispatches,
        letters={one.pk: _letter(one) for one in dispatches},
        dues={one.pk: Due(one.pk, one.mail_version_id, one.give_up_at, 5) for one in dispatches},
        contacts=dict(Contact.objects.order_by("pk").values_list("pk", "email")),
        audience=ALL,
    )
    try:
        yield scene
    finally:
        scene.loop.close()
        admin.end_other_sessions()
        admin.close()
        with connection.cursor() as cursor:  # it goes back to the pool, for tests that know nothing of the model
            cursor.execute("RESET search_path; RESET lock_timeout; RESET synchronous_commit")
        connection.close()


def _opened(number: int, relay: Relay) -> Dispatch:
    return planning.open_dispatch(
        reason=f"model:{number}",
        name="秋のご案内",
        mail_version=mail_version(BASE, from_email=f"news{number}@mirai.example.jp"),
        relay=relay,
        give_up_at=BASE + timedelta(days=1),
        now=BASE,
    )


def _letter(dispatch: Dispatch) -> Letter:
    return Letter(letters.of(dispatch.mail_version, dispatch.organisation), dispatch.give_up_at, float("inf"), 5, False)
