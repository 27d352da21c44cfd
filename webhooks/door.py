"""The door for Meta: verifies, stores the raw bytes, answers. A plain ASGI callable, never a Django view.

A 200 means that the bytes are on disk. Signed bytes are always stored and answered 200, however strange; what they
mean is for the workers to find out. Answers: 401 without a valid signature, 413 above 3 MB, 503 when the database is
in trouble or the queue is full (Meta retries for seven days; Webhooks overview, 2026-09).
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import psycopg
import structlog
from django.conf import settings

from whatsapp.limits import WEBHOOK_BODY_BYTES
from whatsapp.signature import verify

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ROWS_PER_FLUSH = 500
BYTES_PER_FLUSH = 16 * 1024 * 1024
BYTES_WAITING = 128 * 1024 * 1024  # a full queue: 503, and Meta comes back
RECONNECT_SECONDS = 0.5
CHALLENGE_CHARS = 256

_INSERT = "INSERT INTO webhooks_delivery (body) SELECT unnest(%b::bytea[])"


class Door:
    """Answers Meta. One per process: `start()` and `stop()` are called by the ASGI lifespan."""

    def __init__(self, stored: Callable[[], None]) -> None:
        """`stored` is called after each commit, in the event loop; it must not block."""
        self._stored = stored
        self._waiting: list[tuple[bytes, asyncio.Future[bool]]] = []
        self._bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._stopping = False
        self._connection: psycopg.AsyncConnection[Any] | None = None

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
        await self._disconnect()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application for /webhooks/whatsapp/."""
        if scope["method"] == "POST":
            status, text = await self._accept(scope, receive), b""
        elif scope["method"] == "GET":
            status, text = _verify_subscription(scope)
        else:
            status, text = 405, b""
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"text/plain; charset=utf-8"),
                    (b"content-length", str(len(text)).encode()),
                    (b"x-content-type-options", b"nosniff"),
                ],
            }
        )
        await send({"type": "http.response.body", "body": text})

    async def _accept(self, scope: Scope, receive: Receive) -> int:
        headers = dict(scope["headers"])
        body = await _read(receive, headers.get(b"content-length"))
        if body is None:
            return 413
        if not verify(settings.WHATSAPP_APP_SECRETS, body, headers.get(b"x-hub-signature-256")):
            log.warning("webhook.bad_signature", bytes=len(body))
            return 401
        if self._bytes + len(body) > BYTES_WAITING or self._flusher is None or self._flusher.done():
            return 503
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, answer))
        self._bytes += len(body)
        self._wake.set()
        return 200 if await answer else 503

    async def _flush_forever(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = self._take()
            written = await self._write([body for body, _ in batch])
            for _, answer in batch:
                if not answer.done():  # the sender may have hung up meanwhile
                    answer.set_result(written)
            if written:
                self._stored()

    def _take(self) -> list[tuple[bytes, "asyncio.Future[bool]"]]:
        size = count = 0
        for body, _ in self._waiting[:ROWS_PER_FLUSH]:
            if count and size + len(body) > BYTES_PER_FLUSH:
                break
            size += len(body)
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._bytes -= size
        return batch

    async def _write(self, bodies: list[bytes]) -> bool:
        """Group commit: one INSERT in autocommit for all that waited. False when it is not certainly on disk."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await _connect()
            await self._connection.execute(_INSERT, [bodies])
        except (psycopg.Error, OSError) as error:
            log.error("webhook.not_stored", deliveries=len(bodies), error=str(error))
            await self._disconnect()
            if not self._stopping:
                await asyncio.sleep(RECONNECT_SECONDS)
            return False
        return True

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


async def _connect() -> psycopg.AsyncConnection[Any]:
    database: Any = settings.DATABASES["default"]
    return await psycopg.AsyncConnection.connect(
        host=database["HOST"],
        port=database["PORT"],
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        autocommit=True,
        connect_timeout=5,
    )


async def _read(receive: Receive, content_length: bytes | None) -> bytes | None:
    """The whole body, or None above Meta's 3 MB. Reads no further than the limit, whatever was announced."""
    if content_length is not None and content_length.isdigit() and int(content_length) > WEBHOOK_BODY_BYTES:
        return None
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # Half a body cannot carry a valid signature: answered 401 to nobody.
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > WEBHOOK_BODY_BYTES:
            return None
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _verify_subscription(scope: Scope) -> tuple[int, bytes]:
    """Meta's handshake when the URL or token is set: the challenge comes back as text (Webhooks overview, 2026-09)."""
    query = {key: values[-1] for key, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    token = query.get("hub.verify_token", "").encode()
    if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(
        token, settings.WHATSAPP_VERIFY_TOKEN.encode()
    ):
        return 403, b""
    return 200, query.get("hub.challenge", "")[:CHALLENGE_CHARS].encode()
