"""One message, read from a webhook's body; and a message that lacks something."""

from typing import Any

from tests.whatsapp.bodies import post
from whatsapp.events import InboundMessage, parse


def only(**members: Any) -> InboundMessage:
    (item,) = parse(post(**members)).items
    assert isinstance(item, InboundMessage)
    return item


def without(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}
