"""Phone numbers: what people type → E.164, and the one form under which every spelling of a number is the same person."""

import re

import phonenumbers
from django.utils.translation import gettext_lazy as _

# WhatsApp itself writes some numbers in two ways (Meta, Phone numbers: Brazil and Mexico; field reports: Argentina).
# Brazil: a mobile's leading 9 is missing where the account is older than the 9. Mexico: 1 after 52 comes and goes.
# Argentina: webhooks say 54 9 …, the dialled form has no 9. The migration 0004 has the same three rules in SQL.
_SPELLINGS = (
    (re.compile(r"55(\d\d)9([6-9]\d{7})"), r"55\1\2"),
    (re.compile(r"521(\d{10})"), r"52\1"),
    (re.compile(r"549(\d{10})"), r"54\1"),
)


class BadNumber(ValueError):  # noqa: N818 - a plain no is no error
    """What was typed is no phone number. `message` says so to the person, translated when shown."""

    def __init__(self, message: object) -> None:
        super().__init__(message)
        self.message = message


def canonical(number: str) -> str:
    """The digits of an E.164 number or wa_id in the form that all its spellings share. Not meant to be dialled."""
    digits = number.removeprefix("+")
    for spelling, form in _SPELLINGS:
        match = spelling.fullmatch(digits)
        if match:
            return match.expand(form)
    return digits


def e164(text: str, country: str) -> str:
    """E.164 with its plus, of a number in any form; one without a country code is of `country` (ISO, two letters).

    Raises BadNumber.
    """
    try:
        parsed = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise BadNumber(_("This is not a phone number.")) from None
    national = str(parsed.national_number)
    # The 1 that mobiles in Mexico had until 2019: people and WhatsApp still write it, the numbering plan has it no more.
    if parsed.country_code == 52 and len(national) == 11 and national[0] == "1":
        parsed.national_number = int(national[1:])
    if not phonenumbers.is_possible_number(parsed):
        raise BadNumber(_("This phone number is too short or too long for its country."))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
