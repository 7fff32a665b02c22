"""Sources: where values come from. Every value of a contact leads to one."""

from datetime import datetime

from tashika.accounts.models import User
from tashika.core.actors import Actor
from tashika.people.models import Source


def of_person(user: User, *, now: datetime) -> Source:
    """The source for what a person of ours enters by hand."""
    return of_actor(Actor("user", user.pk, str(user)), now=now)


def of_actor(actor: Actor, *, now: datetime) -> Source:
    """The one source of an actor: a person, an API key, a recipient, the product itself."""
    kinds = {"user": "person", "api_key": "api", "recipient": "recipient", "system": "system"}
    ref = f"{actor.kind}:{actor.id}" if actor.id is not None else actor.kind
    source, _ = Source.objects.get_or_create(
        kind=kinds[actor.kind], ref=ref, defaults={"label": actor.label[:300], "at": now}
    )
    return source


def of_scenario(public_id: str, name: str, *, now: datetime) -> Source:
    """The source of what a scenario sets, such as S-12."""
    source, _ = Source.objects.get_or_create(
        kind="scenario", ref=public_id, defaults={"label": f"{public_id} {name}"[:300], "at": now}
    )
    return source
