"""Why a dispatch that is being sent does not go on just now, and when it will: for people."""

from dataclasses import dataclass
from datetime import datetime

from tashika.core import clock
from tashika.core.text import Text, t
from tashika.delivery import planning, sending_window
from tashika.delivery.models import Dispatch, Relay


@dataclass(frozen=True, slots=True)
class Wait:
    """One reason. `reply`: a server's words. `until`: when it is tried again or goes on."""

    kind: str  # paused, window, login
    words: Text
    until: datetime | None
    reply: str = ""


def waits_of(dispatch: Dispatch, *, now: datetime) -> list[Wait]:
    """What a dispatch waits for; nothing where it is not being sent."""
    if dispatch.state != Dispatch.State.SENDING:
        return []
    found = []
    if dispatch.pauses:
        words = t(
            "送信サーバーが続けて断っているため、送信を見合わせています。1通ずつ試し、受け取られたら続きを送ります。誰の分も失われません。",
            "The relay refuses one mail after the other, so this waits. One is tried from time to time, and the rest "
            "follows once it is accepted. Nobody is lost.",
        )
        found.append(Wait("paused", words, dispatch.paused_until, dispatch.paused_why))
    window = sending_window.current()
    if dispatch.priority >= planning.BULK and not window.is_open(now):
        opens_at = window.opens_at(now)
        words = t(
            "配信時間帯の外です。{when} から再開します。",
            "Outside the sending window. It goes on at {when}.",
            when=clock.in_words(opens_at),
        )
        found.append(Wait("window", words, opens_at))
    relay = dispatch.relay or Relay.objects.filter(is_default=True, archived_at=None).first()
    if relay and relay.paused_until:
        words = t(
            "送信サーバー「{name}」がログインを断っています。設定を確かめてください。",
            "The relay “{name}” refuses our login. See its settings.",
            name=relay.name,
        )
        found.append(Wait("login", words, relay.paused_until, relay.last_error))
    return found
