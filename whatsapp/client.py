"""The Cloud API calls this product makes, synchronously, for one access token.

Every call returns a result or raises one of three: `NotSent` (nothing left, safe to repeat), `GraphError`
(WhatsApp refused, definite), `Ambiguous` (perhaps accepted: never repeat a send blindly); ValueError means
that nothing was even tried. Must never show a token, never retry.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from whatsapp import graph, limits, outgoing, wire
from whatsapp.errors import Ambiguous, GraphError, NotSent
from whatsapp.graph import Accepted
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
        self._root = graph.root(base_url, version)
        self._headers = graph.headers(token)
        self._proof = graph.proof(app_secret, token)
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
        """Send a free text from `phone_number_id`; what the arguments mean is in `outgoing.text_message`.

        `opaque` is the only way to settle an `Ambiguous`. Raises ValueError (`limits.LimitExceeded` for
        lengths), `NotSent`, `GraphError`, `Ambiguous`.
        """
        return self._send(
            phone_number_id,
            outgoing.text_message(
                to=to,
                recipient=recipient,
                body=body,
                context_wamid=context_wamid,
                opaque=opaque,
                preview_url=preview_url,
            ),
        )

    def send_template(
        self,
        phone_number_id: str,
        *,
        to: str | None = None,
        recipient: str | None = None,
        name: str,
        language: str,
        components: Sequence[dict[str, Any]] = (),
        opaque: str | None = None,
    ) -> Accepted:
        """Send an approved template with its parameters, see `outgoing.template_message`.

        `message_status` of the answer tells whether WhatsApp holds it. Raises ValueError, `NotSent`,
        `GraphError`, `Ambiguous`.
        """
        return self._send(
            phone_number_id,
            outgoing.template_message(
                to=to,
                recipient=recipient,
                name=name,
                language=language,
                components=components,
                opaque=opaque,
            ),
        )

    def phone_number(self, phone_number_id: str) -> PhoneNumberInfo:
        """Ask how a business number is doing; the check that a connection works. Safe to repeat.

        Raises `NotSent`, `GraphError` (100 with subcode 33, or 803: no such number for this token),
        `Ambiguous`.
        """
        answer = self._call("GET", graph.node(phone_number_id), params={"fields": _NUMBER_FIELDS})
        told = {field: wire.text(answer.get(field), limits.NAME_CHARS) for field in _PLAIN_NUMBER_FIELDS}
        node = wire.identifier(answer.get("id"), limits.ACCOUNT_ID_CHARS)
        if node is None:
            raise Ambiguous("WhatsApp's answer does not describe a number", _OK)
        return PhoneNumberInfo(
            id=node,
            **told,
            throughput=wire.text(graph.mapping(answer.get("throughput")).get("level"), limits.NAME_CHARS),
            messaging_limit=wire.text(answer.get(_MESSAGING_LIMIT), limits.NAME_CHARS),
            raw=answer,
        )

    def _send(self, phone_number_id: str, message: dict[str, Any]) -> Accepted:
        return graph.accepted(self._call("POST", f"{graph.node(phone_number_id)}/messages", payload=message))

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
        return graph.read(answer.status, answer.body)
