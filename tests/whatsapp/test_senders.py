"""Who sent a message: by which identifier, under which name, and never a stranger's."""

from typing import Any

import pytest

from tests.whatsapp.bodies import PARENT, PHONE, USER, contact, message, post, text_message
from tests.whatsapp.reading import only, without
from whatsapp.events import InboundMessage, parse


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
