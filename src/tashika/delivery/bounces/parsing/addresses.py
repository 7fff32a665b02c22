"""Addresses as they stand in reports: loosely, for old carriers' addresses break the rules (`a..b@docomo.ne.jp`)."""

import re
from collections.abc import Iterable

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[A-Za-z0-9\u0080-\uffff](?:[\w.-]{0,190}\w)?")


def address_in(text: str) -> str:
    """The first address in a text, or nothing."""
    found = _ADDRESS.search(text[:2000])
    return found[0] if found else ""


def addresses(texts: Iterable[str]) -> list[str]:
    """The addresses in some texts, each once, in their order."""
    return list(dict.fromkeys(one for text in texts for one in _ADDRESS.findall(text[:2000])))[:20]
