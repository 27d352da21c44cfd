"""HTTP over raw ASGI: requests, responses, and the one thing frameworks do not offer: hanging up.

No routing and no meaning here.
"""

import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
HangUp = Literal["close", "reset", "hang"]
MAX_BODY_BYTES = 20_000_000
# The page needs nothing but its own files; nothing may frame it or be posted to from elsewhere.
CONTENT_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    b" base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = [
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


class Request(msgspec.Struct, frozen=True):
    """One request, read completely. Header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Response(msgspec.Struct, kw_only=True):
    """One answer. With `hang_up` nothing is answered at all; `after` runs once the caller has the answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=UTF-8"
    hang_up: HangUp | None = None
    after: Callable[[], Awaitable[None]] | None = None
    headers: list[tuple[bytes, bytes]] = []


def json(value: Any, status: int = 200) -> Response:
    return Response(status=status, body=msgspec.json.encode(value))


async def read(scope: Scope, receive: Receive) -> Request | None:
    """Read a request, or None if the caller left or sent more than anybody should."""
    pieces: list[bytes] = []
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        pieces.append(event.get("body", b""))
        size += len(pieces[-1])
        if size > MAX_BODY_BYTES:
            return None
        more = event.get("more_body", False)
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Request(scope["method"], scope["path"], query, headers, body)


async def answer(send: Send, response: Response) -> None:
    headers = [
        (b"content-type", response.content_type.encode()),
        (b"content-length", str(len(response.body)).encode()),
        (b"cache-control", b"no-store"),
        *SECURITY_HEADERS,
        *response.headers,
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def hang_up(send: Send, receive: Receive, how: HangUp) -> None:
    """End the connection without a single byte of answer.

    ASGI has no event for this: an application that only returns gets a 500 sent in its name. uvicorn's
    `send` is a method of the object that owns the transport, which is how the socket is reached here.
    Returning before the disconnect was seen would bring that 500 back, hence the wait at the end.
    """
    if how != "hang":
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is None:
            raise RuntimeError("Lost responses need uvicorn: this server does not show its connection.")
        if how == "reset":
            _abort_with_reset(transport.get_extra_info("socket").fileno())
            transport.abort()
        else:
            transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _abort_with_reset(descriptor: int) -> None:
    """Make the coming close a RST: zero linger, set on a duplicate as the loop's own socket is read-only."""
    with contextlib.suppress(OSError), socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
