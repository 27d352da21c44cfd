"""Webhook bodies as Meta writes them, for tests."""

import json
import time
from itertools import count

_serial = count(1)


def text(wa_id="962790000001", body="Hello", *, wamid=None, at=None, name="Rania", **fields):
    """One message item with its contact."""
    message = {
        "from": wa_id,
        "id": wamid or f"wamid.in{next(_serial)}",
        "timestamp": str(at or int(time.time())),
        "type": "text",
        "text": {"body": body},
        **fields,
    }
    return {"messages": [message], "contacts": [{"profile": {"name": name}, "wa_id": wa_id}]}


def status(wamid, state, *, at=None, wa_id="962790000001", opaque=None, code=None):
    """One status item."""
    item = {"id": wamid, "status": state, "timestamp": str(at or int(time.time())), "recipient_id": wa_id}
    if opaque:
        item["biz_opaque_callback_data"] = opaque
    if code:
        item["errors"] = [
            {"code": code, "title": "Failed", "message": "Failed", "error_data": {"details": "why"}}
        ]
    return {"statuses": [item]}


def body(*values, number="100000000000001", waba="200000000000001"):
    """A whole POST: one change per value."""
    return json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": waba,
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "messaging_product": "whatsapp",
                                "metadata": {
                                    "display_phone_number": "96265550101",
                                    "phone_number_id": number,
                                },
                                **value,
                            },
                        }
                        for value in values
                    ],
                }
            ],
        }
    ).encode()
