"""How a report's bytes are kept, once, before anybody reads them. Without Django: a mail server's pipe starts a process
for each report."""

import hashlib
from datetime import datetime
from typing import Any

KEPT = 10_000_000  # bytes of a report that are kept: reports are some thousand long


def columns(*, raw: bytes, way: str, now: datetime, provider: str = "", size: int | None = None) -> dict[str, Any]:
    """The values of the statement `keep`. `size` is the whole length where `raw` was cut already."""
    whole = _without_mailbox_line(raw)
    cut = whole[:KEPT]
    return {
        "way": way,
        "provider": provider,
        "received_at": now,
        "digest": hashlib.sha256(provider.encode() + cut).digest(),
        "size": size if size is not None else len(whole),
        "raw": cut,
    }


def _without_mailbox_line(raw: bytes) -> bytes:
    """Without the line `From sender date` that some deliveries put first: its date differs at each try."""
    return raw[raw.find(b"\n") + 1 :] if raw.startswith(b"From ") else raw
