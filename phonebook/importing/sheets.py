"""The first sheet of an XLSX file → rows of texts. A file of kilobytes that unpacks to gigabytes is refused unread."""

import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import CalamineError, CalamineWorkbook

from phonebook.importing.refusal import BadFile

UNPACKED_AT_MOST = 300 * 1024 * 1024  # bytes
CELLS_AT_MOST = 12_000_000
_PIECE = 1 << 20
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')

Value = int | float | str | bool | time | date | datetime | timedelta


def read(content: bytes, rows_at_most: int) -> list[list[str]]:
    """The rows of the first sheet that has any. Raises BadFile."""
    _measure(content, rows_at_most)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if rows:
                return [[_text(value) for value in row] for row in rows]
    except CalamineError as error:
        raise BadFile("broken") from error
    return []


def _measure(content: bytes, rows_at_most: int) -> None:
    """Unpacks as a stream and looks how far the cells reach: the reader makes room for the whole rectangle."""
    unpacked = 0
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for entry in archive.infolist():
                lines, columns, size = _reach(archive, entry, UNPACKED_AT_MOST - unpacked)
                unpacked += size
                if lines > rows_at_most:
                    raise BadFile("rows")
                if lines * columns > CELLS_AT_MOST:
                    raise BadFile("far")
    # What zipfile has for damaged, encrypted (RuntimeError) and unknown contents (NotImplementedError, which is one too).
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise BadFile("broken") from error


def _reach(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, at_most: int) -> tuple[int, int, int]:
    """The last line and column of a sheet, 0 for anything else, and the bytes it unpacks to."""
    is_sheet = entry.filename.startswith("xl/worksheets/")
    lines = columns = size = 0
    rest = b""
    with archive.open(entry) as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > at_most:
                raise BadFile("unpacked")
            found = _CELL.findall(rest + piece) if is_sheet else []
            lines = max(lines, max((int(line) for _name, line in found), default=0))
            columns = max(columns, max((_column(name) for name, _line in found), default=0))
            rest = piece[-32:]  # a cell's address may be cut in two
    return lines, columns, size


def _column(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number


def _text(value: Value) -> str:
    """A cell as it looks: a phone number is a whole number, a date is written 2026-01-31."""
    if isinstance(value, str):
        return value.replace("\x00", "").strip()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**16 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
