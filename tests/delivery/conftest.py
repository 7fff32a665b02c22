"""A dispatch with real rows, a real sender process, a server that keeps the truth."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bench.postfix import Postfix
from bench.scenery import SHORT_MAIL
from django.conf import settings

from tashika.contents import drafting, versions
from tashika.contents.models import Version
from tashika.core import config, database
from tashika.delivery import planning, postfix_queue, queries
from tashika.delivery.models import Dispatch, Relay
from tashika.people.addresses import address_hash
from tashika.people.models import Contact
from tests.delivery import houses
from tests.delivery.houses import House
from tests.fakes.smtp_server import SmtpServer

ALL: planning.Audience = ("SELECT id FROM people_contact", [])


def add_contacts(number: int, now: datetime, domains: int = 1) -> None:
    """Invented people who have agreed, at one company or several."""
    places = ["recipient.example.jp", *(f"recipient{index}.example.jp" for index in range(1, domains))]
    addresses = [f"p{index}@{places[index % domains]}" for index in range(number)]
    Contact.objects.bulk_create(
        Contact(
            email=address,
            email_key=address,
            address_hash=address_hash(address),
            family_name=f"姓{index}",
            given_name=f"名{index}",
            company_name="株式会社みらい",
            consent="given",
            created_at=now,
            updated_at=now,
        )
        for index, address in enumerate(addresses)
    )


def mail_version(now: datetime, **changes: object) -> Version:
    content = drafting.create(kind="mail", name="秋のご案内", draft={**SHORT_MAIL, **changes}, by=None, now=now)
    return versions.keep(content=content, by=None, now=now)


def relay_to(server: SmtpServer, now: datetime, **changes: object) -> Relay:
    values: dict[str, object] = {
        "name": "test",
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "connections": 4,
        "confirmed_at": now,
        "created_at": now,
    }
    return Relay.objects.create(**{**values, **changes})


def planned(
    number: int,
    relay: Relay,
    now: datetime,
    *,
    reason: str = "test:1",
    domains: int = 1,
    audience: planning.Audience = ALL,
) -> Dispatch:
    """A dispatch to that many invented people, ready to be sent."""
    if not Contact.objects.exists():
        add_contacts(number, now, domains)
    dispatch = planning.open_dispatch(
        reason=reason,
        name="秋のご案内",
        mail_version=mail_version(now),
        relay=relay,
        give_up_at=now + timedelta(days=1),
        now=now,
    )
    planning.plan(dispatch=dispatch, audience=audience, now=now)
    return dispatch


@dataclass
class SenderProcess:
    """A real sender in a process of its own, on the test's database."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """SIGTERM, as Ctrl-C of `up` does."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


@pytest.fixture
def sender(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., SenderProcess]]:
    """Starts sender processes; all are gone after the test. To each test this host is a new one (G13)."""
    started: list[SenderProcess] = []
    for name in ("arming", "journals"):
        shutil.rmtree(config.data_folder() / name, ignore_errors=True)

    def start(*, log: Path | None = None, **environment: str) -> SenderProcess:
        with contextlib.ExitStack() as stack:
            process = subprocess.Popen(
                [sys.executable, "-m", "tashika.cli", "sender"],
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "DJANGO_SETTINGS_MODULE": "tashika.core.settings",
                    "DATABASE_URL": database_url(),
                    "TASHIKA_SECRET_KEY": settings.SECRET_KEY,
                    **environment,
                },
                stderr=stack.enter_context(log.open("a")) if log else None,
            )
        started.append(SenderProcess(process))
        return started[-1]

    yield start
    for one in started:
        one.go_on()
        one.end()


@pytest.fixture
def postfix(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postfix]:
    """A real Postfix, which the code takes for that of this host."""
    if os.geteuid() != 0 or shutil.which("postqueue") is None:
        pytest.skip("needs the package postfix, and root to start it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    one = Postfix(port)
    monkeypatch.setenv("TASHIKA_POSTFIX_CONFIG", str(one.folder / "etc"))
    postfix_queue.queue_folder.cache_clear()
    one.start()
    yield one
    one.stop()
    postfix_queue.queue_folder.cache_clear()


@pytest.fixture
def deferring_postfix(postfix: Postfix) -> Postfix:
    """It takes every mail and delivers none until told otherwise."""
    postfix.configure("defer_transports=virtual")
    return postfix


@pytest.fixture(scope="session")
def plan_of_a_house(django_db_blocker: pytest.FixtureRequest) -> Iterator[House]:
    """An installation to be copied before anything has happened on it: migrating takes its time."""
    folder = houses.new_folder()
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield houses.build(folder / "plan")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(transactional_db: None, plan_of_a_house: House) -> Iterator[House]:
    """A new installation, in which this process is at home."""
    folder = houses.new_folder()
    houses.copy(plan_of_a_house.data, folder / "data")
    house = House(folder / "data")
    with house.at_home():
        yield house
    shutil.rmtree(folder, ignore_errors=True)


def relay_to_one_at_a_time(postfix: Postfix, far: SmtpServer, *settings: str) -> None:
    """Let it hand everything on to another server, one mail after the other."""
    postfix.configure(
        "virtual_mailbox_domains=",
        "relay_domains=static:all",
        "relay_recipient_maps=",
        f"relay_transport=smtp:[127.0.0.1]:{far.port}",
        "smtp_destination_concurrency_limit=1",
        "initial_destination_concurrency=1",
        "smtp_connection_cache_on_demand=no",
        *settings,
    )


def database_url() -> str:
    """The test's database, for a process of its own."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(database.conninfo())
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def wait_until_finished(dispatch: Dispatch, seconds: float = 60) -> None:
    wait_until(lambda: Dispatch.objects.get(pk=dispatch.pk).state == Dispatch.State.FINISHED, seconds)


def check_ledger_against(server: SmtpServer, dispatch: Dispatch) -> queries.Figures:
    """G1–G4 as far as ledger and server can show: nobody twice; what the ledger says is what the server has."""
    figures = queries.figures(dispatch.pk)
    counts = figures.by_state()
    assert sum(value for key, value in counts.items() if key != "planned") == figures.planned
    taken = [mail.recipient for mail in server.taken]
    assert len(taken) == len(set(taken)), "somebody got it twice"
    got = {row.address for row in queries.export_rows(dispatch.pk, "got")}
    in_doubt = {row.address for row in queries.export_rows(dispatch.pk, "in_doubt")}
    spared = {row.address for row in queries.export_rows(dispatch.pk, "spared")}
    assert got <= set(taken), "the ledger says accepted, the server has it not"
    assert set(taken) <= got | in_doubt, "the server has what the ledger does not know"
    assert not spared & set(taken), "the ledger says spared, the server has it"
    return figures
