"""Tags: the words themselves, and putting one on everybody whom a search finds."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import StringConstraints

from tashika.api.app import actor_of, require
from tashika.audiences import retiring, uses
from tashika.core import clock
from tashika.people import bulk_tagging, queries, tagging, tags, tasks
from tashika.people.searching import Narrowing

router = Router(tags=["tags"])
TagName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class NarrowingIn(Schema):
    """Whom a search finds; what is left out does not narrow."""

    q: str = ""
    tag: int | None = None
    company: int | None = None
    consent: Literal["none", "given", "withdrawn"] | None = None

    def found(self) -> Narrowing:
        """As `people` understands it. Raises NotFound."""
        return Narrowing(
            words=self.q,
            tag=queries.tag(self.tag) if self.tag is not None else None,
            company=queries.company(self.company) if self.company is not None else None,
            consent=self.consent or "",
        )


class FoundIn(NarrowingIn):
    """A search whose people are meant. Everybody is meant only where `everybody` says so."""

    everybody: bool = False


class TagIn(Schema):
    """A tag by its name."""

    name: TagName


class MergeIn(Schema):
    """The tag that the other becomes."""

    into: int


class TagOut(Schema):
    """A tag."""

    id: int
    name: str


class TagCountOut(TagOut):
    """A tag, how many contacts have it, its former names, and the segments that ask for it."""

    contacts: int
    former_names: list[str]
    segments: list[str]


class CountOut(Schema):
    """How many contacts it was about."""

    contacts: int


class BulkOut(Schema):
    """A tagging in the background: contacts to look at, looked at, changed."""

    id: int
    state: str
    planned: int
    seen: int
    changed: int


@router.get("/tags", response=list[TagOut])
def list_tags(request: HttpRequest) -> list[Any]:
    """All tags."""
    require(request, "see")
    return list(queries.tags())


@router.post("/tags", response={201: TagOut})
def add_tag(request: HttpRequest, values: TagIn) -> Status[Any]:
    """A tag; the one there is where the name, or a former one, is known."""
    require(request, "edit")
    known = queries.tag_of(values.name)
    return Status(201, known or tags.create(name=values.name, by=actor_of(request), now=clock.now()))


@router.get("/tags/{tag_id}", response=TagCountOut)
def get_tag(request: HttpRequest, tag_id: int) -> dict[str, Any]:
    """One tag with its count."""
    require(request, "see")
    tag = queries.tag(tag_id)
    return {
        "id": tag.pk,
        "name": tag.name,
        "contacts": queries.tagged_count(tag),
        "former_names": list(tag.former_names.values_list("name", flat=True)),
        "segments": [one.public_id for one in uses.of_tag(tag)],
    }


@router.patch("/tags/{tag_id}", response=TagOut)
def rename_tag(request: HttpRequest, tag_id: int, values: TagIn) -> Any:
    """Rename a tag. The old name goes on meaning it, in rules and in files."""
    require(request, "edit")
    return tags.rename(tag=queries.tag(tag_id), name=values.name, by=actor_of(request), now=clock.now())


@router.post("/tags/{tag_id}/merge", response=CountOut)
def merge_tag(request: HttpRequest, tag_id: int, values: MergeIn) -> dict[str, int]:
    """Make a tag part of another; how many contacts came over who did not have it."""
    require(request, "edit")
    tag, into = queries.tag(tag_id), queries.tag(values.into)
    return {"contacts": tags.merge(tag=tag, into=into, by=actor_of(request), now=clock.now())}


@router.delete("/tags/{tag_id}", response=CountOut)
def delete_tag(request: HttpRequest, tag_id: int) -> dict[str, int]:
    """Delete a tag; how many contacts had it. Refused while a segment asks for it."""
    require(request, "edit")
    return {"contacts": retiring.delete_tag(tag=queries.tag(tag_id), by=actor_of(request), now=clock.now())}


@router.get("/tags/bulk/{bulk_id}", response=BulkOut)
def get_bulk_tagging(request: HttpRequest, bulk_id: int) -> Any:
    """How far a tagging in the background has come."""
    require(request, "see")
    return queries.bulk_tagging(bulk_id)


@router.post("/tags/{tag_id}/put", response={200: CountOut, 202: BulkOut})
def put_tag(request: HttpRequest, tag_id: int, values: FoundIn) -> Status[Any]:
    """Put a tag on everybody whom a search finds; how many did not have it. Very many are tagged in the background."""
    require(request, "edit")
    return _change(request, tag_id, _meant(values), puts_on=True)


@router.post("/tags/{tag_id}/take-off", response={200: CountOut, 202: BulkOut})
def take_tag_off(request: HttpRequest, tag_id: int, values: FoundIn) -> Status[Any]:
    """Take a tag off everybody whom a search finds; how many had it. Very many are untagged in the background."""
    require(request, "edit")
    return _change(request, tag_id, _meant(values), puts_on=False)


def _change(request: HttpRequest, tag_id: int, found: Narrowing, *, puts_on: bool) -> Status[Any]:
    tag, by, now = queries.tag(tag_id), actor_of(request), clock.now()
    if bulk_tagging.is_large(found):
        begun = bulk_tagging.begin(tag=tag, puts_on=puts_on, narrowing=found, by=by, now=now)
        tasks.tag_in_bulk.defer(bulk_id=begun.pk)
        return Status(202, begun)
    change = tagging.put_on_found if puts_on else tagging.take_off_found
    return Status(200, {"contacts": change(tag=tag, narrowing=found, by=by, now=now)})


def _meant(values: FoundIn) -> Narrowing:
    found = values.found()
    if found.is_everybody and not values.everybody:
        raise tagging.UnableToChoose.nobody()
    return found
