"""An invented mail, organisation and recipient that the tests of this room vary."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

from tashika.mails.compiling import CompiledMail, compile_mail
from tashika.mails.recipient import Recipient

WHEN = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ORGANISATION = {"name": "株式会社サンプル", "postal_address": "東京都千代田区1-1-1", "contact": "info@example.jp"}
HTML = (
    "<p>{{ contact.company_name }}<br>{{ contact.family_name | default: 'ご担当者' }} 様</p>"
    '<p><a href="https://www.example.jp/seminar?who={{ contact.external_id }}&amp;x=1">詳細はこちら</a></p>'
)
CONTACT: dict[str, Any] = {
    "family_name": "髙橋",
    "given_name": "花子",
    "company_name": "株式会社架空",
    "email": "hanako@example.com",
    "external_id": "A-1",
    "custom": {"rank": "A", "points": 5, "member": True},
}


def body(**given: Any) -> dict[str, Any]:
    """A commercial HTML mail without tracking."""
    return {
        "subject": "{{ contact.family_name | default: 'お客様' }}様へのご案内",
        "preheader": "秋のご案内",
        "from_name": "株式会社サンプル 広報",
        "from_email": "news@example.jp",
        "reply_to": "info@example.jp",
        "format": "html",
        "html": HTML,
        "mjml": "",
        "text": "",
        "text_auto": True,
        "category": "commercial",
        "track_opens": False,
        "track_clicks": False,
        **given,
    }


def compiled(**given: Any) -> CompiledMail:
    """The compiled sample."""
    return compile_mail(body(**given), organisation=ORGANISATION)


def recipient(contact: dict[str, Any] | None = None, **given: Any) -> Recipient:
    """Somebody, with values over the sample's."""
    values = {"contact": {**CONTACT, **(contact or {})}}
    fields: dict[str, Any] = {
        "address": "hanako@example.com",
        "message_id": "0192aa@mail.example.jp",
        "values": values,
        "opt_out_url": "https://mail.example.jp/o/token",
        "one_click_url": "https://mail.example.jp/o1/token",
        **given,
    }
    return Recipient(**fields)


def parsed(message: bytes) -> EmailMessage:
    """The message as Python's own parser reads it: independent of our builder."""
    found = email.message_from_bytes(message, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def content(message: EmailMessage, kind: str) -> str:
    """The decoded text of a part, with LF."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
