"""Previews: a mail as any contact would get it, by the very code that builds the real one."""

import email
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.policy import default
from typing import Any

from django.db.models import Q

from tashika.core import config
from tashika.core.models import OrganisationSettings
from tashika.mails import mjml
from tashika.mails.checking import Problem
from tashika.mails.compiling import UnableToBuild, compile_mail
from tashika.mails.drafting import problems
from tashika.mails.html_part import whole_document
from tashika.mails.merge_values import empty_values, values_for
from tashika.mails.recipient import Recipient
from tashika.mails.sources import html_source, text_source
from tashika.people.models import Contact

_NOBODY = "taro@example.jp"


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail as one person would get it. With errors in it, `merged` is false and the fields stand as written."""

    subject: str
    html: str
    text: str
    headers: list[tuple[str, str]]
    size: int  # bytes of the whole message
    links: list[str]
    problems: list[Problem]
    merged: bool


def preview(body: Mapping[str, Any], *, contact: Contact | None, now: datetime) -> Preview:
    """The mail for a contact, or for somebody of whom nothing is known."""
    found = problems(body)
    if any(problem.severity == "error" for problem in found):
        return _unmerged(body, found)
    mail = compile_mail(body, organisation=organisation())
    values = values_for(contact, mail.fields) if contact else empty_values(mail.fields)
    base = config.base_url().rstrip("/")
    recipient = Recipient(
        address=contact.email if contact else _NOBODY,
        message_id="preview@example.jp",
        values=values,
        opt_out_url=f"{base}/o/preview",
        one_click_url=f"{base}/o/preview",
    )
    try:
        subject, html, text = mail.parts(recipient)
        message = mail.build(recipient, now)
    except UnableToBuild as error:
        return _unmerged(body, [*found, Problem("text", error.what, error.fix)])
    read = email.message_from_bytes(message, policy=default)
    headers = [(name, str(value)) for name, value in read.items()]
    return Preview(subject, html, text.replace("\r\n", "\n"), headers, len(message), list(mail.links), found, True)


def organisation() -> dict[str, str]:
    """The organisation's data as mails show them, as they are now."""
    row = OrganisationSettings.objects.filter(pk=1).first()
    return {key: str(getattr(row, key, "") or "") for key in ("name", "postal_address", "contact")}


def made_text(body: Mapping[str, Any]) -> str:
    """The text part that the HTML gives, empty where the MJML can't be read."""
    try:
        return text_source({**body, "text_auto": True}, html_source(body))
    except mjml.UnableToRender:
        return ""


def find_contacts(words: str, *, most: int = 10) -> list[Contact]:
    """Contacts to preview as: by the beginning of the address, name, kana or company."""
    words = words.strip()
    if not words:
        return list(Contact.objects.order_by("-id")[:most])
    family, _, given = words.replace("\u3000", " ").partition(" ")
    wanted = Q(email_key__startswith=words.lower()) | Q(company_name__startswith=words)
    for family_field, given_field in (("family_name", "given_name"), ("family_kana", "given_kana")):
        wanted |= Q(**{f"{family_field}__startswith": family, f"{given_field}__startswith": given.strip()})
    return list(Contact.objects.filter(wanted).order_by("-id")[:most])


def _unmerged(body: Mapping[str, Any], found: list[Problem]) -> Preview:
    """What can be shown of a mail with errors: its HTML with the fields as written."""
    try:
        html = html_source(body)
    except mjml.UnableToRender:
        html = ""
    text = text_source(body, html) if html or body.get("format") == "text" else ""
    return Preview(str(body.get("subject") or ""), whole_document(html) if html else "", text, [], 0, [], found, False)
