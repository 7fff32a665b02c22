"""One template of a mail, laid out once: static runs, slots that values fill, and pieces of Liquid."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tashika.mails.base64_pieces import Base64Pieces
from tashika.mails.merging import MergeTemplate, Substitution, UnableToMerge
from tashika.mails.values import Values, printer

_COMMON = ("contact.", "organisation.")


class Slot(NamedTuple):
    """A place of a template that a value fills."""

    position: int
    name: str
    fallback: str | None
    percent: bool
    printed: Callable[[Any], str]


class Part:
    """One template of a mail: static runs with slots between them, and pieces of Liquid where it holds conditions.

    `cut=False` has Liquid render the whole: slower, and the same to the byte.
    """

    __slots__ = ("_template", "base64", "blocks", "fields", "organisation", "pieces", "slots")

    def __init__(self, source: str, organisation: Mapping[str, str], *, html: bool, cut: bool = True) -> None:
        self.organisation = organisation
        self._template = MergeTemplate(source, html=html)
        self.fields = tuple(dict.fromkeys(use.name for use in self._template.uses()))
        self.pieces: list[str] = [""]
        self.slots: list[Slot] = []
        self.blocks: list[tuple[int, MergeTemplate]] = [(0, self._template)]
        runs = self._template.runs() if cut else None
        if runs is not None:
            self._lay_out(runs, html)
        changing = {slot[0] for slot in self.slots} | {block[0] for block in self.blocks}
        self.base64 = Base64Pieces(self.pieces, changing)

    def render(self, values: Values) -> str:
        """The text for these values. Raises UnableToMerge."""
        return "".join(self._filled(values))

    def encoded(self, values: Values) -> bytes:
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
            return block.render(Values(zip(names, values, strict=True)).nested(self.organisation))

        return render

    def _filled(self, values: Values) -> list[str]:
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
                pieces[-1] += printer(run.fallback, html, run.percent)(value)
            else:
                printed = printer(run.fallback, html, run.percent)
                self.slots.append(Slot(len(pieces), run.name, run.fallback, run.percent, printed))
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
