"""Key pairs for DKIM and their DNS records (RFC 6376 3.6.1, RFC 8463 4). Pure."""

import base64
import binascii
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tashika.delivery.dkim.signing import PrivateKey

RSA2048, ED25519 = "rsa2048", "ed25519"
ALGORITHMS = (RSA2048, ED25519)
STRING = 255  # bytes of one string of a TXT record (RFC 1035 3.3.14)
_KINDS = {RSA2048: "rsa", ED25519: "ed25519"}


class NoKeyRecord(ValueError):
    """This text is no DKIM key record."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What a key record of the DNS says. An empty `public` means that the key was revoked."""

    kind: str
    public: bytes
    testing: bool
    sha256: bool


def make(algorithm: str) -> PrivateKey:
    """A new key pair. Raises KeyError for an algorithm that there is not."""
    if _KINDS[algorithm] == "rsa":
        return generate_private_key(public_exponent=65537, key_size=2048)
    return Ed25519PrivateKey.generate()


def to_text(key: PrivateKey) -> str:
    """The private key as PKCS #8 PEM, to be sealed."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")


def from_text(text: str) -> PrivateKey:
    """The private key of a PKCS #8 PEM. Checking it takes long: keep the object."""
    return cast(PrivateKey, serialization.load_pem_private_key(text.encode("ascii"), password=None))


def public_of(key: PrivateKey) -> bytes:
    """The public key as a record carries it: SubjectPublicKeyInfo for RSA, the 32 bytes for Ed25519."""
    if isinstance(key, RSAPrivateKey):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_key().public_bytes(serialization.Encoding.DER, form)
    return key.public_key().public_bytes_raw()


def record(algorithm: str, public: bytes) -> str:
    """The text of the TXT record at `selector._domainkey.domain`."""
    return f"v=DKIM1; k={_KINDS[algorithm]}; p={base64.b64encode(public).decode('ascii')}"


def in_strings(text: str) -> str:
    """A record's text as zone files take it: quoted strings of 255 bytes at most, which readers join again."""
    return " ".join(f'"{text[start : start + STRING]}"' for start in range(0, len(text), STRING))


def read(text: str) -> KeyRecord:
    """What a TXT record says. Raises NoKeyRecord."""
    tags: dict[str, str] = {}
    for index, part in enumerate(text.strip().removesuffix(";").split(";")):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or name in tags or (name == "v" and (index > 0 or value.strip() != "DKIM1")):
            raise NoKeyRecord(text)
        tags[name] = "".join(value.split())
    if "p" not in tags:
        raise NoKeyRecord(text)
    try:
        public = base64.b64decode(tags["p"], validate=True)
    except binascii.Error as error:
        raise NoKeyRecord(text) from error
    hashes = tags.get("h", "sha256").split(":")
    return KeyRecord(tags.get("k", "rsa"), public, "y" in tags.get("t", "").split(":"), "sha256" in hashes)


def fits(record: KeyRecord, algorithm: str, public: bytes) -> bool:
    """Whether receivers that read this record accept what our key signs."""
    return record.kind == _KINDS[algorithm] and record.public == public and record.sha256
