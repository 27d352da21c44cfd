"""What a cell says: numbers as phones.e164 reads them, languages, yes and no, days, labels."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from phonebook.importing import cells, numbers
from phonebook.phones import BadNumber, e164

AMMAN = ZoneInfo("Asia/Amman")


def slow(text, country):
    try:
        return e164(text, country)
    except BadNumber:
        return None


def spellings(dice, country):
    """Numbers of all countries, right and wrong, dialled in every way."""
    code = dice.choice(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
    example = phonenumbers.example_number(country) if country else None
    national = str(example.national_number) if example and dice.random() < 0.6 else ""
    digits = national[: dice.randrange(2, 9)]
    digits += "".join(dice.choice("0123456789") for _ in range(dice.randrange(4, 13) - len(digits)))
    text = dice.choice([f"+{code}{digits}", f"0{digits}", f"00{code}{digits}", digits])
    return f"{text[:4]} ({text[4:6]}) {text[6:]}" if dice.random() < 0.3 else text


def test_the_fast_way_has_the_answers_of_the_slow_one():
    dice = random.Random(20260131)
    countries = [*sorted(phonenumbers.SUPPORTED_REGIONS), ""]
    quick = 0
    for _ in range(30_000):
        country = dice.choice(countries)
        text = spellings(dice, country)
        found = numbers._quick(text.translate(numbers._BETWEEN), country)
        if found:
            quick += 1
            assert (text, country, found) == (text, country, slow(text, country))
    assert quick > 3_000


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+962790000001", "+962790000001"),
        ("+962 (0)79 000-0001", "+962790000001"),
        ("\u200e+962 79 000 0001\u200f", "+962790000001"),
        ("\u202a+962\u00a079 000 0001\u202c", "+962790000001"),
        ("0790000001", "+962790000001"),
        ("00962790000001", "+962790000001"),
        ("790000001", "+962790000001"),
        ("٠٧٩٠٠٠٠٠٠١", "+962790000001"),
        ("971501234567", "+971501234567"),  # as exports write it
        ("+55 11 98765-4321", "+5511987654321"),
        ("+54 9 11 2345 6789", "+5491123456789"),
    ],
)
def test_a_number_in_any_form_is_e164(text, number):
    assert numbers.number(text, "JO") == number


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("call me", "bad_number"),
        ("-", "bad_number"),
        ("12", "bad_length"),
        ("+962 79 000 0001 79", "bad_length"),
        ("9.62791E+11", "spreadsheet"),
        ("9,6279E+11", "spreadsheet"),
    ],
)
def test_a_bad_number_has_a_reason(text, verdict):
    with pytest.raises(BadNumber):
        numbers.number(text, "JO")
    assert numbers.why_not(text, "JO") == verdict


def test_without_a_country_a_number_needs_its_code():
    assert numbers.number("+962790000001", "") == "+962790000001"
    with pytest.raises(BadNumber):
        numbers.number("0790000001", "")
    assert numbers.why_not("0790000001", "") == "bad_number"


@pytest.mark.parametrize(
    ("cell", "language"),
    [
        ("", ""),
        ("ar", "ar"),
        ("pt-br", "pt_BR"),
        ("en_US", "en_US"),
        ("Arabic", "ar"),
        ("العربية", "ar"),
        ("Deutsch", "de"),
        ("eng", "en"),
        ("fil", "fil"),
        ("xyz", None),
        ("Klingon", None),
        ("en US please", None),
    ],
)
def test_a_language_is_a_code_or_a_name(cell, language):
    assert cells.language(cell) == language


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("Yes", True),
        ("1", True),
        ("نعم", True),
        ("TRUE", True),
        ("no", False),
        ("لا", False),
        ("0", False),
        ("perhaps", None),
    ],
)
def test_yes_and_no(cell, answer):
    assert cells.agreed(cell) is answer


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=AMMAN)),
        ("2026/01/31", datetime(2026, 1, 31, tzinfo=AMMAN)),
        ("31/01/2026", datetime(2026, 1, 31, tzinfo=AMMAN)),
        ("31.1.2026 14:05", datetime(2026, 1, 31, 14, 5, tzinfo=AMMAN)),
        ("٣١/٠١/٢٠٢٦", datetime(2026, 1, 31, tzinfo=AMMAN)),
        ("2026-01-31 14:05:10", datetime(2026, 1, 31, 14, 5, 10, tzinfo=AMMAN)),
        ("2026-01-31T14:05:00Z", datetime(2026, 1, 31, 14, 5, tzinfo=UTC)),
        ("2026-01-31T14:05:00+03:00", datetime(2026, 1, 31, 11, 5, tzinfo=UTC)),
        ("01/31/2026", None),  # never the month first: it would be a guess for eleven days in twelve
        ("soon", None),
        ("", None),
    ],
)
def test_a_day_is_read_in_the_zone_of_the_workspace(cell, at):
    assert cells.moment(cell, AMMAN) == at


def test_labels_stand_between_commas():
    assert cells.labels(" VIP, Irbid ; new  customer|VIP، ") == ["VIP", "Irbid", "new customer"]
    assert cells.labels("") == []
    assert cells.labels("x" * 41) is None
