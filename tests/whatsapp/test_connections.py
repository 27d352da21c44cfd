"""Connections that stay open: used again, given up in time, and led through a proxy by TLS."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from whatsapp import connections
from whatsapp.connections import Connections
from whatsapp.errors import Ambiguous, NotSent

REQUEST = b"POST / HTTP/1.1\r\nHost: graph\r\nContent-Length: 2\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each request on a connection with the next of some pieces, and counts connections."""

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.answers, self.tls, self.connections = list(answers), tls, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers:
            try:
                await reader.readuntil(b"{}")
            except asyncio.IncompleteReadError:
                break
            writer.write(self.answers.pop(0))
        writer.close()

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    @property
    def port(self) -> int:
        return int(self.server.sockets[0].getsockname()[1])


def talk(server: Server, times: int, **options: Any) -> list[tuple[int, bytes]]:
    async def inside() -> list[tuple[int, bytes]]:
        async with server:
            url = f"http://127.0.0.1:{server.port}"
            asked = Connections(url, connect_seconds=5, answer_seconds=5, **options)
            try:
                return [await asked.ask(REQUEST) for _ in range(times)]
            finally:
                await asked.close()

    return uvloop.run(inside())


def test_a_connection_is_used_again() -> None:
    server = Server(OK, OK, OK)
    assert talk(server, 3) == [(200, b"[]")] * 3
    assert server.connections == 1


def test_one_that_says_close_is_not_used_again() -> None:
    server = Server(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), OK)
    assert talk(server, 2) == [(200, b"[]")] * 2
    assert server.connections == 2


def test_one_that_rested_too_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_IDLE_SECONDS", 0.0)
    server = Server(OK, OK)
    talk(server, 2)
    assert server.connections == 2


def test_chunks_are_put_together_and_what_only_announces_an_answer_is_none() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"
    server = Server(b"HTTP/1.1 100 Continue\r\n\r\n" + chunked, OK)
    assert talk(server, 2) == [(200, b"[]")] * 2
    assert server.connections == 1


def test_what_is_said_unasked_is_no_answer_to_the_next_request() -> None:
    server = Server(OK + OK.replace(b"[]", b"{}"), OK)
    assert talk(server, 2) == [(200, b"[]")] * 2
    assert server.connections == 2


def test_an_answer_without_an_end_is_ambiguous() -> None:
    with pytest.raises(Ambiguous, match="ServerDisconnected") as caught:
        talk(Server(b"HTTP/1.1 200 OK\r\n\r\n[]"), 1)
    assert caught.value.http_status == 200


def test_who_stops_waiting_leaves_no_connection_to_be_used_again() -> None:
    async def inside() -> tuple[int, tuple[int, bytes]]:
        async with Server(b"", OK) as server:
            url = f"http://127.0.0.1:{server.port}"
            asked = Connections(url, connect_seconds=5, answer_seconds=5)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await asked.ask(REQUEST)
            said = await asked.ask(REQUEST)
            await asked.close()
            return server.connections, said

    assert asyncio.run(inside()) == (2, (200, b"[]"))


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for graph.example.test and 127.0.0.1, which this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "graph.example.test")])
    now = datetime.now(UTC)
    names = [x509.DNSName("graph.example.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    certificate = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(
        key, hashes.SHA256()
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(secret)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


class Proxy:
    """Passes on what is asked for with CONNECT to one port of this machine, or refuses."""

    def __init__(self, port: int, *, says: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.target, self.says, self.heads = port, says, list[str]()
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.says)
        if b" 200 " in self.says:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        writer.close()
        self.over.set()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(65_536):
            sink.write(piece)
    sink.close()


def through_proxy(monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext, **options: Any) -> tuple[Any, Proxy]:
    """What `ask` says when https goes through a proxy, on both kinds of loop; and the proxy."""

    async def inside() -> tuple[Any, Proxy]:
        async with Server(OK, tls=tls) as server:
            proxy = Proxy(server.port, **options)
            listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
            port = listening.sockets[0].getsockname()[1]
            monkeypatch.setenv("https_proxy", f"http://ann:s%40t@127.0.0.1:{port}")
            monkeypatch.setenv("no_proxy", "")
            asked = Connections("https://graph.example.test", connect_seconds=5, answer_seconds=5)
            try:
                return await asked.ask(REQUEST), proxy
            except NotSent as refused:
                return refused, proxy
            finally:
                await asked.close()
                await proxy.over.wait()
                listening.close()

    return uvloop.run(inside())


def test_an_https_proxy_of_the_environment_passes_on_without_seeing_the_request(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, proxy = through_proxy(monkeypatch, tls)
    assert said == (200, b"[]")
    [head] = proxy.heads
    assert head.startswith("CONNECT graph.example.test:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YW5uOnNAdA==\r\n" in head


def test_a_proxy_that_refuses_is_not_sent(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    said, _proxy = through_proxy(monkeypatch, tls, says=b"HTTP/1.1 407 Who are you\r\n\r\n")
    assert isinstance(said, NotSent)


def test_tls_is_spoken_and_a_certificate_for_another_name_is_not_sent(tls: ssl.SSLContext) -> None:
    async def inside(host: str) -> tuple[int, bytes]:
        async with Server(OK, tls=tls) as server:
            asked = Connections(f"https://{host}:{server.port}", connect_seconds=5, answer_seconds=5)
            try:
                return await asked.ask(REQUEST)
            finally:
                await asked.close()

    assert uvloop.run(inside("127.0.0.1")) == (200, b"[]")
    with pytest.raises(NotSent, match="CertVerification"):
        uvloop.run(inside("localhost"))
