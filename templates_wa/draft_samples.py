"""The sample files of a draft: while it is ours, `header_handle` names a kept file, "file:12".

The worker that hands the draft in uploads the files and puts Meta's handles in their place. Must never read a file.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_FILE = "file:"
Components = list[dict[str, Any]]


class Sample(NamedTuple):
    """A sample that a draft wants: the builder's field, image, video or document, and the kept file's number."""

    field: str
    kind: str
    file: int | None


def header(kind: str, file: int | None) -> dict[str, Any]:
    """A header of a file (IMAGE, VIDEO, DOCUMENT), as Meta's create call takes it but for the handle."""
    handles = [f"{_FILE}{file}" if file else ""]
    return {"type": "HEADER", "format": kind, "example": {"header_handle": handles}}


def number(row: Mapping[str, Any]) -> int | None:
    """The kept file that a header's sample is; None for one that Meta lists, by its address."""
    handle = _handle(row)
    digits = handle.removeprefix(_FILE)
    if digits == handle or not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        return None
    return int(digits)


def numbers(components: Components) -> list[int]:
    """The kept files that are to be uploaded, each once."""
    found = (number(row) for row in _headers(components))
    return list(dict.fromkeys(one for one in found if one is not None))


def are_all_there(components: Components) -> bool:
    """Whether every header of a file has a sample."""
    return all(_handle(row) for row in _headers(components))


def with_handles(components: Components, handles: Mapping[int, str]) -> Components:
    """The components with Meta's handles instead of the kept files. Raises KeyError for a file without one."""
    return [_with_handle(row, handles) for row in components]


def _with_handle(row: dict[str, Any], handles: Mapping[int, str]) -> dict[str, Any]:
    if isinstance(row.get("cards"), list):
        cards = [card | {"components": with_handles(card["components"], handles)} for card in row["cards"]]
        return row | {"cards": cards}
    kept = number(row)
    return row if kept is None else row | {"example": {"header_handle": [handles[kept]]}}


def _headers(components: Components) -> Iterator[dict[str, Any]]:
    for row in components:
        if "header_handle" in (row.get("example") or {}):
            yield row
        for card in row.get("cards") or []:
            yield from _headers(card.get("components") or [])


def _handle(row: Mapping[str, Any]) -> str:
    example = row.get("example")
    handles = example.get("header_handle") if isinstance(example, Mapping) else None
    return str(handles[0]) if isinstance(handles, list) and handles else ""
