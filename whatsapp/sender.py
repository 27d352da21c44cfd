"""Many messages at once through one asyncio loop: the campaigns' way to the Cloud API.

The same three outcomes as `transport` and `Client`: an answer, `NotSent`, or `Ambiguous`. Must never retry, or let a
token or its proof into a log or an exception.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from whatsapp import graph
from whatsapp.connections import Connections
from whatsapp.graph import Accepted

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 20.0
# However the server drips. A lease on a message being sent must be longer.
LONGEST_CALL_SECONDS = CONNECT_SECONDS + ANSWER_SECONDS
_NUMBERS_KEPT = 1000  # whose address and headers are put together


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
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        graph.proof(app_secret, "")
        self._root = graph.root(base_url, version)
        self._app_secret = app_secret
        self._heads: dict[tuple[str, str], bytes] = {}
        self._connections = Connections(
            self._root, connect_seconds=connect_seconds, answer_seconds=answer_seconds
        )

    def __repr__(self) -> str:
        return f"<Sender {self._root}>"

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    async def send(self, phone_number_id: str, token: str, body: bytes | dict[str, Any]) -> Accepted:
        """Send one message of `outgoing`, encoded or not; the caller limits how many at once.

        Raises ValueError for what was not even tried, `NotSent`, `GraphError`, `Ambiguous`.
        """
        head = self._head(phone_number_id, token)
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = await self._connections.ask(b"%b%d\r\n\r\n%b" % (head, len(content), content))
        return graph.accepted(graph.read(*answer))

    def _head(self, phone_number_id: str, token: str) -> bytes:
        """What all sends of a number begin with, put together once. Raises ValueError."""
        key = phone_number_id, token
        if key not in self._heads:
            if len(self._heads) >= _NUMBERS_KEPT:
                self._heads.clear()
            address = urlsplit(f"{self._root}/{graph.node(phone_number_id)}/messages")
            headers = {"Host": address.netloc, **graph.headers(token), "Accept-Encoding": "identity"}
            lines = [
                f"POST {address.path}?{urlencode(graph.proof(self._app_secret, token))} HTTP/1.1",
                *(f"{name}: {value}" for name, value in headers.items()),
                "Content-Length: ",
            ]
            self._heads[key] = "\r\n".join(lines).encode()
        return self._heads[key]
