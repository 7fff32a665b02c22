"""Mail a staff user the link that verifies the address (`accounts.verifying`).

It goes straight to the relay, not through the ledger: a person waits for it, it is sent on that person's press alone, and
getting it twice does no harm. In practice mode it is caught like all mail (G11).
"""

from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import make_msgid

from django.utils import timezone, translation

from tashika.accounts import verifying
from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, config
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import relays, stopping


class UnableToMail(TashikaError):
    """Nothing may leave, or the relay did not take it."""

    code = "unable_to_mail"


def send(*, user: User, by: User, now: datetime) -> None:
    """Mail the link, from the administrator who asks for it. Raises NotAllowed, UnableToMail."""
    require(by.role, "administer")
    if stopping.current_emergency_stop():
        raise UnableToMail(t("緊急停止中です。", "All sending is stopped."))
    relay = relays.default_relay(now=now)
    sent = relays.send_one(relay, sender=by.email, recipient=user.email, message=_message(user, by, now))
    if not sent.ok:
        raise UnableToMail(
            t("送信サーバーが受け取りませんでした。", "The relay did not take it."),
            fix=t("{words}", "{words}", words=sent.words),
        )
    audit.record(actor=actor_of(by), verb="mail_verification", subject=f"user:{user.pk}", now=now)


def _message(user: User, by: User, now: datetime) -> bytes:
    link = f"{config.base_url()}/verify/{verifying.token_for(user, now=now)}"
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = by.email, user.email
    message["Date"], message["Auto-Submitted"] = timezone.localtime(now), "auto-generated"
    message["Message-ID"] = make_msgid(domain=by.email.rpartition("@")[2])
    with translation.override(user.language):
        message["Subject"] = str(t("Tashika: アドレスの確認", "Tashika: is this your address?"))
        message.set_content(
            str(
                t(
                    "{name} さん\n\nお知らせメールをこのアドレスで受け取るには、次のページを開き、ボタンを押してください（7日以内）。\n\n{link}\n\n"
                    "心当たりがなければ、何もしないでください。\n",
                    "{name},\n\nto get notices at this address, open this page within a week and press its button:\n\n{link}\n\n"
                    "If you know nothing of this, do nothing.\n",
                    name=user.name,
                    link=link,
                )
            ),
            cte="base64",
        )
    return message.as_bytes()
