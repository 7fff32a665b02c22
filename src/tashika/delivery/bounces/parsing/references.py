"""Which of our mails a report speaks of: every trace of one, verified by whoever knows the secret."""

import re
from collections.abc import Iterable

from tashika.delivery.bounces.parsing.parts import Message
from tashika.delivery.bounces.parsing.report import References

_TOKEN = re.compile(r"(?i)(?:[+=_-]|envelope-id:\s*)([a-z2-7]{32})(?![a-z0-9])")
_LINK = re.compile(r"/u/([A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])")
_MESSAGE_ID = re.compile(r"(?i)<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@")
_DELIVERED_TO = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "to", "cc")
_MOST = 20


def of(message: Message) -> References:
    """The traces in a message: first in the addresses it was delivered to, then in what it carries."""
    fields = message.fields
    texts = [
        "\n".join(fields.every(*_DELIVERED_TO)),
        *(_unfolded(part.content) for part in message.parts),
        "\n".join(fields.every("in-reply-to", "references")),
        "\n".join(value for _, value in fields.all),
    ]
    return within(texts)


def within(texts: Iterable[str]) -> References:
    """The traces in some texts, each once, in their order."""
    whole = "\n".join(texts)
    return References(
        tokens=tuple(one.lower() for one in _each(_TOKEN, whole)),
        links=_each(_LINK, whole),
        message_ids=tuple(one.lower() for one in _each(_MESSAGE_ID, whole)),
    )


def _unfolded(content: bytes) -> str:
    """As text with folded lines joined; soft line breaks of quoted-printable too, for returned mails come encoded."""
    text = content.decode("utf-8", "replace")
    return re.sub(r"=\r?\n|\r?\n(?=[ \t])", "", text)


def _each(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in pattern.finditer(text):
        found[one[1]] = None
        if len(found) >= _MOST:
            break
    return tuple(found)
