"""The parts of a template: each knows its slots, its send-time component, and how the customer sees it.

Shapes: Meta, Template components and Send templates, 2025-12; authentication templates, 2025-12. Must never check
values (slots.py does) and never alter them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from templates_wa.slots import Slot, place
from templates_wa.texts import Text

Values = Mapping[str, str]
# A slot's value ("file:12") → what WhatsApp takes for it ({"id": media id, "filename": …}).
Media = Mapping[str, Mapping[str, Any]]
Component = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A text header or a body."""

    kind: str  # header, body
    text: Text
    slots: tuple[Slot, ...]

    def component(self, values: Values, _mark: str, _media: Media) -> Component | None:
        """Its parameters, or None when it has no variables."""
        return {"type": self.kind, "parameters": self.text.parameters(values)} if self.slots else None

    def shown(self, values: Values) -> Any:
        """A header as an object, a body as its text."""
        filled = self.text.filled(values)
        return {"format": "text", "text": filled} if self.kind == "header" else filled


@dataclass(frozen=True, slots=True)
class MediaHeader:
    """An image, a video or a document above the text."""

    slots: tuple[Slot, ...]

    @property
    def slot(self) -> Slot:
        """The one slot."""
        return self.slots[0]

    def component(self, values: Values, _mark: str, media: Media) -> Component:
        """By link, or by the media id that `media` has for a kept file. Raises ValueError without one."""
        value, kind = values[self.slot.key], self.slot.media
        if value.startswith("file:"):
            if value not in media:
                raise ValueError(f"no media id for {value}")
            what = dict(media[value])
        else:
            what = {"link": value}
            name = unquote(PurePosixPath(urlsplit(value).path).name)
            if kind == "document" and name:
                what["filename"] = name
        if kind != "document":
            what.pop("filename", None)
        return {"type": "header", "parameters": [{"type": kind, kind: what}]}

    def shown(self, values: Values) -> Any:
        """What it is and where it is: a link, or the number of a kept file."""
        value = values.get(self.slot.key, "")
        number = value.removeprefix("file:")
        if number != value:
            return {"format": self.slot.media, "file": int(number) if number.isdecimal() else None}
        return {"format": self.slot.media, "link": value if value.startswith("https://") else ""}


@dataclass(frozen=True, slots=True)
class LocationHeader:
    """A place on the map above the text."""

    slots: tuple[Slot, ...]

    def component(self, values: Values, _mark: str, _media: Media) -> Component:
        """The place as WhatsApp takes it."""
        found = place(values[self.slots[0].key])
        if found is None:
            raise ValueError("not a place")
        return {"type": "header", "parameters": [{"type": "location", "location": found._asdict()}]}

    def shown(self, values: Values) -> Any:
        """The place, or nothing but the format while it is not known."""
        found = place(values.get(self.slots[0].key, ""))
        return {"format": "location", **(found._asdict() if found else {})}


@dataclass(frozen=True, slots=True)
class Button:
    """One button. `index` is its place among all buttons, as WhatsApp counts them.

    `mark` ends our payload for a quick reply: the index, in a carousel "<card>.<index>". `otp` is the button of an
    authentication template: the same code as the body, as the ending of a link that WhatsApp keeps to itself.
    """

    kind: str  # quick_reply, url, phone_number, copy_code, flow, otp, request_contact_info
    index: int
    text: str
    slots: tuple[Slot, ...] = ()
    url: Text | None = None
    phone: str = ""
    mark: str = ""

    def component(self, values: Values, mark: str, _media: Media) -> Component | None:
        """What has to be sent for it; phones, plain links and contact requests need nothing."""
        build = _BUTTONS.get(self.kind)
        parameter = build(self, values, mark) if build else None
        if parameter is None:
            return None
        sub_type = "url" if self.kind == "otp" else self.kind
        return {"type": "button", "sub_type": sub_type, "index": str(self.index), "parameters": [parameter]}

    def shown(self, values: Values) -> dict[str, Any]:
        """Its words, and where it leads."""
        seen = {"type": self.kind, "text": self.text}
        if self.kind == "url" and self.url is not None:
            seen["url"] = self.url.filled(values)
        if self.kind == "phone_number":
            seen["phone"] = self.phone
        if self.kind == "copy_code":
            seen["code"] = values.get(self.slots[0].key, "")
        return seen


def _quick_reply(button: Button, _values: Values, mark: str) -> Component:
    return {"type": "payload", "payload": f"{mark}.{button.mark}"}


def _link(button: Button, values: Values, _mark: str) -> Component | None:
    return {"type": "text", "text": values[button.slots[0].key]} if button.slots else None


def _coupon(button: Button, values: Values, _mark: str) -> Component:
    return {"type": "coupon_code", "coupon_code": values[button.slots[0].key]}


def _flow(button: Button, values: Values, mark: str) -> Component:
    # The token comes back with the answer: without one of the business's own it says which message was answered.
    token = values.get(button.slots[0].key) or f"{mark}.{button.mark}"
    return {"type": "action", "action": {"flow_token": token}}


_BUTTONS: dict[str, Callable[[Button, Values, str], Component | None]] = {
    "quick_reply": _quick_reply,
    "url": _link,
    "otp": _link,
    "copy_code": _coupon,
    "flow": _flow,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A limited-time offer: a line of text, and perhaps the moment it ends."""

    text: str
    slots: tuple[Slot, ...]

    def component(self, values: Values, _mark: str, _media: Media) -> Component | None:
        """Its end in unix milliseconds, if it has one."""
        if not self.slots:
            return None
        ends = {"expiration_time_ms": int(values[self.slots[0].key])}
        parameter = {"type": "limited_time_offer", "limited_time_offer": ends}
        return {"type": "limited_time_offer", "parameters": [parameter]}

    def shown(self, values: Values) -> dict[str, Any]:
        """The line and the end."""
        ends = values.get(self.slots[0].key, "") if self.slots else ""
        return {"text": self.text, "expires": int(ends) if ends.isdecimal() else None}


Part = TextPart | MediaHeader | LocationHeader | Button | Offer


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a carousel."""

    index: int
    header: Part | None
    body: TextPart | None
    buttons: tuple[Button, ...]
    slots: tuple[Slot, ...] = field(default=())

    def component(self, values: Values, mark: str, media: Media) -> Component:
        """The card with everything in it that needs a value."""
        parts = [part for part in (self.header, self.body, *self.buttons) if part is not None]
        made = [part.component(values, mark, media) for part in parts]
        return {"card_index": self.index, "components": [component for component in made if component]}

    def shown(self, values: Values) -> dict[str, Any]:
        """The card as a small message."""
        return {
            "header": self.header.shown(values) if self.header else None,
            "body": self.body.shown(values) if self.body else "",
            "buttons": [button.shown(values) for button in self.buttons],
        }
