"""Set up relays. Until one is confirmed, the practice relay is all there is (G11)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tashika.accounts.models import User
from tashika.accounts.roles import require
from tashika.accounts.users import actor_of
from tashika.core import audit, config, sealing
from tashika.core.errors import TashikaError
from tashika.core.text import Text, t
from tashika.delivery import pace, postfix_queue
from tashika.delivery.models import Dispatch, Relay
from tashika.delivery.smtp import client, opening


class UnableToSetUpRelay(TashikaError):
    """A value can't be used, or the relay is in use."""

    code = "unable_to_set_up_relay"
    status = 422


@dataclass(frozen=True, slots=True)
class RelayCheck:
    """Whether a relay answered, and its words."""

    ok: bool
    words: str


def create(
    *,
    name: str,
    host: str,
    port: int,
    security: str,
    verify_certificate: bool,
    username: str,
    password: str,
    connections: int,
    per_hour: int | None,
    carrier_pace: dict[str, int] | None = None,
    on_this_host: bool = False,
    credit_seconds: int = 5,
    by: User,
    now: datetime,
) -> Relay:
    """Add a relay; it takes no mail before it is confirmed. Raises UnableToSetUpRelay naming the field."""
    require(by.role, "administer")
    relay = Relay(
        name=name.strip(),
        host=host.strip(),
        port=port,
        security=security,
        verify_certificate=verify_certificate,
        username=username.strip(),
        password_sealed=_seal(password),
        connections=connections,
        per_hour=per_hour,
        carrier_pace=carrier_pace or {},
        on_this_host=on_this_host,
        credit_seconds=credit_seconds,
        created_at=now,
    )
    _refuse_unusable(relay)
    with transaction.atomic():
        relay.save(force_insert=True)
        _record(relay, "create_relay", by, now)
    return relay


def change(
    relay: Relay,
    *,
    name: str,
    host: str,
    port: int,
    security: str,
    verify_certificate: bool,
    username: str,
    password: str | None,
    connections: int,
    per_hour: int | None,
    carrier_pace: dict[str, int] | None = None,
    on_this_host: bool | None = None,
    credit_seconds: int | None = None,
    by: User,
    now: datetime,
) -> Relay:
    """Change a relay. Another host, port or login has to be confirmed anew. What is None from `password` on keeps what
    there is."""
    require(by.role, "administer")
    before = (relay.host, relay.port, relay.username)
    relay.name, relay.host, relay.port, relay.security = name.strip(), host.strip(), port, security
    relay.verify_certificate, relay.username = verify_certificate, username.strip()
    relay.connections, relay.per_hour = connections, per_hour
    if carrier_pace is not None:
        relay.carrier_pace = carrier_pace
    if on_this_host is not None:
        relay.on_this_host = on_this_host
    if credit_seconds is not None:
        relay.credit_seconds = credit_seconds
    if password is not None:
        relay.password_sealed = _seal(password)
    _refuse_unusable(relay)
    if before != (relay.host, relay.port, relay.username) and not relay.practice:
        relay.confirmed_at, relay.is_default = None, False
    with transaction.atomic():
        relay.save(
            update_fields=[
                "name",
                "host",
                "port",
                "security",
                "verify_certificate",
                "username",
                "password_sealed",
                "connections",
                "per_hour",
                "carrier_pace",
                "on_this_host",
                "credit_seconds",
                "confirmed_at",
                "is_default",
            ]
        )
        _record(relay, "change_relay", by, now)
    return relay


def check(relay: Relay) -> RelayCheck:
    """Connect, secure and log in, as sending would; no mail. Of the Postfix of this host, whether its queue can be
    changed, too. Never raises."""
    try:
        asyncio.run(_connect_and_quit(server_of(relay)))
        if relay.on_this_host:
            postfix_queue.examine()
    except client.UnableToConnect as error:
        return RelayCheck(False, str(error))
    except TashikaError as error:
        return RelayCheck(False, error.words)
    if relay.on_this_host:
        return RelayCheck(True, str(t("接続でき、待ち行列も操作できました。", "Connected; its queue can be changed.")))
    return RelayCheck(True, str(t("接続できました。", "Connected.")))


def send_one(relay: Relay, *, sender: str, recipient: str, message: bytes) -> RelayCheck:
    """Hand one mail to a relay at once: the mail by which a person confirms it. Never raises for the relay's faults."""
    try:
        result = asyncio.run(opening.send_one(server_of(relay), sender=sender, recipient=recipient, message=message))
    except client.UnableToConnect as error:
        return RelayCheck(False, str(error))
    return RelayCheck(result.outcome is client.Outcome.ACCEPTED, result.reply)


def confirm(relay: Relay, *, by: User, now: datetime) -> None:
    """A person confirms that the relay is the right one: from now on it may take mail (G11)."""
    require(by.role, "administer")
    with transaction.atomic():
        relay.confirmed_at = now
        relay.save(update_fields=["confirmed_at"])
        _record(relay, "confirm_relay", by, now)


def make_default(relay: Relay, *, by: User, now: datetime) -> None:
    """Mails go through this relay unless a scenario names another. Raises UnableToSetUpRelay before it is confirmed."""
    require(by.role, "administer")
    if relay.confirmed_at is None and not relay.practice:
        raise UnableToSetUpRelay(
            t("「{name}」はまだ確認されていません。", "“{name}” is not confirmed yet.", name=relay.name),
            fix=t("先に接続を確認してください。", "Test and confirm it first."),
        )
    with transaction.atomic():
        Relay.objects.filter(is_default=True).update(is_default=False)
        relay.is_default = True
        relay.save(update_fields=["is_default"])
        _record(relay, "make_relay_default", by, now)


def archive(relay: Relay, *, by: User, now: datetime) -> None:
    """Take a relay out of use. Raises UnableToSetUpRelay while a dispatch sends through it."""
    require(by.role, "administer")
    if Dispatch.objects.filter(relay=relay, state__in=["planning", "sending"]).exists():
        raise UnableToSetUpRelay(
            t("この送信サーバーで送信中の配信があります。", "A dispatch is being sent through this relay.")
        )
    with transaction.atomic():
        relay.archived_at, relay.is_default = now, False
        relay.save(update_fields=["archived_at", "is_default"])
        _record(relay, "archive_relay", by, now)


def practice_relay(*, now: datetime) -> Relay:
    """The relay that leads to our own catcher on loopback; made on first use."""
    relay, _ = Relay.objects.get_or_create(
        practice=True,
        defaults={
            "name": "練習モード",
            "host": "127.0.0.1",
            "port": config.get_int("practice_port"),
            "security": "none",
            "connections": 4,
            "created_at": now,
        },
    )
    return relay


def default_relay(*, now: datetime) -> Relay:
    """The relay for mails that name none: the confirmed default, else the practice relay (G11)."""
    found = Relay.objects.filter(is_default=True, archived_at=None).first()
    return found or practice_relay(now=now)


def server_of(relay: Relay) -> opening.Server:
    """How to reach a relay. The practice relay is on loopback whatever its row says (G11)."""
    host, port = (relay.host, relay.port)
    if relay.practice:
        host, port = "127.0.0.1", config.get_int("practice_port")
    return opening.Server(
        host=host,
        port=port,
        security=relay.security,
        verify_certificate=relay.verify_certificate,
        username=relay.username,
        password=_unseal(bytes(relay.password_sealed)),
        greeting_name=_greeting_name(),
    )


def limits_of(relay: Relay) -> tuple[object, ...]:
    """How much it may be given: connections, mails an hour, by receiving side, and ahead of its queue."""
    return relay.connections, relay.per_hour, relay.carrier_pace, relay.on_this_host, relay.credit_seconds


def _greeting_name() -> str:
    import socket

    name = socket.getfqdn()
    return name if name.isascii() and " " not in name and name else "localhost"


async def _connect_and_quit(server: opening.Server) -> None:
    connection = await opening.open_connection(server, client.Single(client.Transaction("", "", b"")))
    connection.quit()


def _refuse_unusable(relay: Relay) -> None:
    problem: tuple[str, Text] | None = None
    if not relay.name:
        problem = ("name", t("名前を入力してください。", "Give it a name."))
    elif not relay.host or any(ch.isspace() or ch in "/@" for ch in relay.host):
        problem = (
            "host",
            t("ホスト名を入力してください(例: smtp.example.jp)。", "Give a host name, such as smtp.example.jp."),
        )
    elif not 0 < relay.port < 65536:
        problem = ("port", t("ポートは1〜65535です。", "The port is between 1 and 65535."))
    elif relay.security not in Relay.Security.values:
        problem = ("security", t("暗号化の方法を選んでください。", "Choose how the connection is secured."))
    elif not 0 < relay.connections <= 100:
        problem = ("connections", t("同時接続数は1〜100です。", "Between 1 and 100 connections."))
    elif relay.per_hour is not None and relay.per_hour < 1:
        problem = ("per_hour", t("1時間あたりの上限は1以上です。", "At least one mail an hour."))
    elif unknown := [name for name in relay.carrier_pace if name not in pace.CARRIERS and "." not in name]:
        problem = (
            "carrier_pace",
            t("{name} は知らない受信側です。", "{name} is no receiving side that is known.", name=unknown[0]),
        )
    elif not 1 <= relay.credit_seconds <= 3600:
        problem = ("credit_seconds", t("1〜3600秒です。", "Between 1 and 3600 seconds."))
    elif any(limit < 1 for limit in relay.carrier_pace.values()):
        problem = ("carrier_pace", t("1時間あたりの上限は1以上です。", "At least one mail an hour."))
    if problem:
        raise UnableToSetUpRelay(problem[1], where=problem[0])


def _record(relay: Relay, verb: str, by: User, now: datetime) -> None:
    detail: dict[str, Any] = {
        "host": relay.host,
        "port": relay.port,
        "security": relay.security,
        "per_hour": relay.per_hour,
    }
    if relay.carrier_pace:
        detail["carrier_pace"] = relay.carrier_pace
    if relay.on_this_host:
        detail |= {"on_this_host": True, "credit_seconds": relay.credit_seconds}
    audit.record(actor=actor_of(by), verb=verb, subject=f"relay:{relay.pk}", now=now, detail=detail)


def _seal(password: str) -> bytes:
    return sealing.seal("relay password", password)


def _unseal(sealed: bytes) -> str:
    return sealing.unseal("relay password", sealed)
