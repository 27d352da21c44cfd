"""Countries as people choose them: by name in the language of the page, with the code that is dialled."""

from functools import cache

import phonenumbers
from django.utils.translation import get_language
from phonenumbers.geodata.locale import LOCALE_DATA

_SAME_AS = "*"  # "*aa": the name is the same as in language aa


def name(region: str) -> str:
    """What the country is called; its ISO code when nobody has told."""
    names: dict[str, str] = LOCALE_DATA.get(region, {})
    language = (get_language() or "en").split("-")[0]
    said = names.get(language, names.get("en", region))
    while said.startswith(_SAME_AS):
        said = names.get(said[1:], region)
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
