"""How a template message looks on the phone: its texts filled in, its header, its buttons and what they do.

Drawn when somebody looks, from the edition that was sent and the request itself: a send pays nothing for it.
"""

from typing import Any

import msgspec

from simulator.forms import VARIABLE, Button, Form, Text
from simulator.shelf import Shelf
from simulator.state import Message

Parameters = list[dict[str, Any]]


def shown(shelf: Shelf, message: Message) -> dict[str, Any] | None:
    """What the phone draws: `{header, body, footer, buttons, cards, offer}`; None for no template message."""
    form = shelf.forms.get(message.template)
    if form is None:
        return None
    try:
        components = msgspec.json.decode(message.request)["template"].get("components") or []
    except (msgspec.DecodeError, KeyError, TypeError):
        components = []
    return _drawn(form, components)


def text_of(shelf: Shelf, message: Message) -> str:
    """The words of a message in one line for lists and quotes."""
    if not message.template:
        return message.text
    drawn = shown(shelf, message)
    return message.text if drawn is None else str(drawn["body"])


def _drawn(form: Form, components: list[dict[str, Any]]) -> dict[str, Any]:
    given: dict[str, Parameters] = {"header": [], "body": []}
    filled: dict[int, Parameters] = {}
    cards: list[dict[str, Any]] = []
    ends: int | None = None
    for part in components:
        kind = str(part.get("type", "")).lower()
        if kind == "button":
            filled[int(part["index"])] = part.get("parameters", [])
        elif kind in given:
            given[kind] = part.get("parameters", [])
        elif kind == "carousel":
            cards = part.get("cards", [])
        elif kind == "limited_time_offer":
            ends = part["parameters"][0]["limited_time_offer"]["expiration_time_ms"]
    drawn: dict[str, Any] = {
        "header": _header(form, given["header"]),
        "body": _said(form, form.body, given["body"]),
        "footer": form.footer,
        "buttons": [_button(one, filled.get(index, [])) for index, one in enumerate(form.buttons)],
        "ends": ends,
        "cards": [],
    }
    if len(cards) == len(form.cards):
        drawn["cards"] = [
            _drawn(inner, card.get("components", [])) for inner, card in zip(form.cards, cards, strict=True)
        ]
    return drawn


def _header(form: Form, given: Parameters) -> dict[str, str] | None:
    if form.header is None:
        return None
    if isinstance(form.header, Text):
        return {"format": "text", "text": _said(form, form.header, given)}
    content = given[0].get(form.header, {}) if given else {}
    if form.header == "location":
        place = [str(content[key]) for key in ("name", "address") if content.get(key)]
        return {"format": "location", "text": ", ".join(place)}
    name = content.get("filename") or content.get("link") or content.get("id") or ""
    return {"format": form.header, "text": str(name)}


def _said(form: Form, text: Text, given: Parameters) -> str:
    values: dict[str, str] = {}
    for position, one in enumerate(given, start=1):
        kind = one.get("type", "text")
        value = one.get("text") if kind == "text" else one.get(kind, {}).get("fallback_value", "")
        values[one.get("parameter_name", "") if form.named else str(position)] = str(value)
    return text.filled(values)


def _button(button: Button, given: Parameters) -> dict[str, str]:
    value = ""
    if given:
        value = str(given[0].get("payload") or given[0].get("text") or given[0].get("coupon_code") or "")
    row = {"kind": button.kind, "text": button.text or "Copy code", "value": value}
    if button.kind == "URL":
        row["value"] = VARIABLE.sub(lambda _: value, button.url)
    if button.kind == "QUICK_REPLY":
        row["value"] = value or button.text
    return row
