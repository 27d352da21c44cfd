"""The simulator as its own process, and a small receiver that plays the product's webhook door."""

import hashlib
import hmac
import json
import os
import queue
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "test-app-secret"
NUMBER, WABA = "100000000000001", "200000000000001"
OTHER_NUMBER, OTHER_WABA = "100000000000002", "200000000000002"
RANIA = "962790000101"


class Delivery(NamedTuple):
    """One POST as it arrived."""

    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def value(self) -> Any:
        return self.body["entry"][0]["changes"][0]["value"]

    @property
    def genuine(self) -> bool:
        expected = "sha256=" + hmac.new(SECRET.encode(), self.raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.headers.get("x-hub-signature-256", ""), expected)


class Receiver:
    """Answers webhooks with the scripted statuses, then 200; `together` makes it wait for concurrent ones."""

    def __init__(self) -> None:
        self.arrived: queue.Queue[Delivery] = queue.Queue()
        self.answers: deque[int] = deque()
        self.together: threading.Barrier | None = None
        receiver = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                raw = self.rfile.read(length)
                if len(raw) < length:  # a reset of the simulator cut this one off
                    self.close_connection = True
                    return
                receiver.arrived.put(Delivery({k.lower(): v for k, v in self.headers.items()}, raw))
                if receiver.together is not None:
                    receiver.together.wait(timeout=10)
                self.send_response(receiver.answers.popleft() if receiver.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/whatsapp/"

    def take(self) -> Delivery:
        """The next webhook, waiting for it."""
        return self.arrived.get(timeout=10)

    def already(self) -> list[Delivery]:
        """What has arrived until now, without waiting."""
        return [self.arrived.get_nowait() for _ in range(self.arrived.qsize())]

    def notice(self) -> tuple[str, Any]:
        """The field and value of the next webhook that is about no chat."""
        change = self.take().body["entry"][0]["changes"][0]
        return change["field"], change["value"]

    def notices(self, count: int) -> dict[str, Any]:
        """The next few of them by field: told at the same time, they come in any order."""
        return dict(self.notice() for _ in range(count))

    def statuses(self, count: int) -> list[str]:
        """The names of the next `count` receipts, one per webhook."""
        return [self.take().value["statuses"][0]["status"] for _ in range(count)]


class Api(httpx.Client):
    """A client of one simulator, with the token of the demo number."""

    def control(self, name: str, /, **body: Any) -> Any:
        response = self.post(f"/control/{name}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def listed(self, name: str, /, **query: Any) -> Any:
        return self.get(f"/control/{name}", params=query).json()

    def inbound(self, sender: str = RANIA, number: str = NUMBER, **more: Any) -> Any:
        return self.control("inbound", phone_number_id=number, **{"from": sender}, **more)

    def post_message(self, number: str = NUMBER, **changes: Any) -> httpx.Response:
        body = {"messaging_product": "whatsapp", "to": f"+{RANIA}", "type": "text", "text": {"body": "Hi"}}
        headers = {"Authorization": f"Bearer demo-token-{number}"}
        sent = {name: value for name, value in (body | changes).items() if value is not ...}
        return self.post(f"/v26.0/{number}/messages", json=sent, headers=headers)

    def post_template(
        self, name: str, components: Any, number: str = NUMBER, language: str = "en", **changes: Any
    ) -> httpx.Response:
        template = {"name": name, "language": {"code": language}, "components": components}
        return self.post_message(number, type="template", text=..., template=template, **changes)

    def graph(self, method: str, path: str, number: str = NUMBER, **more: Any) -> httpx.Response:
        """A call of the Graph API with the token of a demo number."""
        headers = {"Authorization": f"Bearer demo-token-{number}"} | more.pop("headers", {})
        return self.request(method, f"/v26.0/{path}", headers=headers, **more)

    def sent(self, number: str = NUMBER, **changes: Any) -> str:
        """Send and return the wamid."""
        response = self.post_message(number, **changes)
        assert response.status_code == 200, response.text
        return str(response.json()["messages"][0]["id"])


def free_port() -> int:
    """A port below 32768, where the machine's own outgoing connections never sit."""
    first = 21_000 + os.getpid() * 7 % 10_000  # two runs at once do not meet
    for port in range(first, 32_000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


@contextmanager
def running(webhook_url: str, **environment: str) -> Iterator[Api]:
    """A simulator process that answers, ended afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "simulator.app:application", "--port", str(port)]
    environment = {"WEBHOOK_URL": webhook_url, "WHATSAPP_APP_SECRET": SECRET} | environment
    process = subprocess.Popen(
        [*command, "--no-access-log", "--no-use-colors"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "running on" in line:
                break
        assert process.poll() is None, "".join(said)
        reader = threading.Thread(target=lambda: said.extend(process.stderr or []), daemon=True)
        reader.start()
        with Api(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as api:
            api.headers["Authorization"] = f"Bearer demo-token-{NUMBER}"
            yield api
    finally:
        process.terminate()
        process.wait(timeout=10)
        reader.join(timeout=10)
        process.stderr.close()
    assert "Traceback" not in "".join(said), "".join(said)


@pytest.fixture(scope="session")
def process() -> Iterator[tuple[Api, Receiver]]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    with running(receiver.url) as api:
        yield api, receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


@pytest.fixture
def receiver(process: tuple[Api, Receiver]) -> Receiver:
    return process[1]


@pytest.fixture
def api(process: tuple[Api, Receiver]) -> Api:
    """A simulator without a past, with immediate receipts."""
    api, receiver = process
    receiver.answers.clear()
    receiver.together = None
    api.control("reset")
    api.control("switches", receipt_delay_ms=0)
    # What the test before left on the way arrives before the marker does.
    api.control("raw", body={"object": "marker"})
    while receiver.take().body != {"object": "marker"}:
        pass
    return api


@pytest.fixture
def open_window(api: Api, receiver: Receiver) -> str:
    """Rania has just written to the demo number. Returns her message's wamid."""
    wamid = api.inbound()["wamids"][0]
    receiver.take()
    return str(wamid)
