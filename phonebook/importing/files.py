"""A file as people have it → rows of texts. CSV in the encodings and with the separators that spreadsheets write.

Row n of the result is line n + 1 of the file, counted as a spreadsheet counts. Nothing is left out here.
"""

import codecs
import csv
import re
from collections.abc import Iterable
from io import StringIO

from phonebook.importing import sheets
from phonebook.importing.refusal import BadFile

BYTES_AT_MOST = 20 * 1024 * 1024
ROWS_AT_MOST = 200_000  # without the headings
COLUMNS_AT_MOST = 200

_SEPARATORS = (",", ";", "\t", "|")
_LINES_LOOKED_AT = 50
_HINT = re.compile(r"sep=(.)\r?\n")  # what Excel understands in the first line
_LINE_END = re.compile(r"\r\n|\r|\n")
_HIGH = re.compile(rb"[\x80-\xff]+")

# Tuples, which Python's garbage collector soon leaves alone: a hundred thousand lists it looks through again and again.
Rows = list[tuple[str, ...]]


def read(content: bytes) -> Rows:
    """The rows of a CSV or XLSX file, headings included, without empty ones at its end. Raises BadFile."""
    if len(content) > BYTES_AT_MOST:
        raise BadFile("large")
    if content.startswith(b"PK\x03\x04"):
        rows = _limited(sheets.read(content, ROWS_AT_MOST + 1))
    elif content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise BadFile("kind")
    else:
        rows = _csv(text(content))
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise BadFile("empty")
    return rows


def text(content: bytes) -> str:
    """The text of a CSV file in UTF-8 or UTF-16, or of an older Windows in Arabic or a Western language."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoded = content.decode("utf-16", errors="replace")
    elif content[1:2] == b"\x00" or content[:1] == b"\x00":
        decoded = content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be", errors="replace")
    else:
        try:
            decoded = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            decoded = content.decode(_windows(content), errors="replace")
    # PostgreSQL keeps no NUL.
    return decoded.replace("\x00", "")


def _windows(content: bytes) -> str:
    """Arabic words are made of bytes above 127 throughout, Western ones have single accents."""
    runs = _HIGH.findall(content)
    return "cp1256" if sum(len(run) > 1 for run in runs) * 2 > len(runs) else "cp1252"


def _csv(said: str) -> Rows:
    hint = _HINT.match(said)
    if hint:
        said = said[hint.end() :]
    separator = hint.group(1) if hint else _separator(said)
    try:
        # An open quotation mark would swallow the rest of the file without a word, but for `strict`. And only line
        # ends end a line (newline=""), not every character that Unicode calls a separator.
        return _limited(csv.reader(StringIO(said, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return _limited(_line(line, separator) for line in _LINE_END.split(said))


def _limited(rows: Iterable[list[str]]) -> Rows:
    """The rows, before more of them are made than anybody may send: a file may be nothing but line ends."""
    kept: Rows = []
    for row in rows:
        if len(row) > COLUMNS_AT_MOST and any(row[COLUMNS_AT_MOST:]):
            raise BadFile("columns")
        cells = tuple(map(str.strip, row[:COLUMNS_AT_MOST]))
        if len(kept) <= ROWS_AT_MOST:
            kept.append(cells)
        elif any(cells):
            raise BadFile("rows")
    return kept


def _line(line: str, separator: str) -> list[str]:
    """One line for itself, where the quotation marks of the file are not in order."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def _separator(said: str) -> str:
    """The separator that cuts the first lines into the most columns of which all lines have the same number."""
    lines = [line for line in _LINE_END.split(said[:100_000])[:_LINES_LOOKED_AT] if line.strip()]

    def columns(separator: str) -> tuple[int, int]:
        widths = [len(_line(line, separator)) for line in lines]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_SEPARATORS, key=columns)
