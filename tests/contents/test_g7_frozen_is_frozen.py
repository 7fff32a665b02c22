"""G7: a frozen content refuses every change, by any door, and says which incident froze it. A copy may be made."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from bench.scenery import SHORT_MAIL
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client

from tashika.accounts import api_keys
from tashika.accounts.models import User
from tashika.audiences import static_lists
from tashika.audiences.models import StaticMember
from tashika.cli import main
from tashika.contents import archiving, copying, drafting, freezing, restoring, states, versions
from tashika.contents.models import Content, Kind, Version
from tashika.core.actors import SYSTEM
from tashika.core.errors import Frozen
from tashika.people.models import Contact
from tests.delivery.conftest import add_contacts
from tests.scenarios.conftest import EVERYBODY
from tests.scenarios.flow.conftest import flow_of, node

pytestmark = pytest.mark.django_db(transaction=True)

INCIDENT = "I-3"
KINDS = ("scenario", "flow", "segment", "list", "mail", "landing_page", "form", "document")


@dataclass
class House:
    """One content of each kind, all frozen; a person, logged in, and a machine with a key."""

    contents: dict[str, Content]
    person: User
    client: Client
    key: dict[str, str]
    now: datetime
    capsys: pytest.CaptureFixture[str]

    def id(self, kind: str) -> str:
        return self.contents[kind].public_id

    def page(self, address: str, values: dict[str, Any] | None = None) -> str:
        """What a form's answer says."""
        return self.client.post(address, values or {}, follow=True).content.decode()

    def script(self, address: str, values: dict[str, Any]) -> str:
        """What a page's script is answered."""
        return self.client.post(address, json.dumps(values), content_type="application/json").content.decode()

    def api(self, method: str, address: str, values: dict[str, Any] | None = None) -> str:
        send = getattr(Client(), method)
        body = json.dumps(values or {})
        return str(send(f"/api/v1/{address}", body, content_type="application/json", headers=self.key).content.decode())


@pytest.fixture
def house(person: Callable[[str], User], client: Client, now: datetime, capsys: pytest.CaptureFixture[str]) -> House:
    administrator = person("administrator")
    add_contacts(2, now)
    drafts: dict[str, tuple[Kind, dict[str, Any]]] = {
        "segment": (Kind.SEGMENT, dict(EVERYBODY)),
        "list": (Kind.SEGMENT, {"static": True}),
        "mail": (Kind.MAIL, dict(SHORT_MAIL)),
        "landing_page": (Kind.LANDING_PAGE, {"title": "", "note": ""}),
        "form": (Kind.FORM, {"title": "", "note": ""}),
        "document": (Kind.DOCUMENT, {"title": "", "note": ""}),
    }
    made = {
        name: drafting.create(kind=kind, name=name, draft=draft, by=None, now=now)
        for name, (kind, draft) in drafts.items()
    }
    broadcast = {"type": "broadcast", "segment": "G-1", "mail": "M-1", "send_at": None, "relay": None}
    made["scenario"] = drafting.create(kind=Kind.SCENARIO, name="scenario", draft=broadcast, by=None, now=now)
    made["flow"] = flow_of(node("n1", "entry", on="api"), now=now)
    StaticMember.objects.create(content_id=made["list"].pk, contact_id=Contact.objects.first().pk, added_at=now)  # type: ignore[union-attr]
    freezing.freeze(contents=made.values(), incident=INCIDENT, by=SYSTEM, now=now)
    client.force_login(administrator)
    secret = api_keys.make(name="machine", role="administrator", by=administrator, now=now)[1]
    return House(made, administrator, client, {"Authorization": f"Bearer {secret}"}, now, capsys)


def _verb(do: Callable[[], object]) -> str:
    with pytest.raises(Frozen) as error:
        do()
    return str(error.value.what)


def _sql(statement: str, *values: object) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(error.value)


def _command(house: House, *words: str) -> str:
    assert main.main([*words]) != 0
    return house.capsys.readouterr().err


Door = Callable[[House], str]
_EVERY_KIND: dict[str, Callable[[House, str], str]] = {
    "the page's own saving, from a tab opened before": lambda house, kind: house.script(
        f"/contents/{house.id(kind)}/draft", {"name": "変えた", "draft": house.contents[kind].draft, "revision": 1}
    ),
    "making a former state the draft again": lambda house, kind: house.page(
        f"/contents/{house.id(kind)}/restore", {"ref": "v1"}
    ),
    "the verb": lambda house, kind: _verb(
        lambda: drafting.save(content=house.contents[kind], draft={}, by=house.person, now=house.now)
    ),
    "taking it out of the list": lambda house, kind: _verb(
        lambda: archiving.archive(content=house.contents[kind], by=SYSTEM, now=house.now)
    ),
    "SQL on the draft": lambda house, kind: _sql(
        "UPDATE contents_content SET draft = '{}' WHERE id = %s", house.contents[kind].pk
    ),
}
_OTHERS: dict[str, Door] = {
    "the broadcast's form": lambda house: house.page(
        f"/scenarios/{house.id('scenario')}/edit", {"name": "x", "segment": "", "mail": "", "only_save": "1"}
    ),
    "the canvas": lambda house: house.script(
        f"/scenarios/{house.id('flow')}/draft", {"draft": {"type": "flow"}, "name": "x", "revision": 1}
    ),
    "pasting into a list": lambda house: house.page(
        f"/segments/{house.id('list')}/members", {"addresses": "p1@recipient.example.jp"}
    ),
    "a file for a list": lambda house: house.page(
        f"/segments/{house.id('list')}/members", {"file": SimpleUploadedFile("a.csv", b"p1@recipient.example.jp\n")}
    ),
    "taking off a list": lambda house: house.page(
        f"/segments/{house.id('list')}/members",
        {"off": Contact.objects.first().pk},  # type: ignore[union-attr]
    ),
    "API: a mail": lambda house: house.api(
        "put", f"mails/{house.id('mail')}", {"name": "x", "draft": {"subject": "x"}}
    ),
    "API: no mail": lambda house: house.api("delete", f"mails/{house.id('mail')}"),
    "API: a segment": lambda house: house.api(
        "put", f"segments/{house.id('segment')}", {"name": "x", "draft": EVERYBODY}
    ),
    "API: no segment": lambda house: house.api("delete", f"segments/{house.id('segment')}"),
    "API: a scenario": lambda house: house.api("put", f"scenarios/{house.id('scenario')}", {"name": "x", "draft": {}}),
    "API: a flow": lambda house: house.api(
        "put", f"scenarios/{house.id('flow')}", {"name": "x", "draft": {"type": "flow"}}
    ),
    "API: no scenario": lambda house: house.api("delete", f"scenarios/{house.id('scenario')}"),
    "API: members": lambda house: house.api(
        "post", f"segments/{house.id('list')}/members", {"addresses": ["p1@recipient.example.jp"]}
    ),
    "API: a member less": lambda house: house.api(
        "delete",
        f"segments/{house.id('list')}/members/{Contact.objects.first().pk}",  # type: ignore[union-attr]
    ),
    "CLI: another time": lambda house: _command(
        house, "publish", house.id("scenario"), "--at", "2030-01-01T10:00", "--yes"
    ),
    "the verb of lists": lambda house: _verb(
        lambda: static_lists.add(content=house.contents["list"], text="a@example.jp", by=house.person, now=house.now)
    ),
    "restoring": lambda house: _verb(
        lambda: restoring.restore(
            state=states.find(house.contents["mail"], "v1"), by=house.person, now=house.now, revision=None
        )
    ),
    "SQL: a name": lambda house: _sql(
        "UPDATE contents_content SET name = 'x' WHERE id = %s", house.contents["mail"].pk
    ),
    "SQL: gone": lambda house: _sql("DELETE FROM contents_content WHERE id = %s", house.contents["form"].pk),
    "SQL: a version": lambda house: _sql(
        "INSERT INTO contents_version (content_id, number, name, body, hash, made_at)"
        " VALUES (%s, 99, 'x', '{}', '\\x00', now())",
        house.contents["mail"].pk,
    ),
    "SQL: a member": lambda house: _sql(
        "INSERT INTO audiences_static_member (content_id, contact_id, added_at) SELECT %s, max(id), now() FROM people_contact",
        house.contents["list"].pk,
    ),
    "SQL: members gone": lambda house: _sql(
        "DELETE FROM audiences_static_member WHERE content_id = %s", house.contents["list"].pk
    ),
}


def _everything() -> list[Any]:
    return [
        *Content.objects.order_by("pk").values_list("pk", "name", "draft", "draft_revision", "archived_at"),
        *Version.objects.order_by("pk").values_list("pk", "content_id", "number"),
        *StaticMember.objects.order_by("pk").values_list("content_id", "contact_id"),
    ]


def test_g7_every_door_refuses_and_names_the_incident(house: House) -> None:
    before = _everything()
    tried, let_in = 0, []
    doors = {
        f"{kind}: {name}": (lambda at, k=kind, d=door: d(at, k)) for kind in KINDS for name, door in _EVERY_KIND.items()
    }
    for name, door in {**doors, **_OTHERS}.items():
        said = door(house)
        tried += 1
        if INCIDENT not in said or _everything() != before:
            let_in.append((name, said[-300:]))
    assert let_in == [], "\n".join(f"{name}: {said}" for name, said in let_in)
    assert tried == len(KINDS) * len(_EVERY_KIND) + len(_OTHERS) >= 30


def test_g7_a_frozen_content_can_be_copied_and_is_free_again_when_lifted(house: House) -> None:
    made = copying.copy(state=states.find(house.contents["mail"], "draft"), by=house.person, now=house.now)
    drafting.save(content=made, draft={**made.draft, "subject": "直した"}, by=house.person, now=house.now)
    assert freezing.lift(contents=house.contents.values(), incident=INCIDENT, by=SYSTEM, now=house.now) == len(KINDS)
    changed = drafting.save(content=house.contents["mail"], draft={"subject": "直した"}, by=house.person, now=house.now)
    assert changed.draft_revision == 2
    assert versions.keep(content=changed, by=house.person, now=house.now).number == 2
