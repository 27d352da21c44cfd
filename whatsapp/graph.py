"""What every call of the Graph API has in common: address, headers and proof, and what a complete answer means.

Must never talk to anybody, and never let a token or its proof into a text or an exception.
"""

import re
from typing import Any

import msgspec

from whatsapp import limits, wire
from whatsapp.errors import Ambiguous, GraphError
from whatsapp.signature import appsecret_proof

_NODE_ID = re.compile(r"[0-9]{1,32}")
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._/-]*)?")
_TOKEN = re.compile(r"[!-~]+")
_OK = 200


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """WhatsApp took the message over, which is not delivery.

    `wa_id` is the recipient as WhatsApp writes it, which may differ from what was dialled (Brazil, Mexico,
    Argentina); sent to a user id, `user_id` comes instead. `message_status` only comes for templates:
    accepted, held_for_quality_assessment or paused (Meta, Send messages, 2026-09).
    """

    wamid: str
    wa_id: str | None
    user_id: str | None
    message_status: str | None


def root(base_url: str, version: str) -> str:
    """The address all nodes are below. `base_url` is without the version. Raises ValueError."""
    if not _ADDRESS.fullmatch(base_url):
        raise ValueError("the Graph API's address must look like https://graph.facebook.com")
    if not _VERSION.fullmatch(version):
        raise ValueError("a Graph API version looks like v26.0")
    return f"{base_url.rstrip('/')}/{version}"


def headers(token: str) -> dict[str, str]:
    """The headers of a call with JSON. Raises ValueError for what cannot be a token."""
    # Checked here, without quoting it, because an HTTP library would quote a bad header in its error.
    if not is_token(token):
        raise ValueError("the access token is empty or has characters that no token has")
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def is_token(text: str) -> bool:
    """Whether it can be an access token at all."""
    return _TOKEN.fullmatch(text) is not None


def proof(app_secret: str, token: str) -> dict[str, str]:
    """The query of every call, so that "require app secret" can be switched on (Meta, Graph overview, 2025-12)."""
    if not app_secret:
        raise ValueError("the app secret is empty")
    return {"appsecret_proof": appsecret_proof(app_secret, token)}


def node(phone_number_id: str) -> str:
    """The id, if it can be one. Raises ValueError."""
    if not _NODE_ID.fullmatch(phone_number_id):
        raise ValueError("a phone_number_id consists of digits")
    return phone_number_id


def read(status: int, body: bytes) -> dict[str, Any]:
    """The object that a 200 carries. Raises what anything else means: `GraphError` or `Ambiguous`."""
    try:
        said = wire.decode(body)
    except wire.Unparsable:
        said = None
    error = GraphError.from_answer(said, status)
    if error is not None:
        raise error
    if status != _OK or not isinstance(said, dict):
        # A proxy's 502 page, a login page, a redirect: somebody answered, but it was not the Graph API.
        raise Ambiguous("an answer that is not the Graph API's", status)
    return said


def accepted(said: dict[str, Any]) -> Accepted:
    """What the answer to a send says. Raises `Ambiguous` when it names no message."""
    message = first(said.get("messages"))
    contact = first(said.get("contacts"))
    wamid = wire.identifier(message.get("id"), limits.WAMID_CHARS)
    if wamid is None:
        raise Ambiguous("WhatsApp's answer names no message", _OK)
    return Accepted(
        wamid=wamid,
        wa_id=wire.identifier(contact.get("wa_id"), limits.WA_ID_CHARS),
        user_id=wire.identifier(contact.get("user_id"), limits.USER_ID_CHARS),
        message_status=wire.text(message.get("message_status"), limits.TYPE_CHARS),
    )


def first(rows: Any) -> dict[str, Any]:
    """The first object of a list, empty when there is none."""
    return mapping(rows[0]) if isinstance(rows, list) and rows else {}


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
