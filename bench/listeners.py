"""A thousand browsers in one process: raw websocket protocols on uvloop, so that the server is what is measured.

`python -m bench.listeners` reads lines of JSON and answers each with one: first {"port", "path", "cookies"} (one
socket per cookie), answered when all have caught up; then {"count": true} before events and, after them,
{"applied": {conversation: moment}}, answered with what arrived (see `_summary`). Moments are time.perf_counter's.
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

CONNECTING = 20  # handshakes at a time
PATIENCE = 5.0  # seconds for the last frames
TEXT, CLOSE, PING = 1, 8, 9
PONG = b"\x8a"
KEY = b'"conversation":'
LARGEST_HEAD = 64  # bytes of a frame among which its conversation stands


class Listener(asyncio.Protocol):
    """One socket. Notes when the frame of which conversation came."""

    def __init__(self, handshake: bytes, caught_up: "asyncio.Future[None]") -> None:
        self.handshake, self.caught_up = handshake, caught_up
        self.rest = b""
        self.open = False
        self.arrived: dict[int, float] = {}
        self.frames = self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the upgrade."""
        self.transport = transport
        transport.write(self.handshake)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Splits the stream into frames; a server's frames are not masked."""
        now = time.perf_counter()
        data = self.rest + data
        if not self.open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.caught_up.set_exception(ConnectionError(head.decode()))
                return
            self.open = True
        start = 0
        while (body := _body(data, start)) is not None:
            self._frame(data[start] & 15, data[body[0] : body[1]], now)
            start = body[1]
        self.rest = data[start:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """While connecting that is an error; later the frames that are missing say it."""
        if not self.caught_up.done():
            self.caught_up.set_exception(ConnectionError("closed before it had caught up"))

    def _frame(self, kind: int, body: bytes, now: float) -> None:
        if kind == TEXT:
            self.frames += 1
            self.bytes += len(body)
            head = body[:LARGEST_HEAD]
            at = head.find(KEY)
            if at > 0:
                self.arrived[int(head[at + len(KEY) :].partition(b",")[0])] = now
            elif not self.caught_up.done() and b'"caught_up"' in head:
                self.caught_up.set_result(None)
        elif kind == PING:  # a client masks; a mask of zeros changes nothing
            self.transport.write(PONG + bytes([0x80 | len(body), 0, 0, 0, 0]) + body)  # type: ignore[attr-defined]
        elif kind == CLOSE:
            self.transport.close()


def _body(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the body of the frame at `start` begins and ends; None while it is not complete."""
    if len(data) < start + 2:
        return None
    size, begin = data[start + 1] & 127, start + 2
    if size > 125:
        wide = 2 if size == 126 else 8
        begin += wide
        size = int.from_bytes(data[start + 2 : begin])
    return (begin, begin + size) if len(data) >= begin + size else None


async def main() -> None:
    """Connects, then counts until standard input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    listeners = await _connect(json.loads(await lines.readline()))
    _say({"connected": len(listeners)})
    while line := await lines.readline():
        order = json.loads(line)
        if "applied" in order:
            applied = {int(conversation): at for conversation, at in order["applied"].items()}
            await _wait_for_all(listeners, len(applied))
            _say(_summary(listeners, applied))
        else:
            for listener in listeners:
                listener.arrived, listener.frames, listener.bytes = {}, 0, 0
            _say({})


async def _connect(place: dict[str, Any]) -> list[Listener]:
    loop, port = asyncio.get_running_loop(), place["port"]
    slots = asyncio.Semaphore(CONNECTING)

    async def connect(cookie: str) -> Listener:
        handshake = (
            f"GET {place['path']} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
            f"Cookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        async with slots:
            listener = Listener(handshake.encode(), loop.create_future())
            await loop.create_connection(lambda: listener, "127.0.0.1", port)
            await listener.caught_up
        return listener

    return list(await asyncio.gather(*map(connect, place["cookies"])))


async def _wait_for_all(listeners: list[Listener], events: int) -> None:
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and any(len(each.arrived) < events for each in listeners):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def _summary(listeners: list[Listener], applied: dict[int, float]) -> dict[str, float]:
    """All frames and their bytes; the events delivered and lost; percentiles of the time from `applied` on in ms."""
    times = sorted(
        listener.arrived[conversation] - at
        for listener in listeners
        for conversation, at in applied.items()
        if conversation in listener.arrived
    )
    delivered = len(times)
    return {
        "delivered": delivered,
        "lost": len(listeners) * len(applied) - delivered,
        "frames": sum(listener.frames for listener in listeners),
        "bytes": sum(listener.bytes for listener in listeners),
        "p50": 1000 * times[delivered // 2] if times else float("inf"),
        "p99": 1000 * times[delivered * 99 // 100] if times else float("inf"),
    }


def _say(answer: dict[str, float]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
