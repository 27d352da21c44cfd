"""The Cloud API calls this product makes, synchronously, for one access token.

Every call returns a result or raises one of three: `NotSent` (nothing left, safe to repeat), `GraphError`
(WhatsApp refused, definite), `Ambiguous` (perhaps accepted: never repeat a send blindly); ValueError means
that nothing was even tried. Must never show a token, never retry.
"""

import re
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from whatsapp import limits, wire
from whatsapp.errors import Ambiguous, GraphError, NotSent
from whatsapp.signature import appsecret_proof
from whatsapp.transport import LONGEST_CALL_SECONDS, TIMEOUT, exchange, new_http

__all__ = [
    "LONGEST_CALL_SECONDS",
    "TIMEOUT",
    "Accepted",
    "Ambiguous",
    "Client",
    "GraphError",
    "NotSent",
    "PhoneNumberInfo",
    "new_http",
]

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
# ENT marks a parent id (Meta, Business-scoped user IDs, 2026-06).
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_NODE_ID = re.compile(r"[0-9]{1,32}")
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._/-]*)?")
_TOKEN = re.compile(r"[!-~]+")
_OK = 200
_MESSAGING_LIMIT = "whatsapp_business_manager_messaging_limit"
_PLAIN_NUMBER_FIELDS = (
    "display_phone_number",
    "verified_name",
    "status",
    "quality_rating",
    "name_status",
    "code_verification_status",
    "platform_type",
)
_NUMBER_FIELDS = ",".join(("id", *_PLAIN_NUMBER_FIELDS, "throughput", _MESSAGING_LIMIT))


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


class PhoneNumberInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A business number as WhatsApp describes it; what it did not tell is None. `raw` is the whole answer.

    `status` must be CONNECTED to send; `quality_rating` is GREEN, YELLOW, RED, UNKNOWN or NA; `throughput`
    is STANDARD (80 messages a second) or HIGH (1,000); `messaging_limit` is the portfolio's, TIER_250 to
    TIER_UNLIMITED (Meta, Phone numbers, 2025-12, and Messaging limits, 2026-09).
    """

    id: str
    display_phone_number: str | None
    verified_name: str | None
    status: str | None
    quality_rating: str | None
    name_status: str | None
    code_verification_status: str | None
    platform_type: str | None
    throughput: str | None
    messaging_limit: str | None
    raw: dict[str, Any]


class Client:
    """Calls with one access token, over a shared `http` client (see `new_http`) or one of its own.

    `base_url` is the Graph API without the version. Cheap to make for each send when `http` is given;
    without it, close it or use it in a `with` statement. Raises ValueError for arguments that cannot be
    right.
    """

    def __init__(
        self,
        base_url: str,
        version: str,
        token: str,
        app_secret: str,
        *,
        http: httpx.Client | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        if not _ADDRESS.fullmatch(base_url):
            raise ValueError("the Graph API's address must look like https://graph.facebook.com")
        if not _VERSION.fullmatch(version):
            raise ValueError("a Graph API version looks like v26.0")
        # Checked here, without quoting it, because the HTTP library would quote a bad header in its error.
        if not _TOKEN.fullmatch(token):
            raise ValueError("the access token is empty or has characters that no token has")
        if not app_secret:
            raise ValueError("the app secret is empty")
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        # On every call, so that "require app secret" can be switched on (Meta, Graph overview, 2025-12).
        self._proof = {"appsecret_proof": appsecret_proof(app_secret, token)}
        self._http = new_http() if http is None else http
        self._owns_http = http is None
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<Client {self._root}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they are shared."""
        if self._owns_http:
            self._http.close()

    def send_text(
        self,
        phone_number_id: str,
        *,
        to: str | None = None,
        recipient: str | None = None,
        body: str,
        context_wamid: str | None = None,
        opaque: str | None = None,
        preview_url: bool = False,
    ) -> Accepted:
        """Send a free text from `phone_number_id`, as an answer to `context_wamid` if given.

        `to` is a phone with its leading "+": without it WhatsApp puts the business's own country code in
        front and delivers to a stranger (Meta, Send messages, 2026-09). `recipient` is a user id: in `to`
        it would be answered with 200 and lost (field reports, 2026-07). With both, the phone wins and the
        answer names no user id. `opaque` comes back in every receipt; it is the only way to settle an
        `Ambiguous`. Raises ValueError (`limits.LimitExceeded` for lengths), `NotSent`, `GraphError`,
        `Ambiguous`.
        """
        limits.check_text(body)
        message: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
        message |= _addressee(to, recipient)
        message |= {"type": "text", "text": {"preview_url": preview_url, "body": body}}
        if context_wamid is not None:
            message["context"] = {"message_id": context_wamid}
        if opaque is not None:
            limits.check_opaque(opaque)
            message["biz_opaque_callback_data"] = opaque
        return _accepted(self._call("POST", f"{_node(phone_number_id)}/messages", payload=message))

    def phone_number(self, phone_number_id: str) -> PhoneNumberInfo:
        """Ask how a business number is doing; the check that a connection works. Safe to repeat.

        Raises `NotSent`, `GraphError` (100 with subcode 33, or 803: no such number for this token),
        `Ambiguous`.
        """
        answer = self._call("GET", _node(phone_number_id), params={"fields": _NUMBER_FIELDS})
        told = {field: wire.text(answer.get(field), limits.NAME_CHARS) for field in _PLAIN_NUMBER_FIELDS}
        node = wire.identifier(answer.get("id"), limits.ACCOUNT_ID_CHARS)
        if node is None:
            raise Ambiguous("WhatsApp's answer does not describe a number", _OK)
        return PhoneNumberInfo(
            id=node,
            **told,
            throughput=wire.text(_object(answer.get("throughput")).get("level"), limits.NAME_CHARS),
            messaging_limit=wire.text(answer.get(_MESSAGING_LIMIT), limits.NAME_CHARS),
            raw=answer,
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        payload: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Make one call and return the object that a 200 carries; raise what anything else means."""
        answer = exchange(
            self._http,
            method,
            f"{self._root}/{path}",
            params={**(params or {}), **self._proof},
            headers=self._headers,
            content=msgspec.json.encode(payload) if payload is not None else None,
            timeout=self._timeout,
        )
        try:
            said = wire.decode(answer.body)
        except wire.Unparsable:
            said = None
        error = GraphError.from_answer(said, answer.status)
        if error is not None:
            raise error
        if answer.status != _OK or not isinstance(said, dict):
            # A proxy's 502 page, a login page, a redirect: somebody answered, but it was not the Graph API.
            raise Ambiguous("an answer that is not the Graph API's", answer.status)
        return said


def _node(phone_number_id: str) -> str:
    if not _NODE_ID.fullmatch(phone_number_id):
        raise ValueError("a phone_number_id consists of digits")
    return phone_number_id


def _addressee(to: str | None, recipient: str | None) -> dict[str, str]:
    if to is None and recipient is None:
        raise ValueError("a message needs `to` or `recipient`")
    fields = {}
    if to is not None:
        if not _PHONE.fullmatch(to):
            raise ValueError("`to` is a phone number with its leading + and country code, digits only")
        fields["to"] = to
    if recipient is not None:
        if not _USER_ID.fullmatch(recipient):
            raise ValueError("`recipient` is a business-scoped user id, such as US.13491208655302741918")
        fields["recipient"] = recipient
    return fields


def _accepted(answer: dict[str, Any]) -> Accepted:
    message = _first(answer.get("messages"))
    contact = _first(answer.get("contacts"))
    wamid = wire.identifier(message.get("id"), limits.WAMID_CHARS)
    if wamid is None:
        raise Ambiguous("WhatsApp's answer names no message", _OK)
    return Accepted(
        wamid=wamid,
        wa_id=wire.identifier(contact.get("wa_id"), limits.WA_ID_CHARS),
        user_id=wire.identifier(contact.get("user_id"), limits.USER_ID_CHARS),
        message_status=wire.text(message.get("message_status"), limits.TYPE_CHARS),
    )


def _first(rows: Any) -> dict[str, Any]:
    return _object(rows[0]) if isinstance(rows, list) and rows else {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
