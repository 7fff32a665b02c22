"""Record acts in the audit trail and check that nobody has tampered with it (G12)."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tashika.core.actors import Actor
from tashika.core.models import AuditEntry

_CHAIN_LOCK = 0x7461736869  # one chain per database: acts are few, mails never go through it
_START = bytes(32)


def record(*, actor: Actor, verb: str, subject: str, now: datetime, detail: dict[str, Any] | None = None) -> AuditEntry:
    """Append an act in the caller's transaction: no audit, no act (Vault's rule)."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
        last = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first()
        entry = AuditEntry(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_label=actor.label[:200],
            verb=verb,
            subject=subject,
            detail=detail or {},
            previous_hash=bytes(last) if last else _START,
        )
        entry.hash = _hash(entry)
        entry.save(force_insert=True)
    return entry


def first_broken_entry() -> int | None:
    """The id of the first entry whose hash or link is wrong; None while the chain is whole."""
    previous = _START
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        if bytes(entry.previous_hash) != previous or _hash(entry) != bytes(entry.hash):
            return int(entry.pk)
        previous = bytes(entry.hash)
    return None


def _hash(entry: AuditEntry) -> bytes:
    row = [
        entry.at.timestamp(),
        entry.actor_kind,
        entry.actor_id,
        entry.actor_label,
        entry.verb,
        entry.subject,
        entry.detail,
    ]
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes(entry.previous_hash) + text.encode()).digest()
