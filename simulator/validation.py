"""What `POST /{phone_number_id}/messages` accepts: the request turned into an order, or a GraphError.

Looks at the request only, never at state. Which code for what: 131008 a required parameter is missing,
131009 a value of the right form cannot be used, 100 everything misspelled, mistyped or too long.
"""

from typing import Any

import msgspec

from simulator import phones
from simulator.errors import GraphError

MAX_TEXT_CHARS = 4096
MAX_OPAQUE_CHARS = 512
NOT_PLAYED = frozenset(
    {
        "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "reaction",
        "product", "order",
    }
)  # fmt: skip
COMMON = frozenset(
    {
        "messaging_product", "recipient_type", "to", "recipient", "type", "context",
        "biz_opaque_callback_data", "recipient_identity_key_hash", "text", "template",
    }
)  # fmt: skip


class TemplateWish(msgspec.Struct, frozen=True):
    """The template a send names; `components` are not looked at yet."""

    name: str
    language: str
    components: Any


class SendOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A valid wish to send a text or a template. `to` is as written and wins over `recipient`."""

    to: str | None
    recipient: str | None
    text: str
    template: TemplateWish | None
    quoted: str | None
    opaque: str | None


class ReadOrder(msgspec.Struct, frozen=True):
    """A valid wish to mark a customer's message as read, perhaps showing that somebody types."""

    message_id: str
    typing: bool


def parse(raw: bytes) -> SendOrder | ReadOrder:
    """Validate a request body. Raises GraphError as Meta would refuse it."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise GraphError(100, message="(#100) Invalid JSON in request body") from None
    if not isinstance(body, dict):
        raise GraphError(100, message="(#100) The request body must be a JSON object")
    product = _required(body, "messaging_product")
    if product != "whatsapp":
        raise GraphError(100, "messaging_product must be the string whatsapp.")
    return _read_order(body) if "status" in body else _send_order(body)


def _read_order(body: dict[str, Any]) -> ReadOrder:
    _only_known(body, {"messaging_product", "status", "message_id", "typing_indicator"}, "the request")
    if body["status"] != "read":
        raise GraphError(100, "status must be the string read.")
    message_id = _string(body, "message_id")
    typing = body.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise GraphError(100, 'typing_indicator must be {"type": "text"}.')
    return ReadOrder(message_id, typing=typing is not None)


def _send_order(body: dict[str, Any]) -> SendOrder:
    _only_known(body, COMMON | NOT_PLAYED, "the request")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "recipient_type must be the string individual.")
    to, recipient = _addresses(body)
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and (not isinstance(opaque, str) or len(opaque) > MAX_OPAQUE_CHARS):
        raise GraphError(100, f"biz_opaque_callback_data must be a string of at most {MAX_OPAQUE_CHARS}.")
    if not isinstance(body.get("recipient_identity_key_hash", ""), str):
        raise GraphError(100, "recipient_identity_key_hash must be a string.")
    template = _template(body) if _is_template(body) else None
    return SendOrder(
        to=to,
        recipient=recipient,
        text=_text(body) if template is None else "",
        template=template,
        quoted=_context(body),
        opaque=opaque,
    )


def _addresses(body: dict[str, Any]) -> tuple[str | None, str | None]:
    to, recipient = body.get("to"), body.get("recipient")
    if to in (None, "") and recipient in (None, ""):
        raise GraphError(131008, "to or recipient is required.")
    for name, value in (("to", to), ("recipient", recipient)):
        if value is not None and not isinstance(value, str):
            raise GraphError(100, f"{name} must be a string.")
    if recipient and not phones.is_bsuid(recipient):
        raise GraphError(131009, "recipient must be a business-scoped user id; a phone number goes into to.")
    return to or None, recipient or None


def _is_template(body: dict[str, Any]) -> bool:
    kind = body.get("type", "text")  # Meta takes a missing type for text
    if kind in {"text", "template"}:
        return bool(kind == "template")
    if kind in NOT_PLAYED:
        raise GraphError(131051, f"The simulator does not play messages of type {kind}.")
    raise GraphError(100, f"type must be a known message type, not {kind!r}.")


def _template(body: dict[str, Any]) -> TemplateWish:
    template = _required(body, "template")
    if not isinstance(template, dict):
        raise GraphError(100, "template must be an object.")
    _only_known(template, {"name", "namespace", "language", "components"}, "template")
    language = template.get("language")
    name = _string(template, "name", "template.")
    if not isinstance(language, dict) or not isinstance(language.get("code"), str):
        raise GraphError(131008, "template.language.code is required.")
    return TemplateWish(name, language["code"], template.get("components"))


def _text(body: dict[str, Any]) -> str:
    text = _required(body, "text")
    if not isinstance(text, dict):
        raise GraphError(100, "text must be an object.")
    _only_known(text, {"body", "preview_url"}, "text")
    if not isinstance(text.get("preview_url", False), bool):
        raise GraphError(100, "text.preview_url must be true or false.")
    words = _string(text, "body", "text.")
    if len(words) > MAX_TEXT_CHARS:
        raise GraphError(100, f"text.body must be at most {MAX_TEXT_CHARS} characters long.")
    if not words.strip():
        raise GraphError(131008, "text.body is required.")
    return words


def _context(body: dict[str, Any]) -> str | None:
    context = body.get("context")
    if context is None:
        return None
    if not isinstance(context, dict):
        raise GraphError(100, "context must be an object.")
    _only_known(context, {"message_id"}, "context")
    quoted = _string(context, "message_id", "context.")
    if not quoted.startswith("wamid."):
        raise GraphError(131009, "context.message_id is not a message id.")
    return quoted


def _required(body: dict[str, Any], name: str, inside: str = "") -> Any:
    value = body.get(name)
    if value in (None, ""):
        raise GraphError(131008, f"{inside}{name} is required.")
    return value


def _string(body: dict[str, Any], name: str, inside: str = "") -> str:
    value = _required(body, name, inside)
    if not isinstance(value, str):
        raise GraphError(100, f"{inside}{name} must be a string.")
    return value


def _only_known(body: dict[str, Any], known: set[str] | frozenset[str], where: str) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        raise GraphError(100, f'Unexpected key "{unknown[0]}" on {where}.')
