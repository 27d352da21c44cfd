"""Reads the components of a template, as Meta writes them, into parts.

A kind it does not know makes the template unsupported, which is said and shown: a template that would be sent wrong
is not offered. Must never raise for what WhatsApp sent.
"""

from collections.abc import Mapping
from typing import Any

from templates_wa import draft_samples
from templates_wa import slots as s
from templates_wa.parts import Button, Card, LocationHeader, MediaHeader, Offer, Part, TextPart
from templates_wa.slots import Slot
from templates_wa.texts import Text, compile_text, examples

OTP_KEY = "otp.code"
# How WhatsApp lists the button of an authentication template (seen in answers of 2025): a link to itself.
_OTP_LINK = "https://www.whatsapp.com/otp/"
# What WhatsApp writes where the listing leaves the text to the language (Meta, Authentication templates, 2025-12).
_OTP_BODY = "*{{1}}* is your verification code."
_OTP_ADVICE = " For your security, do not share this code."
_OTP_FOOTER = "This code expires in %s minutes."

Row = Mapping[str, Any]


class Unsupported(Exception):  # noqa: N818 - it is a verdict
    """The kind of component that cannot be sent from here, as Meta names it."""


def rows(components: Any) -> list[tuple[str, Row]]:
    """(TYPE, component) of everything that looks like a component."""
    listed = components if isinstance(components, list) else []
    return [(str(row.get("type", "")).upper(), row) for row in listed if isinstance(row, Mapping)]


def is_otp(category: str, components: list[tuple[str, Row]]) -> bool:
    """Whether one code fills the body and the button."""
    if category == "AUTHENTICATION":
        return True
    buttons = [button for kind, row in components if kind == "BUTTONS" for button in _listed(row, "buttons")]
    return any(_kind_of(button) == "otp" for button in buttons)


def header(row: Row, prefix: str = "") -> Part:
    """The header. Raises Unsupported."""
    what = str(row.get("format", "TEXT")).upper()
    if what == "TEXT":
        return _text_part("header", row, prefix, s.HEADER_CHARS, "header_text")
    key = f"{prefix}header.media"
    if what in {"IMAGE", "VIDEO", "DOCUMENT"}:
        return MediaHeader((Slot(key, f"media_{what.lower()}", _kept_sample(row), s.URL_CHARS),))
    if what == "LOCATION":
        return LocationHeader((Slot(f"{prefix}header.location", "location", "", s.BODY_CHARS),))
    raise Unsupported(f"HEADER {what}")


def body(row: Row, prefix: str = "", limit: int = s.BODY_CHARS) -> TextPart:
    """A body with variables of its own."""
    return _text_part("body", row, prefix, limit, "body_text")


def otp_body(row: Row) -> TextPart:
    """The body of an authentication template: its variable is the code."""
    advice = _OTP_ADVICE if row.get("add_security_recommendation") else ""
    text = compile_text(str(row.get("text") or _OTP_BODY + advice), lambda _name: OTP_KEY)
    slot = Slot(OTP_KEY, "code", examples(row, "body_text").get("1", ""), s.CODE_CHARS)
    return TextPart("body", text, (slot,) if text.keys else ())


def footer(row: Row) -> str:
    """The footer's text."""
    minutes = row.get("code_expiration_minutes")
    return str(row.get("text") or (_OTP_FOOTER % minutes if minutes else ""))


def offer(row: Row) -> Offer:
    """A limited-time offer."""
    told = row.get("limited_time_offer")
    told = told if isinstance(told, Mapping) else {}
    ends = (Slot("lto.expires", "expiry", "", 13),) if told.get("has_expiration") else ()
    return Offer(str(told.get("text", "")), ends)


def buttons(row: Row, prefix: str = "", *, otp: bool = False) -> tuple[Button, ...]:
    """All buttons in their order. Raises Unsupported."""
    listed = _listed(row, "buttons")
    return tuple(_button(index, told, prefix, otp=otp) for index, told in enumerate(listed))


def cards(row: Row) -> tuple[Card, ...]:
    """The cards of a carousel. Raises Unsupported."""
    return tuple(_card(index, told) for index, told in enumerate(_listed(row, "cards")))


def _card(index: int, told: Row) -> Card:
    prefix = f"card.{index}."
    top: Part | None = None
    text: TextPart | None = None
    below: tuple[Button, ...] = ()
    for kind, row in rows(told.get("components")):
        if kind == "HEADER":
            top = header(row, prefix)
        elif kind == "BODY":
            text = body(row, prefix, s.CARD_BODY_CHARS)
        elif kind == "BUTTONS":
            below = buttons(row, prefix)
        else:
            raise Unsupported(f"CAROUSEL {kind}")
    parts = [part for part in (top, text, *below) if part is not None]
    return Card(index, top, text, below, tuple(slot for part in parts for slot in part.slots))


def _button(index: int, told: Row, prefix: str, *, otp: bool) -> Button:
    kind = _kind_of(told)
    text = str(told.get("text") or "")
    mark = f"{prefix.removeprefix('card.')}{index}"
    if kind == "otp" or (otp and kind == "url" and "{{" in str(told.get("url", ""))):
        code = Slot(OTP_KEY, "code", "", s.CODE_CHARS)
        return Button("otp", index, text, (code,))
    if kind == "url":
        return _link(index, told, prefix, text)
    sample = told.get("example")
    sample = sample[0] if isinstance(sample, list) and sample else sample
    if kind == "copy_code":
        slot = Slot(
            f"{prefix}button.{index}.code", "code", str(sample or ""), s.CODE_CHARS, button=text or "…"
        )
        return Button(kind, index, text, (slot,))
    if kind == "flow":
        slot = Slot(
            f"{prefix}button.{index}.flow", "flow", "", s.FLOW_TOKEN_CHARS, button=text, required=False
        )
        return Button(kind, index, text, (slot,), mark=mark)
    if kind in {"quick_reply", "phone_number", "request_contact_info"}:
        return Button(kind, index, text, phone=str(told.get("phone_number") or ""), mark=mark)
    raise Unsupported(f"BUTTON {kind.upper()}")


def _link(index: int, told: Row, prefix: str, text: str) -> Button:
    key = f"{prefix}button.{index}.suffix"
    url = compile_text(str(told.get("url", "")), lambda _name: key)
    if not url.keys:
        return Button("url", index, text, url=url)
    start = url.source.split("{{", 1)[0]
    sample = told.get("example")
    sample = str(sample[0] if isinstance(sample, list) and sample else sample or "")
    limit = s.URL_CHARS - url.fixed_chars
    # Meta's sample is the whole link in newer templates and only its end in older ones.
    slot = Slot(key, "suffix", sample.removeprefix(start), limit, "{{1}}", button=text, prefix=start)
    return Button("url", index, text, (slot,), url=url)


def _text_part(kind: str, row: Row, prefix: str, limit: int, where: str) -> TextPart:
    text = compile_text(str(row.get("text") or ""), lambda name: f"{prefix}{kind}.{name}")
    samples = examples(row, where)
    room = limit - text.fixed_chars
    return TextPart(
        kind, text, tuple(_text_slot(text, place, room, samples) for place in range(len(text.keys)))
    )


def _text_slot(text: Text, place: int, room: int, samples: Mapping[str, str]) -> Slot:
    key, name = text.keys[place], text.names[place]
    times = text.spots.count(key)
    others = len(text.spots) - times  # each of them has at least one character
    return Slot(key, "text", samples.get(name, ""), max((room - others) // times, 0), "{{" + name + "}}")


def _kept_sample(row: Row) -> str:
    """The sample, where it is a file of ours: a template in the making. Meta's own address of it soon expires."""
    kept = draft_samples.number(row)
    return f"file:{kept}" if kept else ""


def _kind_of(button: Row) -> str:
    kind = str(button.get("type", "")).lower()
    return "otp" if kind == "url" and str(button.get("url", "")).startswith(_OTP_LINK) else kind


def _listed(row: Row, name: str) -> list[Row]:
    found = row.get(name)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
