"""Whom one message is for."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tashika.mails import header_fields
from tashika.mails.values import SUSPECT


class Recipient(NamedTuple):
    """Whom one message is for, and the addresses that are theirs alone.

    `values` is the ledger's snapshot: {"contact": {…, "custom": {…}}}. `message_id` has no angle brackets. Tracked link
    i leads to `click_base + str(i)`; without `click_base` links lead straight to their targets, without `open_url`
    there is no pixel. `plain`: all of these addresses but the first are known to be plain (`are_plain`).
    """

    address: str
    message_id: str
    values: Mapping[str, Any]
    opt_out_url: str
    one_click_url: str
    open_url: str = ""
    click_base: str = ""
    plain: bool = False


def are_plain(base_url: str, domain: str) -> bool:
    """Whether what is made of letters, digits, - and _ behind these is plain: needs no escaping in HTML, no look before
    it stands in a header."""
    try:
        header_fields.url(base_url)
        header_fields.message_id(f"a@{domain}")
    except header_fields.UnableToWriteHeader:
        return False
    return len(base_url) < 300 and not SUSPECT.search(base_url)
