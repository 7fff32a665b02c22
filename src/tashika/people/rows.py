"""Rows of a file judged and made ready: column by column, a chunk at a time. Pure but for the keyed hash it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tashika.people import checking, name_order
from tashika.people.reading import CELL_LIMIT

NAMES = ("family_name", "given_name", "family_kana", "given_kana")
REQUIRED = "email"


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is not taken: its number in the file, its cells, why."""

    number: int
    cells: list[str]
    reasons: list[dict[str, str]]


@dataclass(slots=True)
class Judged:
    """A chunk of rows: those that can be taken, as values by field, and those that can't."""

    good: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)  # of the good ones, for what the database finds
    bad: list[Bad] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    right_order: int = 0
    swapped: int = 0


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges rows by a mapping. `accepted` are the codes of findings that a person has decided to take."""

    mapping: list[str]
    header_length: int
    parse_custom: Callable[[str, str], Any]
    accepted: frozenset[str] = frozenset()

    def judge(self, rows: list[tuple[int, list[str]]]) -> Judged:
        """Judge a chunk."""
        judged = Judged()
        columns = [(index, name, _kind(name)) for index, name in enumerate(self.mapping) if name]
        for number, cells in rows:
            reasons, values = self._row(cells, columns)
            order = name_order.verdict(values.get("family_name", ""), values.get("given_name", ""))
            if order > 0:
                judged.right_order += 1
            elif order < 0:
                judged.swapped += 1
                if "swapped" not in self.accepted:
                    reasons.append({"code": "swapped", "field": "family_name", "value": values["family_name"]})
            if reasons:
                for reason in reasons:
                    judged.codes[reason["code"]] = judged.codes.get(reason["code"], 0) + 1
                judged.bad.append(Bad(number, [cell[:CELL_LIMIT] for cell in cells[:200]], reasons))
            else:
                judged.good.append((number, values))
                judged.cells[number] = cells
        return judged

    def _row(
        self, cells: list[str], columns: list[tuple[int, str, str]]
    ) -> tuple[list[dict[str, str]], dict[str, Any]]:
        length = len(cells)
        if length != self.header_length and not self._only_trailing_blanks(cells):
            return [{"code": "wrong_number_of_cells", "field": "", "value": str(length)}], {}
        reasons: list[dict[str, str]] = []
        values: dict[str, Any] = {}
        suspect = checking.is_suspect(cells)
        for index, name, kind in columns:
            values[name] = value = cells[index].strip() if index < length else ""
            fault = ""
            if kind == "name":
                fault = "too_long" if len(value) > 100 else checking.name_fault(value)
            elif kind == "email":
                fault = checking.address_problem(value)
                fault = fault and f"address_{fault}"
            elif value:
                if len(value) > _LIMITS.get(name, CELL_LIMIT):
                    fault = "too_long"
                elif suspect:
                    fault = checking.cell_fault(value)
                if kind == "custom" and not fault:
                    try:
                        values[name] = self.parse_custom(name[7:], value)
                    except ValueError:
                        fault = "wrong_type"
            if fault and fault not in self.accepted:
                reasons.append({"code": fault, "field": name, "value": value[:200]})
        if "full_name" in values and not reasons:
            self._split(values, reasons)
        return reasons, values

    def _split(self, values: dict[str, Any], reasons: list[dict[str, str]]) -> None:
        parts = values.pop("full_name").replace("\u3000", " ").split()
        if len(parts) == 2:
            values["family_name"], values["given_name"] = parts
        elif parts:
            reasons.append({"code": "name_in_one", "field": "full_name", "value": " ".join(parts)[:200]})

    def _only_trailing_blanks(self, cells: list[str]) -> bool:
        """Excel drops the commas of empty columns at the right end: fine while only columns are missing that may be
        empty; longer rows are fine while what is too much is empty."""
        if len(cells) > self.header_length:
            return not any(cell.strip() for cell in cells[self.header_length :])
        missing = self.mapping[len(cells) :]
        return len(cells) > 1 and not any(name in NAMES or name in (REQUIRED, "company_name") for name in missing)


def _kind(name: str) -> str:
    if name == "email":
        return "email"
    if name in NAMES or name == "full_name":
        return "name"
    return "custom" if name.startswith("custom.") else "text"


_LIMITS = {
    "company_name": 300,
    "department": 200,
    "job_title": 200,
    "phone": 40,
    "mobile": 40,
    "postal_code": 20,
    "prefecture": 40,
    "address": 300,
    "external_id": 100,
}
