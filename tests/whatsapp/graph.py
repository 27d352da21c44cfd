"""A real server on a real socket that answers as a script says, and remembers what it was asked."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from whatsapp.client import Accepted, Client

NUMBER = "100000000000001"
TOKEN = "demo-token-100000000000001"
SECRET = "demo-app-secret"
# Only the tests that wait for a timeout are in a hurry: the machine may be busy.
PATIENT = httpx.Timeout(10.0)
HURRIED = httpx.Timeout(10.0, read=0.5, pool=0.05)
# What the Graph API says when it takes a message over.
TAKEN = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+4915550001111", "wa_id": "4915550001111"}],
    "messages": [{"id": "wamid.out.1"}],
}

Script = Callable[["GraphServer", socket.socket], None]


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class GraphServer:
    """Serves one request per connection, each by `script`, until the `with` block ends."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.closing.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            connection, _ = self._listener.accept()
            thread = threading.Thread(target=self._serve, args=[connection])
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = _read(connection)
                if request is not None:
                    self.requests.append(request)
                    self.script(self, connection)
            except OSError:
                return  # the client has gone: its own test says whether it should have


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        data += piece
        if not piece or data.startswith(b"\x16"):  # gone, or a TLS handshake, which is not spoken here
            return None
    head, body = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    return Request(method, parts.path, parse_qs(parts.query), headers, body)


def answer(status: int, body: Any, *headers: str) -> Script:
    """Answer with `status` and `body`: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def script(_server: GraphServer, connection: socket.socket) -> None:
        head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", "Connection: close", *headers]
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + content)

    return script


def hang(server: GraphServer, _connection: socket.socket) -> None:
    """Read the request and never answer."""
    server.closing.wait()


def hang_up(_server: GraphServer, _connection: socket.socket) -> None:
    """Read the request and close the connection politely."""


def reset(_server: GraphServer, connection: socket.socket) -> None:
    """Read the request and break the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half(_server: GraphServer, connection: socket.socket) -> None:
    """Promise a hundred bytes, send a few, and close."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"messages":')


def open_ended(server: GraphServer, connection: socket.socket) -> None:
    """Send the beginning of an answer and keep the connection."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    server.closing.wait()


def drip(server: GraphServer, connection: socket.socket) -> None:
    """Send one byte after the other, each well within the read timeout, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not server.closing.wait(0.02):
        connection.sendall(b" ")


def not_http(_server: GraphServer, connection: socket.socket) -> None:
    """Answer in another language."""
    connection.sendall(b"220 mail.example.test ESMTP\r\n")


def client(url: str, http: httpx.Client | None = None, timeout: httpx.Timeout = PATIENT) -> Client:
    return Client(url, "v26.0", TOKEN, SECRET, http=http, timeout=timeout)


def send(calls: Client, **more: Any) -> Accepted:
    return calls.send_text(NUMBER, **{"to": "+4915550001111", "body": "Hello", "opaque": "m7.1", **more})


@contextlib.contextmanager
def scripted(script: Script, timeout: httpx.Timeout = PATIENT) -> Iterator[tuple[GraphServer, Client]]:
    """A server with its script, and a client that talks to it."""
    with GraphServer(script) as server, client(server.url, timeout=timeout) as calls:
        yield server, calls


def free_address() -> str:
    """An address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
