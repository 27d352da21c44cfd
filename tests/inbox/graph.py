"""A Graph API of the test's own making, on a real socket: it answers as ordered and keeps what it was sent."""

import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Self

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    path: str
    token: str
    body: dict[str, Any]


Answer = Callable[[], tuple[int, dict[str, Any]] | None]


class Graph:
    """Accepts every message, unless `order` says otherwise for the next ones. `arrived` hears of each call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.arrived: Queue[Call] = Queue()
        self._orders: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._wamids = 0
        self._at_once = self.most_at_once = 0

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.graph = self
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The base URL, without a version."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def bodies(self) -> list[str]:
        """The texts that were sent, in order."""
        return [call.body["text"]["body"] for call in self.calls]

    def order(self, *answers: Answer) -> None:
        """What the next calls get, one each."""
        self._orders.extend(answers)

    def accept(self) -> tuple[int, dict[str, Any]]:
        """200 and a wamid: wamid.1, wamid.2 …"""
        with self._lock:
            self._wamids += 1
            return 200, {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{self._wamids}"}]}

    def take(self, call: Call) -> Answer:
        """Notes the call and decides its answer."""
        with self._lock:
            self.calls.append(call)
            answer = self._orders.popleft() if self._orders else self.accept
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self.arrived.put(call)
        return answer

    def answered(self) -> None:
        """The answer to one call is decided and about to leave."""
        with self._lock:
            self._at_once -= 1

    def held(self, then: Answer | None = None) -> tuple[Answer, threading.Event]:
        """An answer that waits for the event, and the event."""
        go = threading.Event()

        def wait() -> tuple[int, dict[str, Any]] | None:
            assert go.wait(PATIENCE_SECONDS), "nobody let the answer go"
            return (then or self.accept)()

        return wait, go


def refuse(code: int, details: str = "No.", http_status: int = 400) -> Answer:
    """An error as the Graph API writes it."""
    error = {
        "message": f"(#{code})",
        "code": code,
        "error_data": {"details": details},
        "fbtrace_id": "Atrace",
    }
    return lambda: (http_status, {"error": error})


def lose() -> None:
    """The request arrived, and then the connection breaks."""
    return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    graph: Graph

    def handle_error(self, *_: Any) -> None:
        """A killed client is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        # A file on its way is a form of parts, not JSON.
        body = json.loads(content) if self.headers["Content-Type"] == "application/json" else {}
        token = self.headers["Authorization"].removeprefix("Bearer ")
        answer = self.server.graph.take(Call(self.path.partition("?")[0], token, body))()
        self.server.graph.answered()
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, document = answer
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
