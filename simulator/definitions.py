"""What a template may look like: drafts that are created or edited, checked and brought into the listed form.

Limits of Meta's components page, 2025-12, and error subcodes of its error-code page, 2026-09. Looks at the
draft only; duplicates, counts and the history of edits are `management`'s.
"""

import re
from typing import Any

from simulator.button_rules import buttons_of
from simulator.errors import GraphError, invalid
from simulator.forms import VARIABLE

CATEGORIES = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
TOO_LONG, HEADER_FORMAT, BODY_FORMAT, FOOTER_FORMAT = 2388040, 2388047, 2388072, 2388073
MISSING_FIELD, TOO_MANY_VARIABLES, VARIABLE_AT_EDGE = 2388043, 2388293, 2388299
MAX_HEADER, MAX_BODY, MAX_FOOTER, MAX_CARD_BODY, MAX_OFFER_BODY, MAX_OFFER = 60, 1024, 60, 160, 600, 16
CARDS = range(2, 11)
_FORMATS = frozenset({"TEXT", "IMAGE", "VIDEO", "DOCUMENT", "GIF", "LOCATION"})
CARD_BUTTONS = frozenset({"QUICK_REPLY", "URL", "PHONE_NUMBER"})
_KINDS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"})
_NAMED = re.compile(r"[a-z_][a-z0-9_]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2,3})?")
_SECURITY = " For your security, do not share this code."


def category_of(value: Any) -> str:
    """The category in capitals. Raises GraphError 100."""
    category = value.upper() if isinstance(value, str) else ""
    if category not in CATEGORIES:
        raise GraphError(
            100, message="(#100) Param category must be one of {MARKETING, UTILITY, AUTHENTICATION}"
        )
    return category


def language_of(value: Any) -> str:
    """A language code with an underscore, such as en_US. Raises GraphError 100."""
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise GraphError(100, message=f"(#100) Param language must be a known language code, not {value!r}")
    return value


def components_of(value: Any, *, category: str, named: bool) -> list[dict[str, Any]]:
    """Check a draft's components and return them as the API lists them. Raises GraphError 100 with a subcode."""
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise GraphError(100, message="(#100) Param components must be an array of objects")
    kinds = [str(part.get("type", "")).upper() for part in value]
    for kind in kinds:
        if kind not in _KINDS:
            raise GraphError(100, message=f"(#100) Param components: unknown type {kind!r}")
        if kinds.count(kind) > 1:
            raise invalid("Too many components", f"A template has only one {kind}.")
    if "BODY" not in kinds:
        raise invalid("Component is missing", "A template needs a BODY.", MISSING_FIELD)
    parts = dict(zip(kinds, value, strict=True))
    _check_company(parts, category)
    return [_part(kind, parts, category=category, named=named) for kind in kinds]


def _check_company(parts: dict[str, Any], category: str) -> None:
    """Which components go together, and in which category."""
    for kind in ("CAROUSEL", "LIMITED_TIME_OFFER"):
        if kind in parts and category != "MARKETING":
            raise invalid("Not in this category", f"{kind} is for marketing templates only.")
    if category == "AUTHENTICATION" and "HEADER" in parts:
        raise invalid("Not in this category", "An authentication template has no header.")
    if category == "AUTHENTICATION" and "BUTTONS" not in parts:
        raise invalid(
            "Component is missing", "An authentication template needs an OTP button.", MISSING_FIELD
        )
    if "LIMITED_TIME_OFFER" in parts:
        _check_offers_company(parts)
    if "CAROUSEL" in parts and {"HEADER", "FOOTER", "BUTTONS"} & set(parts):
        raise invalid("Components do not fit", "Beside a carousel there is only a body.")


def _check_offers_company(parts: dict[str, Any]) -> None:
    """An offer stands between a picture or a video and a link; an end wants a code, which comes first.

    Meta, Limited-time offer templates, 2026-06.
    """
    if "FOOTER" in parts:
        raise invalid("Components do not fit", "A limited-time offer has no footer.")
    if "HEADER" in parts and str(parts["HEADER"].get("format", "")).upper() not in {"IMAGE", "VIDEO"}:
        raise invalid("Components do not fit", "Above an offer is an image or a video.", HEADER_FORMAT)
    given, offer = (
        parts.get("BUTTONS", {}).get("buttons"),
        parts["LIMITED_TIME_OFFER"].get("limited_time_offer"),
    )
    rows = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    kinds = [str(one.get("type", "")).upper() for one in rows]
    ends = isinstance(offer, dict) and offer.get("has_expiration") is True
    if set(kinds) - {"COPY_CODE", "URL"} or "URL" not in kinds or "COPY_CODE" in kinds[1:]:
        raise invalid("Buttons", "An offer has a copy code button, which is the first, and a url button.")
    if ends and "COPY_CODE" not in kinds:
        raise invalid("Buttons", "An offer with an expiration needs a copy code button.")


def _part(kind: str, parts: dict[str, Any], *, category: str, named: bool) -> dict[str, Any]:
    part = parts[kind]
    if kind == "HEADER":
        return header(part, named=named)
    if kind == "BODY":
        if category == "AUTHENTICATION":
            return _password_body(part)
        return body(part, named=named, most=MAX_OFFER_BODY if "LIMITED_TIME_OFFER" in parts else MAX_BODY)
    if kind == "FOOTER":
        return _footer(part, category)
    if kind == "BUTTONS":
        return {"type": "BUTTONS", "buttons": buttons_of(part.get("buttons"), category=category)}
    if kind == "CAROUSEL":
        return {"type": "CAROUSEL", "cards": _cards(part.get("cards"), named=named)}
    return _offer(part)


def header(part: dict[str, Any], *, named: bool) -> dict[str, Any]:
    """A header: a text of 60 characters with one variable at most, or a sample file, or a place."""
    kind = str(part.get("format", "")).upper()
    if kind not in _FORMATS:
        raise invalid(
            "Header format", f"A header's format is one of {', '.join(sorted(_FORMATS))}.", HEADER_FORMAT
        )
    if kind == "LOCATION":
        return {"type": "HEADER", "format": kind}
    example = part.get("example")
    if kind != "TEXT":
        handles = example.get("header_handle") if isinstance(example, dict) else None
        if not isinstance(handles, list) or not handles or not all(isinstance(one, str) for one in handles):
            raise _missing("HEADER", "example")
        return {"type": "HEADER", "format": kind, "example": {"header_handle": handles[:1]}}
    text = _text(part, "HEADER", MAX_HEADER)
    names = VARIABLE.findall(text)
    if "\n" in text or "*" in text or len(names) > 1:
        raise invalid(
            "Header format", "A header is one line, plain, with one variable at most.", HEADER_FORMAT
        )
    _check_names(names, named=named, subcode=HEADER_FORMAT)
    row = {"type": "HEADER", "format": kind, "text": text}
    return row | _examples("HEADER", example, names, named=named)


def body(part: dict[str, Any], *, named: bool, most: int) -> dict[str, Any]:
    """A body of `most` characters whose variables stand inside, in order, with a sample each."""
    text = _text(part, "BODY", most)
    names = VARIABLE.findall(text)
    _check_names(names, named=named, subcode=BODY_FORMAT)
    stripped = text.strip()
    if stripped.startswith("{{") or stripped.endswith("}}"):
        raise invalid(
            "Variables at the edge",
            "Variables cannot be at the start or end of the template.",
            VARIABLE_AT_EDGE,
        )
    if names and len(VARIABLE.sub(" ", text).split()) < 2 * len(names) + 1:
        raise invalid(
            "Too many variables",
            "This template has too many variables for its length. Reduce them or write more words.",
            TOO_MANY_VARIABLES,
        )
    return {"type": "BODY", "text": text} | _examples("BODY", part.get("example"), names, named=named)


def _check_names(names: list[str], *, named: bool, subcode: int) -> None:
    if named:
        fits = all(_NAMED.fullmatch(name) for name in names)
    else:
        # Each number once or more, from 1 without a gap.
        fits = all(name.isdigit() for name in names) and {int(name) for name in names} == set(
            range(1, len(set(names)) + 1)
        )
    if not fits:
        how = "lower-case words" if named else "numbers from 1 without a gap"
        raise invalid("Variables", f"The variables of this template must be {how}.", subcode)


def _examples(kind: str, example: Any, names: list[str], *, named: bool) -> dict[str, Any]:
    """The samples, which every variable needs, in the listed form."""
    if not names:
        return {}
    given = example if isinstance(example, dict) else {}
    wanted = sorted(set(names), key=names.index)
    if named:
        key = f"{kind.lower()}_text_named_params"
        rows = given.get(key)
        known = {row.get("param_name"): row.get("example") for row in rows or [] if isinstance(row, dict)}
        if not all(isinstance(known.get(name), str) and known[name] for name in wanted):
            raise _missing(kind, "example")
        return {"example": {key: [{"param_name": name, "example": known[name]} for name in wanted]}}
    key = f"{kind.lower()}_text"
    values = given.get(key)
    if kind == "BODY" and isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    values = [values] if isinstance(values, str) else values
    if (
        not isinstance(values, list)
        or len(values) != len(wanted)
        or not all(isinstance(one, str) and one for one in values)
    ):
        raise _missing(kind, "example")
    return {"example": {key: [values] if kind == "BODY" else values}}


def _footer(part: dict[str, Any], category: str) -> dict[str, Any]:
    minutes = part.get("code_expiration_minutes")
    if category == "AUTHENTICATION":
        if not isinstance(minutes, int) or not 1 <= minutes <= 90:
            raise invalid("Footer format", "code_expiration_minutes is between 1 and 90.", FOOTER_FORMAT)
        words = f"This code expires in {minutes} minutes."
        return {"type": "FOOTER", "text": words, "code_expiration_minutes": minutes}
    text = _text(part, "FOOTER", MAX_FOOTER)
    if VARIABLE.search(text) or "\n" in text:
        raise invalid("Footer format", "A footer is one line without variables.", FOOTER_FORMAT)
    return {"type": "FOOTER", "text": text}


def _password_body(part: dict[str, Any]) -> dict[str, Any]:
    """The words of an authentication template are WhatsApp's own."""
    if "text" in part:
        raise invalid("Body format", "The text of an authentication template is fixed.", BODY_FORMAT)
    advice = part.get("add_security_recommendation") is True
    return {
        "type": "BODY",
        "text": "*{{1}}* is your verification code." + (_SECURITY if advice else ""),
        "add_security_recommendation": advice,
        "example": {"body_text": [["123456"]]},
    }


def _offer(part: dict[str, Any]) -> dict[str, Any]:
    offer = part.get("limited_time_offer")
    text = offer.get("text") if isinstance(offer, dict) else None
    if not isinstance(offer, dict) or not isinstance(text, str) or not 1 <= len(text) <= MAX_OFFER:
        raise invalid("Limited-time offer", f"The offer's text has 1 to {MAX_OFFER} characters.")
    expires = offer.get("has_expiration") is True
    return {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": text, "has_expiration": expires}}


def _cards(value: Any, *, named: bool) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) not in CARDS:
        raise invalid("Carousel", "A carousel has 2 to 10 cards.")
    cards = []
    for card in value:
        components = card.get("components") if isinstance(card, dict) else None
        if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
            raise _missing("CAROUSEL", "components")
        kinds = [str(part.get("type", "")).upper() for part in components]
        if len(set(kinds)) < len(kinds) or "HEADER" not in kinds or len(kinds) < 2:
            raise invalid("Carousel", "A card has one header, and a body or buttons or both.")
        cards.append({"components": [_card_part(part, named=named) for part in components]})
    if len({_likeness(card) for card in cards}) > 1:
        raise invalid("Carousel", "All cards have the same components and kinds of buttons.")
    return cards


def _card_part(part: dict[str, Any], *, named: bool) -> dict[str, Any]:
    kind = str(part.get("type", "")).upper()
    if kind == "HEADER":
        row = header(part, named=named)
        if row["format"] not in {"IMAGE", "VIDEO"}:
            raise invalid("Carousel", "A card's header is an image or a video.", HEADER_FORMAT)
        return row
    if kind == "BODY":
        return body(part, named=named, most=MAX_CARD_BODY)
    if kind == "BUTTONS":
        rows = buttons_of(part.get("buttons"), category="MARKETING", most=2)
        if {row["type"] for row in rows} - CARD_BUTTONS:
            raise invalid("Carousel", "A card's buttons are quick replies, links and phone numbers.")
        return {"type": "BUTTONS", "buttons": rows}
    raise invalid("Carousel", "A card has a header, a body and buttons.")


def _likeness(card: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        (part["type"], part.get("format"), *(button["type"] for button in part.get("buttons", [])))
        for part in card["components"]
    )


def _text(part: dict[str, Any], kind: str, most: int) -> str:
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _missing(kind, "text")
    if len(text) > most:
        raise invalid("Text is too long", f"The text of {kind} has at most {most} characters.", TOO_LONG)
    return text


def _missing(kind: str, field: str) -> GraphError:
    words = f"component of type {kind} is missing expected field(s) ({field})"
    return invalid("Message template components are missing expected field(s)", words, MISSING_FIELD)
