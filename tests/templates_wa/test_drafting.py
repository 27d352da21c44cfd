"""The builder's rules: what WhatsApp would refuse is said before it is handed in, and drafts become Meta's components."""

from dataclasses import replace

import pytest

from templates_wa.drafting import (
    Draft,
    DraftButton,
    DraftCard,
    components,
    from_components,
    problems,
    with_samples,
)
from tests.templates_wa.samples import CAROUSEL, OFFER
from tests.worlds import GREETING

GOOD = Draft(
    name="order_ready",
    language="en",
    category="UTILITY",
    body="Hello {{1}}, your order {{2}} is ready to be picked up.",
    examples={"body.1": "Rania", "body.2": "PH-1"},
)


def but(**changes):
    return Draft(**{**{name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__}, **changes})


def test_a_good_draft_has_no_problems_and_becomes_what_meta_takes():
    assert problems(GOOD) == {}
    assert components(GOOD) == [
        {
            "type": "BODY",
            "text": "Hello {{1}}, your order {{2}} is ready to be picked up.",
            "example": {"body_text": [["Rania", "PH-1"]]},
        }
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Order Ready"}, "name"),
        ({"language": ""}, "language"),
        ({"body": ""}, "body"),
        ({"body": "x" * 1025}, "body"),
        ({"body": "{{1}} is ready"}, "body"),
        ({"body": "It is ready, {{1}}"}, "body"),
        ({"body": "Hello {{1}} {{2}} and more words here"}, "body"),
        ({"body": "Hello {{1}} and {{3}}, more words here"}, "body"),
        ({"body": "Hello {{name}} and {{2}}, more words here"}, "body"),
        ({"body": "Hello {1}} and more"}, "body"),
        ({"body": "Hi {{1}}, {{2}}, {{3}} ok"}, "body"),
        ({"examples": {"body.1": "Rania"}}, "x:body.2"),
        ({"footer": "x" * 61}, "footer"),
        ({"footer": "see {{1}}"}, "footer"),
        ({"header": "TEXT", "header_text": "x" * 61}, "header_text"),
        ({"header": "TEXT", "header_text": "{{1}} and {{2}}"}, "header_text"),
        ({"header": "IMAGE"}, "header_file"),
        ({"buttons": (DraftButton("QUICK_REPLY", "x" * 26),)}, "button:0"),
        ({"buttons": (DraftButton("URL", "Go", "javascript:alert(1)"),)}, "button:0"),
        ({"buttons": (DraftButton("URL", "Go", "https://a.example/{{1}}"),)}, "button:0"),
        ({"buttons": (DraftButton("PHONE_NUMBER", "Call", "0790"),)}, "button:0"),
        ({"buttons": (DraftButton("COPY_CODE", value="x" * 16),)}, "button:0"),
        ({"buttons": (DraftButton("PHONE_NUMBER", "A", "+9627900001"),) * 2}, "buttons"),
        (
            {
                "buttons": (
                    DraftButton("QUICK_REPLY", "A"),
                    DraftButton("URL", "Go", "https://a.example"),
                    DraftButton("QUICK_REPLY", "B"),
                )
            },
            "buttons",
        ),
        ({"category": "AUTHENTICATION", "minutes": 0}, "minutes"),
    ],
)
def test_what_whatsapp_would_refuse_is_said_at_its_field(changes, field):
    found = set(problems(but(**changes)))
    samples = {each for each in found if each.startswith("x:")}  # a new variable also wants its sample
    assert found - samples == {field} - samples
    assert field in found


def test_named_variables_headers_and_every_button_are_written_as_meta_writes_them():
    draft = but(
        body="Hello {{first_name}}, your order waits for you.",
        header="IMAGE",
        header_file=7,
        footer="Petra Home Store",
        examples={"body.first_name": "Rania"},
        buttons=(
            DraftButton("QUICK_REPLY", "Yes"),
            DraftButton("URL", "Track", "https://a.example/{{1}}", "https://a.example/7"),
            DraftButton("PHONE_NUMBER", "Call", "+96265550101"),
            DraftButton("COPY_CODE", value="HOME10"),
        ),
    )
    assert problems(draft) == {}
    assert components(draft) == [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["file:7"]}},
        {
            "type": "BODY",
            "text": "Hello {{first_name}}, your order waits for you.",
            "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Rania"}]},
        },
        {"type": "FOOTER", "text": "Petra Home Store"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Yes"},
                {
                    "type": "URL",
                    "text": "Track",
                    "url": "https://a.example/{{1}}",
                    "example": ["https://a.example/7"],
                },
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+96265550101"},
                {"type": "COPY_CODE", "example": "HOME10"},
            ],
        },
    ]


def test_a_template_goes_into_the_builder_and_comes_out_as_it_was():
    draft = from_components("showroom_weekend", "en", "MARKETING", GREETING)
    assert draft is not None
    assert problems(draft) == {}
    assert components(draft) == GREETING


CARDS = (
    DraftCard(7, "A table of {{1}} for six.", (DraftButton("URL", "Look", "https://a.example"),)),
    DraftCard(8, "A lamp.", (DraftButton("URL", "Look", "https://a.example"),)),
)
DECK = but(
    category="MARKETING",
    layout="CAROUSEL",
    cards=CARDS,
    examples={**GOOD.examples, "card.0.body.1": "oak"},
)
CODE, SHOP = DraftButton("COPY_CODE", value="LAMPS25"), DraftButton("URL", "Shop", "https://a.example")
LTO = but(category="MARKETING", layout="OFFER", offer="Ends soon!", buttons=(CODE, SHOP))
FLOW = DraftButton("FLOW", "Book", "1234567890", screen="WELCOME")


def test_a_carousel_is_written_as_meta_writes_it():
    assert problems(DECK) == {}
    button = {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://a.example"}]}
    assert components(DECK) == [
        components(GOOD)[0],
        {
            "type": "CAROUSEL",
            "cards": [
                {
                    "components": [
                        {
                            "type": "HEADER",
                            "format": "IMAGE",
                            "example": {"header_handle": ["file:7"]},
                        },
                        {
                            "type": "BODY",
                            "text": "A table of {{1}} for six.",
                            "example": {"body_text": [["oak"]]},
                        },
                        button,
                    ]
                },
                {
                    "components": [
                        {
                            "type": "HEADER",
                            "format": "IMAGE",
                            "example": {"header_handle": ["file:8"]},
                        },
                        {"type": "BODY", "text": "A lamp."},
                        button,
                    ]
                },
            ],
        },
    ]


def test_one_name_on_a_card_makes_the_whole_template_a_named_one():
    named = replace(
        DECK,
        body="Hello {{first_name}}, look at these.",
        cards=(replace(CARDS[0], body="A table of {{wood}} for six."), CARDS[1]),
        examples={"body.first_name": "Rania", "card.0.body.wood": "oak"},
    )
    assert problems(named) == {}
    assert named.is_named
    assert components(named)[1]["cards"][0]["components"][1]["example"] == {
        "body_text_named_params": [{"param_name": "wood", "example": "oak"}]
    }
    mixed = replace(named, body=GOOD.body, examples={**named.examples, **GOOD.examples})
    assert set(problems(mixed)) == {"body"}


def test_cards_without_any_text_have_no_body():
    bare = replace(DECK, cards=tuple(replace(card, body=" ") for card in CARDS))
    assert problems(bare) == {}
    assert [part["type"] for part in components(bare)[1]["cards"][0]["components"]] == ["HEADER", "BUTTONS"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "UTILITY"}, "category"),
        ({"cards": CARDS[:1]}, "cards"),
        ({"cards": CARDS * 6}, "cards"),
        ({"card_header": "DOCUMENT"}, "cards"),
        ({"cards": (CARDS[0], replace(CARDS[1], file=None))}, "card:1:file"),
        ({"cards": (CARDS[0], replace(CARDS[1], body="x" * 161))}, "card:1:body"),
        ({"cards": (CARDS[0], replace(CARDS[1], body=""))}, "card:1:body"),
        ({"cards": (CARDS[0], replace(CARDS[1], buttons=()))}, "cards"),
        ({"cards": tuple(replace(card, buttons=()) for card in CARDS)}, "cards"),
        ({"cards": tuple(replace(card, buttons=(SHOP,) * 3) for card in CARDS)}, "cards"),
        ({"cards": tuple(replace(card, buttons=(CODE,)) for card in CARDS)}, "cards"),
        (
            {"cards": (CARDS[0], replace(CARDS[1], buttons=(replace(SHOP, text="x" * 26),)))},
            "card:1:button:0",
        ),
        ({"examples": GOOD.examples}, "x:card.0.body.1"),
        ({"body": ""}, "body"),
    ],
)
def test_what_whatsapp_would_refuse_of_a_carousel_is_said_at_its_field(changes, field):
    assert field in problems(replace(DECK, **changes))


def test_ten_cards_are_one_carousel():
    samples = {f"card.{place}.body.1": "oak" for place in range(10)}
    assert problems(replace(DECK, cards=CARDS * 5, examples={**GOOD.examples, **samples})) == {}


def test_an_offer_is_written_between_its_picture_and_its_text():
    draft = replace(LTO, header="IMAGE", header_file=7)
    assert problems(draft) == {}
    assert components(draft) == [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["file:7"]}},
        {
            "type": "LIMITED_TIME_OFFER",
            "limited_time_offer": {"text": "Ends soon!", "has_expiration": True},
        },
        components(GOOD)[0],
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "COPY_CODE", "example": "LAMPS25"},
                {"type": "URL", "text": "Shop", "url": "https://a.example"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "UTILITY"}, "category"),
        ({"offer": ""}, "offer"),
        ({"offer": "x" * 17}, "offer"),
        ({"offer": "Until {{1}}"}, "offer"),
        ({"body": "x" * 601}, "body"),
        ({"footer": "Nadia Furniture"}, "footer"),
        ({"header": "TEXT", "header_text": "Lamps"}, "header"),
        ({"header": "DOCUMENT", "header_file": 7}, "header"),
        ({"buttons": (SHOP,)}, "buttons"),
        ({"buttons": (CODE,)}, "buttons"),
        ({"buttons": (SHOP, CODE)}, "buttons"),
        ({"buttons": (CODE, SHOP, DraftButton("QUICK_REPLY", "No"))}, "buttons"),
    ],
)
def test_what_whatsapp_would_refuse_of_an_offer_is_said_at_its_field(changes, field):
    assert set(problems(replace(LTO, **changes))) - {"x:body.1", "x:body.2"} == {field}


def test_an_offer_without_an_end_needs_no_code():
    assert problems(replace(LTO, expires=False, buttons=(SHOP,))) == {}


def test_a_flow_is_named_by_its_id_or_its_name_and_begins_as_chosen():
    by_name = replace(FLOW, value="Book a visit", action="data_exchange")
    assert [components(but(buttons=(button,)))[1]["buttons"] for button in (FLOW, by_name)] == [
        [
            {
                "type": "FLOW",
                "text": "Book",
                "flow_id": "1234567890",
                "flow_action": "navigate",
                "navigate_screen": "WELCOME",
            }
        ],
        [
            {
                "type": "FLOW",
                "text": "Book",
                "flow_name": "Book a visit",
                "flow_action": "data_exchange",
            }
        ],
    ]


@pytest.mark.parametrize(
    "change",
    [{"text": ""}, {"text": "x" * 26}, {"value": ""}, {"screen": ""}, {"screen": "A B"}, {"action": "fly"}],
)
def test_a_flow_that_whatsapp_would_refuse_is_said_at_its_button(change):
    assert set(problems(but(buttons=(replace(FLOW, **change),)))) == {"button:0"}
    assert set(problems(but(buttons=(FLOW, FLOW)))) == {"buttons"}


@pytest.mark.parametrize("draft", [DECK, LTO, but(category="MARKETING", buttons=(FLOW,))])
def test_every_kind_goes_into_the_builder_and_comes_out_as_it_was(draft):
    read = from_components(draft.name, draft.language, draft.category, components(draft))
    assert read == draft
    assert components(read) == components(draft)


@pytest.mark.parametrize("listed", [CAROUSEL, OFFER])
def test_what_meta_lists_lacks_only_its_sample_files(listed):
    read = from_components("autumn", "en", "MARKETING", listed)
    assert read is not None
    missing = {"header_file", "card:0:file", "card:1:file", "body", "card:0:body", "card:1:body", "button:1"}
    assert set(problems(read)) <= missing
    filled = with_samples(
        read, replace(read, header_file=7, cards=tuple(replace(card, file=9) for card in read.cards))
    )
    assert all(sample.file for sample in filled.samples())
    other = replace(read, card_header="VIDEO", header="VIDEO", header_file=7)
    assert with_samples(read, other) == read


def test_parts_that_the_builder_has_no_form_for_are_left_to_whatsapp_manager():
    assert from_components("rooms", "en", "MARKETING", [{"type": "CAROUSEL", "cards": []}]) is None
    flow = [{"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Go"}]}]
    assert from_components("rooms", "en", "MARKETING", flow) is None
    flow[1]["buttons"] = [{"type": "FLOW", "text": "Go", "flow_id": "7", "icon": "REVIEW"}]
    assert from_components("rooms", "en", "MARKETING", flow) is None
    beside = [*components(DECK), {"type": "FOOTER", "text": "x"}]
    assert from_components("rooms", "en", "MARKETING", beside) is None
