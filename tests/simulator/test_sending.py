"""A valid send: its answer, its address, the window, and every way in which a switch spoils it."""

import base64
import time

import httpx
import pytest

from tests.simulator.conftest import NUMBER, RANIA, Api, Receiver


def test_the_answer_has_metas_shape(api: Api, open_window: str) -> None:
    body = api.post_message(to="+962 79 000-0101").json()

    wamid = body["messages"][0]["id"]
    assert body == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+962 79 000-0101", "wa_id": RANIA}],
        "messages": [{"id": wamid}],
    }
    assert RANIA.encode() in base64.b64decode(wamid.removeprefix("wamid."), validate=True)


def test_what_was_accepted_is_listed_with_its_request(api: Api, open_window: str) -> None:
    first = api.sent(text={"body": "one"}, biz_opaque_callback_data="a:1")
    second = api.sent(text={"body": "two"})

    listed = api.listed("accepted", phone_number_id=NUMBER)
    assert listed["count"] == 2
    assert [(row["seq"], row["wamid"], row["wa_id"]) for row in listed["messages"]] == [
        (1, first, RANIA),
        (2, second, RANIA),
    ]
    assert listed["messages"][0]["request"]["biz_opaque_callback_data"] == "a:1"
    assert [row["wamid"] for row in api.listed("accepted", since=1)["messages"]] == [second]
    elsewhere = api.listed("accepted", phone_number_id="999")
    assert (elsewhere["count"], elsewhere["messages"]) == (0, [])


def test_without_a_plus_the_message_goes_to_another_country(api: Api) -> None:
    api.control("switches", enforce_window=False)

    body = api.post_message(to="790000101").json()

    assert body["contacts"] == [{"input": "790000101", "wa_id": "962790000101"}]
    body = api.post_message(to="16505551234").json()
    assert body["contacts"] == [{"input": "16505551234", "wa_id": "96216505551234"}]


@pytest.mark.parametrize(
    ("dialled", "wa_id"),
    [
        ("+55 61 99000-0111", "556190000111"),
        ("+55 11 90000-0110", "5511900000110"),
        ("+52 55 1234 5678", "5215512345678"),
        ("+54 11 1234 5678", "5491112345678"),
    ],
)
def test_the_whatsapp_id_is_not_always_the_number(api: Api, dialled: str, wa_id: str) -> None:
    api.inbound(wa_id)

    assert api.post_message(to=dialled).json()["contacts"] == [{"input": dialled, "wa_id": wa_id}]


def test_a_user_id_goes_into_recipient(api: Api, receiver: Receiver) -> None:
    api.inbound()
    user_id = receiver.take().value["contacts"][0]["user_id"]

    body = api.post_message(to=..., recipient=user_id).json()

    assert body["contacts"] == [{"input": user_id, "user_id": user_id}]
    assert api.listed("accepted")["messages"][0]["wa_id"] == RANIA


def test_to_wins_over_recipient(api: Api, receiver: Receiver) -> None:
    api.inbound()
    user_id = receiver.take().value["contacts"][0]["user_id"]

    assert api.post_message(recipient=user_id).json()["contacts"] == [{"input": f"+{RANIA}", "wa_id": RANIA}]


def test_a_user_id_in_to_is_accepted_and_lost(api: Api, receiver: Receiver) -> None:
    api.inbound()
    user_id = receiver.take().value["contacts"][0]["user_id"]

    wamid = api.sent(to=user_id)

    listed = api.listed("accepted")
    assert [(row["wamid"], row["dropped"]) for row in listed["messages"]] == [(wamid, True)]
    assert listed["counts"].get("receipts", 0) == 0
    assert [m["sender"] for m in api.get("/handset/state").json()["thread"]["messages"]] == ["customer"]


def test_the_user_id_differs_between_portfolios(api: Api, receiver: Receiver) -> None:
    api.inbound()
    api.inbound(number="100000000000002")

    first, second = (receiver.take().value["contacts"][0]["user_id"] for _ in range(2))
    assert first != second
    assert first[:3] == second[:3] == "JO."


def test_outside_the_window_free_text_is_131047(api: Api) -> None:
    response = api.post_message()

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["message"]) == (
        400,
        131047,
        "(#131047) Re-engagement message",
    )
    assert api.listed("accepted")["count"] == 0


def test_a_stranger_counts_as_having_written_elsewhere_unless_told_otherwise(api: Api) -> None:
    assert api.post_message(to="+962790000888").status_code == 200
    api.control("switches", strangers="silent")
    assert api.post_message(to="+962790000889").json()["error"]["code"] == 131047


@pytest.mark.parametrize(("age_s", "status"), [(24 * 3600 + 5, 400), (24 * 3600 - 60, 200)])
def test_the_window_counts_from_the_customers_timestamp(api: Api, age_s: int, status: int) -> None:
    api.inbound(timestamp=time.time() - age_s)

    assert api.post_message().status_code == status


def test_a_late_old_message_does_not_shorten_the_window(api: Api, open_window: str) -> None:
    api.inbound(timestamp=time.time() - 48 * 3600)

    assert api.post_message().status_code == 200


def test_an_unsupported_message_does_not_open_the_window(api: Api) -> None:
    api.inbound(type="unsupported")

    assert api.post_message().json()["error"]["code"] == 131047


def test_the_window_can_also_fail_by_receipt(api: Api, receiver: Receiver) -> None:
    api.control("switches", window_refusal="receipt")

    wamid = api.sent()

    status = receiver.take().value["statuses"][0]
    assert (status["id"], status["status"], status["errors"][0]["code"]) == (wamid, "failed", 131047)
    assert api.get("/handset/state").json()["thread"]["messages"] == []


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("close", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_a_lost_response_is_accepted_and_then_the_line_is_dead(
    api: Api, receiver: Receiver, open_window: str, how: str, error: type[Exception]
) -> None:
    api.control("switches", lose_response=1, lose_how=how)
    impatient = Api(base_url=api.base_url, timeout=1, trust_env=False)

    with impatient, pytest.raises(error):
        impatient.post_message(biz_opaque_callback_data="mine")

    rows = api.listed("accepted")["messages"]
    assert [(row["lost"], row["request"]["biz_opaque_callback_data"]) for row in rows] == [(True, "mine")]
    assert receiver.statuses(2) == ["sent", "delivered"]
    assert api.listed("switches")["lose_response"] == 0
    assert api.post_message().status_code == 200


def test_receipts_first_come_before_the_answer(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", receipts_first=True)

    wamid = api.sent()

    arrived = [delivery.value["statuses"][0] for delivery in receiver.already()]
    assert [(status["id"], status["status"]) for status in arrived] == [(wamid, "sent"), (wamid, "delivered")]


def test_ordered_failures_are_used_up_in_their_order(api: Api, open_window: str) -> None:
    failures = [{"code": 130429, "times": 2}, {"code": 131000, "http_status": 503}, {"code": None}]
    api.control("switches", fail=failures)

    answers = [api.post_message() for _ in range(5)]

    assert [answer.status_code for answer in answers] == [400, 400, 503, 502, 200]
    assert [answer.json()["error"]["code"] for answer in answers[:3]] == [130429, 130429, 131000]
    assert answers[3].headers["content-type"].startswith("text/html")
    assert [row["code"] for row in api.listed("rejected")["messages"]] == [130429, 130429, 131000, None]
    assert api.listed("accepted")["count"] == 1


def test_a_failure_may_come_later_by_receipt(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", fail=[{"code": 131026, "where": "receipt"}])

    wamid = api.sent(biz_opaque_callback_data="a:1")

    value = receiver.take().value
    assert "contacts" not in value
    status = value["statuses"][0]
    assert {**status, "timestamp": "", "errors": []} == {
        "id": wamid,
        "status": "failed",
        "timestamp": "",
        "recipient_id": RANIA,
        "biz_opaque_callback_data": "a:1",
        "errors": [],
    }
    assert [(e["code"], e["title"], set(e["error_data"])) for e in status["errors"]] == [
        (131026, "Message undeliverable", {"details"})
    ]


def test_somebody_who_is_not_on_whatsapp_cannot_be_reached(api: Api, receiver: Receiver) -> None:
    api.control("customers", wa_id="962790000555", unreachable=True)

    api.sent(to="+962790000555")

    assert receiver.take().value["statuses"][0]["errors"][0]["code"] == 131026


def test_the_pair_limit_allows_45_at_once(api: Api, open_window: str) -> None:
    api.control("switches", pair_rate=True, receipts="none")
    api.inbound("962790000102")

    codes = [api.post_message().status_code for _ in range(46)]

    assert codes == [200] * 45 + [400]
    assert api.listed("rejected")["messages"][0]["code"] == 131056
    assert api.post_message(to="+962790000102").status_code == 200


def test_latency_delays_the_answer_not_the_acceptance(api: Api, open_window: str) -> None:
    api.control("switches", latency_ms=1500)
    impatient = Api(base_url=api.base_url, timeout=0.5, trust_env=False)

    with impatient, pytest.raises(httpx.ReadTimeout):
        impatient.post_message()

    assert api.listed("accepted")["count"] == 1
