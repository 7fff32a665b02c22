"""Landing pages, forms and documents so far: a title and a note, so that scenarios can name them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from tashika.api import drafts
from tashika.api.app import actor_of, person_of, require
from tashika.api.drafts import ContentOut, ContentPage, DraftIn
from tashika.api.paging import After, Limit
from tashika.contents import archiving, drafting, plain
from tashika.contents.models import Content, Kind
from tashika.core import clock

router = Router(tags=["landing pages, forms, documents"])
AREAS: dict[Kind, str] = {Kind.LANDING_PAGE: "landing-pages", Kind.FORM: "forms", Kind.DOCUMENT: "documents"}


def _list(kind: Kind) -> Callable[..., dict[str, Any]]:
    def listed(request: HttpRequest, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
        """The list, the highest number first."""
        require(request, "see")
        return drafts.listed(kind, after=after, limit=limit)

    return listed


def _add(kind: Kind) -> Callable[..., Status[Content]]:
    def add(request: HttpRequest, values: DraftIn) -> Status[Content]:
        """A new one. The draft's entries: title, note."""
        require(request, "edit")
        draft = plain.accepted(values.draft)
        made = drafting.create(kind=kind, name=values.name, draft=draft, by=person_of(request), now=clock.now())
        return Status(201, made)

    return add


def _get(kind: Kind) -> Callable[..., Content]:
    def get(request: HttpRequest, public_id: str) -> Content:
        """One of them."""
        require(request, "see")
        return drafts.of(kind, public_id)

    return get


def _save(kind: Kind) -> Callable[..., Content]:
    def save(request: HttpRequest, public_id: str, values: DraftIn) -> Content:
        """Save the draft; entries that are left out stay as they are."""
        require(request, "edit")
        content = drafts.of(kind, public_id)
        return drafting.save(
            content=content,
            draft=plain.accepted({**content.draft, **values.draft}),
            name=values.name,
            revision=values.revision,
            by=person_of(request),
            now=clock.now(),
        )

    return save


def _archive(kind: Kind) -> Callable[..., Status[None]]:
    def archive(request: HttpRequest, public_id: str) -> Status[None]:
        """Take it out of the list. Its versions stay."""
        require(request, "edit")
        archiving.archive(content=drafts.of(kind, public_id), by=actor_of(request), now=clock.now())
        return Status(204, None)

    return archive


def _offer(kind: Kind, area: str) -> None:
    """The five calls of a kind."""
    one = f"/{area}/{{public_id}}"
    router.get(f"/{area}", response=ContentPage, operation_id=f"list_{kind.value}")(_list(kind))
    router.post(f"/{area}", response={201: ContentOut}, operation_id=f"add_{kind.value}")(_add(kind))
    router.get(one, response=ContentOut, operation_id=f"get_{kind.value}")(_get(kind))
    router.put(one, response=ContentOut, operation_id=f"save_{kind.value}")(_save(kind))
    router.delete(one, response={204: None}, operation_id=f"archive_{kind.value}")(_archive(kind))


for _kind, _area in AREAS.items():
    _offer(_kind, _area)
