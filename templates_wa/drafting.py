"""A template in the making: what a person typed into the builder, what WhatsApp would refuse, and the components.

Limits: Meta, Template components, 2025-12, and Template management, 2026-09. Carousels and limited-time offers are made
in WhatsApp Manager; they arrive by synchronisation and can be sent. Must never touch the database or the network.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_wa.models import Category, Template
from templates_wa.slots import BODY_CHARS, CODE_CHARS, HEADER_CHARS, URL_CHARS
from templates_wa.texts import VARIABLE

NAME = re.compile(r"[a-z0-9_]{1,512}")
FOOTER_CHARS, BUTTON_CHARS, PHONE_CHARS = 60, 25, 20
BUTTONS_AT_MOST = 10
OTP_MINUTES = range(1, 91)
MEDIA_HEADERS = {"IMAGE", "VIDEO", "DOCUMENT"}
# How many of a kind a template may have.
_MOST = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "REQUEST_CONTACT_INFO": 1}
_NAMED = re.compile(r"[a-z_][a-z0-9_]*")
_BRACES = re.compile(r"\{\{|\}\}")
Words = str | Promise


@dataclass(frozen=True)
class DraftButton:
    """One button: QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE or REQUEST_CONTACT_INFO. `value` is the address (with a
    variable at its end), the number or the sample code; `example` the sample address."""

    kind: str
    text: str = ""
    value: str = ""
    example: str = ""


@dataclass(frozen=True)
class Draft:
    """What the builder holds. `examples` has "header.1", "body.1", "body.name"; `handle` is the uploaded sample's."""

    name: str = ""
    language: str = ""
    category: str = Category.UTILITY
    header: str = ""  # "", TEXT, LOCATION or one of MEDIA_HEADERS
    header_text: str = ""
    header_file: int | None = None
    body: str = ""
    footer: str = ""
    buttons: tuple[DraftButton, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 10
    advice: bool = True

    @property
    def is_otp(self) -> bool:
        """Authentication templates have WhatsApp's own words."""
        return self.category == Category.AUTHENTICATION

    @property
    def is_named(self) -> bool:
        """Whether its variables have names instead of numbers."""
        names = [name for text in (self.header_text, self.body) for name in VARIABLE.findall(text)]
        return any(not name.isdigit() for name in names)

    def variables(self) -> list[str]:
        """Every key that needs a sample, in reading order."""
        header = VARIABLE.findall(self.header_text) if self.header == "TEXT" else []
        keys = [
            *(f"header.{name}" for name in header),
            *(f"body.{name}" for name in VARIABLE.findall(self.body)),
        ]
        return [] if self.is_otp else list(dict.fromkeys(keys))


def problems(draft: Draft) -> dict[str, Words]:
    """What WhatsApp would refuse, by the field it is about; empty when it can be handed in."""
    wrong: dict[str, Words] = {}
    if not NAME.fullmatch(draft.name):
        wrong["name"] = _("Only small letters, digits and underscores, at most 512: order_ready")
    if not draft.language:
        wrong["language"] = _("Choose a language.")
    if draft.is_otp:
        if draft.minutes not in OTP_MINUTES:
            wrong["minutes"] = _("Between 1 and 90 minutes.")
        return wrong
    wrong |= _header_problems(draft) | _body_problems(draft)
    if len(draft.footer) > FOOTER_CHARS or VARIABLE.search(draft.footer) or "\n" in draft.footer:
        wrong["footer"] = format_lazy(
            _("One line without variables, at most {n} characters."), n=FOOTER_CHARS
        )
    for key in draft.variables():
        if not draft.examples.get(key, "").strip():
            wrong[f"x:{key}"] = _("WhatsApp wants a sample of every variable.")
    return wrong | _button_problems(draft.buttons)


def components(draft: Draft, *, handle: str = "") -> list[dict[str, Any]]:
    """The components as Meta takes them. `handle` is the sample of a media header."""
    if draft.is_otp:
        return [
            {"type": "BODY", "add_security_recommendation": draft.advice},
            {"type": "FOOTER", "code_expiration_minutes": draft.minutes},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ]
    found: list[dict[str, Any]] = []
    if draft.header == "TEXT":
        found.append(
            {"type": "HEADER", "format": "TEXT", "text": draft.header_text} | _examples(draft, "header")
        )
    elif draft.header:
        sample = {"example": {"header_handle": [handle]}} if draft.header in MEDIA_HEADERS else {}
        found.append({"type": "HEADER", "format": draft.header} | sample)
    found.append({"type": "BODY", "text": draft.body} | _examples(draft, "body"))
    if draft.footer:
        found.append({"type": "FOOTER", "text": draft.footer})
    if draft.buttons:
        found.append({"type": "BUTTONS", "buttons": [_button(button) for button in draft.buttons]})
    return found


def buildable(template: Template) -> Draft | None:
    """The draft that a template could have come from, to be edited; None where the builder has no form for a part."""
    return from_components(template.name, template.language, template.category, template.components)


def from_components(
    name: str, language: str, category: str, listed: Sequence[Mapping[str, Any]]
) -> Draft | None:
    """The draft that these components could have come from; None where the builder has no form for a part."""
    parts = {str(row.get("type", "")).upper(): row for row in listed if isinstance(row, Mapping)}
    if set(parts) - {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
        return None
    header = parts.get("HEADER", {})
    what = str(header.get("format", "TEXT")).upper() if header else ""
    buttons = [_read_button(row) for row in parts.get("BUTTONS", {}).get("buttons", [])]
    body = parts.get("BODY", {})
    draft = Draft(
        name=name,
        language=language,
        category=category,
        header=what,
        header_text=str(header.get("text", "")),
        body=str(body.get("text", "")),
        footer=str(parts.get("FOOTER", {}).get("text", "")),
        buttons=tuple(button for button in buttons if button),
        examples=_read_examples("header", header) | _read_examples("body", body),
        minutes=int(parts.get("FOOTER", {}).get("code_expiration_minutes") or 10),
        advice=bool(body.get("add_security_recommendation", True)),
    )
    return draft if draft.is_otp or all(buttons) else None


def _header_problems(draft: Draft) -> dict[str, Words]:
    if draft.header in MEDIA_HEADERS and draft.header_file is None:
        return {"header_file": _("WhatsApp wants a sample file for this header.")}
    if draft.header != "TEXT":
        return {}
    text, names = draft.header_text, VARIABLE.findall(draft.header_text)
    if not text.strip() or len(text) > HEADER_CHARS or "\n" in text or "*" in text or len(set(names)) > 1:
        return {
            "header_text": format_lazy(
                _("One plain line of at most {n} characters, with one variable at most."), n=HEADER_CHARS
            )
        }
    return _order_problem("header_text", names, draft)


def _body_problems(draft: Draft) -> dict[str, Words]:
    text, names = draft.body.strip(), VARIABLE.findall(draft.body)
    if not text:
        return {"body": _("Write what the customer will read.")}
    if len(draft.body) > BODY_CHARS:
        return {"body": format_lazy(_("At most {n} characters."), n=BODY_CHARS)}
    if _BRACES.search(VARIABLE.sub("", text)):
        return {"body": _("A variable looks like {{1}} or {{first_name}}.")}
    if text.startswith("{{") or text.endswith("}}"):
        return {"body": _("The text must neither begin nor end with a variable: put words around it.")}
    if re.search(r"\}\}\s*\{\{", text):
        return {"body": _("Two variables must not stand side by side: put words between them.")}
    if names and len(VARIABLE.sub(" ", text).split()) < 2 * len(names) + 1:
        return {"body": _("Too many variables for so few words. Write more around them.")}
    return _order_problem("body", names, draft)


def _order_problem(where: str, names: list[str], draft: Draft) -> dict[str, Words]:
    if draft.is_named:
        if not all(_NAMED.fullmatch(name) for name in names):
            return {where: _("Use names for all variables, or numbers for all of them.")}
    elif {int(name) for name in names} != set(range(1, len(set(names)) + 1)):
        return {where: _("Numbered variables go 1, 2, 3 without a gap.")}
    return {}


def _button_problems(buttons: tuple[DraftButton, ...]) -> dict[str, Words]:
    wrong: dict[str, Words] = {}
    if len(buttons) > BUTTONS_AT_MOST:
        wrong["buttons"] = format_lazy(_("At most {n} buttons."), n=BUTTONS_AT_MOST)
    kinds = [button.kind for button in buttons]
    changes = sum(1 for one, two in pairwise(kinds) if (one == "QUICK_REPLY") != (two == "QUICK_REPLY"))
    if changes > 1:
        wrong["buttons"] = _("Quick replies must stand together, before or after the other buttons.")
    for kind, most in _MOST.items():
        if kinds.count(kind) > most:
            wrong["buttons"] = _("At most two links, one number, one code and one request for the number.")
    for index, button in enumerate(buttons):
        if words := _button_problem(button):
            wrong[f"button:{index}"] = words
    return wrong


def _button_problem(button: DraftButton) -> Words:
    wants_text = button.kind in {"QUICK_REPLY", "URL", "PHONE_NUMBER"}
    if wants_text and not 0 < len(button.text) <= BUTTON_CHARS:
        return format_lazy(_("A button needs a text of at most {n} characters."), n=BUTTON_CHARS)
    if button.kind == "PHONE_NUMBER" and not re.fullmatch(r"\+[1-9][0-9]{6,18}", button.value):
        return _("The number with + and country code, digits only.")
    if button.kind == "COPY_CODE" and not 0 < len(button.value) <= CODE_CHARS:
        return format_lazy(_("A sample code of at most {n} characters."), n=CODE_CHARS)
    if button.kind == "URL":
        bare = re.sub(r"\{\{1\}\}\Z", "", button.value)
        if not re.fullmatch(r"https?://[^\s{}]+", bare) or len(button.value) > URL_CHARS:
            return _("A link begins with https:// and may end with {{1}}.")
        if bare != button.value and not button.example.startswith(bare):
            return _("A link with a variable needs a whole sample address that begins the same way.")
    return ""


def _examples(draft: Draft, where: str) -> dict[str, Any]:
    keys = [key for key in draft.variables() if key.startswith(f"{where}.")]
    if not keys:
        return {}
    if draft.is_named:
        rows = [{"param_name": key.partition(".")[2], "example": draft.examples[key]} for key in keys]
        return {"example": {f"{where}_text_named_params": rows}}
    values = [draft.examples[key] for key in sorted(keys, key=lambda key: int(key.partition(".")[2]))]
    samples: list[Any] = [*values] if where == "header" else [values]
    return {"example": {f"{where}_text": samples}}


def _read_examples(where: str, row: Mapping[str, Any]) -> dict[str, str]:
    example = row.get("example")
    if not isinstance(example, Mapping):
        return {}
    named = example.get(f"{where}_text_named_params")
    if isinstance(named, list):
        return {f"{where}.{one.get('param_name')}": str(one.get("example", "")) for one in named}
    values = example.get(f"{where}_text") or []
    values = values[0] if values and isinstance(values[0], list) else values
    return {f"{where}.{place}": str(value) for place, value in enumerate(values, 1)}


def _button(button: DraftButton) -> dict[str, Any]:
    if button.kind == "COPY_CODE":
        return {"type": "COPY_CODE", "example": button.value}
    if button.kind == "REQUEST_CONTACT_INFO":
        return {"type": "REQUEST_CONTACT_INFO"}
    row: dict[str, Any] = {"type": button.kind, "text": button.text}
    if button.kind == "PHONE_NUMBER":
        row["phone_number"] = button.value
    if button.kind == "URL":
        row["url"] = button.value
        if button.value.endswith("{{1}}"):
            row["example"] = [button.example]
    return row


def _read_button(row: Mapping[str, Any]) -> DraftButton | None:
    kind = str(row.get("type", "")).upper()
    example = row.get("example")
    example = str(example[0]) if isinstance(example, list) and example else str(example or "")
    if kind not in {"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "REQUEST_CONTACT_INFO"}:
        return None
    value = {"URL": row.get("url"), "PHONE_NUMBER": row.get("phone_number"), "COPY_CODE": example}.get(kind)
    text = "" if kind in {"COPY_CODE", "REQUEST_CONTACT_INFO"} else str(row.get("text", ""))
    return DraftButton(kind, text, str(value or ""), example if kind == "URL" else "")
