"""What the messages door refuses, with which code, and that nothing of it counts as accepted."""

from typing import Any

import pytest

from tests.simulator.conftest import NUMBER, Api

REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("no product", {"messaging_product": ...}, 131008, "messaging_product is required."),
    ("other product", {"messaging_product": "sms"}, 100, "messaging_product must be the string whatsapp."),
    ("nobody", {"to": ...}, 131008, "to or recipient is required."),
    ("empty to", {"to": ""}, 131008, "to or recipient is required."),
    ("to is a number", {"to": 962790000101}, 100, "to must be a string."),
    ("to is a word", {"to": "+96279x"}, 131009, "to is not a phone number."),
    ("to begins with zero", {"to": "+0096279000010"}, 131009, "to is not a phone number."),
    ("to is too short", {"to": "+96279"}, 131009, "to is not a phone number."),
    ("to is too long", {"to": "+9627900001019999"}, 131009, "to is not a phone number."),
    ("to itself", {"to": "+962 6 555-0101"}, 131021, "Sender and recipient are the same number."),
    (
        "phone in recipient",
        {"to": ..., "recipient": "+962790000101"},
        131009,
        "recipient must be a business-scoped user id; a phone number goes into to.",
    ),
    (
        "stranger in recipient",
        {"to": ..., "recipient": "JO.12345678901234567890"},
        131026,
        "No person of this portfolio has that business-scoped user id.",
    ),
    (
        "recipient type of a user id",
        {"recipient_type": "business_scoped_user_id"},
        100,
        "recipient_type must be the string individual.",
    ),
    ("misspelled key", {"txt": {"body": "Hi"}}, 100, 'Unexpected key "txt" on the request.'),
    (
        "misspelled key in text",
        {"text": {"body": "Hi", "preview": True}},
        100,
        'Unexpected key "preview" on text.',
    ),
    ("unknown type", {"type": "telegram"}, 100, "type must be a known message type, not 'telegram'."),
    (
        "type not built",
        {"type": "image", "image": {"link": "https://example.com/a.png"}},
        131051,
        "The simulator does not play messages of type image.",
    ),
    (
        "template",
        {"type": "template", "template": {"name": "hello", "language": {"code": "en"}}},
        132001,
        "template name (hello) does not exist in en",
    ),
    (
        "template without language",
        {"type": "template", "template": {"name": "hello"}},
        131008,
        "template.language.code is required.",
    ),
    ("no text", {"text": ...}, 131008, "text is required."),
    ("text is a string", {"text": "Hi"}, 100, "text must be an object."),
    ("no body", {"text": {}}, 131008, "text.body is required."),
    ("empty body", {"text": {"body": ""}}, 131008, "text.body is required."),
    ("blank body", {"text": {"body": " \n "}}, 131008, "text.body is required."),
    ("body is a number", {"text": {"body": 7}}, 100, "text.body must be a string."),
    ("long body", {"text": {"body": "x" * 4097}}, 100, "text.body must be at most 4096 characters long."),
    (
        "odd preview",
        {"text": {"body": "Hi", "preview_url": "yes"}},
        100,
        "text.preview_url must be true or false.",
    ),
    ("context is a string", {"context": "wamid.x"}, 100, "context must be an object."),
    ("empty context", {"context": {}}, 131008, "context.message_id is required."),
    (
        "context of elsewhere",
        {"context": {"message_id": "abc"}},
        131009,
        "context.message_id is not a message id.",
    ),
    (
        "long callback data",
        {"biz_opaque_callback_data": "x" * 513},
        100,
        "biz_opaque_callback_data must be a string of at most 512.",
    ),
    ("other status", {"status": "delivered"}, 100, 'Unexpected key "text" on the request.'),
]


@pytest.mark.parametrize(
    ("changes", "code", "details"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_a_bad_request_is_refused(
    api: Api, open_window: str, changes: dict[str, Any], code: int, details: str
) -> None:
    response = api.post_message(**changes)

    error = response.json()["error"]
    assert response.status_code == (404 if code == 132001 else 400)
    assert error["code"] == code
    assert error["type"] == "OAuthException"
    assert error["message"].startswith(f"(#{code}) ")
    assert error["error_data"] == {"messaging_product": "whatsapp", "details": details}
    assert len(error["fbtrace_id"]) == 23
    assert api.listed("accepted")["count"] == 0
    assert [(row["code"], row["details"]) for row in api.listed("rejected")["messages"]] == [(code, details)]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'"text"'])
def test_what_is_no_json_object_is_refused(api: Api, raw: bytes) -> None:
    response = api.post(f"/v26.0/{NUMBER}/messages", content=raw)

    assert response.status_code == 400
    assert response.json()["error"]["code"] == 100


@pytest.mark.parametrize(
    "changes",
    [
        {"text": {"body": "x" * 4096}},
        {"text": {"body": "ع" * 4096, "preview_url": True}},
        {"biz_opaque_callback_data": "x" * 512},
        {"recipient_type": "individual"},
        {"type": ...},
        {"context": {"message_id": "wamid.unknown"}},
        {"to": "+962 (79) 000-0101"},
    ],
)
def test_the_edge_of_what_is_allowed_is_accepted(api: Api, open_window: str, changes: dict[str, Any]) -> None:
    assert api.sent(**changes).startswith("wamid.")
    assert api.listed("rejected")["count"] == 0


def test_reading_marks_everything_up_to_the_message(api: Api, open_window: str) -> None:
    later = api.inbound(text="And one more")["wamids"][0]
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": open_window}

    response = api.post(f"/v26.0/{NUMBER}/messages", json=read | {"typing_indicator": {"type": "text"}})

    assert (response.status_code, response.json()) == (200, {"success": True})
    thread = api.get("/handset/state").json()["thread"]
    assert {m["wamid"]: m["status"] for m in thread["messages"]} == {open_window: "read", later: "delivered"}
    assert thread["typing_until"] > 0
    assert api.listed("accepted")["count"] == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"message_id": "wamid.unknown"}, 131009),
        ({"message_id": None}, 131008),
        ({"status": "delivered"}, 100),
        ({"typing_indicator": {"type": "voice"}}, 100),
        ({"to": "+962790000101"}, 100),
    ],
)
def test_a_bad_read_mark_is_refused(api: Api, open_window: str, changes: dict[str, Any], code: int) -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": open_window}

    response = api.post(f"/v26.0/{NUMBER}/messages", json=read | changes)

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
