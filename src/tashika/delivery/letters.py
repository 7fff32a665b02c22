"""A mail version as this installation sends it: compiled, with the links that are one recipient's own.

The bytes are a function of the version, the ledger row and the moment it was begun (G6): `rebuild` makes any past mail
again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tashika.contents.models import Version
from tashika.core import config
from tashika.delivery import tracking
from tashika.delivery.bounces import return_path
from tashika.delivery.dkim import signers
from tashika.delivery.dkim.beside import Signs
from tashika.delivery.models import LedgerRow
from tashika.mails import compiling, recipient


@dataclass(frozen=True, slots=True)
class Mail:
    """A compiled mail with what the envelope and the links need."""

    compiled: compiling.CompiledMail
    from_address: str
    from_domain: str
    plain: bool  # the domain and the base URL are, so that nothing made from them has to be looked at
    return_path: str  # of the organisation; empty: reports go to the From address
    signer: Signs | None  # DKIM, where a key of the From domain is active
    base_url: str
    track_opens: bool
    track_clicks: bool
    to_staff: bool = False

    def envelope_sender(self, row: int) -> str:
        """MAIL FROM for one ledger row: reports name the row that they are about (VERP)."""
        return return_path.envelope_sender(row, return_path=self.return_path, from_address=self.from_address)

    def build(
        self, *, row: int, address: str, message_id: UUID | str, values: Mapping[str, Any], date: datetime
    ) -> bytes:
        """The complete message for one ledger row, unsigned. Raises compiling.UnableToBuild for this person alone."""
        opt_out, opened, click = tracking.links(self.base_url, row)
        if self.to_staff:  # there is nothing to opt out of
            opt_out = self.base_url
        person = recipient.Recipient(
            address,
            f"{message_id}@{self.from_domain}",
            values,
            opt_out,
            opt_out,
            opened if self.track_opens else "",
            click if self.track_clicks else "",
            self.plain,
        )
        return self.compiled.build(person, date)


def of(version: Version, organisation: Mapping[str, str], *, to_staff: bool = False) -> Mail:
    """A mail version ready to be built; as a notice `to_staff` it has no opt-out and is not tracked. Raises
    compiling.UnableToCompile."""
    body = version.body
    from_address = str(body["from_email"])
    from_domain = from_address.rpartition("@")[2]
    base_url = str(organisation.get("base_url") or config.base_url())
    return Mail(
        compiled=compiling.compiled(version, organisation=organisation, operational=to_staff),
        from_address=from_address,
        from_domain=from_domain,
        plain=recipient.are_plain(base_url, from_domain),
        return_path=return_path.configured(),
        signer=signers.signer_for(from_domain),
        base_url=base_url,
        track_opens=bool(body.get("track_opens")) and not to_staff,
        track_clicks=bool(body.get("track_clicks")) and not to_staff,
        to_staff=to_staff,
    )


def rebuild(row: LedgerRow) -> bytes:
    """The bytes that were handed over for a row, made again from what is pinned (G6). Raises ValueError for a row that
    was never begun, or when the bytes are not those of the hash in the ledger."""
    if row.begun_at is None or row.body_hash is None:
        raise ValueError("this mail was never handed over")
    mail = of(row.dispatch.mail_version, row.dispatch.organisation, to_staff=row.dispatch.to_staff)
    message = mail.build(
        row=int(row.pk), address=row.address, message_id=row.message_id, values=row.merge_values, date=row.begun_at
    )
    if hashlib.sha256(message).digest() != bytes(row.body_hash):
        raise ValueError("the bytes differ from those of the ledger's hash")
    return message
