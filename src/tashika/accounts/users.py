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
    user = User(email=email.strip().lower(), name=name.strip(), role=Role(role), created_at=now, language=language)
    try:
        validate_email(user.email)
    except ValidationError as error:
        raise UnableToCreateUser(t("メールアドレスの形式が正しくありません。", "This is not an address."), where="email") from error
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
