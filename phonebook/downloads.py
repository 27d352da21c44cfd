"""Tables as CSV files that are sent while they are read: flat memory, and no cell that a spreadsheet would execute.

A file may take minutes to be fetched, so no transaction spans it: whoever makes the rows opens a scope per batch.
"""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from io import StringIO

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

BOM = "\ufeff"  # without it Excel reads UTF-8 as something else
# What makes a spreadsheet calculate a cell, the full-width forms included (OWASP, CSV injection, 2026).
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: object) -> str:
    """The value as text that no spreadsheet executes; a phone number in E.164 stays as it is."""
    text = "" if value is None else str(value)
    if text.startswith(_DANGEROUS) and not (text[0] == "+" and text[1:].isascii() and text[1:].isdigit()):
        return f"'{text}"
    return text


def csv_response(
    request: HttpRequest, name: str, batches: Iterable[Sequence[Sequence[object]]]
) -> StreamingHttpResponse:
    """A download of the rows in the batches, the first row being the headings. `name` is of the file, in ASCII.

    The batches are asked for one by one, in the thread of the request, while the file is sent.
    """
    chunks = _encoded(batches)
    # Under ASGI Django would read a plain iterator to its end before it sends the first byte.
    content = _in_thread(chunks) if isinstance(request, ASGIRequest) else chunks
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _encoded(batches: Iterable[Sequence[Sequence[object]]]) -> Iterator[bytes]:
    start = BOM
    for rows in batches:
        text = StringIO()
        # Everything in quotes: where the separator is a semicolon, a cell must not become two.
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        writer.writerows([cell(value) for value in row] for row in rows)
        yield (start + text.getvalue()).encode()
        start = ""


async def _in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(chunks, None))
    while (chunk := await following()) is not None:
        yield chunk
