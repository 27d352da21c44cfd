"""Webhook bodies as WhatsApp documents them, with invented people and numbers."""

import json
from typing import Any

WABA = "200000000000001"
NUMBER = "100000000000001"
PHONE = "4915550001111"
USER = "DE.70123456789012345"
PARENT = "DE.ENT.9012345678"
AT = 1_790_000_000


def change(value: Any, field: Any = "messages") -> dict[str, Any]:
    return {"field": field, "value": value}


def entry(*changes: Any, waba: Any = WABA, **more: Any) -> dict[str, Any]:
    return {"id": waba, "changes": list(changes), **more}


def body(*entries: Any) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": list(entries)}).encode()


def value(**members: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "4930555000", "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata, **members}


def post(**members: Any) -> bytes:
    """One POST with one change of the field `messages`."""
    return body(entry(change(value(**members))))


def contact(**fields: Any) -> dict[str, Any]:
    return {
        "profile": {"name": "Mira Okafor", "username": "@mira.okafor"},
        "wa_id": PHONE,
        "user_id": USER,
        **fields,
    }


def message(kind: str = "text", content: Any = None, **fields: Any) -> dict[str, Any]:
    """An inbound message as it comes from somebody whose phone is known; `content` stands under its type."""
    head: dict[str, Any] = {
        "from": PHONE,
        "from_user_id": USER,
        "id": "wamid.in.1",
        "timestamp": str(AT),
        "type": kind,
    }
    return head | ({kind: content} if content is not None else {}) | fields


def text_message(words: str = "Is the blue one back?", **fields: Any) -> dict[str, Any]:
    return message("text", {"body": words}, **fields)


def status(state: str = "delivered", **fields: Any) -> dict[str, Any]:
    head = {"id": "wamid.out.1", "status": state, "timestamp": str(AT)}
    return {**head, "recipient_id": PHONE, "recipient_user_id": USER, **fields}


def error(
    code: Any = 131026, title: str = "Message undeliverable", details: str = "Told so."
) -> dict[str, Any]:
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}}
