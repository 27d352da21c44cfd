"""What is sent to WhatsApp for each kind of component."""

import pytest

from templates_wa.definition import components, read
from tests.templates_wa import samples

MARK = "m7"
AHEAD = "4102444800000"  # the year 2100


def text(value, name=None):
    return {"type": "text", **({"parameter_name": name} if name else {}), "text": value}


def test_a_template_without_variables_needs_no_components():
    assert components(read(samples.PLAIN), {}, mark=MARK) == []


def test_positional_parameters_come_in_order_and_each_once():
    values = {"header.1": "A-17", "body.1": "Rania", "body.2": "Saturday"}
    assert components(read(samples.POSITIONAL), values, mark=MARK) == [
        {"type": "header", "parameters": [text("A-17")]},
        {"type": "body", "parameters": [text("Rania"), text("Saturday")]},
    ]


def test_positional_parameters_are_ordered_by_number_wherever_they_stand():
    made = read([{"type": "BODY", "text": "{{2}} comes before {{1}}, and {{10}} last."}])
    values = {"body.1": "one", "body.2": "two", "body.10": "ten"}
    assert components(made, values, mark=MARK)[0]["parameters"] == [text("one"), text("two"), text("ten")]


def test_named_parameters_carry_their_names():
    values = {"header.first_name": "Rania", "body.day": "Saturday", "body.first_name": "Rania"}
    assert components(read(samples.NAMED), values, mark=MARK) == [
        {"type": "header", "parameters": [text("Rania", "first_name")]},
        {"type": "body", "parameters": [text("Saturday", "day"), text("Rania", "first_name")]},
    ]


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_media_header_goes_by_link(kind):
    made = read(samples.header(kind.upper()))
    link = "https://cdn.example/a%20b.bin?x=1"
    assert components(made, {"header.media": link}, mark=MARK) == [
        {"type": "header", "parameters": [{"type": kind, kind: {"link": link}}]}
    ]


def test_a_document_takes_its_name_from_the_link():
    made = read(samples.header("DOCUMENT"))
    link = "https://cdn.example/Price%20list.pdf?x=1"
    assert components(made, {"header.media": link}, mark=MARK)[0]["parameters"] == [
        {"type": "document", "document": {"link": link, "filename": "Price list.pdf"}}
    ]


def test_a_kept_file_goes_by_its_media_id_and_only_a_document_has_a_name():
    media = {"file:12": {"id": "990", "filename": "a.pdf"}}
    values = {"header.media": "file:12"}
    for kind, sent in (("document", {"id": "990", "filename": "a.pdf"}), ("image", {"id": "990"})):
        made = read(samples.header(kind.upper()))
        assert components(made, values, mark=MARK, media=media)[0]["parameters"] == [
            {"type": kind, kind: sent}
        ]


def test_a_kept_file_without_a_media_id_is_not_sent():
    with pytest.raises(ValueError, match="file:12"):
        components(read(samples.header("IMAGE")), {"header.media": "file:12"}, mark=MARK)


def test_a_location_is_read_from_one_line():
    made = read(samples.header("LOCATION"))
    values = {"header.location": '31.95,35.91,"Nadia, the shop",Rainbow St. 5, Amman'}
    assert components(made, values, mark=MARK)[0]["parameters"] == [
        {
            "type": "location",
            "location": {
                "latitude": "31.95",
                "longitude": "35.91",
                "name": "Nadia, the shop",
                "address": "Rainbow St. 5, Amman",
            },
        }
    ]


def test_every_button_that_needs_something_gets_it_under_its_own_index():
    values = {"button.2.suffix": "A-17", "button.5.code": "SPRING25", "button.6.flow": "booking-9"}
    assert components(read(samples.BUTTONS), values, mark=MARK) == [
        button("quick_reply", "0", {"type": "payload", "payload": "m7.0"}),
        button("quick_reply", "1", {"type": "payload", "payload": "m7.1"}),
        button("url", "2", text("A-17")),
        button("copy_code", "5", {"type": "coupon_code", "coupon_code": "SPRING25"}),
        button("flow", "6", {"type": "action", "action": {"flow_token": "booking-9"}}),
    ]


def test_a_flow_without_a_token_of_its_own_carries_our_mark():
    values = {"button.2.suffix": "A-17", "button.5.code": "SPRING25"}
    flow = components(read(samples.BUTTONS), values, mark=MARK)[-1]
    assert flow["parameters"] == [{"type": "action", "action": {"flow_token": "m7.6"}}]


@pytest.mark.parametrize("listed", [samples.OTP, samples.OTP_DRAFT])
def test_a_one_time_password_goes_into_the_body_and_into_the_button(listed):
    assert components(read(listed, "AUTHENTICATION"), {"otp.code": "482913"}, mark=MARK) == [
        {"type": "body", "parameters": [text("482913")]},
        button("url", "0", text("482913")),
    ]


def test_a_limited_time_offer_says_when_it_ends():
    values = {
        "header.media": "https://cdn.example/a.png",
        "lto.expires": AHEAD,
        "body.1": "Rania",
        "button.0.code": "SPRING25",
        "button.1.suffix": "x",
    }
    assert components(read(samples.OFFER), values, mark=MARK)[2] == {
        "type": "limited_time_offer",
        "parameters": [
            {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": int(AHEAD)}}
        ],
    }


def test_a_carousel_has_every_card_with_its_own_values():
    values = {"body.1": "Rania"}
    for card in (0, 1):
        values |= {
            f"card.{card}.header.media": f"https://cdn.example/{card}.png",
            f"card.{card}.body.1": f"wood {card}",
            f"card.{card}.button.1.suffix": f"p{card}",
        }
    sent = components(read(samples.CAROUSEL), values, mark=MARK)
    assert sent[0] == {"type": "body", "parameters": [text("Rania")]}
    assert sent[1]["type"] == "carousel"
    assert sent[1]["cards"] == [
        {
            "card_index": card,
            "components": [
                {
                    "type": "header",
                    "parameters": [
                        {"type": "image", "image": {"link": f"https://cdn.example/{card}.png"}},
                    ],
                },
                {"type": "body", "parameters": [text(f"wood {card}")]},
                button("quick_reply", "0", {"type": "payload", "payload": f"m7.{card}.0"}),
                button("url", "1", text(f"p{card}")),
            ],
        }
        for card in (0, 1)
    ]


def test_values_go_out_exactly_as_they_were_given():
    value = "  {{2}} %s *x* <b>  "
    made = read([{"type": "BODY", "text": "Say {{1}}."}])
    assert components(made, {"body.1": value}, mark=MARK)[0]["parameters"] == [text(value)]


def test_nothing_is_built_from_values_with_problems():
    with pytest.raises(ValueError, match=r"body\.1"):
        components(read([{"type": "BODY", "text": "Say {{1}}."}]), {"body.1": "a\nb"}, mark=MARK)


@pytest.mark.parametrize(
    ("component", "verdict"),
    [
        ({"type": "HEADER", "format": "GIF"}, "HEADER GIF"),
        ({"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "View"}]}, "BUTTON CATALOG"),
        ({"type": "CALL_PERMISSION_REQUEST"}, "CALL_PERMISSION_REQUEST"),
        (
            {"type": "CAROUSEL", "cards": [{"components": [{"type": "FOOTER", "text": "x"}]}]},
            "CAROUSEL FOOTER",
        ),
        ({}, "?"),
    ],
)
def test_what_is_not_known_makes_a_template_unsupported_and_unsendable(component, verdict):
    made = read([*samples.PLAIN, component])
    assert made.unsupported == verdict
    with pytest.raises(ValueError, match="cannot be sent"):
        components(made, {}, mark=MARK)


@pytest.mark.parametrize("listed", [None, "x", {}, [1, None], [{"type": "BUTTONS", "buttons": "x"}]])
def test_nonsense_from_the_other_side_never_raises(listed):
    read(listed)


def button(kind, index, parameter):
    return {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]}
