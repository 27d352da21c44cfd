"""What the business is told: exact bodies, signatures, order, copies, batches, patience."""

import threading

import pytest

from tests.simulator.conftest import NUMBER, OTHER_NUMBER, OTHER_WABA, RANIA, WABA, Api, Receiver


def test_a_text_arrives_signed_and_in_metas_shape(api: Api, receiver: Receiver) -> None:
    answer = api.inbound(name="رانيا", text="مرحبا a/b", timestamp=1_790_000_000)

    delivery = receiver.take()
    user_id = delivery.value["contacts"][0]["user_id"]
    assert answer == {"wamids": [answer["wamids"][0]], "status": 200, "statuses": [200], "error": None}
    assert delivery.genuine
    assert delivery.body == {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": WABA,
                "changes": [
                    {
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {"display_phone_number": "96265550101", "phone_number_id": NUMBER},
                            "messages": [
                                {
                                    "from": RANIA,
                                    "from_user_id": user_id,
                                    "id": answer["wamids"][0],
                                    "timestamp": "1790000000",
                                    "type": "text",
                                    "text": {"body": "مرحبا a/b"},
                                }
                            ],
                            "contacts": [{"profile": {"name": "رانيا"}, "wa_id": RANIA, "user_id": user_id}],
                        },
                        "field": "messages",
                    }
                ],
            }
        ],
    }
    # Meta escapes: whoever signs a re-serialised body gets another digest.
    assert delivery.raw.isascii()
    assert b"a\\/b" in delivery.raw


def test_receipts_have_metas_shape(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", auto_read=True)
    wamid = api.sent(biz_opaque_callback_data="a:1")

    values = [receiver.take().value for _ in range(3)]

    user_id = values[0]["contacts"][0]["user_id"]
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
    for value, name in zip(values, ["sent", "delivered", "read"], strict=True):
        [status] = value["statuses"]
        assert status.pop("timestamp").isdigit()
        expected = {
            "id": wamid,
            "status": name,
            "recipient_id": RANIA,
            "recipient_user_id": user_id,
            "biz_opaque_callback_data": "a:1",
        }
        assert status == (expected if name == "read" else expected | {"pricing": pricing})
        assert value["contacts"] == [
            {"profile": {"name": "Rania Haddad"}, "wa_id": RANIA, "user_id": user_id}
        ]


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({"receipts": "none", "auto_read": True}, []),
        ({"receipts": "sent", "auto_read": True}, ["sent"]),
        ({"receipts": "delivered", "auto_read": True}, ["sent", "delivered"]),
        ({"receipts": "all"}, ["sent", "delivered"]),
        ({"receipts": "all", "auto_read": True}, ["sent", "delivered", "read"]),
    ],
)
def test_receipts_go_as_far_as_the_switch_says(
    api: Api, receiver: Receiver, open_window: str, switches: dict[str, object], names: list[str]
) -> None:
    api.control("switches", receipts_first=True, **switches)

    api.sent()

    assert [d.value["statuses"][0]["status"] for d in receiver.already()] == names


def test_shuffled_receipts_never_come_in_order(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", shuffle=True, auto_read=True, receipts_first=True)

    for _ in range(5):
        api.sent()
        names = receiver.statuses(3)
        assert sorted(names) == ["delivered", "read", "sent"]
        assert names != ["sent", "delivered", "read"]


def test_duplicates_are_the_same_bytes_at_the_same_time(api: Api, receiver: Receiver) -> None:
    api.control("switches", duplicates=2)
    receiver.together = threading.Barrier(3)

    answer = api.inbound()

    copies = [receiver.take() for _ in range(3)]
    assert answer["statuses"] == [200, 200, 200]
    assert len({copy.raw for copy in copies}) == 1
    assert all(copy.genuine for copy in copies)


def test_a_full_batch_is_one_post_with_every_item(api: Api, receiver: Receiver) -> None:
    api.control("switches", batch=5, batch_ms=60_000)
    senders = [(RANIA, NUMBER), (RANIA, NUMBER), (RANIA, OTHER_NUMBER), ("962790000102", NUMBER)]
    threads = [threading.Thread(target=api.inbound, args=pair) for pair in [*senders, (RANIA, NUMBER)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    delivery = receiver.take()

    assert delivery.genuine
    values = [change["value"] for entry in delivery.body["entry"] for change in entry["changes"]]
    found = [(m["from"], v["metadata"]["phone_number_id"]) for v in values for m in v["messages"]]
    assert sorted(found) == sorted([*senders, (RANIA, NUMBER)])
    assert {entry["id"] for entry in delivery.body["entry"]} == {WABA, OTHER_WABA}
    for value in values:
        assert {c["wa_id"] for c in value["contacts"]} == {m["from"] for m in value["messages"]}
    assert receiver.already() == []


def test_a_batch_does_not_wait_for_ever(api: Api, receiver: Receiver) -> None:
    api.control("switches", batch=100, batch_ms=20)

    assert api.inbound(count=3)["statuses"] == [200, 200, 200]

    assert [m["text"]["body"] for m in receiver.take().value["messages"]] == ["Hello", "Hello 2", "Hello 3"]


def test_messages_and_receipts_share_a_batch(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", batch=3, batch_ms=60_000, receipts="sent")
    api.sent()
    api.sent()
    api.inbound()

    changes = receiver.take().body["entry"][0]["changes"]

    assert [len(change["value"].get("statuses", [])) for change in changes] == [2, 0]
    assert [len(change["value"].get("messages", [])) for change in changes] == [0, 1]


def test_anything_but_200_is_tried_again(api: Api, receiver: Receiver) -> None:
    api.control("switches", retry_first_ms=10)
    receiver.answers.extend([503, 401, 201])

    answer = api.inbound()

    assert (answer["status"], answer["statuses"]) == (503, [503])
    attempts = [receiver.take() for _ in range(4)]
    assert len({attempt.raw for attempt in attempts}) == 1


def test_without_retries_one_refusal_is_the_end(api: Api, receiver: Receiver) -> None:
    api.control("switches", retry=False)
    receiver.answers.append(503)
    api.inbound()

    log = api.listed("webhooks")

    assert [[a["status"] for a in row["attempts"]] for row in log["webhooks"]][-1:] == [[503]]
    assert (log["pending"], log["counts"]["webhooks:failed attempts"]) == (1, 1)


def test_silence_keeps_nothing_for_later(api: Api, receiver: Receiver) -> None:
    api.control("switches", webhooks=False)
    answer = api.inbound()
    api.control("switches", webhooks=True)

    api.control("raw", body={"object": "marker"})

    assert (answer["status"], answer["error"]) == (None, "webhooks are switched off")
    assert [delivery.body for delivery in receiver.already()] == [{"object": "marker"}]


@pytest.mark.parametrize(("signature", "genuine", "present"), [("good", 1, 1), ("bad", 0, 1), ("none", 0, 0)])
def test_raw_bodies_go_out_as_they_are(
    api: Api, receiver: Receiver, signature: str, genuine: int, present: int
) -> None:
    receiver.answers.append(200 if genuine else 401)

    answer = api.control("raw", body="not even {json", signature=signature)

    delivery = receiver.take()
    assert answer["status"] == (200 if genuine else 401)
    assert delivery.raw == b"not even {json"
    assert delivery.genuine == bool(genuine)
    assert ("x-hub-signature-256" in delivery.headers) == bool(present)


def test_a_hidden_phone_is_left_out_not_empty(api: Api, receiver: Receiver) -> None:
    api.inbound("971500000199", name="Hind", username="hind.q", username_only=True)

    value = receiver.take().value

    contact, message = value["contacts"][0], value["messages"][0]
    assert contact == {"profile": {"name": "Hind", "username": "@hind.q"}, "user_id": contact["user_id"]}
    assert "from" not in message
    assert message["from_user_id"] == contact["user_id"]
    assert contact["user_id"].startswith("AE.")
    api.sent(to=..., recipient=contact["user_id"])
    sent, delivered = receiver.take().value, receiver.take().value
    assert "recipient_id" not in sent["statuses"][0]
    assert sent["contacts"] == [{"profile": {"name": "Hind"}, "user_id": contact["user_id"]}]
    assert delivered["contacts"] == [contact]


def test_a_hidden_phone_shows_after_the_business_wrote_to_it(api: Api, receiver: Receiver) -> None:
    api.inbound("971500000199", username_only=True, username="hind.q")
    api.sent(to="+971500000199")
    api.inbound("971500000199")

    values = [receiver.take().value for _ in range(4)]

    messages = [message for value in values for message in value.get("messages", [])]
    assert [message.get("from") for message in messages] == [None, "971500000199"]


def test_replies_carry_whom_they_quote(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", receipts="none")
    ours = api.sent()
    api.inbound(text="yes", reply_to=ours)
    api.inbound(text="I meant", reply_to=open_window)

    contexts = [receiver.take().value["messages"][0]["context"] for _ in range(2)]

    assert contexts == [{"from": "96265550101", "id": ours}, {"from": RANIA, "id": open_window}]


def test_a_poll_arrives_as_unsupported(api: Api, receiver: Receiver) -> None:
    api.inbound(type="unsupported")

    message = receiver.take().value["messages"][0]

    assert (message["type"], message["unsupported"]) == ("unsupported", {"type": "poll_creation"})
    assert message["errors"][0]["code"] == 131051
    assert "text" not in message


def test_a_type_of_the_future_arrives_as_it_is(api: Api, receiver: Receiver) -> None:
    api.inbound(type="hologram", content={"beams": 3})

    message = receiver.take().value["messages"][0]

    assert (message["type"], message["hologram"]) == ("hologram", {"beams": 3})


def test_a_named_wamid_is_delivered_again_but_exists_once(api: Api, receiver: Receiver) -> None:
    first = api.inbound(wamid="wamid.again")
    second = api.inbound(wamid="wamid.again")

    assert first["wamids"] == second["wamids"] == ["wamid.again"]
    assert receiver.take().value["messages"][0]["id"] == receiver.take().value["messages"][0]["id"]
    assert len(api.get("/handset/state").json()["thread"]["messages"]) == 1


def test_one_receipt_on_order(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", receipts="none")
    wamid = api.sent()

    answer = api.control("receipt", wamid=wamid, status="read", timestamp=1_790_000_001)

    status = receiver.take().value["statuses"][0]
    assert answer["status"] == 200
    assert (status["id"], status["status"], status["timestamp"]) == (wamid, "read", "1790000001")
    assert api.post("/control/receipt", json={"wamid": "wamid.x", "status": "read"}).status_code == 404
