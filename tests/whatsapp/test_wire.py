"""What JSON is accepted, and what it can never contain afterwards."""

from typing import Any

import msgspec
import pytest

from whatsapp.wire import (
    LATEST_SECOND,
    Unparsable,
    code_number,
    decode,
    identifier,
    text,
    unix_seconds,
)

BAD = "\ufffd"


@pytest.mark.parametrize(
    ("body", "decoded"),
    [
        (rb'"a\u0000b"', f"a{BAD}b"),
        (rb'"\\u0000"', r"\u0000"),
        (rb'"\\\u0000"', "\\" + BAD),
        (rb'{"k\u0000":1}', {f"k{BAD}": 1}),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\ud83d"', BAD),
        (rb'"\ude00"', BAD),
        (rb'"\uD83D\uD83D\uDE00"', f"{BAD}😀"),
        (rb'"\ude00\ud83d"', BAD * 2),
        (rb'"\ud83d\u0000"', BAD * 2),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\ud83d\n\"\/"', f'{BAD}\n"/'),
        (rb'{"\udfff":[]}', {BAD: []}),
        (b'"\xff"', BAD),
        (b'"\xed\xa0\x80"', BAD * 3),
        (b"\xef\xbb\xbf[1]", [1]),
        (b" \n[1, 2.5, true, null]\n", [1, 2.5, True, None]),
        (b"1e999", None),
        (b"[" + b"9" * 5000 + b"]", [None]),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        ('"مرحبا 👋🏽"'.encode(), "مرحبا 👋🏽"),
    ],
)
def test_valid_json_becomes_storable(body: bytes, decoded: Any) -> None:
    assert decode(body) == decoded
    assert b"\\u0000" not in msgspec.json.encode(decode(body)).replace(rb"\\", b"")


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"{]", b"{'a':1}", b'{"a":1,}', b"NaN", b"[Infinity]", b"{} x", b'"\x00"', b"\x00",
        b"a=b&c=d", b"\xff\xfe", b'"\\ud8"', b'"\\x00"', b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=range(17),
)  # fmt: skip
def test_what_is_no_json_is_unparsable(body: bytes) -> None:
    with pytest.raises(Unparsable):
        decode(body)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, None),
        ("1790000000", 1_790_000_000),
        (1_790_000_000, 1_790_000_000),
        (0, 0),
        ("0", 0),
        (LATEST_SECOND - 1, LATEST_SECOND - 1),
        (str(LATEST_SECOND - 1), LATEST_SECOND - 1),
    ],
)
def test_times_come_as_texts_and_as_numbers(given: Any, seconds: int | None) -> None:
    assert unix_seconds(given) == seconds


@pytest.mark.parametrize(
    "absurd",
    [
        "", " ", "TIMESTAMP", "-1", -1, "1.5", 1.5, 1_790_000_000.0, "1e9", "1_0", "+5", " 5", "٥", "²", True, False,
        LATEST_SECOND, str(LATEST_SECOND), 1_790_000_000_000, "1790000000000", "9" * 5000, 10**400, [], {}, "0x10",
    ],
    ids=range(25),
)  # fmt: skip
def test_absurd_times_are_refused(absurd: Any) -> None:
    with pytest.raises(ValueError, match="not a time"):
        unix_seconds(absurd)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("x", "x"), ("xxx", "xxx"), (16505551234, "16505551234"), (0, "0"), ("xxxx", "xxxx"),
        ("", None), ("x" * 13, None), (None, None), (True, None), (-1, None), (1.0, None), ([], None), ({}, None),
        (10**20, None),
    ],
    ids=range(14),
)  # fmt: skip
def test_an_identifier_is_whole_or_nothing(given: Any, key: str | None) -> None:
    assert identifier(given, 12) == key


@pytest.mark.parametrize(
    ("given", "cut"),
    [("abc", "abc"), ("abcd", "abc"), ("", None), (None, None), (5, None), (["abc"], None), ({"a": 1}, None)],
)
def test_a_text_is_cut_to_its_limit(given: Any, cut: str | None) -> None:
    assert text(given, 3) == cut


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (131047, 131047),
        ("131047", 131047),
        (0, 0),
        (2**31, None),
        ("x", None),
        (-1, None),
        (1.5, None),
        (None, None),
    ],
)
def test_a_code_fits_32_bits(given: Any, code: int | None) -> None:
    assert code_number(given) == code
