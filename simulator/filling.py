"""What a send fills into a template: the check against its definition.

One walk over the few parameters of a send. Never looks at state: whether the template may be sent at all,
and whether media ids exist, is decided elsewhere.
"""

import re
from typing import Any

import msgspec

from simulator.errors import GraphError
from simulator.forms import MAX_HEADER, Button, Form, Text

COUNT, FORMAT, TOO_LONG, PARAMETERS = 132000, 132012, 132005, 132018
MISSING, UNUSABLE = 131008, 131009
MAX_CODE = 15
_NOTHING = Text(("",), (), 0, MAX_HEADER)
_AWKWARD = re.compile(r"[\n\r\t]| {5}")  # newlines, tabs, more than four spaces in a row
_WEB = re.compile(r"https?://[^\s/]+\S*")


class Media(msgspec.Struct, frozen=True):
    """Something a send refers to: an uploaded file by id or a link, and as which type."""

    kind: str
    id: str | None
    link: str | None


def check(form: Form, components: Any) -> list[Media]:
    """Refuse what does not fit the definition; return the media the send refers to.

    132000 wrong count, 132012 wrong type, 132018 wrong names, characters or buttons, 132005 too long once
    filled in, 131008 missing and 131009 unusable values (Meta, Error codes, 2026-09). Raises GraphError.
    """
    media: list[Media] = []
    _check_parts(form, [] if components is None else components, media, "")
    return media


def _check_parts(form: Form, components: Any, media: list[Media], where: str) -> None:
    if not isinstance(components, list):
        raise GraphError(100, f"{where}components must be a list.")
    header, body, buttons, rest = _sorted(components, where)
    _check_header(form, header, media, where)
    _check_text(form, form.body, body, f"{where}body")
    _check_buttons(form, buttons, where)
    if rest or form.cards or form.offer:
        _check_rest(form, rest, media, where)


def _sorted(components: list[Any], where: str) -> tuple[list[Any], list[Any], list[Any], dict[str, Any]]:
    """Header parameters, body parameters, button components, and the components of other types by type."""
    header: list[Any] = []
    body: list[Any] = []
    buttons: list[Any] = []
    rest: dict[str, Any] = {}
    for part in components:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise GraphError(131008, f"{where}components: type is required.")
        kind = part["type"].lower()
        if kind == "button":
            buttons.append(part)
        elif kind in {"header", "body"}:
            given = part.get("parameters", [])
            if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
                raise GraphError(100, f"{where}{kind}: parameters must be a list of objects.")
            (header if kind == "header" else body).extend(given)
        elif kind in {"carousel", "limited_time_offer"}:
            rest[kind] = part
        elif kind != "footer":
            raise GraphError(100, f"{where}components: unknown type {kind}.")
    return header, body, buttons, rest


def _check_header(form: Form, given: list[Any], media: list[Media], where: str) -> None:
    expected = form.header
    if expected is None or isinstance(expected, Text):
        _check_text(form, expected or _NOTHING, given, f"{where}header")
        return
    received = given[0].get("type") if given else None
    if len(given) != 1 or received != expected:
        raise GraphError(
            FORMAT,
            f"{where}header: Format mismatch, expected {expected.upper()}, "
            f"received {str(received or 'UNKNOWN').upper()}",
        )
    content = given[0].get(expected)
    if not isinstance(content, dict):
        raise GraphError(MISSING, f"{where}header: {expected} is required.")
    if expected == "location":
        _check_location(content, where)
    else:
        media.append(_media(expected, content, where))


def _media(kind: str, content: dict[str, Any], where: str) -> Media:
    file_id, link = content.get("id"), content.get("link")
    if not file_id and not link:
        raise GraphError(MISSING, f"{where}header: {kind} needs an id or a link.")
    if link and (not isinstance(link, str) or not _WEB.fullmatch(link)):
        raise GraphError(UNUSABLE, f"{where}header: {kind}.link is not a web address.")
    return Media(kind, str(file_id) if file_id else None, link or None)


def _check_location(content: dict[str, Any], where: str) -> None:
    for name, most in (("latitude", 90), ("longitude", 180)):
        value: Any = content.get(name)
        if value in (None, ""):
            raise GraphError(MISSING, f"{where}header: location.{name} is required.")
        try:
            fits = -most <= float(value) <= most
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise GraphError(UNUSABLE, f"{where}header: location.{name} is not a coordinate.")
    for name in ("name", "address"):
        if not isinstance(content.get(name, ""), str):
            raise GraphError(100, f"{where}header: location.{name} must be a string.")


def _check_text(form: Form, text: Text, given: list[Any], where: str) -> None:
    names = text.names
    if len(given) != text.count:
        raise GraphError(
            COUNT,
            f"{where}: number of localizable_params ({len(given)}) does not match "
            f"the expected number of params ({text.count})",
        )
    length = sum(map(len, text.pieces))
    for one in given:
        if form.named and one.get("parameter_name") not in names:
            raise GraphError(
                PARAMETERS,
                f"{where}: parameter_name {one.get('parameter_name')!r} is not one of the template's.",
            )
        length += len(_said(one, where))
    if form.named and len({one["parameter_name"] for one in given}) != len(given):
        raise GraphError(PARAMETERS, f"{where}: a parameter_name is given twice.")
    if length > text.most:
        raise GraphError(TOO_LONG, f"{where}: the filled-in text is longer than {text.most} characters.")


def _said(one: dict[str, Any], where: str) -> str:
    """The words of one text parameter; currency and date_time show their fallback."""
    kind = one.get("type")
    if kind == "text":
        value = one.get("text")
    elif kind in {"currency", "date_time"}:
        content = one.get(kind)
        value = content.get("fallback_value") if isinstance(content, dict) else None
    else:
        raise GraphError(FORMAT, f"{where}: Format mismatch, expected TEXT, received {str(kind).upper()}")
    if value in (None, ""):
        raise GraphError(MISSING, f"{where}: parameter of type {kind} is missing its text value.")
    if not isinstance(value, str):
        raise GraphError(100, f"{where}: {kind} must be a string.")
    if _AWKWARD.search(value):
        raise GraphError(
            PARAMETERS,
            f"{where}: param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )
    return value


def _check_buttons(form: Form, given: list[dict[str, Any]], where: str) -> None:
    filled: set[int] = set()
    for part in given:
        index = _index(part, where)
        button = form.buttons[index] if index < len(form.buttons) else None
        sub_type = str(part.get("sub_type", "")).lower()
        if button is None or button.sub_type != sub_type or index in filled:
            raise GraphError(PARAMETERS, f"{where}buttons: no {sub_type} button to fill at index {index}.")
        _check_button(button, part, f"{where}buttons: Button at index {index}")
        filled.add(index)
    for index, button in enumerate(form.buttons):
        if button.required and index not in filled:
            kind = button.kind.title()
            raise GraphError(
                MISSING, f"{where}buttons: Button at index {index} of type {kind} requires a parameter"
            )


def _index(part: dict[str, Any], where: str) -> int:
    try:
        return int(part["index"]) if int(part["index"]) >= 0 else 10**6
    except KeyError:
        raise GraphError(MISSING, f"{where}buttons: index is required.") from None
    except (TypeError, ValueError):
        raise GraphError(UNUSABLE, f"{where}buttons: index must be a number.") from None


_VALUE: dict[str, tuple[str, str]] = {
    "quick_reply": ("payload", "payload"),
    "url": ("text", "text"),
    "copy_code": ("coupon_code", "coupon_code"),
}


def _check_button(button: Button, part: dict[str, Any], where: str) -> None:
    given = part.get("parameters", [])
    if not isinstance(given, list) or len(given) > 1 or not all(isinstance(one, dict) for one in given):
        raise GraphError(COUNT, f"{where} takes one parameter.")
    if button.sub_type not in _VALUE:  # flow and catalog: everything in it is optional
        return
    if button.kind == "URL" and not button.required and given:
        raise GraphError(PARAMETERS, f"{where} of type Url takes no parameter.")
    kind, key = _VALUE[button.sub_type]
    if not given:
        if button.required:
            raise GraphError(MISSING, f"{where} of type {button.kind.title()} requires a parameter")
        return
    if given[0].get("type") != kind:
        received = str(given[0].get("type")).upper()
        raise GraphError(FORMAT, f"{where}: Format mismatch, expected {kind.upper()}, received {received}")
    value = given[0].get(key)
    if value in (None, ""):
        raise GraphError(MISSING, f"{where}: {key} is required.")
    if not isinstance(value, str):
        raise GraphError(100, f"{where}: {key} must be a string.")
    if button.kind in {"COPY_CODE", "OTP"} and len(value) > MAX_CODE:
        raise GraphError(UNUSABLE, f"{where}: a code has at most {MAX_CODE} characters.")


def _check_rest(form: Form, rest: dict[str, Any], media: list[Media], where: str) -> None:
    offer = rest.get("limited_time_offer")
    if form.offer != (offer is not None):
        code, verb = (MISSING, "is required") if form.offer else (PARAMETERS, "is not part of the template")
        raise GraphError(code, f"{where}limited_time_offer {verb}.")
    if offer is not None:
        _check_offer(offer)
    given = rest.get("carousel", {}).get("cards", [])
    if not isinstance(given, list) or len(given) != len(form.cards):
        count = len(given) if isinstance(given, list) else 0
        raise GraphError(
            COUNT,
            f"carousel: number of cards ({count}) does not match the expected number ({len(form.cards)})",
        )
    for index, card in enumerate(given):
        if not isinstance(card, dict) or card.get("card_index") != index:
            raise GraphError(PARAMETERS, f"carousel: the card at position {index} needs card_index {index}.")
        _check_parts(form.cards[index], card.get("components", []), media, f"card {index} ")


def _check_offer(offer: dict[str, Any]) -> None:
    try:
        ends = offer["parameters"][0]["limited_time_offer"]["expiration_time_ms"]
    except (KeyError, IndexError, TypeError):
        raise GraphError(MISSING, "limited_time_offer: expiration_time_ms is required.") from None
    if not isinstance(ends, int) or isinstance(ends, bool) or ends < 10**12:
        raise GraphError(UNUSABLE, "limited_time_offer: expiration_time_ms is unix milliseconds.")
