"""What is wrong with a value, a row, a batch. Pure: no Django."""

import re

# Japanese carriers issued addresses that break RFC 5321 (`a..b@`, `.a@`, `a.@`) until 2009; they are real.
_CARRIERS = ("docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp")
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})", re.I)


def address_problem(address: str) -> str:
    """Why an address can't be written to, as a code; '' if it can: empty, full_width, spaces, syntax, too_long."""
    if not address:
        return "empty"
    if len(address) > 254:
        return "too_long"
    if re.search(r"[\s\u3000\x00-\x1f]", address):
        return "spaces"
    if re.search(r"[\uff01-\uff5e]", address):
        return "full_width"
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return "syntax"
    broken = local.startswith(".") or local.endswith(".") or ".." in local
    if broken and not domain.lower().endswith(_CARRIERS):
        return "syntax"
    return ""
