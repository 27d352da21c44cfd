"""Requests to one server over connections that stay open, each asked one thing at a time: a campaign's way to WhatsApp.

httptools parses what asyncio reads; a general client costs a campaign several times as much. For POST only, and for
answers that say where they end. Must never retry, follow a redirect or keep a cookie, and names no request in an error.
"""

import asyncio
import base64
import ssl
from collections import deque
from typing import Any, cast
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httptools

from whatsapp.errors import Ambiguous, NotSent

_IDLE_SECONDS = 15.0  # a connection that the server closes at the moment of writing costs an `Ambiguous`
_LONGEST_ANSWER_BYTES = 1024 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}
_FINAL = 200  # smaller ones announce an answer
_END_OF_HEAD = b"\r\n\r\n"


class Connections:
    """The connections of one event loop to one server, as many as there are requests under way.

    `root` is an address with scheme and host. A connection takes at most `connect_seconds`, an answer `answer_seconds`,
    however the server drips. An https proxy of the environment is used, but never for this machine itself.
    """

    def __init__(self, root: str, *, connect_seconds: float, answer_seconds: float) -> None:
        server = urlsplit(root)
        self._host, self._port = server.hostname or "", server.port or _PORTS[server.scheme]
        self._tls = ssl.create_default_context() if server.scheme == "https" else None
        self._proxy = _proxy(self._host) if self._tls is not None else None
        self._connect_seconds, self._answer_seconds = connect_seconds, answer_seconds
        self._idle: deque[_Connection] = deque()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a whole request, head and body.

        Raises `NotSent` when there was no connection to write it to, and `Ambiguous` for whatever happens later.
        """
        loop = asyncio.get_running_loop()
        connection = self._rested(loop.time()) or await self._connected()
        answer = connection.ask(request, loop.create_future())
        deadline = loop.call_later(self._answer_seconds, connection.give_up, "TimeoutError")
        try:
            return await answer
        finally:
            deadline.cancel()
            if connection.is_open and answer.done() and not answer.cancelled():
                connection.rests_since = loop.time()
                self._idle.append(connection)
            else:
                connection.give_up("CancelledError")

    async def close(self) -> None:
        """Ends the connections that rest; those at work end with their answer."""
        while self._idle:
            self._idle.pop().give_up("closed")

    def _rested(self, now: float) -> "_Connection | None":
        while self._idle:
            connection = (
                self._idle.pop()
            )  # the one that rested least: what nobody needs grows old and is dropped
            if connection.is_open and now - connection.rests_since < _IDLE_SECONDS:
                return connection
            connection.give_up("idle")
        return None

    async def _connected(self) -> "_Connection":
        try:
            async with asyncio.timeout(self._connect_seconds):
                if self._proxy is not None and self._tls is not None:
                    return await self._tunnel(self._proxy, self._tls)
                loop = asyncio.get_running_loop()
                return (await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls))[1]
        except (OSError, UnicodeError, _RefusedError) as error:
            raise NotSent(f"no connection to WhatsApp: {type(error).__name__}") from None

    async def _tunnel(self, proxy: SplitResult, tls: ssl.SSLContext) -> "_Connection":
        """A connection that the proxy passes on: it sees which host is asked, and nothing else (RFC 9110, CONNECT)."""
        loop = asyncio.get_running_loop()
        where = f"{self._host}:{self._port}"
        port = proxy.port or _PORTS["http"]
        plain, door = await loop.create_connection(lambda: _Door(loop), proxy.hostname or "", port)
        plain.write(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{_credentials(proxy)}\r\n".encode())
        try:
            await door.opened
            connection = _Connection()
            secured = await loop.start_tls(plain, connection, tls, server_hostname=self._host)
            if secured is None:
                raise _RefusedError
        except BaseException:
            plain.abort()
            raise
        connection.connection_made(secured)
        return connection


class _Connection(asyncio.Protocol):
    """One connection and the answer that it waits for, if any. Also what httptools calls while it parses."""

    def __init__(self) -> None:
        self.is_open = False
        self.rests_since = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._status: int | None = None
        self._body: list[bytes] = []
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def ask(
        self, request: bytes, answer: "asyncio.Future[tuple[int, bytes]]"
    ) -> "asyncio.Future[tuple[int, bytes]]":
        """Writes the request; its answer will be the future's result."""
        self._answer, self._status, self._body, self._length = answer, None, [], 0
        self._transport.write(request)
        return answer

    def give_up(self, reason: str) -> None:
        """Ends the connection; who waits for an answer gets `Ambiguous` with the reason."""
        self.is_open = False
        self._transport.abort()
        self._lost(reason)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.give_up(type(error).__name__)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._lost(type(exc).__name__ if exc is not None else "ServerDisconnected")

    def on_message_begin(self) -> None:
        if self._answer is None:
            self.is_open = (
                False  # it says something unasked, so what it says next is no answer to the next request
            )

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, piece: bytes) -> None:
        self._body.append(piece)
        self._length += len(piece)
        if self._length > _LONGEST_ANSWER_BYTES:
            self.give_up("the answer is too long")

    def on_message_complete(self) -> None:
        status, answer = self._status, self._answer
        if status is None or status < _FINAL or answer is None or answer.done():
            return
        self.is_open = self.is_open and self._parser.should_keep_alive()
        self._answer = None
        answer.set_result((status, b"".join(self._body)))

    def _lost(self, reason: str) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(Ambiguous(f"no complete answer from WhatsApp: {reason}", self._status))


class _RefusedError(Exception):
    """The proxy does not pass anything on."""


class _Door(asyncio.Protocol):
    """What a proxy says to CONNECT."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.opened: asyncio.Future[None] = loop.create_future()
        self._said = b""

    def data_received(self, data: bytes) -> None:
        self._said += data
        if self.opened.done() or _END_OF_HEAD not in self._said:
            return
        first = self._said.split(b"\r\n", 1)[0].split(b" ")
        if len(first) > 1 and first[1].startswith(b"2"):
            self.opened.set_result(None)
        else:
            self.opened.set_exception(_RefusedError)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(_RefusedError)


def _proxy(host: str) -> SplitResult | None:
    """The http:// proxy that the environment names for https (HTTPS_PROXY, NO_PROXY)."""
    if host in _LOOPBACK or proxy_bypass(host):
        return None
    address: Any = getproxies().get("https")
    return urlsplit(address if "://" in address else f"http://{address}") if address else None


def _credentials(proxy: SplitResult) -> str:
    if proxy.username is None:
        return ""
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return f"Proxy-Authorization: Basic {base64.b64encode(words.encode()).decode()}\r\n"
