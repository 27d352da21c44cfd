"""The connection check: tokens, phone number fields, the numbers of an account."""

from typing import Any

import pytest

from tests.simulator.conftest import NUMBER, OTHER_NUMBER, OTHER_WABA, WABA, Api


def call(api: Api, path: str, token: str | None = f"demo-token-{NUMBER}", **query: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}" if token else ""}
    response = api.get(path, params=query, headers=headers)
    return response.status_code, response.json()


def test_the_connection_check_answers_what_was_asked(api: Api) -> None:
    fields = "display_phone_number,verified_name,quality_rating,status,throughput"

    status, node = call(api, f"/v26.0/{NUMBER}", fields=fields)

    assert status == 200
    assert node == {
        "id": NUMBER,
        "display_phone_number": "+962 6 555 0101",
        "verified_name": "Petra Home Store",
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
    }


def test_every_version_number_is_understood(api: Api) -> None:
    assert call(api, f"/v24.0/{NUMBER}", fields="id") == (200, {"id": NUMBER})
    assert call(api, f"/26/{NUMBER}")[1]["error"]["code"] == 100


@pytest.mark.parametrize("token", [None, "wrong", f"demo-token-{NUMBER}x"])
def test_a_bad_token_is_190(api: Api, token: str | None) -> None:
    for path in (f"/v26.0/{NUMBER}", f"/v26.0/{WABA}/phone_numbers", "/v26.0/404"):
        status, body = call(api, path, token)
        assert (status, body["error"]["code"], body["error"]["type"]) == (401, 190, "OAuthException")


def test_a_revoked_token_is_190_at_once(api: Api, open_window: str) -> None:
    number = {"phone_number_id": NUMBER, "waba_id": WABA, "display_phone_number": "+962 6 555 0101"}
    api.control("numbers", **number, verified_name="Petra Home Store", token="a-new-one")

    response = api.post_message()

    assert (response.status_code, response.json()["error"]["code"]) == (401, 190)
    assert call(api, f"/v26.0/{NUMBER}", "a-new-one", fields="id") == (200, {"id": NUMBER})
    assert api.listed("rejected")["messages"][0]["code"] == 190


@pytest.mark.parametrize("node", ["999", OTHER_NUMBER, f"{OTHER_WABA}/phone_numbers", f"{NUMBER}/nothing"])
def test_what_the_token_may_not_see_does_not_exist(api: Api, node: str) -> None:
    status, body = call(api, f"/v26.0/{node}")

    error = body["error"]
    assert (status, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert error["type"] == "GraphMethodException"
    assert error["message"].startswith(
        f"Unsupported get request. Object with ID '{node.split('/', maxsplit=1)[0]}'"
    )


def test_sending_from_a_foreign_number_does_not_exist_either(api: Api) -> None:
    body = {"messaging_product": "whatsapp", "to": "+962790000101", "text": {"body": "Hi"}}

    response = api.post(f"/v26.0/{OTHER_NUMBER}/messages", json=body)

    assert (response.status_code, response.json()["error"]["error_subcode"]) == (400, 33)
    assert api.listed("accepted")["count"] == 0


def test_an_unknown_field_is_refused(api: Api) -> None:
    status, body = call(api, f"/v26.0/{NUMBER}", fields="id,colour")

    assert (status, body["error"]["code"]) == (400, 100)
    assert "nonexisting field (colour)" in body["error"]["message"]


def test_an_account_lists_only_its_numbers(api: Api) -> None:
    status, body = call(api, f"/v26.0/{WABA}/phone_numbers", fields="id,verified_name")

    assert status == 200
    assert body["data"] == [{"id": NUMBER, "verified_name": "Petra Home Store"}]
    assert set(body["paging"]["cursors"]) == {"before", "after"}
