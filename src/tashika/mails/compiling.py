"""Compiling a mail version: the door for delivery.

A version is compiled once and then built per recipient: static runs and the values between them are joined, encoded,
and set between headers that the engine alone writes (G10). The same version, values and inputs give the same bytes
(G6). Templates with conditions are rendered by Liquid instead; both ways give the same bytes.
"""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from tashika.core.errors import TashikaError
from tashika.core.text import t
from tashika.mails import header_fields, html_part, mjml
from tashika.mails.base64_pieces import Base64Pieces, encode_dynamic
from tashika.mails.checking import Problem, errors
from tashika.mails.footer import html_footer, text_footer
from tashika.mails.merging import ENGINE, MergeTemplate, Substitution, UnableToMerge, YesNo, percent
from tashika.mails.text_part import text_from_html

_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SUSPECT = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff&<>'\"]"
)
_MARKUP = re.compile("[&<>'\"]")
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_PIXEL_BEFORE = '<img src="'
_PIXEL_AFTER = '" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
_OPEN_PIXEL = f"{ENGINE}.open_pixel"
_CLICK = f"{ENGINE}.click_"
_COMMON = ("contact.", "organisation.")


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


class Recipient(NamedTuple):
    """Whom one message is for, and the addresses that are theirs alone.

    `values` is the ledger's snapshot: {"contact": {…, "custom": {…}}}. `message_id` has no angle brackets. Tracked link
    i leads to `click_base + str(i)`; without `click_base` links lead straight to their targets, without `open_url`
    there is no pixel. `plain`: all of these addresses but the first are known to be plain (`are_plain`).
    """

    address: str
    message_id: str
    values: Mapping[str, Any]
    opt_out_url: str
    one_click_url: str
    open_url: str = ""
    click_base: str = ""
    plain: bool = False


_Contents = tuple[bytes, list[bytes]]  # the subject; the parts and what stands behind each, to be joined


def are_plain(base_url: str, domain: str) -> bool:
    """Whether what is made of letters, digits, - and _ behind these is plain: needs no escaping in HTML, no look before
    it stands in a header."""
    try:
        header_fields.url(base_url)
        header_fields.message_id(f"a@{domain}")
    except header_fields.UnableToWriteHeader:
        return False
    return len(base_url) < 300 and not _SUSPECT.search(base_url)


class CompiledMail:
    """A mail version ready to be built for anyone."""

    def __init__(self, body: Mapping[str, Any], organisation: Mapping[str, str]) -> None:
        sources = _sources(body, organisation)
        self.commercial = body.get("category", "commercial") == "commercial"
        self.links: tuple[str, ...] = sources.links
        self._organisation = {key: str(organisation.get(key) or "") for key in ("name", "postal_address", "contact")}
        self._link_parts = [_Part(html_part.link_template(link), self._organisation, html=False) for link in self.links]
        self._subject = _Part(str(body["subject"]), self._organisation, html=False)
        self._text = _Part(_crlf(sources.text), self._organisation, html=False)
        self._html = _Part(_crlf(sources.html), self._organisation, html=True) if sources.html else None
        parts = [self._subject, self._text, *([self._html] if self._html else []), *self._link_parts]
        self.fields: tuple[str, ...] = tuple(
            dict.fromkeys(name for part in parts for name in part.fields if name.startswith("contact."))
        )
        digest = hashlib.sha256(json.dumps([dict(body), self._organisation], sort_keys=True).encode()).hexdigest()
        self._frame = _Frame(body, boundary=f"=_{digest[:32]}", commercial=self.commercial, html=self._html is not None)
        self._filling = _Filling.of(
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

    def _carefully(self, values: "_Values") -> "_Contents":
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

    def _values(self, recipient: Recipient) -> "_Values":
        values = self._cleaned(recipient.values)
        values["opt_out_url"] = recipient.opt_out_url
        values[_OPEN_PIXEL] = _pixel(recipient.open_url)
        base = recipient.click_base
        for index, part in enumerate(self._link_parts):
            values[f"{_CLICK}{index}"] = f"{base}{index}" if base else part.render(values)
        return values

    def _cleaned(self, values: Mapping[str, Any]) -> "_Values":
        """The values of our fields by their full names, without control characters. Raises UnableToBuild."""
        contact = values.get("contact", {})
        custom = contact.get("custom") or {}
        found = _Values()
        try:
            for name in self.fields:
                bare = name[8:]
                raw = custom[bare[7:]] if bare.startswith("custom.") else contact[bare]
                found[name] = _clean(raw) if type(raw) is str else _scalar(raw)
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


_kept: "OrderedDict[tuple[bytes, tuple[tuple[str, str], ...]], CompiledMail]" = OrderedDict()
_KEPT = 32


def compiled(version: Any, *, organisation: Mapping[str, str]) -> CompiledMail:
    """The compiled mail of a `contents.Version`, from a small store keyed by the version's hash."""
    key = (bytes(version.hash), tuple(sorted((name, str(value)) for name, value in organisation.items())))
    found = _kept.pop(key, None)
    if found is None:
        found = compile_mail(version.body, organisation=organisation)
    _kept[key] = found
    while len(_kept) > _KEPT:
        _kept.popitem(last=False)
    return found


def _pixel(url: str) -> Markup:
    return Markup(_PIXEL_BEFORE) + url + Markup(_PIXEL_AFTER) if url else Markup("")


class _Values(dict[str, Any]):
    """Values by their full names; `nested` is the same as Liquid wants it, made when first asked for."""

    __slots__ = ("_nested",)

    def nested(self, organisation: Mapping[str, str]) -> dict[str, Any]:
        """{"contact": {"family_name": …, "custom": {…}}, "organisation": {…}, …}."""
        try:
            return self._nested
        except AttributeError:
            self._nested: dict[str, Any] = {"organisation": organisation}
        for name, value in self.items():
            target = self._nested
            *path, last = name.split(".")
            for step in path:
                target = target.setdefault(step, {})
            target[last] = value
        return self._nested


class _Slot(NamedTuple):
    """A place of a template that a value fills."""

    position: int
    name: str
    fallback: str | None
    percent: bool
    printed: Callable[[Any], str]


class _Part:
    """One template of a mail: static runs with slots between them, and pieces of Liquid where it holds conditions.

    `cut=False` has Liquid render the whole: slower, and the same to the byte.
    """

    __slots__ = ("_template", "base64", "blocks", "fields", "organisation", "pieces", "slots")

    def __init__(self, source: str, organisation: Mapping[str, str], *, html: bool, cut: bool = True) -> None:
        self.organisation = organisation
        self._template = MergeTemplate(source, html=html)
        self.fields = tuple(dict.fromkeys(use.name for use in self._template.uses()))
        self.pieces: list[str] = [""]
        self.slots: list[_Slot] = []
        self.blocks: list[tuple[int, MergeTemplate]] = [(0, self._template)]
        runs = self._template.runs() if cut else None
        if runs is not None:
            self._lay_out(runs, html)
        changing = {slot[0] for slot in self.slots} | {block[0] for block in self.blocks}
        self.base64 = Base64Pieces(self.pieces, changing)

    def render(self, values: _Values) -> str:
        """The text for these values. Raises UnableToMerge."""
        return "".join(self._filled(values))

    def encoded(self, values: _Values) -> bytes:
        """The same in base64, in lines of 76. Raises UnableToMerge."""
        return self.base64.encode(self._filled(values))

    @property
    def has_common_blocks(self) -> bool:
        """Whether blocks ask for fields of a contact only: many people share what comes of them."""
        return all(use.name.startswith(_COMMON) for _, block in self.blocks for use in block.uses())

    def rendered(self, block: MergeTemplate, names: list[str]) -> Callable[..., str]:
        """What a block gives for the values of these fields, kept for those who share them. Raises UnableToMerge."""

        @lru_cache(maxsize=256)
        def render(*values: str) -> str:
            return block.render(_Values(zip(names, values, strict=True)).nested(self.organisation))

        return render

    def _filled(self, values: _Values) -> list[str]:
        pieces = self.pieces.copy()
        for position, name, _, _, printed in self.slots:
            pieces[position] = printed(values[name])
        for position, template in self.blocks:
            pieces[position] = template.render(values.nested(self.organisation))
        return pieces

    def _lay_out(self, runs: Iterable[str | Substitution | MergeTemplate], html: bool) -> None:
        """Neighbouring static runs become one piece; a slot or block has an empty piece of its own to fill."""
        pieces: list[str] = [""]
        self.blocks = []
        for run in runs:
            if isinstance(run, MergeTemplate):
                run = self._for_everybody(run)
            if isinstance(run, str):
                pieces[-1] += run
            elif isinstance(run, MergeTemplate):
                self.blocks.append((len(pieces), run))
                pieces += ["", ""]
            elif run.name.startswith("organisation."):
                value = self.organisation[run.name.partition(".")[2]]
                pieces[-1] += _printer(run.fallback, html, run.percent)(value)
            else:
                printed = _printer(run.fallback, html, run.percent)
                self.slots.append(_Slot(len(pieces), run.name, run.fallback, run.percent, printed))
                pieces += ["", ""]
        self.pieces = pieces

    def _for_everybody(self, block: MergeTemplate) -> str | MergeTemplate:
        """What a block gives that only asks for the organisation, such as a footer's condition."""
        if not all(use.name.startswith("organisation.") for use in block.uses()):
            return block
        try:
            return block.render({"organisation": self.organisation})
        except UnableToMerge:
            return block  # said when the first mail is built, as for every other block


class _Filling:
    """A whole mail filled by one format operation: for people whose values need neither cleaning nor escaping, which is
    nearly everybody. Gives the same bytes as the careful way."""

    def __init__(
        self, parts: "list[_Part]", fields: tuple[str, ...], links: "list[_Part]", ends: tuple[bytes, ...]
    ) -> None:
        self._subject, *self._bodies = parts
        self._encoders, self._ends = [part.base64 for part in self._bodies], ends
        bare = [name[8:] for name in fields]
        self._names = [name for name in bare if not name.startswith("custom.")]
        self._get = _getter(self._names)
        self._custom = [name[7:] for name in bare if name.startswith("custom.")]
        self._targets = [link.pieces[0] for link in links]
        self._tracked_only = any(link.slots for link in links)
        known = [f"contact.{name}" for name in self._names] + [f"contact.custom.{name}" for name in self._custom]
        known += ["opt_out_url", _OPEN_PIXEL, *(f"{_CLICK}{index}" for index in range(len(links)))]
        self._source = {name: index for index, name in enumerate(known)}
        self._place: dict[tuple[_Part, int], int] = {}  # a block's place among the texts
        self._blocks: list[tuple[Callable[[Any], tuple[str, ...]], Callable[..., str]]] = []
        for part in parts:
            for position, block in part.blocks:
                self._place[part, position] = len(known) + len(self._place)
                names = list(dict.fromkeys(use.name for use in block.uses() if use.name in self._source))
                self._blocks.append((_getter([self._source[name] for name in names]), part.rendered(block, names)))
        self._numbers = [str(index) for index in range(len(links))]
        self._printed: dict[tuple[int, str | None, bool], int] = {}
        stretches = [self._stretch(self._subject, slice(0, len(self._subject.pieces)))]
        stretches += [self._stretch(part, stretch) for part in self._bodies for stretch in part.base64.dynamic]
        self._format = "\0".join(words for words, _ in stretches)
        self._put_in_order = _getter([index for _, indexes in stretches for index in indexes])

    @classmethod
    def of(
        cls,
        subject: "_Part",
        text: "_Part",
        html: "_Part | None",
        fields: tuple[str, ...],
        links: "list[_Part]",
        ends: tuple[bytes, ...],
    ) -> "_Filling | None":
        """The filling of a mail; None where Liquid has to render what nobody else gets, such as links within conditions."""
        parts = [subject, text, *([html] if html else [])]
        if any(link.blocks for link in links) or any("\0" in "".join(part.pieces) for part in (*parts, *links)):
            return None
        if not all(part.has_common_blocks for part in parts):
            return None
        return cls(parts, fields, links, ends)

    def fill(self, recipient: Recipient) -> "_Contents | None":
        """Subject, text and HTML, encoded; None for a person who needs the careful way."""
        _, _, values, opt_out, _, opened, base, plain = recipient
        if self._tracked_only and not base:
            return None
        try:
            texts = [*self._get(values["contact"])]
            if self._custom:
                texts += [values["contact"]["custom"][name] for name in self._custom]
            if _SUSPECT.search("\t".join(texts) if plain else "\t".join((*texts, opt_out, opened, base))):
                return None
        except (KeyError, TypeError):
            return None
        texts += (opt_out, opened and _PIXEL_BEFORE + opened + _PIXEL_AFTER)
        texts += [base + number for number in self._numbers] if base else self._targets
        for chosen, rendered in self._blocks:
            try:
                texts.append(rendered(*chosen(texts)))
            except UnableToMerge:
                return None  # said by the careful way
        for source, fallback, is_percent in self._printed:
            value = texts[source] if texts[source] or fallback is None else fallback
            texts.append(percent(value) if is_percent else value)
        subject, *stretches = (self._format % self._put_in_order(texts)).encode().split(b"\0")
        return _subject(subject), encode_dynamic(self._encoders, stretches, self._ends)

    def _stretch(self, part: "_Part", stretch: slice) -> tuple[str, list[int]]:
        """The format of some pieces of a part, and which texts go into it."""
        filled = {slot.position: self._index(slot) for slot in part.slots}
        filled |= {position: self._place[part, position] for position, _ in part.blocks}
        words, indexes = "", []
        for position in range(stretch.start, stretch.stop):
            if position in filled:
                words += "%s"
                indexes.append(filled[position])
            else:
                words += part.pieces[position].replace("%", "%%")
        return words, indexes

    def _index(self, slot: _Slot) -> int:
        source = self._source[slot.name]
        if slot.fallback is None and not slot.percent:
            return source
        key = (source, slot.fallback, slot.percent)
        return self._printed.setdefault(key, len(self._source) + len(self._place) + len(self._printed))


def _getter(keys: list[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What stands at these keys, as a tuple."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda source: tuple([source[key] for key in keys])


@lru_cache(maxsize=4096)
def _subject(text: bytes) -> bytes:
    return header_fields.unstructured(text.decode(), taken=9)


@lru_cache(maxsize=4096)
def _printer(fallback: str | None, html: bool, percent_encoded: bool) -> Callable[[Any], str]:
    """How a value is printed: its fallback where empty, percent-encoded in a link, escaped in HTML."""

    def text(value: Any) -> str:
        if fallback is not None and is_empty(value):
            value = fallback
        if percent_encoded:
            return percent(value)
        return "" if value is None else str(value)

    def markup(value: Any) -> str:
        if fallback is not None and is_empty(value):
            return fallback  # the author's own markup
        if value is None:
            return ""
        if type(value) is str and not _MARKUP.search(value):
            return value
        return str(escape(value))

    return markup if html and not percent_encoded else text


def is_empty(value: Any) -> bool:
    """What `default` takes for empty: nothing, an empty text, or no."""
    return value is None or value == "" or (type(value) is YesNo and not value.yes)


def _clean(value: str) -> str:
    """A value as it may stand in a body: line ends as CRLF, no control characters, no lone surrogates."""
    if _UNSAFE.search(value):
        lines = [_UNSAFE.sub("\ufffd" if _has_surrogate(line) else "", line) for line in _LINE_ENDS.split(value)]
        return "\r\n".join(lines)
    return value


def _has_surrogate(line: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in line)


def _scalar(value: Any) -> Any:
    """What a template may see of a value: text, number, yes/no or nothing."""
    if value is None or type(value) is int:
        return value
    if type(value) is bool:
        return YesNo(value)
    if type(value) is float:
        return int(value) if value.is_integer() else value
    if isinstance(value, list | tuple):
        return _clean("、".join(str(item) for item in value))
    return _clean(str(value))


@dataclass(frozen=True, slots=True)
class _Sources:
    text: str
    html: str
    links: tuple[str, ...]


def _sources(body: Mapping[str, Any], organisation: Mapping[str, str]) -> _Sources:
    """The Liquid sources of both parts with all that the engine adds: preheader, footer, links, pixel."""
    commercial = body.get("category", "commercial") == "commercial"
    track = bool(body.get("track_clicks"))
    links = html_part.Links()
    html = html_source(body)
    text = text_source(body, html)
    if commercial and not html_part.OPT_OUT.search(text):
        text = text.rstrip("\n") + "\n\n" + text_footer(organisation)
    if html:
        html = html_part.with_preheader(html_part.whole_document(html), str(body.get("preheader") or ""))
        if commercial and not html_part.OPT_OUT.search(html):
            html = html_part.before_end_of_body(html, html_footer(organisation))
        html = html_part.rewrite_html_links(html, links, track=track)
        if body.get("track_opens"):
            html = html_part.before_end_of_body(html, f"{{{{ {_OPEN_PIXEL} }}}}")
    text = html_part.rewrite_text_links(text, links, track=track)
    return _Sources(text, html, tuple(links.templates))


def html_source(body: Mapping[str, Any]) -> str:
    """The HTML as the author wrote it, or as the MJML gives it; empty for a text mail. Raises mjml.UnableToRender."""
    if body.get("format", "mjml") == "mjml":
        return mjml.render(str(body.get("mjml") or ""))
    return str(body.get("html") or "") if body.get("format") == "html" else ""


def text_source(body: Mapping[str, Any], html: str) -> str:
    """The text part: the author's own, or made from the HTML."""
    if html and body.get("text_auto", True):
        return text_from_html(html)
    return str(body.get("text") or "")


class _Frame:
    """The headers and the MIME structure around the parts."""

    def __init__(self, body: Mapping[str, Any], *, boundary: str, commercial: bool, html: bool) -> None:
        edge = boundary.encode()
        self.commercial = commercial
        kind = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        # RFC 3834: an operational mail made by a machine says so; a commercial one carries List-Unsubscribe instead,
        # which automatic responders know as well (RFC 5230 4.6).
        tail = b"" if commercial else b"Auto-Submitted: auto-generated\r\n"
        tail += b"MIME-Version: 1.0\r\n"
        if html:
            tail += b'Content-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n--%s\r\n' % (edge, edge)
            self.ends: tuple[bytes, ...] = (b"--%s\r\n" % edge + kind % b"html", b"--%s--\r\n" % edge)
        else:
            self.ends = (b"",)
        # RFC 2369 and RFC 8058
        unsubscribe = b"List-Unsubscribe: <%b>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        self._head = (
            b"Date: %b"
            + _sender(body).replace(b"%", b"%%")
            + b"\r\nTo: <%b>\r\nSubject: %b\r\nMessage-ID: <%b>\r\n"
            + (unsubscribe if commercial else b"%b")
            + tail
            + kind % b"plain"
        )

    def fill(self, recipient: Recipient, date: datetime, subject: bytes, parts: list[bytes]) -> bytes:
        """The message. Raises UnableToWriteHeader where an address or URL could break out of its header."""
        message_id, one_click = recipient.message_id, recipient.one_click_url
        head = self._head % (
            header_fields.date_time(date),
            header_fields.address_spec(recipient.address),
            subject,
            message_id.encode("ascii") if recipient.plain else header_fields.message_id(message_id),
            (one_click.encode("ascii") if recipient.plain else header_fields.url(one_click))
            if self.commercial
            else b"",
        )
        return b"".join((head, *parts))


def _sender(body: Mapping[str, Any]) -> bytes:
    name = str(body.get("from_name") or "").strip()
    address = header_fields.address_spec(str(body["from_email"]).strip())
    line = b"\r\nFrom: "
    if name:
        line += header_fields.phrase(name, taken=6) + b"\r\n <" + address + b">"
    else:
        line += b"<" + address + b">"
    reply_to = str(body.get("reply_to") or "").strip()
    return line + (b"\r\nReply-To: <" + header_fields.address_spec(reply_to) + b">" if reply_to else b"")


def _crlf(text: str) -> str:
    """Canonical line ends, as RFC 2045 6.8 wants them before base64."""
    text = _LINE_ENDS.sub("\r\n", text)
    return text if text.endswith("\r\n") or not text else text + "\r\n"
