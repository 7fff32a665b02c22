"""What holds for every address of the interface, taken from the URL configuration itself: a new one can't be forgotten.

Each staff view says which ability it takes; every role and a stranger try each of them. Changes take a POST of our own
pages: with the CSRF token, from our own origin. Nothing that is sent breaks a page.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.fakes.dns_server import dns_server
from tests.people.test_importing import GOOD, HEADER, imported
from tests.scenarios.conftest import broadcast_to

from tashika.accounts import roles, verifying
from tashika.accounts.models import ApiKey, Role, User
from tashika.contents import drafting, versions
from tashika.contents.models import Kind
from tashika.contents.plain import EMPTY
from tashika.core import clock
from tashika.core.actors import SYSTEM
from tashika.delivery import sending_domains
from tashika.delivery.bounces import taking
from tashika.delivery.bounces.models import Bounce
from tashika.delivery.dkim import keeping
from tashika.delivery.dkim.keys import ED25519
from tashika.delivery.models import CaughtMail, Dispatch, Relay
from tashika.people import bulk_tagging, defining, suppression, tagging
from tashika.people.models import Company, Contact, Import, QuarantinedRow, Suppression
from tashika.people.searching import Narrowing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _names_are_asked_of_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with dns_server() as server:
        monkeypatch.setenv("TASHIKA_DNS_SERVER", server.address)
        yield


# Without a person there is nothing but this: whoever adds to it says why.
OPEN = {
    "login": "it is the door",
    "verify": "who reads the mailbox has the link",
    "setup": "the first person, with the console's code",
    "logout": "harmless",
    "language": "before log-in, too",
    "healthz": "whether this process answers, and no more",
    "readyz": "which checks fail, and no more",
    "metrics": "it asks for a token or a key by itself: test_watching",
}
# What machines ask, and what they hear where nobody sends and no token is shown.
FOR_MACHINES = {"readyz": 503, "metrics": 401}
METHODS = ("get", "post", "put", "patch", "delete")
SAFE = {"OPTIONS", "HEAD", "GET"}


@dataclass(frozen=True)
class Route:
    """An address of the interface."""

    pattern: str
    name: str
    view: Callable[..., Any]

    @property
    def ability(self) -> str | None:
        return getattr(self.view, "ability", None)

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)

    def address(self, **values: object) -> str:
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), self.pattern)


def _leaves(patterns: list[Any], prefix: str = "") -> Iterator[Route]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _leaves(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield Route(prefix + str(one.pattern), one.name or "", one.callback)


_ALL = list(_leaves(get_resolver(settings.ROOT_URLCONF).url_patterns))
STAFF = [one for one in _ALL if getattr(one.view, "__module__", "").startswith("tashika.web.")]


@pytest.fixture
def things(person: Callable[[str], User], now: datetime) -> dict[str, dict[str, object]]:
    """One real thing of each kind, by the area of the address and the name of its parameter."""
    administrator = person(Role.ADMINISTRATOR)
    scenario = broadcast_to(3, now)
    mail = scenario.draft["mail"]
    versions.keep(content=drafting.Content.objects.get(kind=Kind.MAIL), by=None, now=now)
    made = imported(f"{HEADER}\n{GOOD}\nこわれた,鈴木,誠,,,,,\n", administrator, now)
    suppression.add(addresses=["never@example.jp"], reason="manual", detail="", by=SYSTEM, now=now)
    dispatch = Dispatch.objects.create(
        reason="test:1",
        name="秋のご案内",
        mail_version=drafting.Content.objects.get(kind=Kind.MAIL).versions.get(),
        state=Dispatch.State.SENDING,
        give_up_at=now,
        created_at=now,
    )
    domain = sending_domains.add(name="mirai.example.jp", by=administrator, now=now)
    taking.take(raw=b"From: a@example.jp\nSubject: x\n\nx\n", way="pipe", now=now)
    tag = tagging.of_name("展示会", now=now)
    relay = Relay.objects.create(name="本番", host="127.0.0.1", port=9, security="none", created_at=now)
    caught = CaughtMail.objects.create(
        at=now, sender="a@example.jp", recipient="b@example.jp", message=b"Subject: x\n\n"
    )
    ApiKey.objects.create(
        name="x", role="viewer", prefix="x", secret_hash=b"x", created_by=administrator, created_at=now
    )
    kinds = (Kind.LANDING_PAGE, Kind.FORM, Kind.DOCUMENT)
    plain = {
        kind: drafting.create(kind=kind, name="秋", draft=dict(EMPTY), by=None, now=now).public_id for kind in kinds
    }
    return {
        "": {
            "contact_id": Contact.objects.order_by("pk")[0].pk,
            "import_id": made.pk,
            "row_id": QuarantinedRow.objects.get().pk,
            "suppression_id": Suppression.objects.get().pk,
            "dispatch_id": dispatch.pk,
            "outcome": "got",
            "relay_id": relay.pk,
            "mail_id": caught.pk,
            "number": 1,
            "ref": "v1",
            "tag_id": tag.pk,
            "bulk_id": bulk_tagging.begin(tag=tag, puts_on=True, narrowing=Narrowing(), by=SYSTEM, now=now).pk,
            "company_id": Company.objects.get().pk,
            "name": domain.name,
            "key_id": keeping.make(domain=domain, algorithm=ED25519, by=administrator, now=now).pk,
            "bounce_id": Bounce.objects.get().pk,
            "token": verifying.token_for(administrator, now=now),
            "key": defining.create(key="plan", label="契約", type="text", choices=[], by=SYSTEM, now=now).key,
        },
        "segments": {"public_id": scenario.draft["segment"]},
        "mails": {"public_id": mail},
        "scenarios": {"public_id": scenario.public_id},
        "contents": {"public_id": mail},
        "landing-pages": {"public_id": plain[Kind.LANDING_PAGE]},
        "forms": {"public_id": plain[Kind.FORM]},
        "documents": {"public_id": plain[Kind.DOCUMENT]},
    }


def _address(route: Route, things: dict[str, dict[str, object]]) -> str:
    area = route.pattern.partition("/")[0]
    return route.address(**{**things[""], **things.get(area, {})})


@contextmanager
def _undone() -> Iterator[list[str]]:
    """Whatever happens within is undone; what was written, but for sessions, is told."""
    writes: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match(r"\s*(INSERT|UPDATE|DELETE|COPY|TRUNCATE|WITH .*INSERT)", sql) and "django_session" not in sql:
            writes.append(sql[:80])
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(watch):
        yield writes
        transaction.set_rollback(True)


def _send(client: Client, method: str, address: str, **more: Any) -> Any:
    return getattr(client, method)(address, **more)


def _takes(client: Client, method: str, address: str) -> bool:
    with _undone():
        return _send(client, method, address).status_code != 405


def test_every_address_belongs_to_a_way_in_that_guards_it() -> None:
    for route in _ALL:
        package = getattr(route.view, "__module__", "").partition(".")[2].partition(".")[0]
        assert package in ("web", "public") or route.pattern.startswith("api/v1/"), route.pattern
    assert len(STAFF) > 60


def test_every_view_names_an_ability_or_is_known_to_be_open() -> None:
    without = {one.name for one in STAFF if one.ability is None}
    assert without == set(OPEN)
    assert {one.ability for one in STAFF} - {None} <= set(roles.ABILITIES)


def test_the_samples_are_enough_to_reach_every_address(things: dict[str, dict[str, object]]) -> None:
    known = set(things[""]) | {"public_id"}
    assert {name for one in STAFF for name in one.parameters} <= known


def test_a_stranger_is_sent_to_log_in_and_changes_nothing(things: dict[str, dict[str, object]]) -> None:
    wrong = []
    for route in (one for one in STAFF if one.ability):
        for method in METHODS:
            with _undone() as writes:
                response = _send(Client(), method, _address(route, things))
            sent_away = response.status_code == 302 and response["Location"].startswith("/login?next=")
            if writes or not (sent_away or response.status_code == 405):
                wrong.append((method, route.pattern, response.status_code, writes))
    assert not wrong, wrong


@pytest.mark.parametrize("role", Role.values)
def test_each_role_may_what_the_ability_of_the_view_says(
    role: str, things: dict[str, dict[str, object]], person: Callable[[str], User]
) -> None:
    client = Client()
    client.force_login(person(role))
    wrong = []
    for route in (one for one in STAFF if one.ability):
        address = _address(route, things)
        for method in METHODS:
            with _undone() as writes:
                response = _send(client, method, address)
            status = response.status_code
            if status == 405:
                continue
            may = roles.may(role, str(route.ability))
            if (status == 403 and may and not _needs_more(route, method, role)) or (status != 403 and not may):
                wrong.append((method, route.pattern, status))
            if status == 403 and writes:
                wrong.append((method, route.pattern, writes))
    assert not wrong, wrong


def _needs_more(route: Route, method: str, role: str) -> bool:
    """Some pages are for everybody to look at; to change what they show takes an editor."""
    return method == "post" and route.name in ("suppression", "field") and not roles.may(role, "edit")


def test_to_look_changes_nothing_and_works(things: dict[str, dict[str, object]], person: Callable[[str], User]) -> None:
    client = Client()
    client.force_login(person(Role.ADMINISTRATOR))
    wrong, seen = [], 0
    for route in STAFF:
        with _undone() as writes:
            response = client.get(_address(route, things))
        seen += response.status_code == 200
        if writes or response.status_code not in (200, 302, 405, FOR_MACHINES.get(route.name)):
            wrong.append((route.pattern, response.status_code, writes))
    assert not wrong, wrong
    assert seen > 40


def test_whatever_changes_something_takes_a_post_of_our_own_pages(
    things: dict[str, dict[str, object]], person: Callable[[str], User]
) -> None:
    """No token, a wrong token, a foreign origin: refused before the view is asked. With both right it is not."""
    trusting, strict = Client(), Client(enforce_csrf_checks=True)
    administrator = person(Role.ADMINISTRATOR)
    for client in (trusting, strict):
        client.force_login(administrator)
    strict.get("/password")
    token = strict.cookies["csrftoken"].value
    wrong, tried = [], 0
    for route in STAFF:
        address = _address(route, things)
        for method in [one for one in METHODS if one.upper() not in SAFE and _takes(trusting, one, address)]:
            tried += 1
            for headers in (
                {},
                {"X-CSRFToken": token[::-1]},
                {"X-CSRFToken": token, "Origin": "https://evil.example.com"},
                {"X-CSRFToken": token, "Origin": "null"},
            ):
                with _undone() as writes:
                    response = _send(strict, method, address, headers=headers)
                if response.status_code != 403 or writes:
                    wrong.append((method, route.pattern, headers.get("Origin"), response.status_code))
            with _undone():
                good = {"X-CSRFToken": token, "Origin": "http://testserver"}
                if _send(strict, method, address, headers=good).status_code == 403:
                    wrong.append((method, route.pattern, "refused although all is right", 403))
    assert not wrong, wrong
    assert tried > 30


# What a form may hold: nothing, nonsense, what PostgreSQL can't keep, what is too long.
NONSENSE = ("", "x", "\0", "9" * 40, "😀" * 500, '{"rule": [], "revision": "x", "name": "\\u0000"}')
_FIELD = re.compile(r"""(?:POST|GET|FILES)(?:\.get\(|\[)f?["'](\w+)""")


def _fields(route: Route) -> set[str]:
    """The names of the form fields that the view's module asks for."""
    return set(_FIELD.findall(inspect.getsource(inspect.getmodule(inspect.unwrap(route.view)) or inspect)))


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda words: ascii(words[:8]))
def test_nothing_that_is_sent_breaks_a_page(
    nonsense: str, things: dict[str, dict[str, object]], person: Callable[[str], User]
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(person(Role.ADMINISTRATOR))
    wrong = []
    for route in (one for one in STAFF if one.name not in ("logout", "readyz")):
        address, form = _address(route, things), dict.fromkeys(_fields(route), nonsense)
        for method, more in (("get", form), ("post", form), ("post", {**form, "act": "create"})):
            with _undone():
                if _send(client, method, address, data=more).status_code >= 500:
                    wrong.append((method, route.pattern, "form"))
        with _undone():
            if client.post(address, nonsense, content_type="application/json").status_code >= 500:
                wrong.append(("post", route.pattern, "json"))
    assert not wrong, wrong


@pytest.mark.parametrize("value", ["0", "9" * 30, "%00", "S-999", "M-1", "%F0%9F%98%80"])
def test_an_address_of_nothing_is_a_page_that_says_so(value: str, person: Callable[[str], User], now: datetime) -> None:
    broadcast_to(1, now)
    client = Client(raise_request_exception=False)
    client.force_login(person(Role.ADMINISTRATOR))
    wrong = []
    for route in (one for one in STAFF if one.parameters):
        for method in ("get", "post"):
            with _undone():
                status = _send(client, method, route.address(**dict.fromkeys(route.parameters, value))).status_code
            if status >= 500:
                wrong.append((method, route.pattern, status))
    assert not wrong, wrong


def test_recipients_need_no_token_and_looking_opts_nobody_out(client: Client) -> None:
    """The public addresses: a link's token is the proof; without a right one there is nothing."""
    public = [one for one in _ALL if getattr(one.view, "__module__", "").startswith("tashika.public.")]
    assert {one.name for one in public} == {"opt_out", "reached", "opened", "clicked", "mail_hook"}
    strict = Client(enforce_csrf_checks=True)
    for route in public:
        for method in METHODS:
            with _undone() as writes:
                response = _send(strict, method, route.address(token="x" * 30, index=0, nonce="x", provider="none"))
            assert response.status_code in (200, 403, 404, 405) and not writes, (method, route.pattern)


def test_a_person_who_has_left_opens_nothing(
    things: dict[str, dict[str, object]], person: Callable[[str], User]
) -> None:
    client, gone = Client(), person(Role.ADMINISTRATOR)
    client.force_login(gone)
    assert client.get("/contacts").status_code == 200
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert client.get("/contacts").status_code == 302
    assert clock.now() and Import.objects.exists()
