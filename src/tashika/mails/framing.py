"""The headers and the MIME structure around a mail's parts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tashika.mails import header_fields
from tashika.mails.recipient import Recipient


class Frame:
    """The headers and the MIME structure around the parts."""

    def __init__(self, body: Mapping[str, Any], *, boundary: str, commercial: bool, html: bool) -> None:
        edge = boundary.encode()
        self.commercial = commercial
        kind = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        # RFC 3834: an operational mail made by a machine says so; a commercial one carries List-Unsubscribe instead,
        # which automatic responders know as well (RFC 5230 4.6).
        tail = b"" if commercial else b"Auto-Submitted: auto-generated\r\n"
        tail += b"MIME-Version: 1.0\r\n"
        if html:
            tail += b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n--%s\r\n' % (edge, edge)
            self.ends: tuple[bytes, ...] = (b"--%s\r\n" % edge + kind % b"html", b"--%s--\r\n" % edge)
        else:
            self.ends = (b"",)
        # RFC 2369 and RFC 8058
        unsubscribe = b"List-Unsubscribe: <%b>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        self._head = (
            b"Date: %b"
            + _sender(body).replace(b"%", b"%%")
            + b"\r\nTo: <%b>\r\nSubject: %b\r\nMessage-ID: <%b>\r\n"
            + (unsubscribe if commercial else b"%b")
            + tail
            + kind % b"plain"
        )

    def fill(self, recipient: Recipient, date: datetime, subject: bytes, parts: list[bytes]) -> bytes:
        """The message. Raises UnableToWriteHeader where an address or URL could break out of its header."""
        message_id, one_click = recipient.message_id, recipient.one_click_url
        head = self._head % (
            header_fields.date_time(date),
            header_fields.address_spec(recipient.address),
            subject,
            message_id.encode("ascii") if recipient.plain else header_fields.message_id(message_id),
            (one_click.encode("ascii") if recipient.plain else header_fields.url(one_click))
            if self.commercial
            else b"",
        )
        return b"".join((head, *parts))


def _sender(body: Mapping[str, Any]) -> bytes:
    name = str(body.get("from_name") or "").strip()
    address = header_fields.address_spec(str(body["from_email"]).strip())
    line = b"\r\nFrom: "
    if name:
        line += header_fields.phrase(name, taken=6) + b"\r\n <" + address + b">"
    else:
        line += b"<" + address + b">"
    reply_to = str(body.get("reply_to") or "").strip()
    return line + (b"\r\nReply-To: <" + header_fields.address_spec(reply_to) + b">" if reply_to else b"")
