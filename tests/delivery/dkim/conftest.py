"""A mail as the engine builds it; a name server of the test's own."""

from datetime import datetime

import pytest
from bench.scenery import SHORT_MAIL

from tashika.mails.compiling import compile_mail
from tashika.mails.recipient import Recipient
from tests.delivery.sender_check.conftest import _dns, dns, lookup

__all__ = ["_dns", "dns", "lookup"]


@pytest.fixture
def engine_mail(now: datetime) -> bytes:
    """A commercial mail with both parts to an invented person."""
    body = {**SHORT_MAIL, "format": "html", "html": "<p>{{ contact.family_name }} 様</p>", "text_auto": True}
    body["from_email"] = "news@example.jp"
    organisation = {"name": "みらい", "postal_address": "東京都", "contact": "info@example.jp"}
    person = Recipient(
        "hanako@example.com",
        "1@example.jp",
        {"contact": {"family_name": "髙橋", "given_name": "花子", "company_name": "", "custom": {}}},
        "https://mail.example.jp/u/x",
        "https://mail.example.jp/u/x",
    )
    return compile_mail(body, organisation=organisation).build(person, now)
