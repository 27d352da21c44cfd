"""A Graph API on a real socket that lists templates and takes uploads, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class Graph:
    """`listed` is what accounts have; `answer` overrides everything with (status, body); `before` runs before an answer."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self.page_size = 100
        self.answer: tuple[int, Any] | None = None
        self.asked: list[tuple[str, str, str]] = []
        self.uploads: list[bytes] = []
        self.before: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        start = int(query.get("after", ["0"])[0])
        end = start + self.page_size
        paging: dict[str, Any] = {"cursors": {"after": str(end)}}
        if end < len(self.listed):
            paging["next"] = "https://graph.example/next"
        return {"data": self.listed[start:end], "paging": paging}

    def __enter__(self) -> Self:
        graph = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._said(graph._page)

            def do_POST(self) -> None:
                graph.uploads.append(self.rfile.read(int(self.headers["Content-Length"])))
                self._said(lambda _query: {"id": f"media-{len(graph.uploads)}"})

            def do_DELETE(self) -> None:
                self._said(lambda _query: {"success": True})

            def _said(self, usual: Callable[[dict[str, list[str]]], Any]) -> None:
                parts = urlsplit(self.path)
                graph.asked.append((self.command, parts.path, self.headers["Authorization"]))
                graph.before()
                status, body = graph.answer or (200, usual(parse_qs(parts.query)))
                content = json.dumps(body).encode()
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


def listed(name: str = "showroom_weekend", language: str = "en", **more: Any) -> dict[str, Any]:
    """A template as Meta lists it."""
    return {
        "id": "501",
        "name": name,
        "language": language,
        "category": "MARKETING",
        "status": "APPROVED",
        "quality_score": {"score": "GREEN"},
        "rejected_reason": "NONE",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Hello {{1}}."}],
        **more,
    }
