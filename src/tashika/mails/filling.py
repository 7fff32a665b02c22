"""Filling a whole mail at once, which is how nearly all mails are made."""

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from tashika.mails import header_fields
from tashika.mails.base64_pieces import encode_dynamic
from tashika.mails.merging import ENGINE, UnableToMerge, percent
from tashika.mails.parts import Part, Slot
from tashika.mails.recipient import Recipient
from tashika.mails.values import SUSPECT

Contents = tuple[bytes, list[bytes]]  # the subject; the parts and what stands behind each, to be joined

PIXEL_BEFORE = '<img src="'
PIXEL_AFTER = '" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'
OPEN_PIXEL = f"{ENGINE}.open_pixel"
CLICK = f"{ENGINE}.click_"


class Filling:
    """A whole mail filled by one format operation: for people whose values need neither cleaning nor escaping, which is
    nearly everybody. Gives the same bytes as the careful way."""

    def __init__(self, parts: list[Part], fields: tuple[str, ...], links: list[Part], ends: tuple[bytes, ...]) -> None:
        self._subject, *self._bodies = parts
        self._encoders, self._ends = [part.base64 for part in self._bodies], ends
        bare = [name[8:] for name in fields]
        self._names = [name for name in bare if not name.startswith("custom.")]
        self._get = getter(self._names)
        self._custom = [name[7:] for name in bare if name.startswith("custom.")]
        self._targets = [link.pieces[0] for link in links]
        self._tracked_only = any(link.slots for link in links)
        known = [f"contact.{name}" for name in self._names] + [f"contact.custom.{name}" for name in self._custom]
        known += ["opt_out_url", OPEN_PIXEL, *(f"{CLICK}{index}" for index in range(len(links)))]
        self._source = {name: index for index, name in enumerate(known)}
        self._place: dict[tuple[Part, int], int] = {}  # a block's place among the texts
        self._blocks: list[tuple[Callable[[Any], tuple[str, ...]], Callable[..., str]]] = []
        for part in parts:
            for position, block in part.blocks:
                self._place[part, position] = len(known) + len(self._place)
                names = list(dict.fromkeys(use.name for use in block.uses() if use.name in self._source))
                self._blocks.append((getter([self._source[name] for name in names]), part.rendered(block, names)))
        self._numbers = [str(index) for index in range(len(links))]
        self._printed: dict[tuple[int, str | None, bool], int] = {}
        stretches = [self._stretch(self._subject, slice(0, len(self._subject.pieces)))]
        stretches += [self._stretch(part, stretch) for part in self._bodies for stretch in part.base64.dynamic]
        self._format = "\0".join(words for words, _ in stretches)
        self._put_in_order = getter([index for _, indexes in stretches for index in indexes])

    @classmethod
    def of(
        cls,
        subject: Part,
        text: Part,
        html: Part | None,
        fields: tuple[str, ...],
        links: list[Part],
        ends: tuple[bytes, ...],
    ) -> "Filling | None":
        """The filling of a mail; None where Liquid has to render what nobody else gets, such as links within conditions."""
        parts = [subject, text, *([html] if html else [])]
        if any(link.blocks for link in links) or any("\0" in "".join(part.pieces) for part in (*parts, *links)):
            return None
        if not all(part.has_common_blocks for part in parts):
            return None
        return cls(parts, fields, links, ends)

    def fill(self, recipient: Recipient) -> Contents | None:
        """Subject, text and HTML, encoded; None for a person who needs the careful way."""
        _, _, values, opt_out, _, opened, base, plain = recipient
        if self._tracked_only and not base:
            return None
        try:
            texts = [*self._get(values["contact"])]
            if self._custom:
                texts += [values["contact"]["custom"][name] for name in self._custom]
            if SUSPECT.search("\t".join(texts) if plain else "\t".join((*texts, opt_out, opened, base))):
                return None
        except (KeyError, TypeError):
            return None
        texts += (opt_out, opened and PIXEL_BEFORE + opened + PIXEL_AFTER)
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

    def _stretch(self, part: Part, stretch: slice) -> tuple[str, list[int]]:
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

    def _index(self, slot: Slot) -> int:
        source = self._source[slot.name]
        if slot.fallback is None and not slot.percent:
            return source
        key = (source, slot.fallback, slot.percent)
        return self._printed.setdefault(key, len(self._source) + len(self._place) + len(self._printed))


def pixel(url: str) -> Markup:
    return Markup(PIXEL_BEFORE) + url + Markup(PIXEL_AFTER) if url else Markup("")


def getter(keys: list[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What stands at these keys, as a tuple."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda source: tuple([source[key] for key in keys])


@lru_cache(maxsize=4096)
def _subject(text: bytes) -> bytes:
    return header_fields.unstructured(text.decode(), taken=9)
