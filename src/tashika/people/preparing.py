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

FIXED = ("number", "email", "email_key", "address_hash", "company_key", "custom", "tags", "owner", "cells")
CELL_SEPARATOR = "\x1f"
_SPECIAL = re.compile(r"[\\\t\n\r\x00\x1f]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\ufffd"})
_company_key = lru_cache(maxsize=50_000)(company_key)


@dataclass(frozen=True, slots=True)
class Chunk:
    """`rows` of a file: `good` as COPY text for the stage, `bad` as COPY text for the quarantine."""

    rows: int
    refused: int
    good: bytes
    bad: bytes


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
    bad = list(judged.bad)
    for number, values in judged.good:
        cells = judged.cells[number]
        key = address_key(values["email"])
        if key in seen:
            bad.append(Bad(number, cells, [doubled(values["email"])]))
            continue
        seen.add(key)
        good.append(_line(number, values, key, cells, names, custom_names))
    refused = [_bad_line(import_id, one) for one in bad]
    return Chunk(
        len(judged.good) + len(judged.bad),
        len(bad),
        "".join(good).encode("utf-8", "replace"),
        "".join(refused).encode("utf-8", "replace"),
    )


def doubled(email: str) -> dict[str, str]:
    """The reason of a row whose address another row of the file has."""
    return {"code": "duplicate_in_file", "field": "email", "value": email}


def save(path: Path, chunks: Iterable[Chunk]) -> None:
    """Keep chunks in a file, which is there only when it is whole."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as stream:
        for chunk in chunks:
            stream.write(b"%d %d %d %d\n" % (chunk.rows, chunk.refused, len(chunk.good), len(chunk.bad)))
            stream.write(chunk.good)
            stream.write(chunk.bad)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def saved(path: Path, *, offset: int) -> Iterator[tuple[Chunk, int]]:
    """The chunks from a byte of the file on, each with the byte after it."""
    with path.open("rb") as stream:
        stream.seek(offset)
        while head := stream.readline():
            rows, refused, good, bad = (int(word) for word in head.split())
            yield Chunk(rows, refused, stream.read(good), stream.read(bad)), stream.tell()


def _line(
    number: int, values: dict[str, Any], key: str, cells: list[str], names: list[str], custom_names: list[str]
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
        CELL_SEPARATOR.join(cells),
        *[values.get(name, "") for name in names],
    ]
    # Every other text comes from the cells as it is, so that one look tells whether any needs escapes.
    if _SPECIAL.search("".join(cells)) or custom or "\\" in company:
        texts = [text.translate(_ESCAPES) for text in texts]
        texts[8] = CELL_SEPARATOR.join(cell.replace(CELL_SEPARATOR, "\ufffd").translate(_ESCAPES) for cell in cells)
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
