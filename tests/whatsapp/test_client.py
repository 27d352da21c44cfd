"""What leaves for the Graph API, what comes back, and what is refused before it leaves."""

from typing import Any

import pytest

from tests.whatsapp.graph import (
    NUMBER,
    SECRET,
    TAKEN,
    TOKEN,
    GraphServer,
    answer,
    client,
    free_address,
    scripted,
    send,
)
from whatsapp.client import Accepted, Client, NotSent, PhoneNumberInfo, new_http
from whatsapp.limits import LimitExceeded
from whatsapp.signature import appsecret_proof

PROOF = appsecret_proof(SECRET, TOKEN)


def test_a_text_leaves_as_documented_and_comes_back_accepted() -> None:
    with scripted(answer(200, TAKEN)) as (server, calls):
        accepted = send(calls, context_wamid="wamid.in.1", preview_url=True)

    assert accepted == Accepted(wamid="wamid.out.1", wa_id="4915550001111", user_id=None, message_status=None)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", f"/v26.0/{NUMBER}/messages")
    assert request.query == {"appsecret_proof": [PROOF]}
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+4915550001111",
        "type": "text",
        "text": {"preview_url": True, "body": "Hello"},
        "context": {"message_id": "wamid.in.1"},
        "biz_opaque_callback_data": "m7.1",
    }


def test_a_text_to_a_user_id_goes_to_recipient_and_never_to_to() -> None:
    user = "DE.70123456789012345"
    said = {
        "contacts": [{"input": user, "user_id": user}],
        "messages": [{"id": "w", "message_status": "accepted"}],
    }
    with scripted(answer(200, said)) as (server, calls):
        accepted = calls.send_text(NUMBER, recipient=user, body="مرحبا 👋")

    assert accepted == Accepted(wamid="w", wa_id=None, user_id=user, message_status="accepted")
    assert server.requests[0].json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient": user,
        "type": "text",
        "text": {"preview_url": False, "body": "مرحبا 👋"},
    }


def test_both_addresses_may_be_given() -> None:
    with scripted(answer(200, TAKEN)) as (server, calls):
        send(calls, recipient="DE.ENT.9012345678")

    sent = server.requests[0].json
    assert (sent["to"], sent["recipient"]) == ("+4915550001111", "DE.ENT.9012345678")


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": None},
        {"to": "4915550001111"},
        {"to": "+49 1555 0001111"},
        {"to": "+0915550001111"},
        {"to": "+49155"},
        {"to": "+4915550001111\n"},
        {"to": "+٤٩١٥٥٥٠٠٠١١١١"},
        {"to": ""},
        {"to": "DE.70123456789012345"},
        {"to": None, "recipient": "4915550001111"},
        {"to": None, "recipient": "de.701"},
        {"to": None, "recipient": ""},
        {"body": ""},
        {"body": " \n"},
        {"body": "x" * 4097},
        {"body": "\ud83d"},
        {"opaque": "x" * 513},
    ],
)
def test_what_whatsapp_would_refuse_or_lose_is_never_tried(wrong: dict[str, Any]) -> None:
    with client(free_address()) as calls, pytest.raises(ValueError, match=r".") as caught:
        send(calls, **wrong)

    assert isinstance(caught.value, LimitExceeded) is (len(str(next(iter(wrong.values())))) > 500)


@pytest.mark.parametrize("number", ["", "1/../2", "me", "1?x=1", "1" * 33, "١"])
def test_a_phone_number_id_consists_of_digits(number: str) -> None:
    with client(free_address()) as calls:
        with pytest.raises(ValueError, match="digits"):
            calls.send_text(number, to="+4915550001111", body="Hello")
        with pytest.raises(ValueError, match="digits"):
            calls.phone_number(number)


def test_a_number_is_described() -> None:
    said = {
        "id": NUMBER,
        "display_phone_number": "+49 30 555000",
        "verified_name": "Lantern & Co",
        "status": "CONNECTED",
        "quality_rating": "GREEN",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
    }
    with scripted(answer(200, said)) as (server, calls):
        told = calls.phone_number(NUMBER)

    same = {key: said[key] for key in list(said)[:8]}
    assert told == PhoneNumberInfo(**same, throughput="STANDARD", messaging_limit="TIER_2K", raw=said)  # type: ignore[arg-type]
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", f"/v26.0/{NUMBER}")
    assert set(request.query["fields"][0].split(",")) == set(said)
    assert request.query["appsecret_proof"] == [PROOF]


def test_a_number_that_tells_little_is_described_with_gaps() -> None:
    with scripted(answer(200, {"id": NUMBER, "status": 5, "throughput": "x"})) as (_, calls):
        told = calls.phone_number(NUMBER)

    assert (told.id, told.status, told.throughput, told.verified_name) == (NUMBER, None, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"token": "tok en"},
        {"token": "token\n"},
        {"token": "tökén"},
        {"app_secret": ""},
        {"version": "26.0"},
        {"version": "v26"},
        {"version": "v26.0/../v1.0"},
        {"base_url": "graph.facebook.com"},
        {"base_url": "ftp://graph.facebook.com"},
        {"base_url": "https://"},
        {"base_url": "https://user:pass@host"},
        {"base_url": "https://host?x=1"},
    ],
)
def test_wrong_settings_are_refused_without_quoting_a_secret(wrong: dict[str, str]) -> None:
    right = {
        "base_url": "https://graph.facebook.com",
        "version": "v26.0",
        "token": TOKEN,
        "app_secret": SECRET,
    }

    with pytest.raises(ValueError, match=r".") as caught:
        Client(**{**right, **wrong})  # type: ignore[arg-type]

    assert not wrong.get("token") or wrong["token"] not in str(caught.value)


def test_one_shared_http_client_serves_several_tokens_and_stays_open() -> None:
    with GraphServer(answer(200, TAKEN, "Set-Cookie: tenant=1; Path=/")) as server, new_http() as shared:
        for token in ("one", "two"):
            with Client(server.url, "v26.0", token, SECRET, http=shared) as calls:
                send(calls)

        assert not shared.is_closed
        assert [request.headers["authorization"] for request in server.requests] == [
            "Bearer one",
            "Bearer two",
        ]
        assert not [request for request in server.requests if "cookie" in request.headers]


def test_a_client_closes_its_own_connections() -> None:
    with scripted(answer(200, TAKEN)) as (_, calls):
        send(calls)
        own = calls._http

    assert own.is_closed


def test_a_trailing_slash_in_the_address_changes_nothing() -> None:
    with GraphServer(answer(200, TAKEN)) as server, client(server.url + "/") as calls:
        send(calls)

    assert server.requests[0].path == f"/v26.0/{NUMBER}/messages"


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", free_address())
    monkeypatch.setenv("ALL_PROXY", free_address())
    with scripted(answer(200, TAKEN)) as (_, calls):
        assert send(calls).wamid == "wamid.out.1"

    with client("http://graph.example.test") as calls, pytest.raises(NotSent):
        send(calls)
