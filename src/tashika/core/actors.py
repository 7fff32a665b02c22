"""Who does it: a person, an API key, or the product itself. Upper rooms make actors; `core` only carries them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `kind` is `user`, `api_key`, `recipient` or `system`; `label` is shown to people."""

    kind: str
    id: int | None
    label: str


SYSTEM = Actor("system", None, "Tashika")
