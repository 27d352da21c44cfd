"""The campaigns' sender over real sockets: the same three outcomes as the client, once each, many at a time."""

import asyncio
import json
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.whatsapp import graph
from tests.whatsapp.graph import NUMBER, SECRET, TAKEN, TOKEN, GraphServer, Script, answer, free_address
from tests.whatsapp.test_outcomes import HTML, REFUSED
from whatsapp.errors import Ambiguous, CallFailed, GraphError, NotSent
from whatsapp.graph import Accepted
from whatsapp.outgoing import template_message
from whatsapp.sender import Sender
from whatsapp.signature import appsecret_proof

PROOF = appsecret_proof(SECRET, TOKEN)
MESSAGE = template_message(to="+4915550001111", name="hello_world", language="en_US", opaque="7.1")


def run(url: str, work: Callable[[Sender], Awaitable[Any]], **options: Any) -> Any:
    async def inside() -> Any:
        sender = Sender(url, "v26.0", SECRET, **options)
        try:
            return await work(sender)
        finally:
            await sender.close()

    return asyncio.run(inside())


def send(url: str, **options: Any) -> Accepted:
    return run(url, lambda sender: sender.send(NUMBER, TOKEN, MESSAGE), **options)


def test_a_template_leaves_as_documented_and_comes_back_accepted() -> None:
    held = TAKEN | {"messages": [{"id": "wamid.7", "message_status": "held_for_quality_assessment"}]}
    with GraphServer(answer(200, held)) as server:
        accepted = send(server.url)

    [request] = server.requests
    assert (request.method, request.path) == ("POST", f"/v26.0/{NUMBER}/messages")
    assert request.query == {"appsecret_proof": [PROOF]}
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.json == MESSAGE
    assert accepted == Accepted(
        wamid="wamid.7",
        wa_id="4915550001111",
        user_id=None,
        message_status="held_for_quality_assessment",
    )


def test_a_body_that_is_encoded_already_leaves_as_it_is() -> None:
    body = json.dumps(MESSAGE, indent=3).encode()
    with GraphServer(answer(200, TAKEN)) as server:
        run(server.url, lambda sender: sender.send(NUMBER, TOKEN, body))

    assert server.requests[0].body == body


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 200])
def test_an_error_of_the_graph_api_is_definite(status: int) -> None:
    with GraphServer(answer(status, REFUSED)) as server, pytest.raises(GraphError) as caught:
        send(server.url)

    assert (caught.value.code, caught.value.http_status) == (131047, status)


@pytest.mark.parametrize(
    ("script", "http_status"),
    [
        (graph.hang_up, None),
        (graph.reset, None),
        (graph.not_http, None),
        (graph.half, 200),
        (answer(502, HTML), 502),
        (answer(500, b""), 500),
        (answer(407, HTML), 407),
        (answer(302, b"", "Location: /elsewhere"), 302),
        (answer(200, b"garbage"), 200),
        (answer(200, []), 200),
        (answer(200, {"messages": [{"id": None}]}), 200),
        (answer(202, TAKEN), 202),
        (answer(200, b" " * 1_100_000), 200),
        (answer(200, b"\x1f\x8b nothing packed", "Content-Encoding: gzip"), 200),
    ],
    ids=range(14),
)
def test_what_was_written_and_not_understood_is_ambiguous_and_tried_once(
    script: Script, http_status: int | None
) -> None:
    with GraphServer(script) as server, pytest.raises(Ambiguous) as caught:
        send(server.url)

    assert caught.value.http_status == http_status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("script", "http_status"), [(graph.hang, None), (graph.open_ended, 200), (graph.drip, 200)]
)
def test_an_answer_that_does_not_come_to_an_end_is_ambiguous(script: Script, http_status: int | None) -> None:
    with GraphServer(script) as server, pytest.raises(Ambiguous, match="Timeout") as caught:
        send(server.url, connect_seconds=0.3, answer_seconds=0.2)

    assert caught.value.http_status == http_status


def test_a_connection_that_dies_between_two_messages_is_ambiguous_and_never_tried_again() -> None:
    async def twice(sender: Sender) -> None:
        await sender.send(NUMBER, TOKEN, MESSAGE)
        await sender.send(NUMBER, TOKEN, MESSAGE)

    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            requests.append(await reader.readexactly(length))
            if len(requests) > 1:
                writer.close()
                return
            body = json.dumps(TAKEN).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async def inside() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        sender = Sender(f"http://127.0.0.1:{port}", "v26.0", SECRET)
        with pytest.raises(Ambiguous):
            await twice(sender)
        await sender.close()
        server.close()

    asyncio.run(inside())
    assert len(requests) == 2


@pytest.mark.parametrize("url", [free_address(), "http://no-such-host.invalid"], ids=["closed", "unknown"])
def test_no_connection_is_not_sent(url: str) -> None:
    with pytest.raises(NotSent):
        send(url)


def test_a_server_without_tls_is_not_sent() -> None:
    with GraphServer(answer(200, TAKEN)) as server, pytest.raises(NotSent):
        send(server.url.replace("http:", "https:"))

    assert server.requests == []


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", free_address())
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with GraphServer(answer(200, TAKEN)) as server:
        assert send(server.url).wamid == "wamid.out.1"


def test_cookies_are_not_kept() -> None:
    async def twice(sender: Sender) -> None:
        await sender.send(NUMBER, TOKEN, MESSAGE)
        await sender.send(NUMBER, TOKEN, MESSAGE)

    with GraphServer(answer(200, TAKEN, "Set-Cookie: who=me")) as server:
        run(server.url, twice)

    assert [request.headers.get("cookie") for request in server.requests] == [None, None]


def test_many_are_under_way_at_once_each_on_a_connection_of_its_own() -> None:
    together = threading.Barrier(20)

    def script(server: GraphServer, connection: Any) -> None:
        together.wait(10)
        answer(200, TAKEN)(server, connection)

    async def many(sender: Sender) -> list[Accepted]:
        return await asyncio.gather(*(sender.send(NUMBER, TOKEN, MESSAGE) for _ in range(20)))

    with GraphServer(script) as server:
        assert [accepted.wamid for accepted in run(server.url, many)] == ["wamid.out.1"] * 20


@pytest.mark.parametrize(
    "work",
    [
        lambda: Sender("http://127.0.0.1:9", "v26.0", ""),
        lambda: Sender("127.0.0.1:9", "v26.0", SECRET),
        lambda: Sender("http://127.0.0.1:9", "26", SECRET),
    ],
)
def test_what_cannot_be_right_is_refused_at_once(work: Callable[[], Sender]) -> None:
    with pytest.raises(ValueError, match=r"secret|address|version"):
        work()


@pytest.mark.parametrize(("number", "token"), [("1/2", TOKEN), (NUMBER, ""), (NUMBER, "a\nb")])
def test_a_strange_number_or_token_is_refused_before_anything_leaves(number: str, token: str) -> None:
    with (
        GraphServer(answer(200, TAKEN)) as server,
        pytest.raises(ValueError, match=r"digits|token") as caught,
    ):
        run(server.url, lambda sender: sender.send(number, token, MESSAGE))

    assert server.requests == []
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("script", [graph.reset, graph.half, answer(500, HTML), answer(401, REFUSED)])
def test_neither_the_token_nor_its_proof_shows_anywhere(
    script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with GraphServer(script) as server, pytest.raises(CallFailed) as caught:
        send(server.url)

    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert TOKEN not in told
    assert PROOF not in told
