"""The door for Meta: verifies, stores the raw bytes, answers. A plain ASGI callable, never a Django view.

A 200 means that the bytes are on disk. Signed bytes are always stored and answered 200, however strange; what they
mean is for the workers to find out. Answers: 401 without a valid signature, 413 above 3 MB, 503 when the database is
in trouble or too much waits (Meta retries for seven days; Webhooks overview, 2026-09).
"""

import asyncio
import hmac
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import structlog
from django.conf import settings

from webhooks.store import Store
from whatsapp.limits import WEBHOOK_BODY_BYTES
from whatsapp.signature import verify

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ROWS_PER_FLUSH = 500
BYTES_PER_FLUSH = 16 * 1024 * 1024
BYTES_INSIDE = 128 * 1024 * 1024  # being read or waiting; above it 503, and Meta comes back
SECONDS_PER_BODY = 20
SECONDS_BEFORE_RECONNECT = 0.5
CHALLENGE_CHARS = 256


class _Batch:
    """Bodies that will be committed together, and the one answer all their senders wait for."""

    __slots__ = ("bodies", "bytes", "stored")

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.bytes = 0
        # One future for the whole batch: a future each would cost every request a tenth of its time.
        self.stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def is_full(self, more: int) -> bool:
        return len(self.bodies) >= ROWS_PER_FLUSH or (
            bool(self.bodies) and self.bytes + more > BYTES_PER_FLUSH
        )


class Door:
    """Answers Meta. One per process: `start()` and `stop()` are called by the ASGI lifespan."""

    def __init__(self, stored: Callable[[], None]) -> None:
        """`stored` is called after each commit, in the event loop; it must not block."""
        self._stored = stored
        self._batches: deque[_Batch] = deque()
        self._bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Starts the one flusher. A database that is not there yet is not fatal: POSTs get 503 until it is."""
        self._stopping = False
        self._wake = asyncio.Event()  # belongs to the loop that waits for it
        self._flusher = asyncio.create_task(self._flush_forever())

    async def stop(self) -> None:
        """Flushes what waits, so that a POST in hand still gets its 200, then closes the connection."""
        self._stopping = True
        self._wake.set()
        if self._flusher:
            await self._flusher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application for /webhooks/whatsapp/."""
        text = b""
        if scope["method"] == "POST":
            status = await self._accept(scope, receive)
        elif scope["method"] == "GET":
            status, text = _verify_subscription(scope)
        else:
            status = 405
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"text/plain; charset=utf-8"),
                    (b"content-length", b"%d" % len(text)),
                    (b"x-content-type-options", b"nosniff"),
                ],
            }
        )
        await send({"type": "http.response.body", "body": text})

    async def _accept(self, scope: Scope, receive: Receive) -> int:
        signature = length = None
        for name, value in scope["headers"]:
            if name == b"x-hub-signature-256":
                signature = value
            elif name == b"content-length":
                length = value
        if signature is None:
            return 401  # before reading: nobody fills our memory unsigned
        if length is not None and length.isdigit() and int(length) > WEBHOOK_BODY_BYTES:
            return 413
        message = await receive()
        body = message.get("body", b"")
        if message.get("more_body"):
            status, body = await self._read_on(body, receive)
            if status:
                return status
        if not verify(settings.WHATSAPP_APP_SECRETS, body, signature):
            log.warning("webhook.bad_signature", bytes=len(body))
            return 401
        return 200 if await self._store(body) else 503

    async def _read_on(self, first: bytes, receive: Receive) -> tuple[int, bytes]:
        """The rest of a body that came in pieces, as (0, body); or a status that ends it and b"".

        Counted while it grows and bound in time, since a body proves its signature only when it is whole.
        """
        chunks, size, more = [first], len(first), True
        self._bytes += size
        try:
            async with asyncio.timeout(SECONDS_PER_BODY):
                while more:
                    if size > WEBHOOK_BODY_BYTES:
                        return 413, b""
                    if self._bytes > BYTES_INSIDE:
                        return 503, b""
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return 400, b""
                    chunk = message.get("body", b"")
                    chunks.append(chunk)
                    size += len(chunk)
                    self._bytes += len(chunk)
                    more = message.get("more_body", False)
        except TimeoutError:
            return 408, b""
        finally:
            self._bytes -= size
        return (413, b"") if size > WEBHOOK_BODY_BYTES else (0, b"".join(chunks))

    async def _store(self, body: bytes) -> bool:
        """Waits until the body is on disk; False when it is not certain that it is."""
        if self._bytes + len(body) > BYTES_INSIDE or self._flusher is None or self._stopping:
            return False
        if not self._batches or self._batches[-1].is_full(len(body)):
            self._batches.append(_Batch())
        batch = self._batches[-1]
        batch.bodies.append(body)
        batch.bytes += len(body)
        self._bytes += len(body)
        self._wake.set()
        return await batch.stored

    async def _flush_forever(self) -> None:
        store = Store()
        while self._batches or not self._stopping:
            if not self._batches:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = self._batches.popleft()
            written = await store.write(batch.bodies)
            self._bytes -= batch.bytes
            if not batch.stored.done():  # cancelled when the server was forced to end
                batch.stored.set_result(written)
            if written:
                self._stored()
            elif not self._stopping:
                await asyncio.sleep(SECONDS_BEFORE_RECONNECT)
        await store.close()


def _verify_subscription(scope: Scope) -> tuple[int, bytes]:
    """Meta's handshake when the URL or token is set: the challenge comes back as text (Webhooks overview, 2026-09)."""
    query = {key: values[-1] for key, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    token = query.get("hub.verify_token", "").encode()
    expected = settings.WHATSAPP_VERIFY_TOKEN.encode()
    if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(token, expected):
        return 403, b""
    return 200, query.get("hub.challenge", "")[:CHALLENGE_CHARS].encode()
