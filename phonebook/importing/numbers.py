"""Phone numbers by the hundred thousand: the answers of phones.e164, sooner where the answer is plain.

A number of the right length with its country code, or with the plain zero of its own country before it, needs none of
what takes phonenumbers its time. Whatever is not that plain goes the long way.
"""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

from phonebook.phones import BadNumber, e164

# Blanks (also those that do not break) and the marks that phonenumbers itself skips between digits.
_BETWEEN = str.maketrans("", "", " \u00a0\u202f().-\u2010\u2011\u2013")
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
)
_PLAIN = re.compile(r"\+([1-9][0-9]{6,16})")
_BARE = re.compile(r"[1-9][0-9]{10,14}")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}")


class _Country(NamedTuple):
    """What decides whether a number is possible, and how it is dialled at home."""

    code: str
    lengths: frozenset[int]  # of the national number
    prefix: "re.Pattern[str] | None"  # digits at its beginning that are not simply kept
    zero: "re.Pattern[str] | None"  # the national numbers, where they are dialled with a 0 before them and no more
    double_zero: bool  # where 00 stands for the plus, and nothing else does


def number(text: str, country: str) -> str:
    """E.164 of what stands in a cell, as phones.e164 says; digits alone may also begin with a country code.

    Raises BadNumber.
    """
    bare = text.translate(_BETWEEN)
    quick = _quick(bare, country)
    if quick:
        return quick
    text = text.translate(_INVISIBLE).strip()
    if _SCIENTIFIC.fullmatch(text):
        raise BadNumber("scientific")
    try:
        return e164(text, country)
    except BadNumber:
        # Exports often write 971501234567. Only a number that really exists is read like that.
        if _BARE.fullmatch(bare) and phonenumbers.is_valid_number(phonenumbers.parse(f"+{bare}")):
            return f"+{bare}"
        raise


def why_not(text: str, country: str) -> str:
    """The verdict on a text that `number` refused: "spreadsheet", "bad_length" or "bad_number"."""
    text = text.translate(_INVISIBLE).strip()
    if _SCIENTIFIC.fullmatch(text):
        return "spreadsheet"
    try:
        phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return "bad_number"
    return "bad_length"


def _quick(bare: str, home: str) -> str:
    """E.164 of a number without blanks if nothing about it is in doubt; else ""."""
    if bare[:1] == "+":
        return _abroad(bare)
    country = _country_of(home) if bare[:1] == "0" else None
    if country is None:
        return ""
    if bare[:2] == "00":
        return _abroad(f"+{bare[2:]}") if country.double_zero else ""
    national = bare[1:]
    if country.zero is None or len(national) not in country.lengths or not country.zero.fullmatch(national):
        return ""
    return f"+{country.code}{national}"


def _abroad(bare: str) -> str:
    plain = _PLAIN.fullmatch(bare)
    if plain is None:
        return ""
    digits = plain.group(1)
    country = _country(digits[:3]) or _country(digits[:2]) or _country(digits[:1])
    if country is None:
        return ""
    national = digits[len(country.code) :]
    if len(national) not in country.lengths or national[0] == "0":
        return ""
    if country.prefix is not None and country.prefix.match(national):
        return ""
    return bare


@cache
def _country_of(region: str) -> _Country | None:
    code = phonenumbers.country_code_for_region(region) if region else 0
    # Of the countries that share a code, only the one that has the code's own rules.
    main = code and phonenumbers.region_code_for_country_code(code) == region
    return _country(str(code)) if main else None


@cache
def _country(code: str) -> _Country | None:
    region = phonenumbers.region_code_for_country_code(int(code))
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    described = metadata.general_desc if metadata is not None else None
    if metadata is None or described is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    # Where numbers abroad begin with more than 00 (Uruguay's 013), a 0 may be the beginning of one.
    double_zero = metadata.international_prefix == "00"
    plain_zero = double_zero and prefix == "0" and not metadata.national_prefix_transform_rule
    return _Country(
        code,
        frozenset((*described.possible_length, *described.possible_length_local_only)),
        re.compile(prefix) if prefix else None,
        re.compile(f"(?!0)(?:{described.national_number_pattern})") if plain_zero else None,
        double_zero,
    )
