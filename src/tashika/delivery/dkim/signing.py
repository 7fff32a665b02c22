"""Signing messages with DKIM (RFC 6376; RFC 8301: rsa-sha256 and 2048 bits at least; RFC 8463: Ed25519). Pure.

The same message and key give the same bytes: there is no random part in either algorithm, and the moment of signing
stands in the message's own Date, which is covered.
"""

import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from tashika.delivery.dkim.canonical import Canonical, UnableToSign, canonical

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

# Named once more than they occur, so that none can be added on the way (RFC 6376 8.15). RFC 8058 4 asks for the two
# of List-Unsubscribe. Cc: we never write one (G10), nobody else shall.
OVERSIGNED = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
# Covered where they occur; some relays add them rightly, so their absence is not sworn to.
SIGNED = (
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "Sender",
    "In-Reply-To",
    "References",
    "List-Id",
    "Feedback-ID",
)

SMALLEST_RSA = 2048  # bits; RFC 8301 3.2 allows 1024, and large receivers count less than 2048 as weak
_PADDING, _HASH = PKCS1v15(), SHA256()
_LINE = 76
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which fields are signed, in which order: made once per set of names."""

    order: tuple[int, ...]
    raw: bytes  # the signature's own tags before bh=, folded
    relaxed: bytes  # the same in canonical form


class Signer:
    """Signs for one domain with one key. May be used from several threads at once."""

    def __init__(self, domain: str, selector: str, key: PrivateKey) -> None:
        """`domain` and `selector` in their ASCII form. Raises ValueError for a name or key that can't be used."""
        for name in (domain, selector):
            if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
                raise ValueError(f"no name of the DNS: {name!r}")
        if isinstance(key, RSAPrivateKey) and key.key_size < SMALLEST_RSA:
            raise ValueError(f"RSA keys have {SMALLEST_RSA} bits at least")
        self.domain = domain
        self.selector = selector
        self._key = key
        algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
        self._tags = f"v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector};"
        self._plan = lru_cache(maxsize=64)(self._new_plan)

    def sign(self, message: bytes) -> bytes:
        """The message with a DKIM-Signature before it. Raises UnableToSign."""
        return self.field(canonical(message)) + message

    def field(self, message: Canonical) -> bytes:
        """The DKIM-Signature field alone, with its CRLF. Raises UnableToSign."""
        plan = self._plan(message.names)
        fields = message.fields
        body_hash = binascii.b2a_base64(message.body_hash, newline=False)
        lines = [fields[index] for index in plan.order]
        lines.append(b"%b bh=%b; b=" % (plan.relaxed, body_hash))
        signature = binascii.b2a_base64(self._signature(b"\r\n".join(lines)), newline=False)
        folded = b"\r\n ".join(signature[start : start + 72] for start in range(0, len(signature), 72))
        return b"%b\r\n bh=%b;\r\n b=%b\r\n" % (plan.raw, body_hash, folded)

    def _signature(self, data: bytes) -> bytes:
        """RFC 6376 3.7; for Ed25519 what is signed is the SHA-256 of the data (RFC 8463 3)."""
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(data, _PADDING, _HASH)
        return self._key.sign(hashlib.sha256(data).digest())

    def _new_plan(self, names: tuple[bytes, ...]) -> _Plan:
        if names.count(b"from") != 1:
            raise UnableToSign("a message has one From")
        listed: list[str] = []
        order: list[int] = []
        for name in (*OVERSIGNED, *SIGNED):
            places = [index for index, found in enumerate(names) if found == name.lower().encode()]
            order += reversed(places)  # RFC 6376 5.4.2: of several, the last comes first
            listed += [name] * (len(places) + (name in OVERSIGNED))
        raw = _folded(f"DKIM-Signature: {self._tags} h=", listed) + ";"
        relaxed = re.sub(r"[ \r\n]+", " ", raw).replace("DKIM-Signature: ", "dkim-signature:", 1)
        return _Plan(tuple(order), raw.encode("ascii"), relaxed.encode("ascii"))


class Both:
    """Signs with several keys at once, such as RSA and Ed25519 (RFC 8463 6): the message is looked at once."""

    def __init__(self, *signers: Signer) -> None:
        self._signers = signers
        self.domain = signers[0].domain

    def sign(self, message: bytes) -> bytes:
        """The message with a DKIM-Signature of each key before it. Raises UnableToSign."""
        found = canonical(message)
        return b"".join(signer.field(found) for signer in self._signers) + message


def _folded(start: str, names: list[str]) -> str:
    """The tags and the list of names in lines of 76 characters at most, folded where RFC 6376 3.5 allows it."""
    lines, line = [], ""
    for word in start.split(" "):
        if line and len(line) + len(word) + 1 > _LINE:
            lines.append(line)
            line = ""
        line += (" " if line or lines else "") + word
    for index, name in enumerate(names):
        word = (":" if index else "") + name
        if len(line) + len(word) + 1 > _LINE:
            lines.append(line + (":" if index else ""))
            line, word = " ", name
        line += word
    return "\r\n".join([*lines, line])
