"""Many messages at once through one asyncio loop: the campaigns' way to the Cloud API.

The same three outcomes as `transport` and `Client`: an answer, `NotSent`, or `Ambiguous`. Must never retry, follow a
redirect, keep a cookie, or let a token or its proof into a log or an exception.
"""

from typing import Any

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from whatsapp import graph
from whatsapp.errors import Ambiguous, NotSent
from whatsapp.graph import Accepted

IN_FLIGHT = 128  # more make aiohttp slower (measured, perf)
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 20.0
# However the server drips. A lease on a message being sent must be longer.
LONGEST_CALL_SECONDS = CONNECT_SECONDS + ANSWER_SECONDS
_IDLE_SECONDS = 15.0  # a connection that the server closes at the moment of writing costs an `Ambiguous`
_LONGEST_ANSWER_BYTES = 1024 * 1024
_NUMBERS_KEPT = 1000  # whose address and headers are put together
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# Raised before the first byte of a request is written: no address, no connection, no TLS, none free in the pool.
_NEVER_WRITTEN = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)


class Sender:
    """Sends for any number and token from one event loop; make it and close it inside that loop.

    `base_url` is the Graph API without the version. Raises ValueError for arguments that cannot be right.
    """

    def __init__(
        self,
        base_url: str,
        version: str,
        app_secret: str,
        *,
        in_flight: int = IN_FLIGHT,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        graph.proof(app_secret, "")
        self._root = graph.root(base_url, version)
        self._app_secret = app_secret
        self._calls: dict[tuple[str, str], tuple[URL, CIMultiDict[str]]] = {}
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=in_flight, keepalive_timeout=_IDLE_SECONDS),
            # One deadline for the whole call, and not one for each piece, which a server that drips would outlive.
            timeout=aiohttp.ClientTimeout(
                total=connect_seconds + answer_seconds, connect=connect_seconds, sock_connect=connect_seconds
            ),
            # Tenants share the connections, and a proxy of the environment is not for this machine itself.
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=URL(self._root).host not in _LOOPBACK,
            auto_decompress=False,
        )

    def __repr__(self) -> str:
        return f"<Sender {self._root}>"

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def send(self, phone_number_id: str, token: str, body: bytes | dict[str, Any]) -> Accepted:
        """Send one message of `outgoing`, encoded or not; the caller limits how many at once.

        Raises ValueError for what was not even tried, `NotSent`, `GraphError`, `Ambiguous`.
        """
        url, headers = self._call(phone_number_id, token)
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return graph.accepted(graph.read(*await self._exchange(url, headers, content)))

    async def _exchange(self, url: URL, headers: CIMultiDict[str], content: bytes) -> tuple[int, bytes]:
        status: int | None = None
        try:
            async with self._http.post(url, data=content, headers=headers, allow_redirects=False) as answer:
                status = answer.status
                return status, await _read(answer)
        except _NEVER_WRITTEN as error:
            raise NotSent(f"no connection to WhatsApp: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # Only the name of the error, and no cause: its text may quote a header, its request has the token.
            raise Ambiguous(f"no complete answer from WhatsApp: {type(error).__name__}", status) from None

    def _call(self, phone_number_id: str, token: str) -> tuple[URL, CIMultiDict[str]]:
        """Address and headers of a number's sends, put together once."""
        key = phone_number_id, token
        if key not in self._calls:
            if len(self._calls) >= _NUMBERS_KEPT:
                self._calls.clear()
            url = URL(f"{self._root}/{graph.node(phone_number_id)}/messages").with_query(
                graph.proof(self._app_secret, token)
            )
            self._calls[key] = url, CIMultiDict(graph.headers(token) | {"Accept-Encoding": "identity"})
        return self._calls[key]


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body, of up to a megabyte; how long it takes is bounded for the whole call."""
    if answer.content_length is not None and answer.content_length <= _LONGEST_ANSWER_BYTES:
        return await answer.read()
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > _LONGEST_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too long")
    return bytes(body)
