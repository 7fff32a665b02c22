"""G6 Reproducible: version + merge values = the same bytes; the hash is in the ledger."""

from collections.abc import Callable
from datetime import datetime

from tashika.delivery import letters
from tashika.delivery.models import LedgerRow
from tashika.people.models import Contact
from tests.delivery.conftest import SenderProcess, planned, relay_to, wait_until_finished
from tests.fakes.smtp_server import SmtpServer


def test_what_the_server_took_is_built_again_byte_for_byte(sender: Callable[..., SenderProcess], now: datetime) -> None:
    with SmtpServer() as server:
        dispatch = planned(20, relay_to(server, now), now)
        sender()
        wait_until_finished(dispatch)
        taken = {mail.recipient: mail.body for mail in server.taken}
    Contact.objects.update(family_name="変更後")  # what the person is called today does not matter
    for row in LedgerRow.objects.filter(dispatch=dispatch).select_related("dispatch__mail_version"):
        assert letters.rebuild(row) == taken[row.address]
