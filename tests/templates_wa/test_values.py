"""What a template asks for, and which values WhatsApp would refuse."""

import re

import pytest

from templates_wa.definition import Budget, problems, read
from templates_wa.slots import Place, place, written
from tests.templates_wa import samples

SAY = [{"type": "BODY", "text": "Say {{1}}."}]


def keys(listed, category=""):
    return [slot.key for slot in read(listed, category).slots]


def only(value, listed=SAY, key="body.1"):
    return problems(read(listed), {key: value}).get(key)


def test_slots_come_in_the_order_of_reading_with_meta_s_examples():
    assert [(slot.key, slot.kind, slot.example) for slot in read(samples.POSITIONAL).slots] == [
        ("header.1", "text", "A-17"),
        ("body.1", "text", "Rania"),
        ("body.2", "text", "Saturday"),
    ]
    assert [(slot.key, slot.example) for slot in read(samples.NAMED).slots] == [
        ("header.first_name", "Rania"),
        ("body.day", "Saturday"),
        ("body.first_name", "Rania"),
    ]


def test_buttons_offers_codes_and_cards_have_slots_of_their_own():
    assert keys(samples.BUTTONS) == ["button.2.suffix", "button.5.code", "button.6.flow"]
    assert keys(samples.OFFER) == [
        "header.media",
        "body.1",
        "lto.expires",
        "button.0.code",
        "button.1.suffix",
    ]
    assert keys(samples.OTP, "AUTHENTICATION") == ["otp.code"]
    assert keys(samples.CAROUSEL) == [
        "body.1",
        "card.0.header.media",
        "card.0.body.1",
        "card.0.button.1.suffix",
        "card.1.header.media",
        "card.1.body.1",
        "card.1.button.1.suffix",
    ]


def test_the_example_of_a_link_is_only_its_end():
    suffix = read(samples.BUTTONS).slots[0]
    assert (suffix.example, suffix.prefix) == ("A-17", "https://shop.example/t/")
    assert read(samples.OFFER).slots[-1].example == "SPRING25"


def test_labels_say_where_the_value_goes():
    labels = [slot.label for slot in read(samples.CAROUSEL).slots[:4]]
    assert labels == [
        "Message variable {{1}}",
        "Card 1: Header image",
        "Card 1: Message variable {{1}}",
        "Card 1: End of the link of “\u2068Buy\u2069”",
    ]
    assert read(samples.OTP, "AUTHENTICATION").slots[0].label == "One-time code"


@pytest.mark.parametrize("value", ["", " ", "    "])
def test_what_is_missing_is_asked_for(value):
    assert only(value) == "Fill this in."


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\tb", "a     b", "a\x00b"])
def test_characters_that_whatsapp_refuses_are_refused(value):
    assert only(value)


@pytest.mark.parametrize("value", ["a    b", "a\u00a0b", "مرحبا", "👋🏽", "<b>", "{{1}}", " a "])
def test_everything_else_is_fine(value):
    assert only(value) is None


def test_a_single_variable_may_fill_what_the_text_leaves():
    slot = read(SAY).slots[0]
    assert slot.limit == 1024 - len("Say .")
    assert only("x" * slot.limit) is None
    assert (
        only("x" * (slot.limit + 1)) == f"At most {slot.limit} characters here; these are {slot.limit + 1}."
    )


def test_a_header_has_sixty_characters_an_offer_six_hundred_a_card_a_hundred_and_sixty():
    assert read(samples.POSITIONAL).slots[0].limit == 60 - len("Order ")
    assert read(samples.OFFER).slots[1].limit == 600 - len("Good news, : 25% off.")
    assert read(samples.CAROUSEL).slots[2].limit == 160 - len("A table of .")


def test_variables_of_one_text_share_its_length_and_a_repeated_one_counts_twice():
    made = read(samples.POSITIONAL)
    room = 1024 - len("Hello , it arrives on . 100% sure, !")
    assert made.budgets == [Budget(("body.1", "body.2", "body.1"), room)]
    assert [slot.limit for slot in made.slots[1:]] == [(room - 1) // 2, room - 2]
    values = {"header.1": "x", "body.1": "x" * 400, "body.2": "y" * (room - 800)}
    assert problems(made, values) == {}
    values["body.2"] += "y"
    assert set(problems(made, values)) == {"body.1", "body.2"}


@pytest.mark.parametrize("value", ["a b", "a\nb", "x" * 16])
def test_a_code_is_one_word_of_fifteen_characters(value):
    assert only(value, samples.BUTTONS, "button.5.code")
    assert problems(read(samples.OTP, "AUTHENTICATION"), {"otp.code": value})


def test_a_link_s_end_has_no_spaces():
    assert only("a b", samples.BUTTONS, "button.2.suffix") == "No spaces, tabs or line breaks here."
    assert only("a/b?c=d&e=%20", samples.BUTTONS, "button.2.suffix") is None


def test_a_flow_token_may_be_left_out():
    assert only("", samples.BUTTONS, "button.6.flow") is None


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("https://cdn.example/a.png", True),
        ("file:12", True),
        ("http://cdn.example/a.png", False),
        ("https://cdn.example/a b.png", False),
        ("https://cdn.example/a.png\n", False),
        ("file:", False),
        ("file:x", False),
        ("file:12\n", False),
        ("javascript:alert(1)", False),
    ],
)
def test_a_file_is_a_secure_link_or_one_that_was_uploaded(value, good):
    assert (only(value, samples.header("IMAGE"), "header.media") is None) == good


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("31.95,35.91,Shop,Rainbow St. 5, Amman", True),
        ("-90,180,a,b", True),
        ("90.1,0,a,b", False),
        ("0,181,a,b", False),
        ("nan,0,a,b", False),
        ("1,2,a", False),
        ("1,2,,b", False),
        ("x", False),
    ],
)
def test_a_location_is_on_earth_and_has_a_name_and_an_address(value, good):
    assert (only(value, samples.header("LOCATION"), "header.location") is None) == good


@pytest.mark.parametrize("name", ["Shop", "Nadia, the shop", 'The "best", they say', '"Q"'])
def test_a_place_survives_being_written_down(name):
    found = Place("31.95", "35.91", name, "Rainbow St. 5, Amman")
    assert place(written(found)) == found


def test_an_offer_ends_in_the_future_in_milliseconds():
    made, key = samples.OFFER, "lto.expires"
    assert only("4102444800000", made, key) is None
    assert only("1000000000000", made, key) == (
        "The offer would already be over. Choose a time in the future."
    )
    for value in ("4102444800", "2100-01-01", "4102444800000\n"):
        assert only(value, made, key) == "Give the day and the time at which the offer ends."


def test_the_rules_are_regular_expressions_that_a_database_understands_too():
    rules = {slot.kind: (slot.forbidden, slot.pattern) for slot in read(samples.OFFER).slots}
    assert rules["text"] == (r"[\n\r\t]| {5,}", "")
    assert rules["media_image"][1]
    for forbidden, pattern in rules.values():
        re.compile(forbidden)
        re.compile(pattern)
