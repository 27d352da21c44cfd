"""A template's definition, compiled once so that checking and showing a message costs little.

Reads components as the Graph API lists them; unknown ones are passed over. Checks nothing.
"""

import re
from typing import Any

import msgspec

MAX_HEADER, MAX_BODY = 60, 1024
VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
MEDIA = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document", "GIF": "gif"}
_SUB_TYPES = {
    "QUICK_REPLY": "quick_reply",
    "URL": "url",
    "OTP": "url",
    "COPY_CODE": "copy_code",
    "FLOW": "flow",
    "CATALOG": "catalog",
}


class Edition(msgspec.Struct, frozen=True):
    """A template's definition as it was at one time."""

    key: str
    named: bool
    components: list[dict[str, Any]]


class Text(msgspec.Struct, frozen=True):
    """A text cut at its variables: `pieces` has one more than `names`; `count` are the different ones."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    count: int
    most: int

    def filled(self, values: dict[str, str]) -> str:
        parts = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            parts += (values.get(name, f"{{{{{name}}}}}"), piece)
        return "".join(parts)


class Button(msgspec.Struct, frozen=True):
    """One button: its definition, the `sub_type` a send addresses it by, whether a parameter is compulsory."""

    kind: str
    text: str
    url: str
    sub_type: str | None
    required: bool


class Form(msgspec.Struct, frozen=True):
    """A compiled definition, or one card of a carousel. `header` is a Text, a media type, `location` or None."""

    named: bool
    header: Text | str | None
    body: Text
    footer: str
    buttons: tuple[Button, ...]
    cards: tuple["Form", ...]
    offer: bool
    edition: Edition | None = None


def compiled(edition: Edition) -> Form:
    """Compile a definition as the Graph API lists it. Unknown components are passed over."""
    return _form(edition.components, named=edition.named, edition=edition)


def _form(components: list[dict[str, Any]], *, named: bool, edition: Edition | None = None) -> Form:
    parts = {part.get("type", "").upper(): part for part in components}
    cards = parts.get("CAROUSEL", {}).get("cards", [])
    return Form(
        named=named,
        header=_header(parts.get("HEADER")),
        body=_text(parts.get("BODY", {}).get("text", ""), MAX_BODY),
        footer=parts.get("FOOTER", {}).get("text", ""),
        buttons=tuple(_button(one) for one in parts.get("BUTTONS", {}).get("buttons", [])),
        cards=tuple(_form(card.get("components", []), named=named) for card in cards),
        offer=bool(parts.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer", {}).get("has_expiration")),
        edition=edition,
    )


def _header(part: dict[str, Any] | None) -> Text | str | None:
    if part is None:
        return None
    kind = str(part.get("format", "TEXT")).upper()
    if kind == "TEXT":
        return _text(part.get("text", ""), MAX_HEADER)
    return MEDIA.get(kind, kind.lower())


def _text(text: str, most: int) -> Text:
    found = VARIABLE.split(text)
    names = tuple(found[1::2])
    return Text(pieces=tuple(found[0::2]), names=names, count=len(set(names)), most=most)


def _button(one: dict[str, Any]) -> Button:
    kind = str(one.get("type", "")).upper()
    url = str(one.get("url", ""))
    required = kind in {"OTP", "COPY_CODE"} or (kind == "URL" and VARIABLE.search(url) is not None)
    return Button(kind, str(one.get("text", "")), url, _SUB_TYPES.get(kind), required)
