"""The mailbox that reports come into, over IMAP (RFC 9051).

Each message is kept and committed before it is moved away or deleted; a crash between the two brings it once more, which
changes nothing. Messages that people have read or flagged meanwhile are taken like the others.
"""

import contextlib
import imaplib
import logging
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tashika.core.text import Text, t
from tashika.delivery.bounces import keeping, settings, taking
from tashika.delivery.bounces.models import BounceSettings

log = logging.getLogger("tashika.bounces")
_TIMEOUT = 20  # seconds for each answer of the server
_AT_A_TIME = 200
_BUDGET = 45.0  # seconds a run: the next one goes on
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class UnableToReadMailbox(Exception):
    """The server can't be reached or refuses; its words."""


@dataclass(frozen=True, slots=True)
class MailboxCheck:
    """Whether the mailbox can be read, and what to tell a person."""

    ok: bool
    words: Text | str


def poll(*, now: datetime) -> int:
    """Take what is in the mailbox; how many messages. Without a mailbox: none. A fault is noted and shown, not raised."""
    found = settings.current()
    if not found.host:
        return 0
    taken, error = 0, ""
    try:
        with _open(found) as mailbox:
            taken = _take_all(mailbox, found, now)
    except (UnableToReadMailbox, OSError, imaplib.IMAP4.error) as problem:
        error = _words(problem)
        log.warning("mailbox: %s", type(error).__name__)
    BounceSettings.objects.filter(pk=1).update(polled_at=now, last_error=error)
    return taken


def check(found: BounceSettings) -> MailboxCheck:
    """Try it: log in, find both folders. Nothing is taken."""
    if not found.host:
        return MailboxCheck(False, t("受信サーバーが未設定です。", "No mailbox is set."))
    try:
        with _open(found) as mailbox:
            waiting = int(_done(mailbox.select(_quoted(found.folder)))[0] or 0)
            _make_done_folder(mailbox, found)
    except (UnableToReadMailbox, OSError, imaplib.IMAP4.error) as problem:
        return MailboxCheck(False, _words(problem))
    return MailboxCheck(
        True, t("読み取れます。待っているメールは {n} 通です。", "It works. {n} messages wait.", n=waiting)
    )


@contextlib.contextmanager
def _open(found: BounceSettings) -> Iterator[imaplib.IMAP4]:
    context = ssl.create_default_context()
    if not found.verify_certificate:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if found.security == "tls":
        mailbox: imaplib.IMAP4 = imaplib.IMAP4_SSL(found.host, found.port, ssl_context=context, timeout=_TIMEOUT)
    else:
        mailbox = imaplib.IMAP4(found.host, found.port, timeout=_TIMEOUT)
    try:
        if found.security == "starttls":
            mailbox.starttls(context)
        mailbox.login(found.username, settings.password_of(found))
        yield mailbox
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            mailbox.logout()


def _take_all(mailbox: imaplib.IMAP4, found: BounceSettings, now: datetime) -> int:
    _make_done_folder(mailbox, found)
    taken, deadline = 0, time.monotonic() + _BUDGET
    while int(_done(mailbox.select(_quoted(found.folder)))[0] or 0) and time.monotonic() < deadline:
        # By sequence number, so that the answer stays short however full the mailbox is.
        for number in _done(mailbox.uid("SEARCH", f"1:{_AT_A_TIME}"))[0].split():
            if time.monotonic() > deadline:
                break
            uid = number.decode()
            _take_one(mailbox, uid, now)
            _put_away(mailbox, uid, found)
            taken += 1
    return taken


def _take_one(mailbox: imaplib.IMAP4, uid: str, now: datetime) -> None:
    answer = _done(mailbox.uid("FETCH", uid, f"(RFC822.SIZE BODY.PEEK[]<0.{keeping.KEPT}>)"))
    for part in answer:
        if isinstance(part, tuple):
            size = _SIZE.search(b" ".join(one for one in (part[0], *_plain(answer))))
            taking.take(raw=part[1], way="mailbox", size=int(size[1]) if size else None, now=now)


def _plain(answer: list[Any]) -> list[bytes]:
    return [part for part in answer if isinstance(part, bytes)]


def _put_away(mailbox: imaplib.IMAP4, uid: str, found: BounceSettings) -> None:
    """Out of the folder: moved (RFC 6851, else by copying), or deleted where no folder is named."""
    if found.done_folder and "MOVE" in mailbox.capabilities:
        _done(mailbox.uid("MOVE", uid, _quoted(found.done_folder)))
        return
    if found.done_folder:
        _done(mailbox.uid("COPY", uid, _quoted(found.done_folder)))
    _done(mailbox.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
    if "UIDPLUS" in mailbox.capabilities:
        _done(mailbox.uid("EXPUNGE", uid))
    else:
        _done(mailbox.expunge())


def _make_done_folder(mailbox: imaplib.IMAP4, found: BounceSettings) -> None:
    if found.done_folder and mailbox.status(_quoted(found.done_folder), "(MESSAGES)")[0] != "OK":
        _done(mailbox.create(_quoted(found.done_folder)))


def _quoted(folder: str) -> str:
    return f'"{folder}"'  # `settings` refuses quotes and backslashes


def _done(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise UnableToReadMailbox(b" ".join(_plain(data)).decode("utf-8", "replace") or status)
    return data


def _words(problem: BaseException) -> str:
    named = problem.strerror if isinstance(problem, OSError) else ""
    words = named or str(problem) or type(problem).__name__
    if words.startswith("b'"):  # imaplib shows the server's bytes as Python writes them
        words = words[2:-1]
    return words[:500]
