"""What `tashika doctor` looks at beyond the list of checks: the ports of this machine, and the whole audit trail."""

import os
from collections.abc import Iterator
from pathlib import Path

from tashika.core import config
from tashika.core.checks import Finding
from tashika.core.text import t


def trail() -> Iterator[Finding]:
    """Whether the chain of the audit trail holds (G12): every entry is read."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tashika.core.settings")
    django.setup()
    from tashika.core import audit

    broken = audit.first_broken_entry()
    if broken is None:
        yield Finding("ok", "audit", t("監査記録の鎖は完全です。", "The audit trail is whole."))
    else:
        yield Finding(
            "bad", "audit", t("監査記録 {n} が書き換えられています。", "Audit entry {n} was tampered with.", n=broken),
            t("バックアップと突き合わせ、触れた人を調べてください。", "Compare with a backup; find who had access."),
        )  # fmt: skip


def ports(*, host: str, taken: Path | None = None) -> Iterator[Finding]:
    """Whether the ports of `up` are free; they are taken, rightly, while it runs."""
    from tashika.cli.ports import port_is_free

    running = taken is not None and taken.exists() and _is_locked(taken)
    for key in ("port", "practice_port"):
        number = config.get_int(key)
        if running or port_is_free(host if key == "port" else "127.0.0.1", number):
            yield Finding("ok", key, t("ポート {n}", "Port {n}", n=number))
        else:
            yield Finding(
                "bad", key, t("ポート {n} は使われています。", "Port {n} is taken.", n=number),
                t("設定 {k} で別の番号にしてください。", "Choose another by the setting {k}.", k=key),
            )  # fmt: skip


def _is_locked(path: Path) -> bool:
    import fcntl

    with path.open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
