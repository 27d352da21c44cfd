"""A load generator for one kind of POST: raw protocols on uvloop, so that the server is what is measured.

`python -m bench.load HOST PORT PATH CONNECTIONS SECONDS < body` prints one JSON line:
requests answered 200, other answers, requests per second, and the 50th and 99th percentile in milliseconds.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

from whatsapp.signature import sign

SECRET = "demo-app-secret"


class Sender(asyncio.Protocol):
    """One connection that posts again as soon as it was answered, until the clock says stop."""

    def __init__(self, request: bytes, until: float, done: "asyncio.Future[None]") -> None:
        self.request, self.until, self.done = request, until, done
        self.times: list[float] = []
        self.other = 0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.post()

    def post(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if b"\r\n\r\n" not in self.buffer:
            return
        if self.buffer.startswith(b"HTTP/1.1 200"):
            self.times.append(time.perf_counter() - self.sent)
        else:
            self.other += 1
        self.buffer = b""
        if time.perf_counter() < self.until:
            self.post()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.other += 1
            self.done.set_result(None)


async def run(
    host: str, port: int, path: str, connections: int, seconds: float, body: bytes
) -> dict[str, float]:
    """Posts `body` over so many connections for so long."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: {sign(SECRET, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    senders = []
    for _ in range(connections):
        sender = Sender(head.encode() + body, until, loop.create_future())
        await loop.create_connection(lambda sender=sender: sender, host, port)
        senders.append(sender)
    started = time.perf_counter()
    await asyncio.wait([sender.done for sender in senders])
    elapsed = time.perf_counter() - started
    times = sorted(moment for sender in senders for moment in sender.times)
    return {
        "ok": len(times),
        "other": sum(sender.other for sender in senders),
        "rate": len(times) / elapsed,
        "p50": 1000 * times[len(times) // 2],
        "p99": 1000 * times[len(times) * 99 // 100],
    }


if __name__ == "__main__":
    host, port, path, connections, seconds, file = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(
            json.dumps(
                runner.run(
                    run(host, int(port), path, int(connections), float(seconds), Path(file).read_bytes())
                )
            )
        )
