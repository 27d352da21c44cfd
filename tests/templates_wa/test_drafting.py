"""The builder's rules: what WhatsApp would refuse is said before it is handed in, and drafts become Meta's components."""

import pytest

from templates_wa.drafting import Draft, DraftButton, components, from_components, problems
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
    assert components(draft, handle="4::x") == [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::x"]}},
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


def test_parts_that_the_builder_has_no_form_for_are_left_to_whatsapp_manager():
    assert from_components("rooms", "en", "MARKETING", [{"type": "CAROUSEL", "cards": []}]) is None
    flow = [{"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Go"}]}]
    assert from_components("rooms", "en", "MARKETING", flow) is None
