"""The buttons of a draft: how many of which kind, in which order, with which texts and samples.

Limits of Meta's components page, 2025-12.
"""

import itertools
from typing import Any

from simulator.errors import GraphError, invalid
from simulator.forms import VARIABLE

MAX_BUTTONS, MAX_LABEL, MAX_URL, MAX_PHONE, MAX_CODE = 10, 25, 2000, 20, 15
_MOST = {
    "QUICK_REPLY": 10,
    "URL": 2,
    "PHONE_NUMBER": 1,
    "COPY_CODE": 1,
    "FLOW": 1,
    "OTP": 1,
    "REQUEST_CONTACT_INFO": 1,
}


def buttons_of(value: Any, *, category: str, most: int = MAX_BUTTONS) -> list[dict[str, Any]]:
    """Check the buttons of a template or a card; return them as the API lists them. Raises GraphError 100."""
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= most
        or not all(isinstance(b, dict) for b in value)
    ):
        raise invalid("Buttons", f"There are 1 to {most} buttons.")
    kinds = [str(one.get("type", "")).upper() for one in value]
    for kind in kinds:
        if kind not in _MOST:
            raise GraphError(100, message=f"(#100) Param buttons: unknown type {kind!r}")
        if kinds.count(kind) > _MOST[kind]:
            raise invalid("Buttons", f"There are at most {_MOST[kind]} buttons of type {kind}.")
    if (category == "AUTHENTICATION") != (kinds == ["OTP"]):
        raise invalid("Buttons", "One button of type OTP, for authentication templates only.")
    groups = [kind == "QUICK_REPLY" for kind in kinds]
    if sum(before != after for before, after in itertools.pairwise(groups)) > 1:
        raise invalid("Invalid combination of buttons", "Quick replies must stand together.")
    return [_button(kind, one) for kind, one in zip(kinds, value, strict=True)]


def _button(kind: str, one: dict[str, Any]) -> dict[str, Any]:
    if kind == "COPY_CODE":
        return _copy_code(one)
    if kind == "REQUEST_CONTACT_INFO":
        return {"type": kind}
    if kind == "OTP":
        otp_type = str(one.get("otp_type", "")).upper()
        if otp_type not in {"COPY_CODE", "ONE_TAP", "ZERO_TAP"}:
            raise invalid("Buttons", "otp_type is COPY_CODE, ONE_TAP or ZERO_TAP.")
        return {"type": kind, "otp_type": otp_type, "text": str(one.get("text") or "Copy code")}
    row = {"type": kind, "text": _label(one)}
    if kind == "URL":
        return row | _address(one)
    if kind == "PHONE_NUMBER":
        phone = one.get("phone_number")
        if not isinstance(phone, str) or not 1 <= len(phone) <= MAX_PHONE:
            raise invalid("Buttons", f"phone_number has 1 to {MAX_PHONE} characters.")
        return row | {"phone_number": phone}
    if kind == "FLOW":
        return row | _flow(one)
    return row


def _label(one: dict[str, Any]) -> str:
    text = one.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_LABEL or VARIABLE.search(text):
        raise invalid("Buttons", f"A button's text has 1 to {MAX_LABEL} characters and no variable.")
    return text


def _address(one: dict[str, Any]) -> dict[str, Any]:
    url = one.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")) or len(url) > MAX_URL:
        raise invalid("Buttons", f"url is a web address of at most {MAX_URL} characters.")
    names = VARIABLE.findall(url)
    if not names:
        return {"url": url}
    if names != ["1"] or not url.endswith("}}"):
        raise invalid("Buttons", "A url has one variable, {{1}}, at its end.")
    example = one.get("example")
    first = example[0] if isinstance(example, list) and example else example
    if not isinstance(first, str) or not first:
        raise invalid("Buttons", "The variable of a url needs an example.")
    return {"url": url, "example": [first]}


def _flow(one: dict[str, Any]) -> dict[str, Any]:
    """The flow by its id, its name or its definition, and how it begins (Meta, Sending a Flow, 2026-06)."""
    named = [key for key in ("flow_id", "flow_name", "flow_json") if one.get(key)]
    if len(named) != 1 or not isinstance(one[named[0]], str | int):
        raise invalid("Buttons", "A flow button has one of flow_id, flow_name and flow_json.")
    action = str(one.get("flow_action") or "navigate").lower()
    if action not in {"navigate", "data_exchange"}:
        raise invalid("Buttons", "flow_action is navigate or data_exchange.")
    screen = one.get("navigate_screen")
    if action == "navigate" and not (isinstance(screen, str) and screen):
        raise invalid("Buttons", "A flow that navigates needs navigate_screen.")
    row = {named[0]: str(one[named[0]]), "flow_action": action}
    return row | ({"navigate_screen": screen} if action == "navigate" else {})


def _copy_code(one: dict[str, Any]) -> dict[str, Any]:
    example = one.get("example")
    first = example[0] if isinstance(example, list) and example else example
    if not isinstance(first, str) or not 1 <= len(first) <= MAX_CODE:
        raise invalid("Buttons", f"A code to copy needs an example of 1 to {MAX_CODE} characters.")
    return {"type": "COPY_CODE", "text": "Copy offer code", "example": [first]}
