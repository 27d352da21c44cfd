"""The door over a real socket: what it refuses, what a 200 means, and what happens while the database is away."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from django.conf import settings
from django.db import connection

from tests.servers import serving
from tests.webhooks.bodies import body, text
from webhooks import door as door_module
from webhooks.door import Door
from webhooks.models import Delivery
from webhooks.processing import drain
from whatsapp.limits import WEBHOOK_BODY_BYTES
from whatsapp.signature import sign

SECRET = "demo-app-secret"
URL = "/webhooks/whatsapp/"


@contextmanager
def door_client():
    stored = []
    door = Door(stored=lambda: stored.append(1))

    async def application(scope, receive, send):
        if scope["type"] == "http":
            return await door(scope, receive, send)
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await door.start()
            else:
                await door.stop()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return None

    with serving(application) as url, httpx.Client(base_url=url) as client:
        client.stored = stored
        yield client


@pytest.fixture
def client(db):
    with door_client() as client:
        yield client


def post(client, content, *, secret=SECRET, **headers):
    return client.post(
        URL, content=content, headers={"X-Hub-Signature-256": sign(secret, content), **headers}
    )


def test_the_handshake_returns_the_challenge_to_who_knows_the_token(client):
    query = {"hub.mode": "subscribe", "hub.verify_token": "demo-verify-token", "hub.challenge": "1158201444"}
    answer = client.get(URL, params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert client.get(URL, params={**query, "hub.verify_token": "guess"}).status_code == 403
    assert client.get(URL).status_code == 403


def test_a_signed_post_is_answered_200_when_its_exact_bytes_are_stored(client):
    content = body(text()) + b"  \n"
    assert post(client, content).status_code == 200
    assert bytes(Delivery.objects.get().body) == content
    assert client.stored == [1]


@pytest.mark.parametrize("content", [b"", b"not json", b"\x00\xff", b"[]", b'{"object":"page"}', b"null"])
def test_signed_bytes_are_always_stored_however_strange(client, content):
    assert post(client, content).status_code == 200
    assert bytes(Delivery.objects.get().body) == content
    drain()
    assert Delivery.objects.filter(drained=None).count() == 0


def test_a_missing_or_wrong_signature_is_401_and_stores_nothing(client):
    content = body(text())
    assert client.post(URL, content=content).status_code == 401
    assert post(client, content, secret="another").status_code == 401
    assert (
        client.post(URL, content=content, headers={"X-Hub-Signature-256": "sha256=é".encode()}).status_code
        == 401
    )
    assert (
        client.post(
            URL, content=content + b" ", headers={"X-Hub-Signature-256": sign(SECRET, content)}
        ).status_code
        == 401
    )
    assert not Delivery.objects.exists()


def test_either_of_two_secrets_opens_the_door_while_one_replaces_the_other(client, monkeypatch):
    monkeypatch.setattr(settings, "WHATSAPP_APP_SECRETS", ["new-secret", SECRET])
    assert post(client, body(text()), secret="new-secret").status_code == 200
    assert post(client, body(text()), secret=SECRET).status_code == 200


def test_three_megabytes_pass_and_one_byte_more_is_413_announced_or_not(client):
    assert post(client, b"x" * WEBHOOK_BODY_BYTES).status_code == 200
    assert post(client, b"x" * (WEBHOOK_BODY_BYTES + 1)).status_code == 413

    def chunks():
        for _ in range(4):
            yield b"x" * 1_000_000

    assert client.post(URL, content=chunks(), headers={"X-Hub-Signature-256": "sha256=0"}).status_code == 413
    assert Delivery.objects.count() == 1


def test_other_methods_are_405(client):
    assert client.put(URL, content=b"").status_code == 405


def test_a_hundred_and_sixty_deliveries_at_once_are_all_200_and_all_stored(client):
    content = body(text(wamid="wamid.SAME"))
    with ThreadPoolExecutor(16) as pool:
        codes = set(pool.map(lambda _: post(client, content).status_code, range(160)))
    assert codes == {200}
    assert Delivery.objects.count() == 160


def test_a_database_that_is_away_is_503_and_the_door_recovers_by_itself(db, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        there = settings.DATABASES["default"]["PORT"]
        monkeypatch.setitem(settings.DATABASES["default"], "PORT", nobody.getsockname()[1])
        with door_client() as client:
            assert post(client, body(text())).status_code == 503
            monkeypatch.setitem(settings.DATABASES["default"], "PORT", there)
            assert post(client, body(text())).status_code == 200
    assert Delivery.objects.count() == 1


def test_what_waits_at_shutdown_still_gets_its_200(db):
    with door_client() as client, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(post, client, body(text())) for _ in range(8)]
        codes = [answer.result().status_code for answer in answers]
    assert codes == [200] * 8
    assert Delivery.objects.count() == 8


def test_a_post_without_a_signature_is_answered_before_its_body_is_read(client):
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port), timeout=5) as unsigned:
        unsigned.sendall(
            f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 2900000\r\n\r\n".encode() + b"x" * 100
        )
        assert unsigned.recv(64).startswith(b"HTTP/1.1 401 ")


def test_a_signed_body_that_stops_half_way_is_given_up(db, monkeypatch):
    monkeypatch.setattr(door_module, "SECONDS_PER_BODY", 0.2)
    with door_client() as client:
        host, port = client.base_url.host, client.base_url.port
        head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=0\r\nContent-Length: 2900000\r\n\r\n"
        with socket.create_connection((host, port), timeout=5) as slow:
            slow.sendall(head.encode() + b"x" * 100_000)
            assert slow.recv(64).startswith(b"HTTP/1.1 408 ")


def test_too_many_bytes_inside_are_503_before_they_are_whole(db, monkeypatch):
    monkeypatch.setattr(door_module, "BYTES_INSIDE", 1_000_000)
    with door_client() as client:
        assert post(client, b"x" * 1_200_000).status_code == 503
        assert post(client, b"x" * 100_000).status_code == 200


def test_a_connection_the_database_closed_meanwhile_costs_no_delivery(client):
    assert post(client, body(text())).status_code == 200
    with connection.cursor() as cursor:
        # The door's own connection, ended as a restart of PostgreSQL would end it.
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid() AND query LIKE 'INSERT INTO webhooks_delivery%'"
        )
        assert cursor.fetchone() == (1,)
    assert post(client, body(text())).status_code == 200
    assert Delivery.objects.count() == 2
