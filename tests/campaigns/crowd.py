"""A Graph API for a crowd, on a real socket: many messages at once, answered as ordered, and all of them kept."""

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from queue import Queue
from typing import Any, Self


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    path: str
    token: str
    body: dict[str, Any]

    @property
    def to(self) -> str:
        """The phone number."""
        return str(self.body.get("to", ""))


Answer = Callable[[Call], tuple[int, dict[str, Any]] | None]


class Crowd:
    """Accepts every message, unless `answers` has the person's phone number or `answer` says otherwise for all.

    `shut()` holds every answer back until `open()`. `arrived` hears of each call.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.arrived: Queue[Call] = Queue()
        self.answers: dict[str, Answer] = {}
        self.answer: Answer = self.accept
        # What an upload of a file gets, and how many there were.
        self.uploads: Callable[[], tuple[int, dict[str, Any]]] = lambda: (200, {"id": "media.1"})
        self.uploaded = 0
        self.accepted: Counter[str] = Counter()
        self._limit: int | None = None
        self._open = asyncio.Event()
        self._open.set()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def reached(self) -> Counter[str]:
        """How often each phone number was written to, whatever the answer."""
        return Counter(call.to for call in self.calls)

    def accept(self, call: Call) -> tuple[int, dict[str, Any]]:
        """200 and a wamid: wamid.1, wamid.2 …; `accepted` counts them by phone number."""
        self.accepted[call.to] += 1
        if self.accepted.total() == self._limit:
            self._open.clear()
        return 200, {
            "messaging_product": "whatsapp",
            "messages": [{"id": f"wamid.{self.accepted.total()}"}],
        }

    def shut_after(self, accepted: int) -> None:
        """Accept so many, and hold back every answer from then on."""
        self._limit = accepted

    def shut(self) -> None:
        """Hold back every answer from now on."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def open(self) -> None:
        """Let all answers go."""
        self._loop.call_soon_threadsafe(self._open.set)

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                call = await _read(reader)
                answer = await self._answer(call)
                if answer is None:
                    break
                content = json.dumps(answer[1]).encode()
                head = f"HTTP/1.1 {answer[0]} Said\r\nContent-Type: application/json\r\n"
                writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        writer.close()

    async def _answer(self, call: Call) -> tuple[int, dict[str, Any]] | None:
        if call.path.endswith("/media"):
            self.uploaded += 1
            return self.uploads()
        self.calls.append(call)
        self.arrived.put(call)
        await self._open.wait()
        return self.answers.get(call.to, self.answer)(call)


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    content = await reader.readexactly(int(headers["content-length"]))
    path = first.split(" ")[1].partition("?")[0]
    body = json.loads(content) if headers["content-type"] == "application/json" else {}
    return Call(path, headers["authorization"].removeprefix("Bearer "), body)


def refuse(code: int, details: str = "No.", http_status: int = 400) -> Answer:
    """An error as the Graph API writes it."""
    error = {
        "message": f"(#{code})",
        "code": code,
        "error_data": {"details": details},
        "fbtrace_id": "Atrace",
    }
    return lambda _call: (http_status, {"error": error})


def lose(_call: Call) -> None:
    """The request arrived, and then the connection breaks."""
