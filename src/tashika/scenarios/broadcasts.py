"""The broadcast: at a time, to a segment, one mail. Reads the draft and makes its bill of materials."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tashika.audiences import static_lists
from tashika.contents import queries as contents
from tashika.contents import versions
from tashika.contents.models import Content, Kind
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.delivery import planning
from tashika.delivery import queries as delivery


class UnableToReadBroadcast(TashikaError):
    """The draft lacks something; `where` is segment or mail."""

    code = "unable_to_read_broadcast"
    status = 422


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as its draft says."""

    scenario: Content
    segment: Content
    mail: Content
    send_at: datetime | None
    relay_id: int | None


def of(scenario: Content) -> Broadcast:
    """The broadcast of a scenario's draft. Raises UnableToReadBroadcast naming what is missing."""
    draft = scenario.draft
    segment, mail = draft.get("segment"), draft.get("mail")
    if not segment:
        raise UnableToReadBroadcast(t("送る相手(セグメント)を選んでください。", "Choose the segment."), where="segment")
    if not mail:
        raise UnableToReadBroadcast(t("送るメールを選んでください。", "Choose the mail."), where="mail")
    send_at, relay = moment_of(draft), draft.get("relay") or None
    if relay is not None and not any(
        one.pk == relay and (one.confirmed_at or one.practice) for one in delivery.relays()
    ):
        raise UnableToReadBroadcast(
            t("選んだ送信サーバーは使えません。", "The relay that was chosen can't be used."),
            fix=t("確認ずみの送信サーバーを選んでください。", "Choose a confirmed relay."),
            where="relay",
        )
    return Broadcast(scenario, _of_kind(segment, Kind.SEGMENT), _of_kind(mail, Kind.MAIL), send_at, relay)


def bill_hash(broadcast: Broadcast) -> bytes:
    """The hash of everything that was looked at: what would be pinned if it were published now, who is on the static
    lists that it depends on, and the organisation's words in the footer. Any edit of these changes it."""
    parts: dict[str, Any] = {
        content.public_id: versions.body_hash(content.name, content.draft, []).hex()
        for content in (broadcast.segment, broadcast.mail, broadcast.scenario)
    }
    parts["members"] = static_lists.fingerprint(broadcast.segment)
    parts["organisation"] = planning.organisation_values()
    return versions.body_hash("bill", parts, [])


def moment_of(draft: dict[str, Any]) -> datetime | None:
    """When a draft says to send; None for at once. Raises UnableToReadBroadcast unless it is a time with an offset."""
    words = draft.get("send_at")
    try:
        moment = datetime.fromisoformat(words) if words else None
    except (TypeError, ValueError):
        moment = None
    if words and (moment is None or moment.tzinfo is None):
        raise UnableToReadBroadcast(
            t("配信日時を読めません。", "The time to send can't be read."),
            fix=t("例: 2026-12-01T10:00:00+09:00", "Such as 2026-12-01T10:00:00+09:00"),
            where="send_at",
        )
    return moment


def _of_kind(public_id: Any, kind: str) -> Content:
    content = contents.by_public_id(str(public_id))
    if content.kind != kind:
        raise UnableToReadBroadcast(t("{id} は別の種類です。", "{id} is of another kind.", id=public_id), where=kind)
    return content
