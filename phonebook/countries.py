"""Countries as people choose them: by name in the language of the page, with the code that is dialled."""

from functools import cache

import phonenumbers
from babel import Locale
from django.utils.translation import get_language


def name(region: str) -> str:
    """What the country is called; its ISO code when nobody has told."""
    said: str = Locale.parse(get_language() or "en", sep="-").territories.get(region, region)
    return said


def choices() -> list[tuple[str, str]]:
    """(ISO code, "Jordan (+962)") of every country, by name."""
    return _choices(get_language() or "en")


def codes() -> list[tuple[str, str]]:
    """("962", "Jordan (+962)") of every code that is dialled, under its main country, by name."""
    return _codes(get_language() or "en")


def of_code(code: str) -> str:
    """The main country of a dialled code, with the code."""
    return dict(codes()).get(code, f"+{code}")


@cache
def _choices(_language: str) -> list[tuple[str, str]]:
    named = [(region, _dialled(region)) for region in phonenumbers.SUPPORTED_REGIONS]
    return sorted(named, key=lambda choice: choice[1].casefold())


@cache
def _codes(_language: str) -> list[tuple[str, str]]:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    named = [(str(code), _dialled(here[0])) for code, here in regions.items() if here[0] != "001"]
    return sorted(named, key=lambda choice: choice[1].casefold())


def _dialled(region: str) -> str:
    return f"{name(region)} (+{phonenumbers.country_code_for_region(region)})"
