"""Which segments ask for a tag or a field: in the draft, or in the newest version, which may be running."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tashika.audiences import rules
from tashika.contents.models import Content, Kind
from tashika.contents.queries import of_kind
from tashika.people.models import Tag


def of_field(key: str) -> list[Content]:
    """The segments that ask for a custom field."""
    return _asking(lambda leaf: leaf.get("field") == f"custom.{key}")


def of_tag(tag: Tag) -> list[Content]:
    """The segments that ask for a tag, by its name or a former one."""
    names = {tag.name, *tag.former_names.values_list("name", flat=True)}
    return _asking(lambda leaf: leaf.get("field") == "tag" and leaf.get("value") in names)


def of_mail(number: int) -> list[Content]:
    """The segments that ask who got, opened or clicked a mail."""
    return _asking(lambda leaf: _mail_of(leaf.get("value")) == str(number))


def _mail_of(value: Any) -> str:
    named = str(value.get("mail") or "") if isinstance(value, Mapping) else ""
    return named.upper().removeprefix("M-")


def _asking(holds: Callable[[Mapping[str, Any]], bool]) -> list[Content]:
    segments = of_kind(Kind.SEGMENT).prefetch_related("versions")
    return [one for one in segments if any(holds(leaf) for body in _bodies(one) for leaf in _leaves(body))]


def _bodies(content: Content) -> Iterator[dict[str, Any]]:
    yield content.draft
    newest = max(content.versions.all(), key=lambda version: version.number, default=None)
    if newest is not None:
        yield newest.body


def _leaves(body: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    rule = body.get("rule")
    if isinstance(rule, Mapping):
        yield from (leaf for _, leaf in rules.leaves(rule) if isinstance(leaf, Mapping))
