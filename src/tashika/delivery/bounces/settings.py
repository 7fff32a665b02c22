"""How reports reach us, and what they lead to."""

from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, sealing
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.delivery.bounces.models import BounceSettings

_PURPOSE = "mailbox password"
_TEXTS = ("return_path", "host", "security", "username", "folder", "done_folder")
_NUMBERS = {"soft_limit": (1, 100), "soft_days": (1, 365), "port": (1, 65535)}


class UnableToSetUpBounces(TashikaError):
    """A value can't be used; `where` names it."""

    code = "unable_to_set_up_bounces"
    status = 422


def current() -> BounceSettings:
    """The settings in force; the defaults before anybody has changed them."""
    return BounceSettings.objects.filter(pk=1).first() or BounceSettings()


def change(*, values: dict[str, Any], password: str | None, by: User, now: datetime) -> BounceSettings:
    """Change some of the settings, by name. `password` None keeps the one there is. Raises UnableToSetUpBounces."""
    require(by.role, "administer")
    with transaction.atomic():
        found, _ = BounceSettings.objects.select_for_update().get_or_create(pk=1)
        before = (found.host, found.username)
        for name in _TEXTS:
            setattr(found, name, str(values.get(name, getattr(found, name))).strip())
        for name in _NUMBERS:
            setattr(found, name, values.get(name, getattr(found, name)))
        found.verify_certificate = bool(values.get("verify_certificate", found.verify_certificate))
        _refuse_unusable(found)
        if password is not None:
            found.password_sealed = sealing.seal(_PURPOSE, password)
        elif (found.host, found.username) != before:
            found.password_sealed = b""  # a password is for the account it was given for
        found.last_error = ""
        found.save(update_fields=[*_TEXTS, *_NUMBERS, "verify_certificate", "password_sealed", "last_error"])
        detail = {name: getattr(found, name) for name in (*_TEXTS, *_NUMBERS)}
        audit.record(actor=actor_of(by), verb="change_bounce_settings", subject="bounces", now=now, detail=detail)
    return found


def password_of(found: BounceSettings) -> str:
    """The mailbox's password."""
    return sealing.unseal(_PURPOSE, bytes(found.password_sealed))


def _refuse_unusable(found: BounceSettings) -> None:
    for where, words in _problems(found):
        raise UnableToSetUpBounces(words, where=where)


def _problems(found: BounceSettings) -> list[tuple[str, Text]]:
    problems: list[tuple[str, Text]] = []
    local, at, domain = found.return_path.rpartition("@")
    plain = found.return_path.isascii() and not any(ch.isspace() or ch in '"<>,;+' for ch in found.return_path)
    if found.return_path and (not at or not 0 < len(local) <= 31 or "." not in domain or not plain):
        problems.append(
            (
                "return_path",
                t(
                    "戻り先は bounce@return.example.jp のような、+ のないアドレスです(@ の前は31文字まで)。",
                    "The return path is an address without a +, such as bounce@return.example.jp (31 characters before @).",
                ),
            )
        )
    if any(ch.isspace() or ch in "/@" for ch in found.host):
        problems.append(("host", t("ホスト名が正しくありません。", "This is no host name.")))
    if found.security not in ("tls", "starttls", "none"):
        problems.append(("security", t("暗号化の方法を選んでください。", "Choose how the connection is secured.")))
    for name, (least, most) in _NUMBERS.items():
        value = getattr(found, name)
        if not isinstance(value, int) or not least <= value <= most:
            problems.append((name, t("{a}から{b}までの数です。", "A number from {a} to {b}.", a=least, b=most)))
    for name in ("folder", "done_folder"):
        value = getattr(found, name)
        if not value.isascii() or any(ch in '"\\\r\n' for ch in value) or (name == "folder" and not value):
            problems.append((name, t("フォルダー名は半角英数字です。", "Folder names are of ASCII letters.")))
    if found.folder == found.done_folder:
        problems.append(("done_folder", t("別のフォルダーにしてください。", "It has to be another folder.")))
    return problems
