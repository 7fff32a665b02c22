"""The organisation's own fields: add, rename, reorder, change the choices, archive, bring back.

A field is never deleted: contacts, segments and mails may hold its key. Archived, it is offered nowhere and written
nowhere, but what asks for it already goes on reading it.
"""

from datetime import datetime

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people.models import CustomField

Type = CustomField.Type
WITH_CHOICES = (Type.CHOICE, Type.MULTI_CHOICE)
_MOST_CHOICES = 200


class UnableToDefineField(TashikaError):
    """The key, label or choices of a field can't be so; `where` says which."""

    code = "unable_to_define_field"
    status = 422


def create(*, key: str, label: str, type: str, choices: list[str], by: Actor, now: datetime) -> CustomField:
    """Add a custom field. Raises UnableToDefineField: a bad or taken key, a choice field without choices."""
    if not key.isascii() or not key.replace("_", "").isalnum() or not key[:1].isalpha() or len(key) > 40:
        raise UnableToDefineField(
            t(
                "キーは英字で始まる40文字以内の半角英数字と _ で入力してください。",
                "The key begins with a letter and has at most 40 letters, digits and _.",
            ),
            where="key",
        )
    if type not in Type.values:
        raise UnableToDefineField(t("種類を選んでください。", "Choose a type."), where="type")
    if CustomField.objects.filter(key__iexact=key).exists():
        raise UnableToDefineField(t("このキーはすでに使われています。", "This key is already used."), where="key")
    with transaction.atomic():
        field = CustomField.objects.create(
            key=key,
            label=_label(label or key),
            type=Type(type),
            choices=_choices(choices) if type in WITH_CHOICES else [],
            position=CustomField.objects.count(),
        )
        audit.record(actor=by, verb="create_field", subject=f"field:{key}", now=now, detail={"type": type})
    return field


def change(
    *, field: CustomField, label: str | None, choices: list[str] | None, by: Actor, now: datetime
) -> CustomField:
    """Give a field another label, or other choices in another order. What is None stays. The key and the type stay:
    rules and mails hold them. Raises UnableToDefineField, also for a choice that is to go while contacts have it."""
    with transaction.atomic():
        current = CustomField.objects.select_for_update().get(pk=field.pk)
        before = {"label": current.label, "choices": current.choices}
        current.label = _label(label) if label is not None else current.label
        if choices is not None and current.type in WITH_CHOICES:
            current.choices = _choices(choices)
            _refuse_to_lose(current, [one for one in before["choices"] if one not in current.choices])
        after = {"label": current.label, "choices": current.choices}
        changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        if changes:
            current.save(update_fields=["label", "choices"])
            audit.record(actor=by, verb="change_field", subject=f"field:{current.key}", now=now, detail=changes)
    return current


def reorder(*, keys: list[str], by: Actor, now: datetime) -> None:
    """Put the fields in an order; those that are not named follow in the order they had."""
    with transaction.atomic():
        fields = list(CustomField.objects.select_for_update().order_by("position", "id"))
        place = {key: number for number, key in enumerate(keys)}
        ordered = sorted(fields, key=lambda field: place.get(field.key, len(keys)))
        if ordered == fields:
            return
        for number, field in enumerate(ordered):
            field.position = number
        CustomField.objects.bulk_update(ordered, ["position"])
        detail = {"order": [field.key for field in ordered]}
        audit.record(actor=by, verb="reorder_fields", subject="fields", now=now, detail=detail)


def archive(*, field: CustomField, by: Actor, now: datetime) -> None:
    """Offer a field no longer. Its values stay, and so does what uses it. Doing it again changes nothing."""
    with transaction.atomic():
        if CustomField.objects.filter(pk=field.pk, archived_at=None).update(archived_at=now):
            audit.record(actor=by, verb="archive_field", subject=f"field:{field.key}", now=now)


def bring_back(*, field: CustomField, by: Actor, now: datetime) -> None:
    """Offer an archived field again, with the values that were there. Doing it again changes nothing."""
    with transaction.atomic():
        if CustomField.objects.filter(pk=field.pk, archived_at__isnull=False).update(archived_at=None):
            audit.record(actor=by, verb="bring_back_field", subject=f"field:{field.key}", now=now)


def _label(label: str) -> str:
    label = " ".join(label.split())
    if not label or len(label) > 100:
        raise UnableToDefineField(
            t("名前は1〜100文字で入力してください。", "A label has 1 to 100 characters."), where="label"
        )
    return label


def _choices(choices: list[str]) -> list[str]:
    kept = list(dict.fromkeys(" ".join(one.split()) for one in choices if one.strip()))
    if not kept:
        raise UnableToDefineField(t("選択肢を入力してください。", "Give the choices."), where="choices")
    if len(kept) > _MOST_CHOICES or any(len(one) > 100 for one in kept):
        raise UnableToDefineField(
            t("選択肢は200個まで、1個100文字までです。", "At most 200 choices of 100 characters each."), where="choices"
        )
    if any(sign in one for one in kept for sign in ";、"):
        raise UnableToDefineField(
            t(
                "選択肢に ; と 、 は使えません（ファイルの取り込みで区切りになります）。",
                "A choice has no ; and no 、 for files use them to part values.",
            ),
            where="choices",
        )
    return kept


def _refuse_to_lose(field: CustomField, gone: list[str]) -> None:
    for choice in gone:
        number = _holders(field, choice)
        if number:
            raise UnableToDefineField(
                t(
                    "「{choice}」は{n}人が選んでいるため、なくせません。",
                    "“{choice}” is the value of {n} contacts and can't go.",
                    choice=choice,
                    n=f"{number:,}",
                ),
                fix=t("先にその人たちの値を変えてください。", "Give those contacts another value first."),
                where="choices",
            )


def _holders(field: CustomField, choice: str) -> int:
    """How many contacts have a choice. Reads every contact: asked only when a choice is to go."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM people_contact WHERE custom @> jsonb_build_object(%s::text, %s::text)"
            " OR custom @> jsonb_build_object(%s::text, jsonb_build_array(%s::text))",
            [field.key, choice, field.key, choice],
        )
        return int(cursor.fetchone()[0])
