"""Create and change our own people."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tashika.accounts.models import Role, User
from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t


class UnableToCreateUser(TashikaError):
    """The address or password can't be used."""

    code = "unable_to_create_user"


def actor_of(user: User) -> Actor:
    """The person as the actor of an act."""
    return Actor("user", user.pk, user.name or user.email)


def is_first_run() -> bool:
    """Whether nobody has been created yet."""
    return not User.objects.exists()


def create(*, email: str, name: str, password: str, role: str, by: Actor, now: datetime, language: str = "ja") -> User:
    """Create a person. Raises UnableToCreateUser naming the field."""
    user = User(email=email.strip().lower(), name=name.strip(), role=_role(role), created_at=now, language=language)
    try:
        validate_email(user.email)
    except ValidationError as error:
        raise UnableToCreateUser(
            t("メールアドレスの形式が正しくありません。", "This is not an address."), where="email"
        ) from error
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UnableToCreateUser(" ".join(error.messages), where="password") from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            audit.record(actor=by, verb="create_user", subject=f"user:{user.pk}", now=now, detail={"role": user.role})
    except IntegrityError as error:
        raise UnableToCreateUser(
            t("このメールアドレスはすでに登録されています。", "This address is already registered."), where="email"
        ) from error
    return user


def choose_language(*, user: User, language: str) -> None:
    """Remember which language a person reads."""
    user.language = language
    user.save(update_fields=["language"])


def change_password(*, user: User, old: str, new: str, now: datetime) -> None:
    """Change one's own password. Sessions are bound to the password's hash, so every other one ends (listmonk
    CVE-2026-34828 kept them). Raises UnableToCreateUser naming the field."""
    if not user.check_password(old):
        raise UnableToCreateUser(t("今のパスワードが違います。", "The present password is wrong."), where="old")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise UnableToCreateUser(" ".join(error.messages), where="new") from error
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        audit.record(actor=actor_of(user), verb="change_password", subject=f"user:{user.pk}", now=now)


def change_role(*, user: User, role: str, by: User, now: datetime) -> None:
    """Give a person another role. Raises UnableToCreateUser when no administrator would be left."""
    with transaction.atomic():
        _keep_an_administrator(user, _role(role) == Role.ADMINISTRATOR)
        user.role = _role(role)
        user.save(update_fields=["role"])
        audit.record(actor=actor_of(by), verb="change_role", subject=f"user:{user.pk}", now=now, detail={"role": role})


def deactivate(*, user: User, by: User, now: datetime) -> None:
    """A person who has left: can't log in any more, stays in the records."""
    with transaction.atomic():
        _keep_an_administrator(user, False)
        user.is_active = False
        user.save(update_fields=["is_active"])
        audit.record(actor=actor_of(by), verb="deactivate_user", subject=f"user:{user.pk}", now=now)


def reactivate(*, user: User, by: User, now: datetime) -> None:
    """A person who is back. Doing it again changes nothing."""
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            audit.record(actor=actor_of(by), verb="reactivate_user", subject=f"user:{user.pk}", now=now)


def set_password(*, user: User, password: str, by: User, now: datetime) -> None:
    """Give a person who has forgotten theirs a new password; every session of theirs ends. Raises UnableToCreateUser."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UnableToCreateUser(" ".join(error.messages), where="password") from error
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record(actor=actor_of(by), verb="set_password", subject=f"user:{user.pk}", now=now)


def _role(role: str) -> Role:
    if role not in Role.values:
        raise UnableToCreateUser(t("この権限はありません。", "There is no such role."), where="role")
    return Role(role)


def _keep_an_administrator(user: User, stays: bool) -> None:
    administrators = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR, is_active=True)
    if not stays and [one.pk for one in administrators] == [user.pk]:
        raise UnableToCreateUser(
            t("管理者がいなくなってしまいます。", "There would be no administrator left."),
            fix=t("先に別の人を管理者にしてください。", "Make somebody else an administrator first."),
        )
