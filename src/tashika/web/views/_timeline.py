"""What has happened to and with a contact, from every record there is, in one order."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tashika.accounts.models import User
from tashika.activity.models import Event
from tashika.audiences import schema
from tashika.core.text import Text, t
from tashika.delivery import queries as delivery
from tashika.delivery.bounces import queries as bounces
from tashika.people import fields, queries
from tashika.people.models import Contact, CustomField
from tashika.web.views.scenarios import EXCLUDED

SHORT, LONG = 40, 2000
GROUNDS: dict[str, Text] = {
    "form": t("フォームで同意", "Agreed in a form"),
    "business_card": t("名刺交換", "Business card"),
    "business_relation": t("取引関係", "Business relation"),
    "published_address": t("公表されたアドレス", "Published address"),
    "import": t("取り込み", "Import"),
    "other": t("その他", "Other"),
}
_ACTS: dict[str, Text] = {
    "updated": t("変更", "Changed"),
    "restored": t("取り込みの取り消しで元に戻した", "Put back when an import was undone"),
    "deleted": t("削除", "Deleted"),
    "merged": t("名寄せ", "Deduplicated"),
    "tagged": t("タグをつけた", "Tagged"),
    "untagged": t("タグを外した", "Untagged"),
    "consent_given": t("同意", "Agreed"),
    "consent_withdrawn": t("配信停止", "Opted out"),
}
_STATES: dict[str, Text] = {
    "accepted": t("送信済み", "Accepted"),
    "in_doubt": t("届いたか不明", "In doubt"),
    "refused": t("断られた", "Refused"),
    "excluded": t("除外", "Excluded"),
    "stopped": t("停止（送っていない）", "Stopped, not sent"),
    "queued": t("未送信", "Queued"),
    "sending": t("送信中", "Sending"),
}
_EVENTS: dict[str, Text] = {
    "opened": t("メールを開いた", "Opened a mail"),
    "clicked": t("リンクをクリックした", "Clicked a link"),
    "mail_held": t("送信サーバーの待ち行列で保留", "Held in the relay's queue"),
    "mail_released": t("待ち行列の保留を解除（配達へ）", "Released in the relay's queue"),
    "mail_deleted": t("待ち行列から削除（届いていない）", "Deleted out of the relay's queue: never left"),
}
_BADGES = {
    "hard": "bad",
    "complaint": "bad",
    "soft": "doubt",
    "accepted": "good",
    "consent_given": "good",
    "consent_withdrawn": "bad",
    "refused": "bad",
    "in_doubt": "doubt",
    "mail_held": "doubt",
    "mail_deleted": "bad",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing: when, what, of which kind, from where, the mail or dispatch it is about, old and new values."""

    at: datetime
    what: Text | str
    badge: str = ""
    about: str = ""
    link: str = ""
    note: str = ""
    changes: list[tuple[Text | str, str, str]] = field(default_factory=list)


def of(contact: Contact, limit: int) -> list[Entry]:
    """Values, consent, tags, deliveries and what the person did, the newest first; of each at most `limit`."""
    entries = [
        *_records(contact, limit),
        *_deliveries(contact, limit),
        *_events(contact, limit),
        *_bounces(contact, limit),
        Entry(contact.created_at, t("登録", "Added"), note=str(contact.source or "")),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def shown(custom: CustomField, value: Any) -> str:
    """A custom value as people read it."""
    if value is None or value == "":
        return ""
    if custom.type == CustomField.Type.YES_NO:
        return str(t("はい", "Yes") if value else t("いいえ", "No"))
    if isinstance(value, list):
        return "、".join(str(one) for one in value)
    return str(value)


def _records(contact: Contact, limit: int) -> list[Entry]:
    labels, custom = schema.labels(), {f"custom.{one.key}": one for one in fields.every()}
    found = []
    for one in queries.history(contact.pk, limit):
        ground = GROUNDS.get(one.get("ground", ""), "")
        note = " · ".join(str(part) for part in (ground, one.get("detail"), one["source"]) if part)
        changes = [
            (
                labels.get("owner" if name == "owner_id" else name, name),
                _value(name, pair[0], custom),
                _value(name, pair[1], custom),
            )
            for name, pair in one.get("changes", {}).items()
        ]
        found.append(
            Entry(
                one["at"], _ACTS.get(one["what"], one["what"]), _BADGES.get(one["what"], ""), note=note, changes=changes
            )
        )
    return found


def _value(name: str, value: Any, custom: dict[str, CustomField]) -> str:
    if name == "owner_id":
        return str(User.objects.filter(pk=value).values_list("name", flat=True).first() or "")
    if name in custom:
        return shown(custom[name], value)
    return "" if value is None else str(value)


def _deliveries(contact: Contact, limit: int) -> list[Entry]:
    found = []
    for row in delivery.of_contact(contact.pk, limit):
        state = delivery.state_of(row)
        reasons = (EXCLUDED.get(row.why, row.why) if row.why else "", row.reply)
        found.append(
            Entry(
                row.ended_at or row.begun_at or row.dispatch.created_at,
                _STATES[state],
                _BADGES.get(state, ""),
                about=f"{row.dispatch.name}（{row.dispatch.mail_version.public_id}）",
                link=f"/dispatches/{row.dispatch_id}",
                note=" · ".join(str(one) for one in reasons if one),
            )
        )
    return found


def _events(contact: Contact, limit: int) -> list[Entry]:
    events = Event.objects.filter(contact_id=contact.pk, kind__in=list(_EVENTS)).order_by("-at")[:limit]
    return [
        Entry(
            one.at,
            _EVENTS[one.kind],
            _BADGES.get(one.kind, "live"),
            about=f"M-{one.mail_number}" if one.mail_number else "",
            link=f"/mails/M-{one.mail_number}" if one.mail_number else "",
        )
        for one in events
    ]


def _bounces(contact: Contact, limit: int) -> list[Entry]:
    return [
        Entry(
            one.at,
            bounces.KINDS[one.kind],
            _BADGES.get(one.kind, ""),
            about=str(t("届いた報告を見る", "The report")),
            link=f"/bounces/{one.pk}",
            note=" ".join(str(part) for part in (bounces.REASONS.get(one.reason), one.code) if part),
        )
        for one in bounces.bounces(contact_id=contact.pk)[:limit]
    ]
