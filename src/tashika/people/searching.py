"""Find contacts by name, kana, company, part of an address, phone or external id.

The search key is computed from the row by the database, so that no door can forget it; a GIN index over its bigrams
finds any two characters in a row. pg_trgm finds nothing in Japanese under a C locale, hence bigrams.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from tashika.people.models import Company, Contact, Tag, Tagging

_NEAR = 1500  # contacts that are looked at one by one before the index is asked
_SOME = 400  # matches that are taken wherever they are, to find where a page must end
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Whom a list shows: those in whom every word occurs, with a tag, of a company, of a state of consent."""

    words: str = ""
    tag: Tag | None = None
    company: Company | None = None
    consent: str = ""

    @property
    def is_everybody(self) -> bool:
        """Whether nothing narrows it."""
        return not (self.words.strip() or self.tag or self.company or self.consent)


def narrowed(narrowing: Narrowing) -> QuerySet[Contact]:
    """The contacts of a list, in no order."""
    return _narrowed(narrowing, search(narrowing.words))


def _narrowed(narrowing: Narrowing, found: QuerySet[Contact]) -> QuerySet[Contact]:
    if narrowing.tag is not None:
        found = found.filter(pk__in=Tagging.objects.filter(tag=narrowing.tag).values("contact_id"))
    if narrowing.company is not None:
        found = found.filter(company=narrowing.company)
    if narrowing.consent:
        found = found.filter(consent=narrowing.consent)
    return found


def ids_sql(narrowing: Narrowing) -> tuple[str, tuple[Any, ...]]:
    """A SELECT of their ids with its parameters, for statements over the set."""
    return _ids_sql(narrowed(narrowing))


def ids_between_sql(narrowing: Narrowing, after: int, last: int) -> tuple[str, tuple[Any, ...]]:
    """The same of those with an id above `after`, up to `last`: looked at one by one, without the search index."""
    near = _narrowed(narrowing, search(narrowing.words, by_index=False))
    return _ids_sql(near.filter(pk__gt=after, pk__lte=last))


def _ids_sql(found: QuerySet[Contact]) -> tuple[str, tuple[Any, ...]]:
    statement, values = found.select_related(None).values_list("pk").query.sql_with_params()
    return statement, tuple(values)


def folded(words: str) -> str:
    """Words as the search compares them: width, case and kana aside. Never for display."""
    return unicodedata.normalize("NFKC", words).lower().translate(_TO_KATAKANA)


def first(narrowing: Narrowing, *, after: int = 0, limit: int) -> list[Contact]:
    """The first contacts of a list after an id, in the order of their ids: quick, however common the words are."""
    if not narrowing.words.strip():
        return list(narrowed(narrowing).filter(pk__gt=after).order_by("pk")[:limit])
    ids = _near_ids(narrowing, after, limit)
    if len(ids) < limit:
        ids = _far_ids(narrowing, after, limit)
    return list(Contact.objects.select_related("company", "owner").filter(pk__in=ids).order_by("pk"))


def _near_ids(narrowing: Narrowing, after: int, limit: int) -> list[int]:
    """Matches among the next contacts: a common word is met there, long before an index has gathered all its matches."""
    ids = Contact.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    last = ids[_NEAR - 1 : _NEAR].first() or ids.last() or after
    near = _narrowed(narrowing, search(narrowing.words, by_index=False)).filter(pk__gt=after, pk__lte=last)
    return list(near.order_by("pk").values_list("pk", flat=True)[:limit])


def _far_ids(narrowing: Narrowing, after: int, limit: int) -> list[int]:
    """Matches by the index. Where there are many, a page's worth lies at or below the highest of the lowest of some of
    them: nothing beyond is looked at."""
    far = narrowed(narrowing).filter(pk__gt=after)
    with transaction.atomic(), connection.cursor() as cursor:
        # Helping processes would each gather as many again.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        some = sorted(far.values_list("pk", flat=True)[: _SOME + limit])
        if len(some) < _SOME + limit:
            return some[:limit]
        return list(far.filter(pk__lte=some[limit - 1]).order_by("pk").values_list("pk", flat=True)[:limit])


def search(words: str, *, by_index: bool = True) -> QuerySet[Contact]:
    """Contacts in which every word occurs, in no order. A single character matches beginnings of words. Without the
    index for few contacts that are known otherwise."""
    found = Contact.objects.select_related("company", "owner")
    for word in folded(words).split():
        part = f" {word}" if len(word) == 1 else word
        found = found.extra(where=["people_search_key(people_contact) LIKE %s"], params=[f"%{_literal(part)}%"])
        if by_index:
            found = found.extra(
                where=['people_bigrams(people_search_key(people_contact)) COLLATE "C" @> %s::text[]'],
                params=[_bigrams(part)],
            )
    return found


def _bigrams(word: str) -> list[str]:
    return [word[index : index + 2] for index in range(len(word) - 1)]


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
