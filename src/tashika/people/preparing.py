"""A judged chunk as bytes that PostgreSQL takes as they are, and a file of such chunks.

The check looks at every row once and leaves this file beside the upload; the import then only hands it to COPY. It is
made again where it is missing or was made for other decisions, so that losing it loses nothing.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tashika.people.addresses import address_hash, address_key
from tashika.people.companies import company_key
from tashika.people.contacts import TEXT_FIELDS
from tashika.people.rows import Bad, Judged

FIXED = ("number", "email", "email_key", "address_hash", "company_key", "custom", "tags", "owner")
_CELL_END, _ROW_END = "\x1f", "\x1e"
_SPECIAL = re.compile(r"[\\\t\n\r\x00\x1e\x1f]")
_NO_ENDS = str.maketrans({_CELL_END: "\ufffd", _ROW_END: "\ufffd", "\0": "\ufffd"})
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"})
_company_key = lru_cache(maxsize=50_000)(company_key)


@dataclass(frozen=True, slots=True)
class Chunk:
    """`rows` of a file: `good` as COPY text for the stage, `bad` as COPY text for the quarantine; `cells` are those of
    the good rows as they were in the file."""

    rows: int
    refused: int
    good: bytes
    bad: bytes
    cells: bytes = b""

    def cells_of(self, numbers: set[int]) -> dict[int, list[str]]:
        """The cells of good rows by their numbers in the file."""
        rows = (row.split(_CELL_END) for row in self.cells.decode().split(_ROW_END))
        return {int(number): cells for number, *cells in rows if number and int(number) in numbers}


def columns_of(mapping: list[str]) -> list[str]:
    """The contact's text columns that a mapping fills, in the order in which they are staged."""
    names = [name for name in mapping if name in TEXT_FIELDS]
    return [*names, "family_name", "given_name"] if "full_name" in mapping else names


def prepared(judged: Judged, *, import_id: int, mapping: list[str]) -> Chunk:
    """A judged chunk as bytes. Of rows with one address the first is taken, the others are refused."""
    names = columns_of(mapping)
    custom_names = [name for name in mapping if name.startswith("custom.")]
    seen: set[str] = set()
    good: list[str] = []
    kept: list[str] = []
    bad = list(judged.bad)
    for number, values in judged.good:
        cells = judged.cells[number]
        key = address_key(values["email"])
        if key in seen:
            bad.append(Bad(number, cells, [doubled(values["email"])]))
            continue
        seen.add(key)
        special = _SPECIAL.search("".join(cells)) is not None
        good.append(_line(number, values, key, special, names, custom_names))
        plain = [cell.translate(_NO_ENDS) for cell in cells] if special else cells
        kept.append(_CELL_END.join([str(number), *plain]))
    refused = [_bad_line(import_id, one) for one in bad]
    return Chunk(
        len(judged.good) + len(judged.bad),
        len(bad),
        "".join(good).encode("utf-8", "replace"),
        "".join(refused).encode("utf-8", "replace"),
        _ROW_END.join(kept).encode("utf-8", "replace"),
    )


def doubled(email: str) -> dict[str, str]:
    """The reason of a row whose address another row of the file has."""
    return {"code": "duplicate_in_file", "field": "email", "value": email}


def save(path: Path, chunks: Iterable[Chunk]) -> None:
    """Keep chunks in a file, which is there only when it is whole."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as stream:
        for chunk in chunks:
            parts = (chunk.good, chunk.bad, chunk.cells)
            stream.write(b"%d %d %d %d %d\n" % (chunk.rows, chunk.refused, *map(len, parts)))
            stream.writelines(parts)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def saved(path: Path, *, offset: int) -> Iterator[tuple[Chunk, int]]:
    """The chunks from a byte of the file on, each with the byte after it."""
    with path.open("rb") as stream:
        stream.seek(offset)
        while head := stream.readline():
            rows, refused, *lengths = (int(word) for word in head.split())
            yield Chunk(rows, refused, *[stream.read(length) for length in lengths]), stream.tell()


def _line(
    number: int, values: dict[str, Any], key: str, special: bool, names: list[str], custom_names: list[str]
) -> str:
    custom = {name[7:]: values[name] for name in custom_names if values.get(name) not in ("", None)}
    company = _company_key(values.get("company_name", ""))
    texts = [
        str(number),
        values["email"],
        key,
        address_hash(key).hex(),
        company,
        _json(custom) if custom else "{}",
        values.get("tags", ""),
        values.get("owner", ""),
        *[values.get(name, "") for name in names],
    ]
    # Every other text comes from the cells as it is, so that one look at them tells whether any needs escapes.
    if special or custom or "\\" in company:
        texts = [text.translate(_ESCAPES) for text in texts]
    texts[3] = f"\\\\x{texts[3]}"
    return "\t".join(texts) + "\n"


def _bad_line(import_id: int, bad: Bad) -> str:
    texts = [_json(bad.cells), _json(bad.reasons)]
    return "\t".join([str(import_id), str(bad.number), *[text.translate(_ESCAPES) for text in texts], ""]) + "\n"


def _json(value: Any) -> str:
    return json.dumps(_without_nul(value), ensure_ascii=False)


def _without_nul(value: Any) -> Any:
    """PostgreSQL's jsonb refuses U+0000."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    if isinstance(value, dict):
        return {name: _without_nul(one) for name, one in value.items()}
    return value
