"""A file of addresses as text: CSV, TSV, plain text or XLSX, in any encoding that an import reads."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from tashika.people import reading
from tashika.people.uploading import UnableToTakeFile

LARGEST = 100_000_000  # bytes; a million addresses take a third


def text_of(blocks: Iterable[bytes]) -> str:
    """Every cell of a file that has an @, a line each. Raises UnableToTakeFile."""
    with tempfile.TemporaryDirectory() as folder:
        path, size = Path(folder, "list"), 0
        with path.open("wb") as stream:
            for block in blocks:
                size += len(block)
                if size > LARGEST:
                    raise UnableToTakeFile.because("too_large", f"{LARGEST:,}")
                stream.write(block)
        try:
            rows = reading.rows(path, reading.layout_of(path))
            return "\n".join(cell for row in rows for cell in row if "@" in cell)
        except reading.UnableToRead as error:
            raise UnableToTakeFile.because(error.code, error.detail) from error
