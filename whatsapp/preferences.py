"""Customers who switched a business's marketing off or on in WhatsApp itself: what a `user_preferences` webhook says.

Shape: Meta, user_preferences (2025-12) and Business-scoped user IDs (2026-06); `signup`, by a sign-up link, from SDK
sources of 2026. Foreign JSON: what cannot be understood is left out, nothing raises. Must never touch a database.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from whatsapp import limits
from whatsapp.members import as_list, as_object
from whatsapp.wire import identifier, text, unix_seconds

_MARKETING = "marketing_messages"
_WANTS = {"stop": False, "resume": True, "signup": True}


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's wish. At least one of `wa_id` and `user_id` is set; `at` in unix seconds, `detail` in Meta's
    words."""

    wants_marketing: bool
    wa_id: str | None
    user_id: str | None
    parent_user_id: str | None
    at: int | None
    detail: str


def read_preferences(value: Mapping[str, Any]) -> list[Preference]:
    """Every wish about marketing in the `value` of the change, in order."""
    found = [_read(as_object(row)) for row in as_list(value.get("user_preferences"))]
    return [each for each in found if each is not None]


def number_of(value: Mapping[str, Any]) -> str | None:
    """The phone_number_id that the change names, if it does."""
    return identifier(as_object(value.get("metadata")).get("phone_number_id"), limits.ACCOUNT_ID_CHARS)


def _read(row: Mapping[str, Any]) -> Preference | None:
    wish = row.get("value")
    wants = _WANTS.get(wish) if isinstance(wish, str) else None
    wa_id = identifier(row.get("wa_id"), limits.WA_ID_CHARS)
    user_id = identifier(row.get("user_id"), limits.USER_ID_CHARS)
    if wants is None or row.get("category") != _MARKETING or not (wa_id or user_id):
        return None
    try:
        at = unix_seconds(row.get("timestamp"))
    except ValueError:
        at = None
    return Preference(
        wants_marketing=wants,
        wa_id=wa_id,
        user_id=user_id,
        parent_user_id=identifier(row.get("parent_user_id"), limits.USER_ID_CHARS),
        at=at,
        detail=text(row.get("detail"), limits.DETAILS_CHARS) or "",
    )
