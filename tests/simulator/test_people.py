"""What people do with templates: read them on the phone, tap their buttons, stop and resume marketing."""

from pathlib import Path
from typing import Any

import pytest

from simulator import demo_home
from tests.simulator import samples
from tests.simulator.conftest import NUMBER, RANIA, WABA, Api, Receiver, running

ROOMS = next(one for one in demo_home.templates() if one.name == "new_rooms")


@pytest.fixture(autouse=True)
def quiet(api: Api) -> None:
    api.control("switches", receipts="none")


def sale(api: Api, payload: str | None = "m12.0") -> str:
    components = [
        samples.header("image", {"link": "https://example.com/lamps.jpg"}),
        *samples.body("Rania", "Saturday"),
        samples.button(2, "url", "text", "text", "wa"),
    ]
    if payload:
        components.append(samples.button(0, "quick_reply", "payload", "payload", payload))
    answer = api.post_template("autumn_sale", components)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["messages"][0]["id"])


def bubble(api: Api) -> Any:
    return api.get("/handset/state", params={"customer": RANIA}).json()["thread"]["messages"][-1]


def test_the_phone_shows_the_whole_template(api: Api) -> None:
    sale(api)

    message = bubble(api)

    assert (message["type"], message["status"]) == ("template", "delivered")
    assert message["text"] == (
        "The evenings get longer, Rania. Until Saturday all lamps and lanterns are 20% off, in the shop and online."
    )
    drawn = message["template"]
    assert drawn["header"] == {"format": "image", "text": "https://example.com/lamps.jpg"}
    assert drawn["footer"] == "Not for you? Tap Stop offers."
    assert drawn["buttons"] == [
        {"kind": "QUICK_REPLY", "text": "Keep one for me", "value": "m12.0"},
        {"kind": "QUICK_REPLY", "text": "Stop offers", "value": "Stop offers"},
        {"kind": "URL", "text": "See the lamps", "value": "https://petra-home.example/lamps?from=wa"},
    ]


def test_a_message_looks_as_its_template_was_when_it_was_sent(api: Api) -> None:
    sale(api)
    changed = [{"type": "BODY", "text": "Something else"}]

    api.control("templates", waba_id=WABA, name="autumn_sale", components=changed)

    assert bubble(api)["text"].startswith("The evenings get longer, Rania.")


@pytest.mark.parametrize(
    ("index", "payload", "text"), [(0, "m12.0", "Keep one for me"), (1, "Stop offers", "Stop offers")]
)
def test_a_tap_arrives_as_a_button_with_its_payload(
    api: Api, receiver: Receiver, index: int, payload: str, text: str
) -> None:
    wamid = sale(api)

    answer = api.control("tap", wamid=wamid, index=index)

    [message] = receiver.take().value["messages"]
    user_id = message["from_user_id"]
    assert answer["status"] == 200
    assert message.pop("timestamp").isdigit()
    assert message == {
        "from": RANIA,
        "from_user_id": user_id,
        "id": answer["wamid"],
        "type": "button",
        "button": {"payload": payload, "text": text},
        "context": {"from": "96265550101", "id": wamid},
    }
    assert api.post_message().status_code == 200  # a tap opens the window


def test_the_handset_taps_too(api: Api, receiver: Receiver) -> None:
    wamid = sale(api)

    assert api.post("/handset/tap", json={"wamid": wamid, "index": 0}).status_code == 202

    assert receiver.take().value["messages"][0]["button"]["payload"] == "m12.0"
    assert bubble(api)["text"] == "Keep one for me"


def test_a_card_has_buttons_of_its_own(api: Api, receiver: Receiver) -> None:
    answer = api.post_template("new_rooms", samples.filled(ROOMS.components))
    wamid = answer.json()["messages"][0]["id"]

    cards = bubble(api)["template"]["cards"]
    assert [card["body"] for card in cards] == [
        "Reading corner, complete from 390 JOD.",
        "Breakfast table, complete from 390 JOD.",
        "Quiet bedroom, complete from 390 JOD.",
    ]
    api.control("tap", wamid=wamid, card=2, index=0)
    assert receiver.take().value["messages"][0]["button"]["text"] == "Tell me more"


@pytest.mark.parametrize("order", [{"index": 2}, {"index": 9}, {"index": 0, "card": 1}])
def test_only_quick_replies_can_be_tapped(api: Api, order: dict[str, int]) -> None:
    wamid = sale(api)

    assert api.post("/control/tap", json={"wamid": wamid} | order).status_code == 400
    assert api.post("/handset/tap", json={"wamid": wamid} | order).status_code == 400
    assert api.post("/control/tap", json={"wamid": "wamid.x"}).status_code == 404


@pytest.mark.parametrize("value", ["stop", "resume"])
def test_a_choice_about_marketing_has_metas_shape(api: Api, receiver: Receiver, value: str) -> None:
    choice = {"phone_number_id": NUMBER, "wa_id": RANIA, "value": value, "timestamp": 1_790_000_000}

    answer = api.control("preferences", **choice)

    delivery = receiver.take()
    user_id = delivery.value["contacts"][0]["user_id"]
    assert answer["status"] == 200
    assert delivery.genuine
    assert delivery.body["entry"] == [
        {
            "id": WABA,
            "changes": [
                {
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {"display_phone_number": "96265550101", "phone_number_id": NUMBER},
                        "user_preferences": [
                            {
                                "wa_id": RANIA,
                                "user_id": user_id,
                                "detail": f"User requested to {value} marketing messages",
                                "category": "marketing_messages",
                                "value": value,
                                "timestamp": 1_790_000_000,
                            }
                        ],
                        "contacts": [
                            {"profile": {"name": "Rania Haddad"}, "wa_id": RANIA, "user_id": user_id}
                        ],
                    },
                    "field": "user_preferences",
                }
            ],
        }
    ]


def test_a_hidden_phone_is_left_out_of_a_choice(api: Api, receiver: Receiver) -> None:
    api.control("preferences", phone_number_id=NUMBER, wa_id="962790000112", value="stop")

    value = receiver.take().value

    assert "wa_id" not in value["contacts"][0]
    assert "wa_id" not in value["user_preferences"][0]
    assert value["user_preferences"][0]["user_id"] == value["contacts"][0]["user_id"]


def test_the_handset_stops_and_resumes(api: Api, receiver: Receiver) -> None:
    choice = {"phone_number_id": NUMBER, "wa_id": RANIA}
    for value, stopped in (("stop", True), ("resume", False)):
        assert api.post("/handset/marketing", json=choice | {"value": value}).status_code == 202
        assert receiver.take().value["user_preferences"][0]["value"] == value
        assert api.get("/handset/state", params={"customer": RANIA}).json()["stopped"] is stopped


def test_templates_and_choices_survive_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    memory = {"SIM_STATE_FILE": str(tmp_path / "simulator.json")}
    with running(receiver.url, **memory) as api:
        sale(api)
        api.control("template", waba_id=WABA, name="autumn_sale", do="disable")
        api.control("preferences", phone_number_id=NUMBER, wa_id=RANIA, value="stop")
        api.control("switches", review_ms=60_000)
        pending = api.graph("POST", f"{WABA}/message_templates", json=samples.draft()).json()["id"]

    with running(receiver.url, **memory) as api:
        state = api.get("/handset/state", params={"customer": RANIA}).json()
        assert state["stopped"] is True
        assert state["thread"]["messages"][0]["template"]["footer"] == "Not for you? Tap Stop offers."
        assert api.post_template("autumn_sale", []).json()["error"]["code"] == 132016
        assert api.graph("GET", pending).json()["status"] == "PENDING"
        while receiver.take().body["entry"][0]["changes"][0]["value"].get("event") != "APPROVED":
            pass
        assert api.graph("GET", pending).json()["status"] == "APPROVED"
