"""Compiling a mail version: the door for delivery.

A version is compiled once and then built per recipient: static runs and the values between them are joined, encoded,
and set between headers that the engine alone writes (G10). The same version, values and inputs give the same bytes
(G6). Templates with conditions are rendered by Liquid instead; both ways give the same bytes.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.mails import header_fields, html_part
from tashika.mails.checking import Problem, errors
from tashika.mails.filling import CLICK, OPEN_PIXEL, Contents, Filling, pixel
from tashika.mails.framing import Frame
from tashika.mails.merging import UnableToMerge
from tashika.mails.parts import Part
from tashika.mails.recipient import Recipient
from tashika.mails.sources import sources_of
from tashika.mails.values import Values, clean, crlf, scalar


class UnableToCompile(TashikaError):
    """The mail has errors; `problems` are all of them, `where` the place of the first."""

    code = "unable_to_compile"

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        super().__init__(first.what, fix=first.fix, where=first.where)
        self.problems = problems


class UnableToBuild(TashikaError):
    """This one recipient's mail can't be built; others can."""

    code = "unable_to_build"


class CompiledMail:
    """A mail version ready to be built for anyone."""

    def __init__(self, body: Mapping[str, Any], organisation: Mapping[str, str]) -> None:
        sources = sources_of(body, organisation)
        self.commercial = body.get("category", "commercial") == "commercial"
        self.links: tuple[str, ...] = sources.links
        self._organisation = {key: str(organisation.get(key) or "") for key in ("name", "postal_address", "contact")}
        self._link_parts = [Part(html_part.link_template(link), self._organisation, html=False) for link in self.links]
        self._subject = Part(str(body["subject"]), self._organisation, html=False)
        self._text = Part(crlf(sources.text), self._organisation, html=False)
        self._html = Part(crlf(sources.html), self._organisation, html=True) if sources.html else None
        parts = [self._subject, self._text, *([self._html] if self._html else []), *self._link_parts]
        self.fields: tuple[str, ...] = tuple(
            dict.fromkeys(name for part in parts for name in part.fields if name.startswith("contact."))
        )
        digest = hashlib.sha256(json.dumps([dict(body), self._organisation], sort_keys=True).encode()).hexdigest()
        self._frame = Frame(body, boundary=f"=_{digest[:32]}", commercial=self.commercial, html=self._html is not None)
        self._filling = Filling.of(
            self._subject, self._text, self._html, self.fields, self._link_parts, self._frame.ends
        )

    def build(self, recipient: Recipient, date: datetime) -> bytes:
        """The complete message (RFC 5322), CRLF, ASCII. Raises UnableToBuild for this recipient alone."""
        try:
            found = self._filling.fill(recipient) if self._filling else None
            return self._frame.fill(recipient, date, *(found or self._carefully(self._values(recipient))))
        except header_fields.UnableToWriteHeader as error:
            raise UnableToBuild(
                t("{what} が正しくないため作れません。", "Not built: {what} is not valid.", what=str(error)),
                where=str(error),
            ) from error
        except UnableToMerge as error:
            raise UnableToBuild(
                t("差し込みができません（{why}）。", "The merge failed ({why}).", why=str(error))
            ) from error

    def _carefully(self, values: Values) -> Contents:
        """The contents of a mail with conditions, or for a person whose values need cleaning or escaping."""
        subject = header_fields.unstructured(self._subject.render(values), taken=9)
        parts = [part.encoded(values) for part in (self._text, self._html) if part]
        return subject, [piece for pair in zip(parts, self._frame.ends, strict=True) for piece in pair]

    def link(self, index: int, values: Mapping[str, Any]) -> str:
        """Where tracked link `index` leads for the person of these values. Raises IndexError, UnableToBuild."""
        if index < 0:
            raise IndexError(index)
        try:
            return self._link_parts[index].render(self._cleaned(values))
        except UnableToMerge as error:
            raise UnableToBuild(
                t("差し込みができません（{why}）。", "The merge failed ({why}).", why=str(error))
            ) from error

    def parts(self, recipient: Recipient) -> tuple[str, str, str]:
        """Subject, HTML and text as this recipient would read them, for previews and checks."""
        values = self._values(recipient)
        try:
            html = self._html.render(values) if self._html else ""
            return header_fields.one_line(self._subject.render(values)), html, self._text.render(values)
        except UnableToMerge as error:
            raise UnableToBuild(
                t("差し込みができません（{why}）。", "The merge failed ({why}).", why=str(error))
            ) from error

    def _values(self, recipient: Recipient) -> Values:
        values = self._cleaned(recipient.values)
        values["opt_out_url"] = recipient.opt_out_url
        values[OPEN_PIXEL] = pixel(recipient.open_url)
        base = recipient.click_base
        for index, part in enumerate(self._link_parts):
            values[f"{CLICK}{index}"] = f"{base}{index}" if base else part.render(values)
        return values

    def _cleaned(self, values: Mapping[str, Any]) -> Values:
        """The values of our fields by their full names, without control characters. Raises UnableToBuild."""
        contact = values.get("contact", {})
        custom = contact.get("custom") or {}
        found = Values()
        try:
            for name in self.fields:
                bare = name[8:]
                raw = custom[bare[7:]] if bare.startswith("custom.") else contact[bare]
                found[name] = clean(raw) if type(raw) is str else scalar(raw)
        except KeyError as error:
            raise UnableToBuild(
                t("差し込み項目 {name} の値がありません。", "The merge field {name} has no value recorded.", name=name),
                where=name,
            ) from error
        return found


def compile_mail(body: Mapping[str, Any], *, organisation: Mapping[str, str]) -> CompiledMail:
    """A mail's body made ready for building. Raises UnableToCompile with every error and its place."""
    found = errors(body)
    if found:
        raise UnableToCompile(found)
    return CompiledMail(body, organisation)


_kept: "OrderedDict[tuple[bytes, bool, tuple[tuple[str, str], ...]], CompiledMail]" = OrderedDict()
_KEPT = 32


def compiled(version: Any, *, organisation: Mapping[str, str], operational: bool = False) -> CompiledMail:
    """The compiled mail of a `contents.Version`, from a small store keyed by the version's hash. `operational`: without what
    the law asks of advertising, whatever the mail says of itself, for it goes to our own people."""
    told = tuple(sorted((name, str(value)) for name, value in organisation.items()))
    key = (bytes(version.hash), operational, told)
    found = _kept.pop(key, None)
    if found is None:
        body = {**version.body, "category": "operational"} if operational else version.body
        found = compile_mail(body, organisation=organisation)
    _kept[key] = found
    while len(_kept) > _KEPT:
        _kept.popitem(last=False)
    return found
