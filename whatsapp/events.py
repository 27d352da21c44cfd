"""What a webhook POST says, as typed items: every entry, change, message, status and error of it.

Must never touch a database, nor raise because of a strange item: what cannot be understood becomes an item
as well.
"""

from functools import partial
from typing import Any

import msgspec

from whatsapp import limits
from whatsapp.items import (
    OPENS_WINDOW,
    STATUSES,
    AccountError,
    Change,
    InboundMessage,
    Item,
    Status,
    Unknown,
    opens_window,
)
from whatsapp.members import (
    FindContact,
    NotUnderstood,
    Place,
    Senders,
    as_object,
    read_error,
    read_message,
    read_status,
)
from whatsapp.wire import Unparsable, decode, identifier, unix_seconds

__all__ = [
    "OPENS_WINDOW",
    "STATUSES",
    "AccountError",
    "Change",
    "InboundMessage",
    "Item",
    "Parsed",
    "Status",
    "Unknown",
    "Unparsable",
    "opens_window",
    "parse",
]

_OBJECT = "whatsapp_business_account"
_ONE_OF = {"messages": "a message", "statuses": "a status", "errors": "an error"}


class Parsed(msgspec.Struct, frozen=True):
    """The items of one POST in the order they stand in it; `items[n].position == n`."""

    items: list[Item]


def parse(body: bytes) -> Parsed:
    """Split the raw `body` of a POST into items. Raises `Unparsable` if it is no JSON, and nothing else.

    No text in the result holds a NUL or half a surrogate pair, `raw` and `value` included: they can be
    encoded and stored as they are. One POST carries up to 1,000 items, of several accounts and numbers
    (Meta, Create a webhook endpoint, 2025-12).
    """
    items: list[Item] = []
    document = decode(body)
    if not isinstance(document, dict):
        _add_unknown(items, Place(), "the body is not an object", document)
    elif document.get("object", _OBJECT) != _OBJECT:
        _add_unknown(items, Place(), "the body is not about a WhatsApp Business Account", document)
    elif not isinstance(document.get("entry"), list):
        _add_unknown(items, Place(), "the body has no list of entries", document)
    else:
        for entry in document["entry"]:
            _split_entry(items, entry)
    return Parsed(items)


def _split_entry(items: list[Item], entry: Any) -> None:
    if not isinstance(entry, dict):
        _add_unknown(items, Place(), "an entry is not an object", entry)
        return
    waba_id = identifier(entry.get("id"), limits.ACCOUNT_ID_CHARS) or ""
    place = Place(waba_id, _seconds_or_none(entry.get("time")))
    changes = entry.get("changes")
    if not isinstance(changes, list):
        _add_unknown(items, place, "an entry has no list of changes", entry)
        return
    for change in changes:
        _split_change(items, place, change)


def _split_change(items: list[Item], entry: Place, change: Any) -> None:
    if not isinstance(change, dict):
        _add_unknown(items, entry, "a change is not an object", change)
        return
    field = identifier(change.get("field"), limits.TYPE_CHARS)
    value = change.get("value")
    place = Place(entry.waba_id, entry.at, field)
    if field is None:
        _add_unknown(items, place, "a change has no field name", change)
    elif not isinstance(value, dict):
        _add_unknown(items, place, "the value of a change is not an object", change)
    elif field == "messages":
        _split_messages(items, place, value)
    else:
        items.append(
            Change(position=len(items), waba_id=place.waba_id, field=field, at=place.at, value=value)
        )


def _split_messages(items: list[Item], change: Place, value: dict[str, Any]) -> None:
    number = identifier(as_object(value.get("metadata")).get("phone_number_id"), limits.ACCOUNT_ID_CHARS)
    place = Place(change.waba_id, change.at, change.field, number)
    present = [key for key in _ONE_OF if value.get(key) is not None]
    if not present:
        _add_unknown(items, place, "a change has neither messages nor statuses nor errors", value)
    for key in present:
        members = value[key]
        if not isinstance(members, list):
            _add_unknown(items, place, f"{key} is not a list", members)
            continue
        senders = Senders(value.get("contacts") if key == "messages" else None, len(members))
        for index, member in enumerate(members):
            try:
                items.append(_read(key, len(items), place, member, partial(senders.of, index)))
            except NotUnderstood as reason:
                # Caught here and nowhere wider: one bad item must leave its neighbours untouched.
                _add_unknown(items, place, f"{_ONE_OF[key]} {reason}", member)


def _read(key: str, position: int, place: Place, member: Any, contact: FindContact) -> Item:
    if key == "messages":
        return read_message(position, place, member, contact)
    if key == "statuses":
        return read_status(position, place, member)
    return read_error(position, place, member)


def _add_unknown(items: list[Item], place: Place, reason: str, raw: Any) -> None:
    items.append(
        Unknown(
            position=len(items),
            waba_id=place.waba_id,
            reason=reason,
            phone_number_id=place.phone_number_id,
            field=place.field,
            raw=raw,
        )
    )


def _seconds_or_none(value: Any) -> int | None:
    try:
        return unix_seconds(value)
    except ValueError:
        return None
