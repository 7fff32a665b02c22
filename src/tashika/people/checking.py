"""What is wrong with a value, a row, a batch. Pure: no Django."""

import re

# Japanese carriers issued addresses that break RFC 5321 (`a..b@`, `.a@`, `a.@`) until 2009; they are real.
_CARRIERS = ("docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp")
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})", re.I
)
# What nearly every address looks like: fine by one look.
_PLAIN = re.compile(
    r"(?=.{6,254}\Z)(?=.{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)


def address_problem(address: str) -> str:
    """Why an address can't be written to, as a code; '' if it can: empty, full_width, spaces, syntax, too_long."""
    if _PLAIN.fullmatch(address):
        return ""
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


# What a cell of a name must not hold: each with its code.
_PHONE = re.compile(r"[0-9０-９][0-9０-９\-－ー ()]{6,}")
_NAME_FAULTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("mojibake", re.compile("[縺繧繝]|\ufffd")),
    ("control_character", re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u0085]")),
    ("address_in_name", re.compile("[@＠]|https?:")),
    ("phone_in_name", _PHONE),
    ("digits_in_name", re.compile(r"[0-9０-９]")),
    ("placeholder", re.compile("[■●〓]")),
    (
        "no_name",
        re.compile(r"\A(テスト|てすと|test|不明|なし|無し|様|名無し|記載なし|n/a|-+|－+|担当者|ご担当者様?)\Z", re.I),
    ),
    ("honorific_in_name", re.compile(r".(様|さま|さん|殿|御中|先生)\Z")),
)
# Every name with a fault has one of these characters; most names have none.
_SUSPECT = frozenset(
    "縺繧繝\ufffd\x7f\u2028\u2029\u0085@＠:0123456789０１２３４５６７８９■●〓様さ殿御先テてtT不な無名nN-－記担ご"
) | {chr(code) for code in range(0x20)}
_ANYWHERE = re.compile("[縺繧繝]|\ufffd|[\x00-\x08\x0b\x0c\x0e-\x1f]")


def name_fault(value: str) -> str:
    """What is wrong with a cell of a name, as a code; '' if nothing is. Most names pass by one look."""
    if _SUSPECT.isdisjoint(value):
        return ""
    return next((code for code, pattern in _NAME_FAULTS if pattern.search(value)), "")


def is_suspect(cells: list[str]) -> bool:
    """Whether any cell of a row may have a cell_fault."""
    return _ANYWHERE.search("".join(cells)) is not None


def cell_fault(value: str) -> str:
    """What is wrong with any other cell: mojibake or control characters."""
    if not _ANYWHERE.search(value):
        return ""
    return "mojibake" if re.search("[縺繧繝]|\ufffd", value) else "control_character"
