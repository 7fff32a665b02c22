"""What a host looks like from inside, so that a copy of it knows that it is one.

Values are hashed: a machine-id should not leave its machine (machine-id(5)). A container has none that lasts; there
`TASHIKA_HOST_IDENTITY` says who it is.
"""

import hashlib
from pathlib import Path

from tashika.core import config

Signals = dict[str, list[str]]

_PERMANENT = "0"  # addr_assign_type of a network card's own address (Linux, sysfs-class-net)


def signals(folder: Path) -> Signals:
    """The signs of this machine, and the path of the data folder. What can't be read is left out."""
    chosen = config.get("host_identity")
    if chosen:
        return {"chosen": [_hashed(chosen)]}
    found = {
        "machine": _read(Path("/etc/machine-id")) or _read(Path("/var/lib/dbus/machine-id")),
        "product": _read(Path("/sys/class/dmi/id/product_uuid")),
    }
    values = {name: [_hashed(value)] for name, value in found.items() if value}
    cards = sorted(_hashed(address) for address in _cards())
    if cards:
        values["network"] = cards
    return {**values, "folder": [str(folder.resolve())]}


def differs(then: Signals, now: Signals) -> str:
    """Which sign says that this is another machine, or another folder; '' where none does. One network card that is
    still there is enough; what can be read at one time only (as root) says nothing."""
    if ("chosen" in then) != ("chosen" in now):
        return "chosen"
    for name in ("chosen", "product", "machine", "network", "folder"):
        if name in then and name in now and not set(then[name]) & set(now[name]):
            return name
    return ""


def _cards() -> list[str]:
    """Addresses of real network cards: those with a device behind them, and an address that is the card's own."""
    base = Path("/sys/class/net")
    cards = sorted(base.iterdir()) if base.is_dir() else []
    real = [card for card in cards if (card / "device").exists() and _read(card / "addr_assign_type") == _PERMANENT]
    return [address for card in real if (address := _read(card / "address"))]


def _hashed(value: str) -> str:
    return hashlib.sha256(f"tashika host\0{value}".encode()).hexdigest()[:16]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
