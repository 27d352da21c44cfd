"""Every way a call can fail, over real sockets: what it means, that it is tried once, that no secret shows."""

import logging
import traceback

import httpx
import pytest

from tests.whatsapp import graph
from tests.whatsapp.graph import (
    HURRIED,
    NUMBER,
    SECRET,
    TAKEN,
    TOKEN,
    GraphServer,
    Script,
    answer,
    client,
    free_address,
    scripted,
    send,
)
from whatsapp.client import Ambiguous, GraphError, NotSent
from whatsapp.errors import CallFailed, Kind
from whatsapp.signature import appsecret_proof

PROOF = appsecret_proof(SECRET, TOKEN)
REFUSED = {
    "error": {
        "message": "(#131047) Re-engagement message",
        "type": "OAuthException",
        "code": 131047,
        "error_data": {"messaging_product": "whatsapp", "details": "More than 24 hours."},
        "fbtrace_id": "AbC1",
    }
}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 200])
def test_an_error_of_the_graph_api_is_definite(status: int) -> None:
    with scripted(answer(status, REFUSED)) as (_, calls), pytest.raises(GraphError) as caught:
        send(calls)

    assert (caught.value.code, caught.value.details) == (131047, "More than 24 hours.")
    assert (caught.value.http_status, caught.value.fbtrace_id) == (status, "AbC1")
    assert caught.value.kind is Kind.NEVER


HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize(
    ("script", "http_status"),
    [
        (graph.hang_up, None),
        (graph.reset, None),
        (graph.not_http, None),
        (graph.half, 200),
        (answer(502, HTML), 502),
        (answer(500, b""), 500),
        (answer(503, {"error": "upstream"}), 503),
        (answer(404, HTML), 404),
        (answer(407, HTML), 407),
        (answer(302, b"", "Location: /elsewhere"), 302),
        (answer(200, b"garbage"), 200),
        (answer(200, b""), 200),
        (answer(200, HTML), 200),
        (answer(200, []), 200),
        (answer(200, {}), 200),
        (answer(200, {"messages": []}), 200),
        (answer(200, {"messages": [{"id": None}]}), 200),
        (answer(200, {"messages": {"id": "w"}, "success": True}), 200),
        (answer(202, TAKEN), 202),
        (answer(200, b" " * 1_100_000), 200),
        (answer(200, b"\x1f\x8b nothing packed", "Content-Encoding: gzip"), 200),
    ],
    ids=range(21),
)
def test_what_was_written_and_not_understood_is_ambiguous_and_tried_once(
    script: Script, http_status: int | None
) -> None:
    with scripted(script) as (server, calls), pytest.raises(Ambiguous) as caught:
        send(calls)

    assert caught.value.http_status == http_status
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("script", "http_status"), [(graph.hang, None), (graph.open_ended, 200), (graph.drip, 200)]
)
def test_an_answer_that_does_not_come_to_an_end_is_ambiguous(script: Script, http_status: int | None) -> None:
    with (
        scripted(script, HURRIED) as (server, calls),
        pytest.raises(Ambiguous, match="ReadTimeout") as caught,
    ):
        send(calls)

    assert caught.value.http_status == http_status
    assert len(server.requests) == 1


def test_a_refused_connection_is_not_sent() -> None:
    with client(free_address()) as calls, pytest.raises(NotSent, match="ConnectError"):
        send(calls)


def test_a_name_that_does_not_exist_is_not_sent() -> None:
    with client("http://nobody.invalid") as calls, pytest.raises(NotSent):
        send(calls)


def test_a_broken_tls_handshake_is_not_sent() -> None:
    with GraphServer(graph.hang_up) as server:
        with client(server.url.replace("http://", "https://")) as calls, pytest.raises(NotSent):
            send(calls)

        assert server.requests == []


def test_a_full_pool_is_not_sent() -> None:
    with (
        GraphServer(graph.open_ended) as server,
        httpx.Client(limits=httpx.Limits(max_connections=1)) as shared,
        shared.stream("GET", server.url),
        pytest.raises(NotSent, match="PoolTimeout"),
    ):
        send(client(server.url, shared, HURRIED))

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("raised", "meaning"),
    [
        (httpx.ConnectError, NotSent),
        (httpx.ConnectTimeout, NotSent),
        (httpx.PoolTimeout, NotSent),
        (httpx.ProxyError, NotSent),
        (httpx.UnsupportedProtocol, NotSent),
        (httpx.WriteError, Ambiguous),
        (httpx.WriteTimeout, Ambiguous),
        (httpx.ReadError, Ambiguous),
        (httpx.ReadTimeout, Ambiguous),
        (httpx.CloseError, Ambiguous),
        (httpx.RemoteProtocolError, Ambiguous),
        (httpx.LocalProtocolError, Ambiguous),
        (httpx.DecodingError, Ambiguous),
        (httpx.TooManyRedirects, Ambiguous),
    ],
)
def test_the_meaning_of_every_error_of_the_http_library(
    raised: type[httpx.RequestError], meaning: type[CallFailed]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise raised("why", request=request)

    with httpx.Client(transport=httpx.MockTransport(fail)) as shared, pytest.raises(CallFailed) as caught:
        send(client("https://graph.example.test", shared))

    assert type(caught.value) is meaning


def test_an_answer_that_describes_no_number_is_ambiguous() -> None:
    with scripted(answer(200, {"status": "CONNECTED"})) as (_, calls), pytest.raises(Ambiguous):
        calls.phone_number(NUMBER)


def test_a_dead_number_is_a_definite_error() -> None:
    gone = {"error": {"message": "Unsupported get request", "code": 100, "error_subcode": 33}}
    with scripted(answer(400, gone)) as (_, calls), pytest.raises(GraphError) as caught:
        calls.phone_number(NUMBER)

    assert caught.value.kind is Kind.STOP_CHANNEL


@pytest.mark.parametrize("script", [answer(200, TAKEN), answer(400, REFUSED), answer(502, HTML), graph.reset])
def test_no_secret_reaches_a_log_an_error_or_a_repr(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    with scripted(script) as (_, calls):
        said += [repr(calls), str(calls)]
        try:
            said.append(repr(send(calls)))
        except CallFailed as error:
            said += [repr(error), str(error), "".join(traceback.format_exception(error))]

    assert any("appsecret_proof=…" in line for line in caplog.messages) or script is graph.reset
    for secret in (TOKEN, SECRET, PROOF):
        assert secret not in caplog.text
        assert not [line for line in said if secret in line]
