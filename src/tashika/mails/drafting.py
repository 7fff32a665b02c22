"""Drafts of mails: begin from a design, what may stand in one, and what stands against sending. A broken draft may be saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tashika.accounts.models import User
from tashika.contents import drafting
from tashika.contents.models import Content, Kind
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.mails import checking
from tashika.mails.checking import Problem
from tashika.mails.merge_values import known_names
from tashika.mails.merging import MOST_CHARACTERS
from tashika.mails.starting_designs import EMPTY, design

_CHOICES = {"format": ("mjml", "html", "text"), "category": ("commercial", "operational")}


class UnableToSaveMail(TashikaError):
    """What came is no mail draft."""

    code = "unable_to_save_mail"
    status = 422


def problems(body: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a mail, with places; those of severity "error" stand against publishing."""
    return checking.problems(body, known=known_names())


def begin(*, name: str, design_key: str, by: User, now: datetime) -> Content:
    """A new mail from one of the starting designs, with the sender of the mail saved last."""
    chosen = design(design_key)
    body = chosen.body() if chosen else dict(EMPTY)
    last = Content.objects.filter(kind=Kind.MAIL).order_by("-draft_saved_at").values_list("draft", flat=True).first()
    for key in ("from_name", "from_email", "reply_to"):
        body[key] = str((last or {}).get(key) or "")
    title = name.strip() or str(chosen.name if chosen else t("新しいメール", "New mail"))
    return drafting.create(kind=Kind.MAIL, name=title[:200], draft=body, by=by, now=now)


def accepted(body: Mapping[str, Any]) -> dict[str, Any]:
    """The draft's known entries in their types. Raises UnableToSaveMail, saying which entry is not valid."""
    found: dict[str, Any] = {}
    for key, blank in EMPTY.items():
        value = body.get(key, blank)
        longest = MOST_CHARACTERS if key in ("mjml", "html", "text") else 2000
        valid = type(value) is type(blank) and value in _CHOICES.get(key, (value,))
        if valid and isinstance(value, str):
            valid = len(value) <= longest and "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
        if not valid:
            raise UnableToSaveMail(
                t("{part} を保存できません。", "{part} can't be saved.", part=checking.PARTS.get(key, key)),
                fix=t("{n}文字以内の文字にしてください。", "Use text of at most {n} characters.", n=longest),
                where=key,
            )
        found[key] = value.replace("\r\n", "\n") if isinstance(value, str) else value
    return found
