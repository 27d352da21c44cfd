"""A Graph API on a real socket that describes phone numbers as ordered, and keeps what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

CONNECTED = {
    "id": "100000000000001",
    "display_phone_number": "+962 6 555 0101",
    "verified_name": "Petra Home Store",
    "status": "CONNECTED",
    "quality_rating": "GREEN",
}


class Graph:
    """`answer` is (status, body) of every call; `asked` the (path, token) pairs; `before` runs before an answer."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] = (200, CONNECTED)
        self.asked: list[tuple[str, str]] = []
        self.before = lambda: None

    def __enter__(self) -> Self:
        graph = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                graph.asked.append((self.path.partition("?")[0], self.headers["Authorization"]))
                graph.before()
                status, body = graph.answer
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
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


def refusal(code: int, message: str, **more: Any) -> dict[str, Any]:
    """An error as the Graph API writes it."""
    return {"error": {"message": message, "type": "OAuthException", "code": code, **more}}
