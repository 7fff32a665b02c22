"""Files to rows: what a file is, which encoding it has, its rows one by one. Pure: no Django; memory does not grow.

The encoding is decided by trial over the whole file and shown with its reason; a file that is no table, or that reads
as mojibake in every encoding, is refused with the place.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINE_LIMIT = 12_000_000  # characters; a line that is longer is no row of a table
CELL_LIMIT = 10_000  # characters; a longer cell makes its row an error
XLSX_LIMIT = 1_500_000_000  # bytes that an XLSX may unpack to
XLSX_RATIO = 250  # times that it may grow; a zip bomb grows a thousandfold
csv.field_size_limit(LINE_LIMIT)

ENCODINGS = ("utf-8-sig", "utf-8", "cp932", "utf-16", "euc_jp")
# UTF-8 read as CP932, CP932 read as Latin-1: what mojibake is made of.
_MOJIBAKE = re.compile("[縺繧繝]|譁|蟄|螻ｱ|譬ｪ|ã[\x80-\xbf]|Ã[\x80-\xbf©]|\ufffd{2}")
_MAGIC = (
    (b"\x89PNG", "png"),
    (b"%PDF", "pdf"),
    (b"GIF8", "gif"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "rar"),
)


class UnableToRead(Exception):
    """The file is no table that we can read. `code` says why, `detail` where."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is read, and why so."""

    format: str  # csv | xlsx
    encoding: str
    delimiter: str
    why: str  # bom | only_one_that_fits | fewest_errors | chosen


def layout_of(path: Path, encoding: str = "") -> Layout:
    """What a file is. `encoding` is a person's choice. Raises UnableToRead."""
    with path.open("rb") as stream:
        head = stream.read(65_536)
    if not head.strip(b"\x00\r\n\t "):
        raise UnableToRead("empty")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            raise UnableToRead("not_a_table", name)
    if head.startswith(b"PK\x03\x04"):
        _refuse_bomb(path)
        return Layout("xlsx", "", "", "only_one_that_fits")
    chosen, why = (encoding, "chosen") if encoding else _encoding_of(path, head)
    if chosen not in ENCODINGS:
        raise UnableToRead("unknown_encoding", chosen)
    sample = codecs.getincrementaldecoder(chosen)("replace").decode(head)
    if _MOJIBAKE.search(sample) and len(_MOJIBAKE.findall(sample)) > 5:
        raise UnableToRead("mojibake", _MOJIBAKE.search(sample).group(0))  # type: ignore[union-attr]
    if sum(ord(ch) < 32 and ch not in "\r\n\t" for ch in sample) > len(sample) // 20:
        raise UnableToRead("not_a_table", "binary")
    return Layout("csv", chosen, _delimiter_of(sample), why)


def rows(path: Path, layout: Layout) -> Iterator[list[str]]:
    """Every row as text, the header first. Characters that can't be decoded come as U+FFFD. Raises UnableToRead."""
    if layout.format == "xlsx":
        yield from _xlsx_rows(path)
        return
    with path.open(encoding=layout.encoding, errors="replace", newline="") as stream:
        try:
            yield from csv.reader(_lines(stream), delimiter=layout.delimiter)
        except csv.Error as error:
            raise UnableToRead("broken_csv", str(error)) from error
        except UnicodeError as error:
            raise UnableToRead("mojibake", str(error)) from error


def _lines(stream: io.TextIOBase) -> Iterator[str]:
    number = 0
    while line := stream.readline(LINE_LIMIT):
        number += 1
        if len(line) >= LINE_LIMIT and not line.endswith("\n"):
            raise UnableToRead("line_too_long", str(number))
        yield line


def _encoding_of(path: Path, head: bytes) -> tuple[str, str]:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", "bom"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "bom"
    if b"\x00" in head:
        raise UnableToRead("not_a_table", "binary")
    faults = {name: _faults(path, name) for name in ("utf-8", "cp932", "euc_jp")}
    clean = [name for name, (bad, _) in faults.items() if bad == 0]
    if len(clean) == 1:
        return clean[0], "only_one_that_fits"
    candidates = clean or [name for name, (bad, total) in faults.items() if bad <= total // 500 + 1]
    if not candidates:
        raise UnableToRead("mojibake", "no encoding fits")
    if "utf-8" in clean:  # text that is valid UTF-8 by chance does not exist beyond ASCII
        return "utf-8", "only_one_that_fits"
    # EUC-JP reads in CP932 as rows of half-width kana.
    best = min(candidates, key=lambda name: (faults[name][0] + _half_width(head, name), ENCODINGS.index(name)))
    return best, "fewest_errors"


def _faults(path: Path, encoding: str) -> tuple[int, int]:
    """How many characters can't be decoded, and how many there are."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    bad = total = 0
    with path.open("rb") as stream:
        while block := stream.read(1_048_576):
            text = decoder.decode(block)
            bad += text.count("\ufffd")
            total += len(text)
            if bad > 2000 and bad > total // 20:
                break
    return bad, total


def _half_width(head: bytes, encoding: str) -> int:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    kana = len(re.findall("[ｦ-ﾟ]", text))
    return kana if kana > len(text) // 4 else 0


def _delimiter_of(sample: str) -> str:
    first = sample.partition("\n")[0]
    counts = {mark: first.count(mark) for mark in (",", "\t", ";")}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            unpacked = sum(member.file_size for member in members)
    except zipfile.BadZipFile as error:
        raise UnableToRead("not_a_table", "zip") from error
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise UnableToRead("not_a_table", "zip")
    if (
        unpacked > XLSX_LIMIT
        or (unpacked > 10_000_000 and unpacked > XLSX_RATIO * path.stat().st_size)
        or len(members) > 5000
    ):
        raise UnableToRead("zip_bomb", f"{unpacked:,} bytes")


def _xlsx_rows(path: Path) -> Iterator[list[str]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        sheet = book.get_sheet_by_index(0)
        for row in sheet.iter_rows():
            yield [_cell(value) for value in row]
    except (python_calamine.CalamineError, OSError, IndexError, ValueError) as error:
        raise UnableToRead("broken_xlsx", type(error).__name__) from error


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Excel keeps 090… as a number: its lost zero can't be brought back, but .0 can go
    return "" if value is None else str(value)
