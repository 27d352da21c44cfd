"""Every documented type of inbound message, who sent it, and whether it opens the window."""

from typing import Any

import pytest

from tests.whatsapp.bodies import AT, NUMBER, PARENT, PHONE, USER, WABA, contact, message, post, text_message
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


def only(**members: Any) -> InboundMessage:
    (item,) = parse(post(**members)).items
    assert isinstance(item, InboundMessage)
    return item


def without(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}


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


def test_a_person_who_hides_the_phone_is_known_by_user_id() -> None:
    hidden = {
        "profile": {"name": "Mira", "username": "mira.okafor"},
        "user_id": USER,
        "parent_user_id": PARENT,
    }
    item = only(contacts=[hidden], messages=[without(text_message(), "from")])

    assert (item.wa_id, item.user_id, item.parent_user_id) == (None, USER, PARENT)
    assert (item.username, item.profile_name) == ("mira.okafor", "Mira")


def test_identifiers_the_message_lacks_are_taken_from_its_contact() -> None:
    old_style = without(text_message(), "from_user_id")
    hidden_phone = without(text_message(), "from")

    assert only(contacts=[contact(parent_user_id=PARENT)], messages=[old_style]).user_id == USER
    assert only(contacts=[contact()], messages=[hidden_phone]).wa_id == PHONE


def test_contacts_are_matched_by_identifier_not_by_order() -> None:
    people = [("49155501", "DE.1", "Ada"), ("49155502", "DE.2", "Ben"), ("49155503", "DE.3", "Cem")]
    contacts = [{"profile": {"name": name}, "wa_id": wa, "user_id": user} for wa, user, name in people]
    messages = [
        text_message(id="a", **{"from": "49155502", "from_user_id": "DE.2"}),
        without(text_message(id="b", from_user_id="DE.3"), "from"),
        without(text_message(id="c", **{"from": "49155501"}), "from_user_id"),
        text_message(id="d", **{"from": "49155502", "from_user_id": "DE.2"}),
    ]

    items = parse(post(contacts=contacts, messages=messages)).items

    assert [(i.profile_name, i.wa_id, i.user_id) for i in items if isinstance(i, InboundMessage)] == [
        ("Ben", "49155502", "DE.2"),
        ("Cem", "49155503", "DE.3"),
        ("Ada", "49155501", "DE.1"),
        ("Ben", "49155502", "DE.2"),
    ]


def test_by_position_only_as_a_last_resort() -> None:
    nameless = without(text_message(), "from", "from_user_id")
    by_phone = without(text_message(), "from_user_id")

    assert only(contacts=[contact()], messages=[nameless]).wa_id == PHONE
    assert only(contacts=[without(contact(), "wa_id")], messages=[by_phone]).user_id == USER


def test_a_stranger_at_the_same_position_lends_neither_name_nor_identity() -> None:
    item = only(contacts=[contact(wa_id="4915550009999", user_id="DE.9")], messages=[text_message()])

    assert (item.wa_id, item.user_id, item.profile_name, item.username) == (PHONE, USER, None, None)


def test_among_several_people_position_lends_a_name_but_never_an_identifier() -> None:
    contacts = [
        {"profile": {"name": "Ada"}, "user_id": "DE.1"},
        {"profile": {"name": "Ben"}, "user_id": "DE.2"},
    ]
    messages = [without(text_message(id=i, **{"from": f"4915550{i}"}), "from_user_id") for i in "12"]

    items = parse(post(contacts=contacts, messages=messages)).items

    assert [(i.profile_name, i.wa_id, i.user_id) for i in items if isinstance(i, InboundMessage)] == [
        ("Ada", "49155501", None),
        ("Ben", "49155502", None),
    ]


@pytest.mark.parametrize(
    ("system", "user_id"),
    [
        ({"type": "user_changed_user_id", "user_id": "DE.NEW", "previous_user_id": "DE.OLD"}, "DE.OLD"),
        ({"type": "user_changed_user_id", "user_id": "DE.NEW"}, "DE.NEW"),
    ],
)
def test_a_change_of_identity_without_a_sender_is_about_the_id_we_know(
    system: dict[str, str], user_id: str
) -> None:
    item = only(messages=[without(message("system", system), "from", "from_user_id")])

    assert (item.type, item.wa_id, item.user_id) == ("system", None, user_id)


@pytest.mark.parametrize("contacts", [None, [], {}, "x", [None, 7], [[]], [{"profile": "x", "wa_id": [1]}]])
def test_broken_contacts_do_not_break_the_message(contacts: Any) -> None:
    item = only(contacts=contacts, messages=[text_message()])

    assert (item.wa_id, item.profile_name, item.text) == (PHONE, None, "Is the blue one back?")


def test_names_are_cut_and_an_at_sign_alone_is_no_username() -> None:
    item = only(contacts=[contact(profile={"name": "n" * 300, "username": "@"})], messages=[text_message()])

    assert (item.profile_name, item.username) == ("n" * 255, None)


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
