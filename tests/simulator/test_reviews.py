"""What the business hears about its templates, in exact shapes; and messages that wait for an assessment."""

from typing import Any

import pytest

from simulator import demo_home
from tests.simulator import samples
from tests.simulator.conftest import RANIA, WABA, Api, Receiver

LIST = f"{WABA}/message_templates"
ASKED = next(one for one in demo_home.templates() if one.name == "how_was_it")


def submit(api: Api, text: str, **changes: Any) -> str:
    components = [{"type": "BODY", "text": text}]
    answer = api.graph("POST", LIST, json=samples.draft(components=components, **changes))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def order(api: Api, do: str, to: str = "") -> Any:
    return api.control("template", template_id=ASKED.template_id, do=do, to=to)


def about(value: dict[str, Any]) -> dict[str, Any]:
    """Without what names the template, which must be the one that was asked for."""
    names = {
        "message_template_id": int(ASKED.template_id),
        "message_template_name": "how_was_it",
        "message_template_language": "en",
    }
    assert {key: value.pop(key) for key in names} == names
    return value


def test_an_approval_has_metas_shape(api: Api, receiver: Receiver) -> None:
    api.control("switches", review_ms=0)
    template_id = submit(api, "Your parcel is here")

    deliveries = {
        each.body["entry"][0]["changes"][0]["field"]: each for each in (receiver.take(), receiver.take())
    }
    delivery = deliveries["message_template_status_update"]
    [entry] = delivery.body["entry"]
    assert delivery.genuine
    assert isinstance(entry.pop("time"), int)
    names = {
        "message_template_id": int(template_id),
        "message_template_name": "a_draft",
        "message_template_language": "en-US",
    }
    value = {"event": "APPROVED"} | names | {"reason": "NONE", "message_template_category": "UTILITY"}
    assert entry == {"id": WABA, "changes": [{"value": value, "field": "message_template_status_update"}]}
    [told] = deliveries["message_template_components_update"].body["entry"][0]["changes"]
    assert told["value"] == names | {"message_template_element": "Your parcel is here"}


def test_the_components_are_told_with_addresses_and_phones(api: Api, receiver: Receiver) -> None:
    template = next(one for one in demo_home.templates() if one.name == "order_confirmation")
    api.control("template", template_id=template.template_id, do="approve")

    value = receiver.notices(2)["message_template_components_update"]

    assert value["message_template_title"] == "We have your order"
    assert value["message_template_footer"] == "Petra Home Store, Amman"
    assert value["message_template_buttons"] == [
        {
            "message_template_button_type": "URL",
            "message_template_button_text": "Follow the order",
            "message_template_button_url": "https://petra-home.example/orders/{{1}}",
        }
    ]


@pytest.mark.parametrize(
    "text", ["Please REJECT ME today", "Your number {{1}}{{2}} is ready for you all today"]
)
def test_a_bad_text_is_rejected_with_an_explanation(api: Api, receiver: Receiver, text: str) -> None:
    api.control("switches", review_ms=0)
    parts = [{"type": "BODY", "text": text}]
    if "{{" in text:
        parts[0] |= {"example": {"body_text": [["a", "b"]]}}  # type: ignore[dict-item]

    template_id = api.graph("POST", LIST, json=samples.draft(components=parts)).json()["id"]

    field, value = receiver.notice()
    assert (field, value["event"], value["reason"]) == (
        "message_template_status_update",
        "REJECTED",
        "INVALID_FORMAT",
    )
    assert set(value["rejection_info"]) == {"reason", "recommendation"}
    node = api.graph("GET", template_id, params={"fields": "status,rejected_reason,rejection_info"}).json()
    assert (node["status"], node["rejected_reason"]) == ("REJECTED", "INVALID_FORMAT")
    assert node["rejection_info"] == value["rejection_info"]


def test_reviewers_can_be_strict_or_slow(api: Api, receiver: Receiver) -> None:
    api.control("switches", review_ms=0, review="reject", reject_reason="SCAM")
    submit(api, "Your parcel is here")

    _, value = receiver.notice()
    assert (value["event"], value["reason"], "rejection_info" in value) == ("REJECTED", "SCAM", False)
    api.control("switches", review="wait")
    template_id = submit(api, "Your parcel is here", name="another")
    assert api.graph("GET", template_id).json()["status"] == "PENDING"


def test_a_utility_template_that_sells_is_approved_as_marketing(api: Api, receiver: Receiver) -> None:
    api.control("switches", review_ms=0)
    template_id = submit(api, "Your parcel is here, and there is a discount")

    told = receiver.notices(3)
    status, value = told["message_template_status_update"], told["template_category_update"]
    assert (status["event"], status["message_template_category"]) == ("APPROVED", "MARKETING")
    assert (value["previous_category"], value["new_category"]) == ("UTILITY", "MARKETING")
    assert set(value) == {
        "message_template_id", "message_template_name", "message_template_language",
        "previous_category", "new_category",
    }  # fmt: skip
    node = api.graph("GET", template_id, params={"fields": "category,previous_category"}).json()
    assert node == {"category": "MARKETING", "previous_category": "UTILITY", "id": template_id}


def test_pauses_grow_and_the_third_disables(api: Api, receiver: Receiver) -> None:
    told = []
    for _ in range(3):
        order(api, "pause")
        told.append(about(receiver.notice()[1]))

    assert [(value["event"], value["other_info"]["title"]) for value in told] == [
        ("PAUSED", "FIRST_PAUSE"),
        ("PAUSED", "SECOND_PAUSE"),
        ("DISABLED", "DISABLED"),
    ]
    assert told[0]["reason"] == "NONE"
    assert set(told[2]["disable_info"]) == {"disable_date"}


def test_a_quality_score_has_metas_shape(api: Api, receiver: Receiver) -> None:
    order(api, "rate", "YELLOW")

    field, value = receiver.notice()
    assert field == "message_template_quality_update"
    assert about(value) == {"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}
    node = api.graph("GET", ASKED.template_id, params={"fields": "quality_score"}).json()
    assert node["quality_score"]["score"] == "YELLOW"
    wrong = {"template_id": ASKED.template_id, "do": "rate", "to": "PURPLE"}
    assert api.post("/control/template", json=wrong).status_code == 400


def test_another_category_is_announced_and_then_comes(api: Api, receiver: Receiver) -> None:
    order(api, "announce", "MARKETING")

    value = about(receiver.notice()[1])
    assert isinstance(value.pop("category_update_timestamp"), int)
    assert value == {"new_category": "UTILITY", "correct_category": "MARKETING"}
    fields = {"fields": "category,correct_category"}
    assert api.graph("GET", ASKED.template_id, params=fields).json()["correct_category"] == "MARKETING"
    order(api, "recategorise", "MARKETING")
    assert about(receiver.notice()[1]) == {"previous_category": "UTILITY", "new_category": "MARKETING"}
    assert api.graph("GET", ASKED.template_id, params=fields).json() == {
        "category": "MARKETING",
        "id": ASKED.template_id,
    }
    api.post_template("how_was_it", samples.body("a", "b"))
    assert receiver.take().value["statuses"][0]["pricing"]["category"] == "marketing"


def test_deleting_is_told(api: Api, receiver: Receiver) -> None:
    order(api, "delete")

    field, value = receiver.notice()
    assert (field, value["event"], value["reason"]) == ("message_template_status_update", "DELETED", None)


def paced(api: Api, count: int) -> list[dict[str, Any]]:
    answers = [api.post_template("how_was_it", samples.body("a", "b")) for _ in range(count)]
    return [answer.json()["messages"][0] for answer in answers]


def test_after_the_first_ones_messages_are_held(api: Api, receiver: Receiver) -> None:
    api.control("switches", pacing_first=2, receipts_first=True, receipts="sent")

    sent = paced(api, 4)

    held = "held_for_quality_assessment"
    assert [message["message_status"] for message in sent] == ["accepted", "accepted", held, held]
    assert [delivery.value["statuses"][0]["id"] for delivery in receiver.already()] == [
        sent[0]["id"],
        sent[1]["id"],
    ]
    assert [row["held"] for row in api.listed("accepted")["messages"]] == [False, False, True, True]
    assert api.listed("templates", waba_id=WABA)["held"] == {ASKED.template_id: 2}
    assert len(api.get("/handset/state", params={"customer": RANIA}).json()["thread"]["messages"]) == 2


def test_a_good_assessment_lets_them_go(api: Api, receiver: Receiver) -> None:
    api.control("switches", pacing_first=1, receipts="sent")
    _, second, third = paced(api, 3)
    receiver.take()

    assert order(api, "release")["moved"] == 2

    statuses = [receiver.take().value["statuses"][0] for _ in range(2)]
    assert sorted(status["id"] for status in statuses) == sorted([second["id"], third["id"]])
    assert {status["status"] for status in statuses} == {"sent"}
    assert "message_status" not in paced(api, 1)[0]


def test_a_bad_assessment_drops_them_and_pauses_the_template(api: Api, receiver: Receiver) -> None:
    api.control("switches", pacing_first=1, receipts="sent")
    _, second, third = paced(api, 3)
    receiver.take()

    assert order(api, "drop")["moved"] == 2

    told = [receiver.take().body["entry"][0]["changes"][0] for _ in range(3)]
    notices = [change["value"] for change in told if change["field"] == "message_template_status_update"]
    assert [(value["event"], value["other_info"]["title"]) for value in notices] == [
        ("PAUSED", "RATE_LIMITING_PAUSE")
    ]
    failed = [change["value"]["statuses"][0] for change in told if change["field"] == "messages"]
    assert sorted(status["id"] for status in failed) == sorted([second["id"], third["id"]])
    assert {(status["status"], status["errors"][0]["code"]) for status in failed} == {("failed", 132015)}
    assert api.post_template("how_was_it", samples.body("a", "b")).json()["error"]["code"] == 132015


def test_notices_share_a_batch_with_messages(api: Api, receiver: Receiver) -> None:
    api.control("switches", batch=3, batch_ms=60_000)
    order(api, "rate", "RED")
    order(api, "pause")
    api.inbound()

    entries = receiver.take().body["entry"]

    assert [entry["changes"][0]["field"] for entry in entries] == [
        "message_template_quality_update",
        "message_template_status_update",
        "messages",
    ]
    assert ["time" in entry for entry in entries] == [True, True, False]
