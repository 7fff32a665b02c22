"""Whether a staff user's address is theirs: a personal notice must not go to whoever a mistyped address belongs to.

    token_for    what stands in the link that is mailed to the address
    by_link      its owner has opened the link and pressed the button
    by_word      an administrator says so, with their name on record
    withdraw     a hard bounce shows that the mailbox is gone

What is kept is the address that was verified: a user with another one is unverified again, whoever changed it.
"""

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t

LINK_HOLDS = timedelta(days=7)
_SALT = "accounts.verifying"


class UnableToVerify(TashikaError):
    """The link is not ours, is too old, or speaks of an address that the person has no more."""

    code = "unable_to_verify"


def token_for(user: User, *, now: datetime) -> str:
    """A signed word for this person and this address, good for a week; it is mailed there and stands nowhere else."""
    until = int((now + LINK_HOLDS).timestamp())
    return signing.dumps({"user": user.pk, "email": user.email, "until": until}, salt=_SALT)


def owner_of(*, token: str, now: datetime) -> User:
    """Whom a link speaks of. Raises UnableToVerify."""
    try:
        said = signing.loads(token, salt=_SALT)
        found = User.objects.filter(pk=said["user"], email=said["email"], is_active=True).first()
        fresh = said["until"] >= now.timestamp()
    except (signing.BadSignature, KeyError, TypeError):
        found, fresh = None, False
    if found is None or not fresh:
        raise UnableToVerify(
            t(
                "このリンクは使えません。期限が切れたか、アドレスが変わっています。",
                "This link is of no use: too old, or the address has changed.",
            ),
            fix=t("管理者に、確認メールをもう一度送るよう頼んでください。", "Ask an administrator to send it again."),
        )
    return found


def by_link(*, token: str, now: datetime) -> User:
    """The owner of the mailbox has answered: the address is verified. Again is fine. Raises UnableToVerify."""
    user = owner_of(token=token, now=now)
    _verify(user, by=actor_of(user), way="link", now=now)
    return user


def by_word(*, user: User, by: User, now: datetime) -> None:
    """An administrator knows that the address is this person's. Raises NotAllowed."""
    require(by.role, "administer")
    _verify(user, by=actor_of(by), way="word", now=now)


def withdraw(*, user_id: int, address: str, why: str, by: Actor, now: datetime) -> bool:
    """Nobody answers at this address any more: it is unverified until someone verifies it anew. Whether it was verified."""
    with transaction.atomic():
        verified = User.objects.filter(pk=user_id, verified_email=address).exclude(verified_email="")
        changed = bool(verified.update(verified_email="", verified_at=None))
        if changed:
            audit.record(actor=by, verb="unverify_user", subject=f"user:{user_id}", now=now, detail={"evidence": why})
    return changed


def _verify(user: User, *, by: Actor, way: str, now: datetime) -> None:
    with transaction.atomic():
        unverified = User.objects.filter(pk=user.pk, email=user.email).exclude(verified_email=user.email)
        if unverified.update(verified_email=user.email, verified_at=now):
            audit.record(actor=by, verb="verify_user", subject=f"user:{user.pk}", now=now, detail={"way": way})
    user.refresh_from_db(fields=["verified_email", "verified_at"])
