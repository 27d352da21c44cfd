"""Telephone numbers and business-scoped user ids as WhatsApp writes them.

Pure functions over strings: no state, no network.
"""

import functools
import hashlib
import re

import phonenumbers

BSUID = re.compile(r"^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$")
MIN_DIGITS, MAX_DIGITS = 7, 15  # E.164
_TOLERATED = str.maketrans("", "", " -()\u00a0")
_BRAZIL_WITH_NINTH = re.compile(r"^55([3-9]\d)9([6-9]\d{7})$")
_MEXICO_WITHOUT_ONE = re.compile(r"^52([2-9]\d{9})$")
_ARGENTINA_WITHOUT_NINE = re.compile(r"^54([1-8]\d{9})$")


def is_bsuid(value: str) -> bool:
    """Say whether `value` has the form of a (parent) business-scoped user id, e.g. `JO.1349120865530274`."""
    return BSUID.match(value) is not None


def digits_of(value: str) -> str:
    """Keep only the digits of a displayed number: `+962 6 555 0101` -> `96265550101`."""
    return re.sub(r"\D", "", value)


@functools.lru_cache(maxsize=1_000)
def country_code(display_phone_number: str) -> str:
    """The country calling code of a displayed number, e.g. `962`."""
    return str(phonenumbers.parse(display_phone_number).country_code)


def dialled(value: str, business_country_code: str) -> str | None:
    """Turn the `to` of a request into the digits that are really dialled, or None if it is no number.

    Spaces, hyphens and parentheses are tolerated. Without a leading `+` the *business's* country code is
    put in front, even if one was already there: that is Meta's documented and easily missed behaviour.
    """
    compact = value.translate(_TOLERATED)
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return None
    if not compact.startswith("+"):
        digits = business_country_code + digits
    if digits.startswith("0") or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return None
    return digits


def wa_id(digits: str) -> str:
    """The WhatsApp id of a dialled number. It differs from the number in three countries.

    Brazil outside area codes 11-28 drops the ninth digit, Mexico gains a 1, Argentina gains a 9. Ids
    that already have WhatsApp's form come back unchanged.
    """
    if match := _BRAZIL_WITH_NINTH.match(digits):
        return f"55{match[1]}{match[2]}"
    if match := _MEXICO_WITHOUT_ONE.match(digits):
        return f"521{match[1]}"
    if match := _ARGENTINA_WITHOUT_NINE.match(digits):
        return f"549{match[1]}"
    return digits


@functools.lru_cache(maxsize=100_000)
def display(digits: str) -> str:
    """Write a WhatsApp id for human eyes: `962790000101` -> `+962 7 9000 0101`."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@functools.lru_cache(maxsize=100_000)
def bsuid(portfolio_id: str, digits: str) -> str:
    """The business-scoped user id of a person for one portfolio: stable, and different in every portfolio."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        region = None
    if not region or len(region) != 2 or not region.isalpha():
        region = "US"
    seed = hashlib.sha256(f"{portfolio_id}/{digits}".encode()).hexdigest()
    return f"{region}.{int(seed, 16) % 10**20:020d}"
