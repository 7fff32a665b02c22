"""The fields that rules may ask about: the contact's own and the organisation's, with their words.

Rooms below contribute what they keep (`scenarios` who walks where), so that nothing here reads their tables.
"""

from typing import Any

from tashika.audiences.conditions import Field
from tashika.audiences.rules import leaves
from tashika.core.text import Text, t
from tashika.people import fields
from tashika.people.models import CustomField

_TEXT: dict[str, Text] = {
    "email": t("メールアドレス", "Address"),
    "family_name": t("姓", "Family name"),
    "given_name": t("名", "Given name"),
    "family_kana": t("セイ", "Family name (kana)"),
    "given_kana": t("メイ", "Given name (kana)"),
    "company_name": t("会社名", "Company"),
    "department": t("部署", "Department"),
    "job_title": t("役職", "Job title"),
    "phone": t("電話番号", "Phone"),
    "mobile": t("携帯電話", "Mobile"),
    "postal_code": t("郵便番号", "Postal code"),
    "prefecture": t("都道府県", "Prefecture"),
    "address": t("住所", "Street address"),
    "external_id": t("外部ID", "External ID"),
    "note": t("備考", "Note"),
}
_OTHERS: tuple[tuple[Field, Text], ...] = (
    (Field("tag", "tag"), t("タグ", "Tag")),
    (Field("list", "list"), t("静的リスト", "Static list")),
    (Field("activity", "activity"), t("行動", "Activity")),
    (Field("score", "number", "c.score"), t("スコア", "Score")),
    (Field("rank", "text", "c.rank"), t("ランク", "Rank")),
    (Field("opted_out_at", "moment", "c.opted_out_at"), t("配信停止日", "Opted out")),
    (Field("consent", "choice", "c.consent", ("none", "given", "withdrawn")), t("同意", "Consent")),
    (Field("owner", "text", "(SELECT u.email FROM accounts_user u WHERE u.id = c.owner_id)"), t("担当者", "Owner")),
    (
        Field("import", "text", "(SELECT o.ref FROM people_source o WHERE o.id = c.source_id)"),
        t("取り込み元", "Source"),
    ),
    (Field("created_at", "moment", "c.created_at"), t("登録日", "Added")),
    (Field("updated_at", "moment", "c.updated_at"), t("更新日", "Changed")),
)
_CONTRIBUTED: dict[str, tuple[Field, Text]] = {}


def contribute(field: Field, words: Text) -> None:
    """Called by a room's AppConfig.ready."""
    _CONTRIBUTED[field.name] = (field, words)


def schema() -> dict[str, Field]:
    """Every field by name, custom fields as custom.<key>; archived ones too, so that no segment breaks."""
    found = {name: Field(name, "text", f"c.{name}") for name in _TEXT}
    found |= {field.name: field for field, _ in (*_OTHERS, *_CONTRIBUTED.values())}
    found |= {f"custom.{custom.key}": _custom(custom) for custom in fields.every()}
    return found


def labels() -> dict[str, Text | str]:
    """What people call each field."""
    found: dict[str, Text | str] = dict(_TEXT)
    found |= {field.name: words for field, words in (*_OTHERS, *_CONTRIBUTED.values())}
    found |= {f"custom.{custom.key}": _label(custom) for custom in fields.every()}
    return found


def offered(rule: dict[str, Any]) -> list[str]:
    """The fields that an editor offers: all but archived ones that its rule does not ask for."""
    asked = {str(leaf.get("field")) for _, leaf in leaves(rule)}
    gone = {f"custom.{custom.key}" for custom in fields.every() if custom.archived_at}
    return [name for name in schema() if name not in gone or name in asked]


def _label(custom: CustomField) -> Text | str:
    if custom.archived_at is None:
        return custom.label
    return t("{label}（使用停止中）", "{label} (archived)", label=custom.label)


def _custom(custom: CustomField) -> Field:
    # The key is a slug of [a-z0-9_]: checked when the field was made, and again here before it becomes SQL.
    if not custom.key.replace("_", "").isalnum() or not custom.key.isascii():
        raise ValueError(custom.key)
    raw = custom.type == CustomField.Type.MULTI_CHOICE
    column = f"(c.custom -> '{custom.key}')" if raw else f"(c.custom ->> '{custom.key}')"
    return Field(f"custom.{custom.key}", custom.type, column, tuple(custom.choices))
