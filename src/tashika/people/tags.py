"""The tags themselves: make, rename, merge, delete. A former name goes on meaning its tag, wherever it is written."""

from datetime import datetime

from django.db import connection, transaction

from tashika.core import audit
from tashika.core.actors import Actor
from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.people import sources, tagging
from tashika.people.models import Tag


class UnableToNameTag(TashikaError):
    """The name is empty, too long or taken."""

    code = "unable_to_name_tag"
    status = 422


class UnableToMergeTags(TashikaError):
    """A tag can't be merged into itself or into a former name."""

    code = "unable_to_merge_tags"


def create(*, name: str, by: Actor, now: datetime) -> Tag:
    """A new tag. Raises UnableToNameTag."""
    name = _checked(name)
    with transaction.atomic():
        known = Tag.objects.select_related("leads_to").filter(name=name).first()
        if known is not None:
            raise _taken(known)
        tag = Tag.objects.create(name=name, created_at=now)
        audit.record(actor=by, verb="create_tag", subject=f"tag:{tag.pk}", now=now, detail={"name": name})
    return tag


def rename(*, tag: Tag, name: str, by: Actor, now: datetime) -> Tag:
    """Give a tag another name; the old one goes on meaning it. Raises UnableToNameTag."""
    name = _checked(name)
    with transaction.atomic():
        current = Tag.objects.select_for_update().get(pk=tag.pk)
        if name == current.name:
            return current
        known = Tag.objects.select_related("leads_to").filter(name=name).first()
        if known is not None and known.leads_to_id != current.pk:
            raise _taken(known)
        if known is not None:
            known.delete()
        old, current.name = current.name, name
        current.save(update_fields=["name"])
        Tag.objects.create(name=old, created_at=current.created_at, leads_to=current)
        audit.record(actor=by, verb="rename_tag", subject=f"tag:{tag.pk}", now=now, detail={"from": old, "to": name})
    return current


def merge(*, tag: Tag, into: Tag, by: Actor, now: datetime) -> int:
    """Put everybody who has a tag under another one; the old name goes on, meaning that. How many came over who did
    not have it. Since when and from where stay as they were. Raises UnableToMergeTags."""
    if tag.pk == into.pk or tag.leads_to_id or into.leads_to_id:
        raise UnableToMergeTags(t("別のタグを選んでください。", "Choose another tag."), where="into")
    with transaction.atomic(), connection.cursor() as cursor:
        list(Tag.objects.select_for_update().filter(pk__in=[tag.pk, into.pk]).order_by("pk"))
        cursor.execute(
            "INSERT INTO people_tagging (contact_id, tag_id, at, source_id) SELECT g.contact_id, %s, g.at, g.source_id"
            " FROM people_tagging g JOIN people_contact c ON c.id = g.contact_id WHERE g.tag_id = %s"
            " FOR KEY SHARE OF c ON CONFLICT DO NOTHING",
            [into.pk, tag.pk],
        )
        moved = int(cursor.rowcount)
        cursor.execute("DELETE FROM people_tagging WHERE tag_id = %s", [tag.pk])
        Tag.objects.filter(leads_to=tag).update(leads_to=into)
        Tag.objects.filter(pk=tag.pk).update(leads_to=into)
        detail = {"name": tag.name, "into": into.name, "contacts": moved}
        audit.record(actor=by, verb="merge_tags", subject=f"tag:{into.pk}", now=now, detail=detail)
    return moved


def delete(*, tag: Tag, by: Actor, now: datetime) -> int:
    """Delete a tag with its former names; how many had it. Each of them keeps a line in the history.

    Whether a segment asks for it is for `audiences.uses` to say: ways in go through `audiences.retiring.delete_tag`.
    """
    with transaction.atomic():
        count = tagging.remove_all(tag=tag, source=sources.of_actor(by, now=now), now=now)
        detail = {"name": tag.name, "contacts": count}
        audit.record(actor=by, verb="delete_tag", subject=f"tag:{tag.pk}", now=now, detail=detail)
        Tag.objects.filter(pk=tag.pk).delete()
    return count


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise UnableToNameTag(t("名前を入力してください。", "Give a name."), where="name")
    if len(name) > 100 or ";" in name or any(ord(ch) < 32 for ch in name):
        raise UnableToNameTag(
            t(
                "タグの名前は100文字以内で、; は使えません。",
                "A tag's name has at most 100 characters and no semicolon.",
            ),
            where="name",
        )
    return name


def _taken(known: Tag) -> UnableToNameTag:
    if known.leads_to is not None:
        return UnableToNameTag(
            t(
                "「{name}」は「{now}」の以前の名前です。",
                "“{name}” is a former name of “{now}”.",
                name=known.name,
                now=known.leads_to.name,
            ),
            where="name",
        )
    return UnableToNameTag(
        t("「{name}」はすでにあります。", "There is “{name}” already.", name=known.name),
        fix=t("1つにするには「統合」を使ってください。", "To make them one, merge them."),
        where="name",
    )
