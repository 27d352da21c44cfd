"""Foreign JSON made harmless: decoding that forgives what a database would not, readers that trust no type.

Must never know what a message is: only bytes, texts, identifiers and times.
"""

import json
import re
from typing import Any, NoReturn

import msgspec

LATEST_SECOND = 4_102_444_800  # 2100-01-01 UTC: a later "second" is a millisecond or rubbish.
_LONGEST_NUMBER = 300
_LONGEST_DIGITS = 10  # of a time or an error code

# One JSON escape at a time, so that "\\u0000" (an escaped backslash, then five characters) is not taken for
# a NUL: first a whole surrogate pair, then half of one or NUL, then any other escape.
_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)|.)",
    re.DOTALL,
)


class Unparsable(ValueError):  # noqa: N818 - named for what happened
    """The bytes are not JSON, or are nested deeper than can be read."""


def decode(body: bytes) -> Any:
    """Decode JSON into plain objects whose every text PostgreSQL can store and UTF-8 can encode.

    NUL and halves of surrogate pairs (a name cut in the middle of an emoji) become U+FFFD: JSON allows
    both, text and jsonb columns refuse them. Numbers beyond all reason become None. Raises `Unparsable`.
    """
    if rb"\u0000" in body:
        body = _mend(body)
    try:
        return msgspec.json.decode(body)
    except RecursionError as error:
        raise Unparsable("nested too deeply") from error
    except ValueError:
        # Half a surrogate pair, bytes that are not UTF-8 and huge numbers end here, and what is no JSON.
        return _decode_patiently(body)


def text(value: Any, limit: int) -> str | None:
    """Return `value` cut to `limit` characters if it is a text with something in it, else None."""
    if isinstance(value, str) and value:
        return value if len(value) <= limit else value[:limit]
    return None


def identifier(value: Any, limit: int) -> str | None:
    """Return `value` if it can be a key: a text of 1 to `limit` characters, or a whole number written out.

    Unlike a text it is never cut: half a key is the key of something else.
    """
    if type(value) is int and 0 <= value < 10**20:
        value = str(value)
    if isinstance(value, str) and 0 < len(value) <= limit:
        return value
    return None


def unix_seconds(value: Any) -> int | None:
    """Return a time in unix seconds, given as a whole number or as its digits; None if there is none.

    Message-like items carry texts, account changes numbers (Meta, Create a webhook endpoint, 2025-12). Raises
    ValueError for anything else: negative, fractional, or beyond the year 2100 (milliseconds).
    """
    if value is None:
        return None
    seconds = _natural_number(value)
    if seconds is None or seconds >= LATEST_SECOND:
        raise ValueError("not a time in unix seconds")
    return seconds


def code_number(value: Any) -> int | None:
    """Return an error code, given as a number or as its digits, if it fits 32 bits; else None."""
    code = _natural_number(value)
    return code if code is not None and code < 2**31 else None


def _natural_number(value: Any) -> int | None:
    if type(value) is int:  # not isinstance: True is an int as well
        return value if value >= 0 else None
    if isinstance(value, str) and len(value) <= _LONGEST_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    return None


def _decode_patiently(body: bytes) -> Any:
    try:
        return json.loads(
            _mend(body).decode("utf-8-sig", "replace"),
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        raise Unparsable(str(error)) from error


def _mend(body: bytes) -> bytes:
    return _ESCAPE.sub(_mended, body)


def _mended(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[2] else escape[0]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if abs(number) != float("inf") else None


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None
