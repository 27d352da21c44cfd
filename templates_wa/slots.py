"""The places of a template that somebody fills, and what WhatsApp lets into each.

The rules are plain numbers and regular expressions that mean the same in Python and in PostgreSQL, so that a
campaign of 100,000 is checked by the same rules as one message. Must never alter a value.
"""

import csv
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

# Longest texts with the values put in (Meta, Template components, 2025-12; error 132005 beyond them).
HEADER_CHARS = 60
BODY_CHARS = 1024
OFFER_BODY_CHARS = 600
CARD_BODY_CHARS = 160
CODE_CHARS = 15
URL_CHARS = 2000
FLOW_TOKEN_CHARS = 200

# What must not be in a text: a line break, a tab, more than four spaces in a row (Meta, error 132018's details).
FORBIDDEN = r"[\n\r\t]| {5,}"
# A link's ending and a code are one word.
FORBIDDEN_IN_WORD = r"[ \n\r\t]"

_MEDIA = r"^(https://[^ \n\r\t]{3,1990}|file:[0-9]{1,18})$"
_EXPIRY = r"^[1-9][0-9]{12}$"
_MEDIA_KINDS = frozenset({"media_image", "media_video", "media_document"})
_FORBIDDEN = {
    "text": re.compile(FORBIDDEN),
    "suffix": re.compile(FORBIDDEN_IN_WORD),
    "code": re.compile(FORBIDDEN_IN_WORD),
    "flow": re.compile(FORBIDDEN_IN_WORD),
}
_MEDIA_VALUE, _EXPIRY_VALUE = re.compile(_MEDIA), re.compile(_EXPIRY)


class Budget(NamedTuple):
    """Slots that share one text: their values together have at most `limit` characters.

    A key stands in `keys` as often as the text uses it.
    """

    keys: tuple[str, ...]
    limit: int


class Place(NamedTuple):
    """A location as a slot's value holds it."""

    latitude: str
    longitude: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One value that a template wants.

    `kind` is text, media_image, media_video, media_document, location, suffix, code, expiry or flow. `limit` is the
    most characters it can hold when its neighbours are as short as can be (see `Budget`). `example` is Meta's sample.
    """

    key: str
    kind: str
    example: str
    limit: int
    variable: str = ""  # as the template writes it: {{1}}, {{first_name}}
    button: str = ""  # what the button says, where the value belongs to one
    prefix: str = ""  # the link before the suffix
    required: bool = True

    @property
    def forbidden(self) -> str:
        """A regular expression (Python's and PostgreSQL's) that must not be found in the value, or ""."""
        rule = _FORBIDDEN.get(self.kind)
        return rule.pattern if rule else ""

    @property
    def pattern(self) -> str:
        """A regular expression (Python's and PostgreSQL's) that the value must match, or ""."""
        if self.kind in _MEDIA_KINDS:
            return _MEDIA
        return _EXPIRY if self.kind == "expiry" else ""

    @property
    def card(self) -> int | None:
        """The carousel card it belongs to, counted from 0."""
        return int(self.key.split(".", 2)[1]) if self.key.startswith("card.") else None

    @property
    def media(self) -> str:
        """image, video or document, or ""."""
        return self.kind.removeprefix("media_") if self.kind in _MEDIA_KINDS else ""

    @property
    def label(self) -> str:
        """What a form calls it, in the language of the page."""
        if self.card is None:
            return self._plain_label()
        return _("Card %(number)s: %(label)s") % {"number": self.card + 1, "label": self._plain_label()}

    def _plain_label(self) -> str:
        if self.kind == "text":
            in_header = self.key.startswith("header.")
            words = _("Header variable %(variable)s") if in_header else _("Message variable %(variable)s")
            return words % {"variable": self.variable}
        if self.button:
            words = {
                "suffix": _("End of the link of “%(button)s”"),
                "code": _("Code for “%(button)s”"),
                "flow": _("Flow token for “%(button)s” (optional)"),
            }[self.kind]
            # Isolated: a button in another script than the page's would turn the quotation marks around.
            return words % {"button": f"\u2068{self.button}\u2069"}
        return {
            "media_image": _("Header image"),
            "media_video": _("Header video"),
            "media_document": _("Header document"),
            "location": _("Header location"),
            "expiry": _("End of the offer"),
            "code": _("One-time code"),
        }[self.kind]


def place(value: str) -> Place | None:
    """Read "latitude,longitude,name,address" (a name with a comma in double quotes), or None if it is none."""
    parts = next(csv.reader([value]), [])
    if len(parts) < 4:
        return None
    found = Place(parts[0].strip(), parts[1].strip(), parts[2].strip(), ",".join(parts[3:]).strip())
    return found if _is_on_earth(found) else None


def written(found: Place) -> str:
    """The slot's value for a place; `place` reads it back."""
    name = '"' + found.name.replace('"', '""') + '"' if re.search(r'[,"]', found.name) else found.name
    return f"{found.latitude},{found.longitude},{name},{found.address}"


def problem(slot: Slot, value: str) -> str:
    """What is wrong with a value, in words for the person who typed it, or ""."""
    if not value.strip():
        return _("Fill this in.") if slot.required else ""
    if "\x00" in value:  # no database row could hold it, so the rules need not name it
        return _("This has a character that cannot be sent.")
    rule = _FORBIDDEN.get(slot.kind)
    if rule is not None:
        if rule.search(value):
            return _words_for_forbidden(slot, value)
        if len(value) > slot.limit:
            return _("At most %(limit)s characters here; these are %(length)s.") % {
                "limit": slot.limit,
                "length": len(value),
            }
        return ""
    if slot.kind in _MEDIA_KINDS:
        if _MEDIA_VALUE.fullmatch(value):
            return ""
        return _("Give a link that begins with https:// and has no spaces, or choose a file.")
    if slot.kind == "location":
        return (
            "" if place(value) else _("Give latitude (−90 to 90), longitude (−180 to 180), name and address.")
        )
    return _expiry_problem(value)


def over_budget(budget: Budget, values: Mapping[str, str]) -> str:
    """What to say when values that share a text are too long together, or ""."""
    length = sum([len(values.get(key, "")) for key in budget.keys])
    if length <= budget.limit:
        return ""
    return _(
        "The text gets too long: its variables may have %(limit)s characters together, not %(length)s."
    ) % {
        "limit": budget.limit,
        "length": length,
    }


def _words_for_forbidden(slot: Slot, value: str) -> str:
    if slot.kind != "text":
        return _("No spaces, tabs or line breaks here.")
    if "\n" in value or "\r" in value:
        return _("WhatsApp allows no line break in a variable.")
    if "\t" in value:
        return _("WhatsApp allows no tab in a variable.")
    return _("WhatsApp allows at most four spaces in a row in a variable.")


def _is_on_earth(found: Place) -> bool:
    number = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,12})?\Z")
    if not (number.match(found.latitude) and number.match(found.longitude) and found.name and found.address):
        return False
    return abs(float(found.latitude)) <= 90 and abs(float(found.longitude)) <= 180


def _expiry_problem(value: str) -> str:
    if not _EXPIRY_VALUE.fullmatch(value):
        return _("Give the day and the time at which the offer ends.")
    if int(value) <= time.time() * 1000:
        return _("The offer would already be over. Choose a time in the future.")
    return ""
