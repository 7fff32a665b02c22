"""Errors that a person meets.

    TashikaError            something was asked that can't be done; carries what, where and what to do
    ├── NotAllowed          the person's role does not reach so far
    ├── NotFound            no such thing
    ├── Frozen              the content is frozen (G7)
    └── Conflict            somebody else changed it meanwhile

Rooms derive their own `UnableTo…` beside the verb that raises it. Ways in turn each into a sentence: the web
into a message, the API into RFC 9457 problem details, the CLI into a line on standard error.
"""

from tashika.core.text import Text


class TashikaError(Exception):
    """Something was asked that can't be done.

    `what` says what is wrong, `fix` what to do, `where` the place (a field, a row, a line) where there is one.
    """

    code = "unable"
    status = 409

    def __init__(self, what: Text | str, *, fix: Text | str = "", where: str = "") -> None:
        super().__init__(str(what))
        self.what = what
        self.fix = fix
        self.where = where

    @property
    def words(self) -> str:
        """All of it in one line, in the active language."""
        return f"{self.what} {self.fix} {self.where}".strip()


class NotAllowed(TashikaError):
    """The person's role does not reach so far."""

    code = "not_allowed"
    status = 403


class NotFound(TashikaError):
    """No such thing."""

    code = "not_found"
    status = 404


class Frozen(TashikaError):
    """The content is frozen by an incident (G7)."""

    code = "frozen"
    status = 423


class Conflict(TashikaError):
    """Somebody else changed it meanwhile; nothing was overwritten."""

    code = "conflict"
    status = 409
