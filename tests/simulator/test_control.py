"""The control API itself: no silent typos, a clean reset, a past that can be loaded and kept."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.conftest import NUMBER, RANIA, Api, Receiver, running


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("switches", {"lose_respnse": 1}),
        ("switches", {"receipts": "some"}),
        ("switches", {"duplicates": -1}),
        ("switches", {"fail": [{"times": 1, "colour": "red"}]}),
        ("inbound", {"phone_number_id": NUMBER}),
        ("inbound", {"phone_number_id": NUMBER, "from": RANIA, "count": 0}),
        ("inbound", {"phone_number_id": NUMBER, "from": RANIA, "txt": "Hi"}),
        ("raw", {"body": {}, "signature": "perhaps"}),
    ],
)
def test_what_is_not_understood_is_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    before = api.listed("switches")

    response = api.post(f"/control/{path}", json=body)

    assert response.status_code == 400
    assert response.json()["error"]
    assert api.listed("switches") == before


def test_unknown_places_are_404(api: Api) -> None:
    assert api.post("/control/inbound", json={"phone_number_id": "9", "from": RANIA}).status_code == 404
    assert api.get("/control/nothing").json() == {"error": "There is no GET /control/nothing."}
    assert api.get("/static/..%2fapp.py").status_code == 404


def test_switches_change_only_what_is_named(api: Api) -> None:
    before = api.listed("switches")

    after = api.control("switches", latency_ms=7, batch=3)

    assert after == before | {"latency_ms": 7, "batch": 3}


def test_reset_forgets_everything(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", retry_first_ms=60_000)
    receiver.answers.append(500)
    api.inbound("962790000777", name="A stranger")
    api.sent()
    version = api.get("/handset/state").json()["version"]

    api.control("reset")

    state = api.get("/handset/state").json()
    assert (state["counts"], state["accepted"], state["webhooks"]) == ({}, [], [])
    assert state["version"] > version
    assert "962790000777" not in {person["wa_id"] for person in state["customers"]}
    assert state["switches"]["retry_first_ms"] == 500
    assert api.post_message().json()["error"]["code"] == 131047


def test_a_history_opens_the_window_without_a_webhook(api: Api, receiver: Receiver) -> None:
    now = time.time()
    lines = [
        {"sender": "customer", "text": "Hello", "timestamp": now - 600, "wamid": "wamid.old1"},
        {"sender": "business", "text": "Hi", "timestamp": now - 500, "wamid": "wamid.old2"},
    ]
    order = {"phone_number_id": NUMBER, "from": "962790000888", "name": "Salma", "messages": lines}

    assert api.control("history", **order) == {"added": 2}
    assert api.control("history", **order) == {"added": 0}

    assert api.post_message(to="+962790000888", context={"message_id": "wamid.old1"}).status_code == 200
    assert [delivery.value["statuses"][0]["status"] for delivery in (receiver.take(), receiver.take())] == [
        "sent",
        "delivered",
    ]
    state = api.get("/handset/state", params={"customer": "962790000888"}).json()
    assert [(m["text"], m["quoted"]) for m in state["thread"]["messages"]] == [
        ("Hello", None),
        ("Hi", None),
        ("Hi", "wamid.old1"),
    ]


def test_windows_survive_a_restart_with_a_state_file(receiver: Receiver, tmp_path: Path) -> None:
    memory = tmp_path / "folder" / "simulator.json"
    with running(receiver.url, SIM_STATE_FILE=str(memory)) as api:
        api.inbound("962790000999", name="Salma")
    receiver.take()

    with running(receiver.url, SIM_STATE_FILE=str(memory)) as api:
        assert api.post_message(to="+962790000999").status_code == 200
        names = [person["name"] for person in api.get("/handset/state").json()["customers"]]
    assert "Salma" in names


def test_a_broken_state_file_is_no_reason_not_to_start(receiver: Receiver, tmp_path: Path) -> None:
    memory = tmp_path / "simulator.json"
    memory.write_text("{broken")

    with running(receiver.url, SIM_STATE_FILE=str(memory)) as api:
        assert api.inbound()["status"] == 200


def test_other_numbers_and_tokens_by_environment(receiver: Receiver) -> None:
    numbers = (
        '[{"phone_number_id": "7", "waba_id": "70", "display_phone_number": "+971 4 555 0303",'
        ' "verified_name": "Other", "token": "secret-token"}]'
    )
    with running(receiver.url, SIM_NUMBERS=numbers) as api:
        headers = {"Authorization": "Bearer secret-token"}
        node = api.get("/v26.0/7", params={"fields": "id,verified_name"}, headers=headers).json()
        assert node == {"id": "7", "verified_name": "Other"}
        assert api.get(f"/v26.0/{NUMBER}").json()["error"]["code"] == 190
