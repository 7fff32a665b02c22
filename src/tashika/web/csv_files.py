"""Lists as CSV that Excel opens: UTF-8 with BOM, no cell that is a formula, sent block by block."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from django.http import StreamingHttpResponse
from django.utils import translation

from tashika.web.formulas import harmless

Blocks = AsyncIterator[Iterable[Sequence[str]]]


def answer(blocks: Blocks, *, name: str) -> StreamingHttpResponse:
    """A download of rows. The iterator is asynchronous: ASGI would gather a synchronous one in memory first."""
    response = StreamingHttpResponse(_text(blocks), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


async def _text(blocks: Blocks) -> AsyncIterator[str]:
    yield "\ufeff"
    async for rows in blocks:
        text = io.StringIO()
        csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
        yield text.getvalue()


def language() -> str:
    """The person's language, to be kept for the time when the answer is sent and the request is over."""
    return translation.get_language() or "ja"
