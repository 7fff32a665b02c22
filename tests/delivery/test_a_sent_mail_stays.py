"""A mail that is changed after it was published and sent: what was sent is shown as it was, byte for byte; what runs keeps its
version; the difference can be read."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.test import Client

from tashika.accounts.models import User
from tashika.contents import drafting, versions
from tashika.contents.queries import by_public_id
from tashika.delivery import letters
from tashika.delivery.models import LedgerRow
from tashika.people.models import Contact
from tashika.scenarios import publishing
from tashika.scenarios.flow import billing, stepping
from tashika.scenarios.publishing import Clearance
from tests.delivery.conftest import SenderProcess, add_contacts, relay_to, wait_until
from tests.fakes.smtp_server import SmtpServer
from tests.scenarios.flow.conftest import flow_of, mail, node, put_tag


def test_what_was_sent_and_what_runs_stay_as_they_were(
    sender: Callable[..., SenderProcess], publisher: User, client: Client, now: datetime
) -> None:
    with SmtpServer() as server:
        relay = relay_to(server, now)
        add_contacts(4, now)
        first, second = (list(Contact.objects.order_by("pk").values_list("pk", flat=True))[part] for part in _HALVES)
        public_id = mail(now)
        scenario = flow_of(
            node("n1", "entry", "n2", on="tag_added", tag="t"),
            node("n2", "mail", mail=public_id),
            now=now,
            relay=relay.pk,
        )
        clearance = Clearance(billing.bill_hash(scenario), 0)
        publishing.publish(scenario=scenario, clearance=clearance, by=publisher, now=now)
        sender()
        _walk(first, now)
        wait_until(lambda: len(server.taken) == 2)
        content = by_public_id(public_id)
        changed = {**content.draft, "subject": "冬のご案内", "text": content.draft["text"].replace("秋", "冬")}
        drafting.save(content=content, draft=changed, by=publisher, now=now)
        versions.keep(content=by_public_id(public_id), by=publisher, now=now)
        _walk(second, now + timedelta(seconds=1))
        wait_until(lambda: LedgerRow.objects.filter(state="accepted").count() == 4)
        taken = {one.recipient: one.body for one in server.taken}
    for row in LedgerRow.objects.select_related("dispatch__mail_version"):
        assert row.dispatch.mail_version.number == 1
        assert letters.rebuild(row) == taken[row.address]
    client.force_login(publisher)
    assert "秋のご案内" in _read(client, f"/contents/{public_id}/states/v1")
    assert "冬のご案内" in _read(client, f"/contents/{public_id}/states/v2")
    difference = _read(client, f"/contents/{public_id}/difference?before=v1&after=v2")
    assert "<del>秋</del>" in difference and "<ins>冬</ins>" in difference


_HALVES = (slice(0, 2), slice(2, 4))


def _walk(contacts: list[int], now: datetime) -> None:
    put_tag("t", contacts, now)
    while stepping.advance(now=now):
        pass


def _read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()
