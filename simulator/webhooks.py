"""Webhook bodies and their signature, in Meta's shapes (webhook version 24 and later).

Builds bytes, never sends them. Group chats, media and `conversation` objects are not built; what is told
about templates is worded in `reviews`.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from simulator import errors, phones
from simulator.state import Customer, Message, Number

Kind = Literal["messages", "statuses", "user_preferences"]


class Item(msgspec.Struct, kw_only=True):
    """One message, status or preference on its way to the business, with what must stand around it."""

    number: Number
    kind: Kind
    entry: dict[str, Any]
    contact: dict[str, Any] | None = None
    wamid: str = ""

    @property
    def label(self) -> str:
        """For the log: what this is, in a word."""
        return str(self.entry.get("status") or self.entry.get("type") or self.kind)


class Notice(msgspec.Struct, kw_only=True):
    """Something about an account that belongs to no chat. `at` is unix seconds and stands in the entry."""

    waba_id: str
    field: str
    value: dict[str, Any]
    at: float
    wamid: str = ""

    @property
    def label(self) -> str:
        """For the log: what this is, in a word."""
        return self.field


Told = Item | Notice


def wamid(digits: str, *, inbound: bool) -> str:
    """A new message id in WhatsApp's own wrapping: base64 of the phone number and 20 hex characters."""
    marker, key = (b"\x12", "3A") if inbound else (b"\x11", "B9")
    key += secrets.token_hex(9).upper()
    raw = b"\x1c\x18" + bytes([len(digits)]) + digits.encode() + b"\x15\x02\x00" + marker
    raw += b"\x18" + bytes([len(key)]) + key.encode() + b"\x00"
    return "wamid." + base64.b64encode(raw).decode()


def inbound(number: Number, person: Customer, message: Message, extra: dict[str, Any]) -> Item:
    """A customer's message as one item. `extra` is the typed part: `{"text": {...}}`, `{"errors": [...]}`.

    `from` and `wa_id` are left out (not empty) when `extra` has `hide_phone`, as for people who are only
    known by their username.
    """
    extra = dict(extra)
    shown = not extra.pop("hide_phone", False)
    user_id = phones.bsuid(number.portfolio_id, person.wa_id)
    entry: dict[str, Any] = {"from": person.wa_id} if shown else {}
    entry |= {"from_user_id": user_id, "id": message.wamid, "timestamp": str(int(message.at))}
    entry |= {"type": message.type} | extra
    contact = _contact(person, user_id, phone_shown=shown, username_shown=True)
    return Item(number=number, kind="messages", entry=entry, contact=contact, wamid=message.wamid)


def status(
    number: Number, person: Customer, message: Message, name: str, *, at: float, code: int | None = None
) -> Item:
    """One receipt about a message of the business. `code` is the error of a `failed` one.

    `pricing` comes with sent and delivered, the person (`contacts`) with everything but failed, the
    username only once it was delivered.
    """
    user_id = phones.bsuid(number.portfolio_id, person.wa_id)
    by_phone = message.via == "phone"
    shown = by_phone or not person.username_only
    entry: dict[str, Any] = {"id": message.wamid, "status": name, "timestamp": str(int(at))}
    if shown:
        entry["recipient_id"] = person.wa_id
    if name != "failed" or not by_phone:
        entry["recipient_user_id"] = user_id
    if message.opaque is not None:
        entry["biz_opaque_callback_data"] = message.opaque
    if name in {"sent", "delivered"}:
        entry["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": message.category,
        }
    if name == "failed":
        entry["errors"] = [errors.in_status(code or 131000)]
        return Item(number=number, kind="statuses", entry=entry)
    contact = _contact(person, user_id, phone_shown=shown, username_shown=name != "sent")
    return Item(number=number, kind="statuses", entry=entry, contact=contact)


def preference(number: Number, person: Customer, value: str, *, at: float) -> Item:
    """A person stops or resumes marketing: `value` is `stop` or `resume` (Meta, user_preferences, 2025-12).

    `wa_id` is left out for people who are only known by their username; unlike elsewhere the timestamp is
    a number.
    """
    user_id = phones.bsuid(number.portfolio_id, person.wa_id)
    entry: dict[str, Any] = {} if person.username_only else {"wa_id": person.wa_id}
    entry |= {
        "user_id": user_id,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at),
    }
    contact = _contact(person, user_id, phone_shown=not person.username_only, username_shown=True)
    return Item(number=number, kind="user_preferences", entry=entry, contact=contact)


def _contact(person: Customer, user_id: str, *, phone_shown: bool, username_shown: bool) -> dict[str, Any]:
    profile = {"name": person.called}
    if person.username and username_shown:
        profile["username"] = f"@{person.username}"
    contact: dict[str, Any] = {"profile": profile}
    if phone_shown:
        contact["wa_id"] = person.wa_id
    return contact | {"user_id": user_id}


def envelope(items: Sequence[Told]) -> dict[str, Any]:
    """Put items into one POST. Neighbours of one number and kind share a `value`, of one account an entry.

    The order is kept, so a mixed batch has several entries for the same account and several changes in
    one entry: all of that is allowed, and a reader that looks only at the first of each is wrong.
    """
    entries: list[dict[str, Any]] = []
    last: Item | None = None
    shown: set[bytes] = set()
    for item in items:
        if isinstance(item, Notice):
            change = {"value": item.value, "field": item.field}
            entries.append({"id": item.waba_id, "time": int(item.at), "changes": [change]})
            last = None
            continue
        if last is None or last.number.waba_id != item.number.waba_id:
            entries.append({"id": item.number.waba_id, "changes": []})
            last = None
        changes = entries[-1]["changes"]
        if last is None or (last.number, last.kind) != (item.number, item.kind):
            changes.append({"value": _value(item), "field": _FIELDS[item.kind]})
            shown = set()
        value = changes[-1]["value"]
        value[item.kind].append(item.entry)
        contact = msgspec.json.encode(item.contact)
        if item.contact is not None and contact not in shown:
            shown.add(contact)
            value.setdefault("contacts", []).append(item.contact)
        last = item
    return {"object": "whatsapp_business_account", "entry": entries}


_FIELDS = {"messages": "messages", "statuses": "messages", "user_preferences": "user_preferences"}


def _value(item: Item) -> dict[str, Any]:
    metadata = {
        "display_phone_number": item.number.digits,
        "phone_number_id": item.number.phone_number_id,
    }
    return {"messaging_product": "whatsapp", "metadata": metadata, item.kind: []}


def encode(body: Any) -> bytes:
    r"""Bytes as Meta writes them: non-ASCII as `\u00e9`, slashes as `\/`.

    Whoever checks the signature over a re-serialised body instead of the raw one must fail here too.
    """
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def signature(secret: str, raw: bytes) -> str:
    """The value of `X-Hub-Signature-256` for these bytes."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
