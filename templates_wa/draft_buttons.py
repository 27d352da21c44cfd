"""The buttons of a draft, below its text or on a card: what WhatsApp would refuse, and how Meta writes them.

Limits: Meta, Template components, 2025-12; flow buttons: Meta, Sending a Flow, 2026-06. Must never change what was typed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_wa.draft_texts import Words
from templates_wa.slots import CODE_CHARS, URL_CHARS

BUTTON_CHARS = 25
BUTTONS_AT_MOST = 10
KINDS = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "FLOW", "REQUEST_CONTACT_INFO")
NAVIGATE, DATA_EXCHANGE = "navigate", "data_exchange"
# How many of a kind a template may have, and a card.
_MOST = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "FLOW": 1, "REQUEST_CONTACT_INFO": 1}
_WITH_TEXT = {"QUICK_REPLY", "URL", "PHONE_NUMBER", "FLOW"}
_FLOW_KEYS = {"type", "text", "flow_id", "flow_name", "flow_action", "navigate_screen"}
_FLOW_CHARS = 200
_SCREEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True)
class DraftButton:
    """One button, its kind as Meta writes it. `value` is the address (with a variable at its end), the number, the
    sample code, or the flow's ID or name; `example` the sample address; `action` and `screen` how a flow begins."""

    kind: str
    text: str = ""
    value: str = ""
    example: str = ""
    action: str = NAVIGATE
    screen: str = ""


def group_problem(buttons: Sequence[DraftButton], *, most: int = BUTTONS_AT_MOST) -> Words:
    """What is wrong with the buttons as a group, or ""."""
    kinds = [button.kind for button in buttons]
    if any(kinds.count(kind) > allowed for kind, allowed in _MOST.items()):
        return _("At most two links, one number, one code, one flow and one request for the number.")
    if sum(1 for one, two in pairwise(kinds) if (one == "QUICK_REPLY") != (two == "QUICK_REPLY")) > 1:
        return _("Quick replies must stand together, before or after the other buttons.")
    return format_lazy(_("At most {n} buttons."), n=most) if len(buttons) > most else ""


def problem(button: DraftButton) -> Words:
    """What is wrong with one button, or ""."""
    if button.kind in _WITH_TEXT and not 0 < len(button.text) <= BUTTON_CHARS:
        return format_lazy(_("A button needs a text of at most {n} characters."), n=BUTTON_CHARS)
    if button.kind == "PHONE_NUMBER" and not re.fullmatch(r"\+[1-9][0-9]{6,18}", button.value):
        return _("The number with + and country code, digits only.")
    if button.kind == "COPY_CODE" and not 0 < len(button.value) <= CODE_CHARS:
        return format_lazy(_("A sample code of at most {n} characters."), n=CODE_CHARS)
    if button.kind == "URL":
        return _link_problem(button)
    return _flow_problem(button) if button.kind == "FLOW" else ""


def written(button: DraftButton) -> dict[str, Any]:
    """The button as Meta's create call takes it."""
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
    if button.kind == "FLOW":
        row |= {_flow_key(button.value): button.value, "flow_action": button.action}
        if button.action == NAVIGATE:
            row["navigate_screen"] = button.screen
    return row


def read(row: Mapping[str, Any]) -> DraftButton | None:
    """The button that Meta lists so; None where there is no form for it, or the form would lose a part of it."""
    kind = str(row.get("type", "")).upper()
    example = row.get("example")
    example = str(example[0]) if isinstance(example, list) and example else str(example or "")
    if kind == "FLOW":
        return _read_flow(row)
    if kind not in KINDS:
        return None
    value = {"URL": row.get("url"), "PHONE_NUMBER": row.get("phone_number"), "COPY_CODE": example}.get(kind)
    text = str(row.get("text", "")) if kind in _WITH_TEXT else ""
    return DraftButton(kind, text, str(value or ""), example if kind == "URL" else "")


def _link_problem(button: DraftButton) -> Words:
    bare = re.sub(r"\{\{1\}\}\Z", "", button.value)
    if not re.fullmatch(r"https?://[^\s{}]+", bare) or len(button.value) > URL_CHARS:
        return _("A link begins with https:// and may end with {{1}}.")
    if bare != button.value and not button.example.startswith(bare):
        return _("A link with a variable needs a whole sample address that begins the same way.")
    return ""


def _flow_problem(button: DraftButton) -> Words:
    if not button.value or len(button.value) > _FLOW_CHARS:
        return _("Give the ID or the name of a flow that is published in WhatsApp Manager.")
    if button.action not in {NAVIGATE, DATA_EXCHANGE}:
        return _("Choose how the flow begins.")
    if button.action == NAVIGATE and not _SCREEN.fullmatch(button.screen):
        return _("Give the flow's first screen as it is called there: letters, digits and underscores.")
    return ""


def _flow_key(value: str) -> str:
    """Meta's IDs of flows are digits; anything else that was typed is a name."""
    return "flow_id" if value.isascii() and value.isdigit() else "flow_name"


def _read_flow(row: Mapping[str, Any]) -> DraftButton | None:
    key = "flow_id" if row.get("flow_id") else "flow_name"
    value = str(row.get(key) or "")
    if not value or set(row) - _FLOW_KEYS or _flow_key(value) != key:
        return None  # an icon, a flow of its own: an edit replaces everything and would lose it
    action = str(row.get("flow_action") or NAVIGATE).lower()
    return DraftButton(
        "FLOW",
        str(row.get("text", "")),
        value,
        action=action,
        screen=str(row.get("navigate_screen") or ""),
    )
