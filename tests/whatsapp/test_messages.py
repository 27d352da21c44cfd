"""Every documented type of inbound message, what it says, and whether it opens the window."""

from typing import Any

import pytest

from tests.whatsapp.bodies import AT, NUMBER, PHONE, USER, WABA, contact, message, post, text_message
from tests.whatsapp.reading import only, without
from whatsapp.events import InboundMessage, Unknown, opens_window, parse

FILE = {"id": "900100200300", "mime_type": "x/y", "sha256": "c2hhMjU2"}
CARD = {"name": {"formatted_name": "Jonas Weber"}, "phones": [{"phone": "+49 155 5000", "type": "CELL"}]}
LIST = {"id": "row-2", "title": "Tomorrow, 9 am", "description": "At the counter"}
EDIT = {
    "original_message_id": "wamid.in.0",
    "message": {"type": "text", "text": {"body": "I meant the red one"}},
}
EDITED_PHOTO = {
    "original_message_id": "wamid.in.0",
    "message": {"type": "image", "image": {**FILE, "caption": "red"}, "context": {"id": "wamid.out.0"}},
}
MOVED = {"type": "user_changed_number", "body": "User Mira changed from A to B", "wa_id": "4915559998888"}
UNSUPPORTED = {
    "errors": [{"code": 131051, "title": "Message type unknown"}],
    "unsupported": {"type": "poll_creation"},
}

# The message, the text shown for it, the message it is about, whether it opens the service window.
TYPES: list[tuple[str, dict[str, Any], str | None, str | None, bool]] = [
    ("text", text_message("Hi"), "Hi", None, True),
    ("image", message("image", {**FILE, "caption": "This one"}), "This one", None, True),
    ("image", message("image", FILE), None, None, True),
    ("video", message("video", {**FILE, "caption": "It rattles"}), "It rattles", None, True),
    ("audio", message("audio", {**FILE, "voice": True}), None, None, True),
    ("document", message("document", {**FILE, "filename": "a.pdf", "caption": "Bill"}), "Bill", None, True),
    ("sticker", message("sticker", {**FILE, "animated": False}), None, None, True),
    (
        "location",
        message("location", {"latitude": 52.5, "longitude": 13.4, "name": "Shop"}),
        None,
        None,
        True,
    ),
    ("contacts", message("contacts", [CARD]), None, None, True),
    ("contacts", message("contacts", [{"phones": [], "origin": "contact_request"}]), None, None, True),
    (
        "reaction",
        message("reaction", {"message_id": "wamid.out.1", "emoji": "👍"}),
        None,
        "wamid.out.1",
        False,
    ),
    ("reaction", message("reaction", {"message_id": "wamid.out.1"}), None, "wamid.out.1", False),
    (
        "interactive",
        message("interactive", {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}),
        "Yes",
        None,
        True,
    ),
    (
        "interactive",
        message("interactive", {"type": "list_reply", "list_reply": LIST}),
        LIST["title"],
        None,
        True,
    ),
    (
        "interactive",
        message("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "7"}}),
        "Sent",
        None,
        True,
    ),
    (
        "interactive",
        message(
            "interactive", {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
        ),
        None,
        None,
        True,
    ),
    ("interactive", message("interactive", errors=[{"code": 131051}]), None, None, True),
    (
        "button",
        message("button", {"payload": "STOP", "text": "Stop"}, context={"id": "w"}),
        "Stop",
        None,
        True,
    ),
    ("button", message("button", {"payload": "STOP", "text": "Stop"}), "Stop", None, True),
    (
        "order",
        message("order", {"catalog_id": "1", "text": "As a gift", "product_items": []}),
        "As a gift",
        None,
        True,
    ),
    ("order", message("order", {"catalog_id": "1", "text": "", "product_items": [{}]}), None, None, True),
    ("request_welcome", message("request_welcome"), None, None, True),
    ("system", message("system", MOVED), None, None, False),
    ("system", message("system", {"type": "customer_identity_changed"}, identity={}), None, None, False),
    ("edit", message("edit", EDIT), "I meant the red one", "wamid.in.0", False),
    ("edit", message("edit", EDITED_PHOTO), "red", "wamid.in.0", False),
    ("revoke", message("revoke", {"original_message_id": "wamid.in.0"}), None, "wamid.in.0", False),
    ("unsupported", message("unsupported", **UNSUPPORTED), None, None, False),
    ("unsupported", message("unsupported", errors=[{"code": 131051}]), None, None, False),
    ("media_placeholder", message("media_placeholder"), None, None, False),
    ("hologram", message("hologram", {"body": "from the future", "caption": 3}), None, None, False),
    ("unknown", message("unknown", errors=[{"code": 131052}]), None, None, False),
]


@pytest.mark.parametrize(("kind", "raw", "words", "target", "opens"), TYPES)
def test_every_type_is_read(
    kind: str, raw: dict[str, Any], words: str | None, target: str | None, opens: bool
) -> None:
    parsed = parse(post(contacts=[contact()], messages=[raw]))

    expected = InboundMessage(
        position=0,
        waba_id=WABA,
        phone_number_id=NUMBER,
        wamid="wamid.in.1",
        at=AT,
        type=kind,
        wa_id=PHONE,
        user_id=USER,
        parent_user_id=None,
        username="mira.okafor",
        profile_name="Mira Okafor",
        text=words,
        context_wamid=raw.get("context", {}).get("id"),
        target_wamid=target,
        group_id=None,
        raw=raw,
    )
    assert parsed.items == [expected]
    assert opens_window(expected) is opens


@pytest.mark.parametrize("kind", [None, "", 7.5, [], {}, "x" * 65])
def test_a_message_without_a_usable_type_is_still_a_message(kind: Any) -> None:
    assert only(messages=[text_message(type=kind)]).type == "unknown"


@pytest.mark.parametrize(
    "content", [None, [], "text", 7, {"body": 7}, {"body": None}, {"body": ["x"]}, {"body": ""}]
)
def test_a_text_that_is_none_leaves_a_message_without_text(content: Any) -> None:
    assert only(messages=[message("text", text=content)]).text is None


def test_a_message_in_a_group_names_it_and_opens_no_window_to_the_person() -> None:
    item = only(contacts=[contact()], messages=[text_message(group_id="1203630@g.us")])

    assert (item.group_id, item.text, opens_window(item)) == ("1203630@g.us", "Is the blue one back?", False)


def test_a_reply_names_what_it_replies_to_even_when_the_quoted_person_is_not_named() -> None:
    assert only(messages=[text_message(context={"id": "wamid.out.9"})]).context_wamid == "wamid.out.9"
    assert only(messages=[text_message(context={"forwarded": True})]).context_wamid is None


def test_a_message_from_an_advertisement_keeps_where_it_came_from() -> None:
    referral = {"source_type": "ad", "source_id": "12", "ctwa_clid": "Afx"}

    assert only(messages=[text_message(referral=referral)]).raw["referral"] == referral


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (7, "a message is not an object"),
        (None, "a message is not an object"),
        (without(text_message(), "id"), "a message has no usable id"),
        (text_message(id=""), "a message has no usable id"),
        (text_message(id="w" * 513), "a message has no usable id"),
        (text_message(timestamp="TIMESTAMP"), "a message has an impossible timestamp"),
        (text_message(timestamp=-5), "a message has an impossible timestamp"),
        (text_message(timestamp="1790000000000"), "a message has an impossible timestamp"),
        (without(text_message(), "from", "from_user_id"), "a message has no sender"),
        (text_message(**{"from": "4" * 33, "from_user_id": "D" * 161}), "a message has no sender"),
        (without(message("system", {"type": "?"}), "from", "from_user_id"), "a message has no sender"),
    ],
)
def test_what_lacks_the_essentials_is_unknown_with_a_reason(raw: Any, reason: str) -> None:
    assert parse(post(messages=[raw])).items == [
        Unknown(position=0, waba_id=WABA, reason=reason, phone_number_id=NUMBER, field="messages", raw=raw)
    ]


def test_a_message_without_a_time_is_a_message() -> None:
    assert only(messages=[without(text_message(), "timestamp")]).at is None
