"""Replies that a machine wrote on a person's behalf (RFC 3834): on holiday, left the company, “we got your mail”.

They say nothing about the mailbox that may be counted: the mail was delivered.
"""

import re

from tashika.delivery.bounces.parsing.parts import Message
from tashika.delivery.bounces.parsing.report import Kind, Report

_MARKS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-vacation", "x-mail-autoreply")
_SUBJECT = re.compile(
    r"^\W*(?:自動(?:返信|応答|送信)|不在(?:通知|の(?:お知らせ|ご連絡))|休暇(?:中|のお知らせ)|(?:夏季|年末年始|冬季)休業"
    r"|automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder)|out of (?:the )?office|away from (?:the )?office"
    r"|on (?:vacation|holiday|leave)|abwesenheit)",
    re.IGNORECASE,
)
_DAEMON = re.compile(
    r"mailer-?daemon|mail-?daemon|postmaster|mail (?:delivery|administrat|system)|"
    r"delivery (?:sub)?system|system administrator|microsoftexchange",
    re.IGNORECASE,
)


def from_daemon(message: Message) -> bool:
    """Whether a mail system speaks, not a person, by the name in From."""
    return bool(_DAEMON.search(message.fields.words("from")))


def from_nobody(message: Message) -> bool:
    """Whether no reply is wanted: the null sender, as reports have it (RFC 5321 4.5.5). Postfix's pipe writes it out as
    MAILER-DAEMON."""
    return message.fields.get("return-path").strip().lower() in ("<>", "<mailer-daemon>")


def read(message: Message) -> Report | None:
    """An automatic reply, told by its marks or its subject."""
    if from_daemon(message):
        return None
    fields = message.fields
    submitted = fields.get("auto-submitted").lower().partition(";")[0].strip()
    marked = (
        (submitted not in ("", "no"))
        or any(fields.get(name) for name in _MARKS)
        or fields.get("precedence").lower().strip() in ("auto_reply", "auto-reply")
        or fields.get("x-precedence").lower().strip() in ("auto_reply", "auto-reply")
    )
    if not marked and not _SUBJECT.search(fields.words("subject")):
        return None
    return Report(Kind.AUTO_REPLY, words=message.text.strip()[:300], format="rfc3834" if marked else "subject")
