"""The live socket, from handshake to close: who is it, what did they miss, which thread do they look at.

A plain ASGI callable behind Channels' origin check, session and routing: Channels' own consumers dispatch every
message through tasks, which at a thousand sockets costs more than everything else together.
"""

import asyncio
from typing import Any
from urllib.parse import parse_qs

import msgspec
import structlog
from django.conf import settings
from django.db import DatabaseError

from inbox import admission
from inbox.hub import hub
from inbox.sockets import LOG_IN, NOT_A_MEMBER, TRY_AGAIN, Send, Socket

log = structlog.get_logger(__name__)

CLOSE_TIMEOUT = 5  # seconds; a browser that is gone never takes the close frame
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


class Said(msgspec.Struct):
    """What a browser says: the thread it shows now, and the seq from which on it needs that thread's changes."""

    thread: int | None = None
    since: int | None = None


async def live(scope: dict[str, Any], receive: Any, _send: Send) -> None:
    """`/ws/<workspace>/?since=<seq>&thread=<id>&lang=<code>`; frames and close codes are in ARCHITECTURE.md.

    Accepts before it refuses, because a browser learns the code of a close, but nothing of a refused handshake.
    """
    send: Send = scope["server_send"]
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    if not scope["user"].is_authenticated:
        await _close(send, LOG_IN)
        return
    await hub.start()
    slug = scope["url_route"]["kwargs"]["workspace"]
    try:
        listener = await hub.aside(admission.admit, scope["user"], scope["session"].session_key, slug)
    except DatabaseError as error:
        log.warning("live.admission_failed", error=str(error))
        await _close(send, TRY_AGAIN)
        return
    if listener is None:
        await _close(send, NOT_A_MEMBER)
        return
    query = parse_qs(scope["query_string"].decode("latin-1"))
    language = query.get("lang", [settings.LANGUAGE_CODE])[0]
    socket = Socket(
        listener,
        language=language if language in LANGUAGES else settings.LANGUAGE_CODE,
        thread=_number(query, "thread"),
    )
    try:
        await _talk(socket, _number(query, "since"), receive, send)
    except DatabaseError as error:
        log.warning("live.join_failed", error=str(error))
        socket.end(TRY_AGAIN)
    finally:
        hub.leave(socket)
    if socket.code is not None:
        await _close(send, socket.code)


async def _talk(socket: Socket, since: int | None, receive: Any, send: Send) -> None:
    """Joins, writes and listens, all at once, until the browser goes or the hub wants the socket closed.

    A browser that goes while it joins ends the work for it. Raises what went wrong while joining.
    """
    said: asyncio.Queue[Said] = asyncio.Queue(1)
    follower = asyncio.create_task(_follow(socket, since, said))
    tasks = [
        asyncio.create_task(socket.write(send, hub.turns)),
        asyncio.create_task(_listen(said, receive)),
        follower,
    ]
    try:
        await asyncio.wait([*tasks, socket.ended], return_when=asyncio.FIRST_COMPLETED)
        if follower.done() and not follower.cancelled():
            follower.result()
    finally:
        for task in tasks:
            task.cancel()
        # A browser that vanished shows as an error of the writer: not ours to report.
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(socket: Socket, since: int | None, said: asyncio.Queue[Said]) -> None:
    await hub.join(socket, since)
    while True:
        latest = await said.get()
        await hub.open_thread(socket, latest.thread, latest.since)


async def _listen(said: asyncio.Queue[Said], receive: Any) -> None:
    """Keeps the latest of what the browser says: it shows one thread at a time."""
    while (message := await receive())["type"] == "websocket.receive":
        try:
            latest = msgspec.json.decode(message.get("text") or "", type=Said)
        except msgspec.MsgspecError:
            continue
        if said.full():
            said.get_nowait()
        said.put_nowait(latest)


async def _close(send: Send, code: int) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await send({"type": "websocket.close", "code": code})
    except (TimeoutError, OSError, RuntimeError):
        return  # already gone; the server drops the connection when this callable returns


def _number(query: dict[str, list[str]], name: str) -> int | None:
    value = query.get(name, [""])[0]
    return int(value) if value.isascii() and value.isdigit() else None
