"""Sending templates: what fits, what does not and with which code, who may not be reached, what it costs."""

from typing import Any

import pytest

from simulator import demo_home, demo_travel
from simulator.shelf import Template
from tests.simulator import samples
from tests.simulator.conftest import NUMBER, OTHER_NUMBER, OTHER_WABA, RANIA, WABA, Api, Receiver

NUMBER_OF = {WABA: NUMBER, OTHER_WABA: OTHER_NUMBER}
APPROVED = [
    template
    for template in [*demo_home.templates(), *demo_travel.templates()]
    if template.status == "APPROVED"
]
SALE = next(template for template in APPROVED if template.name == "autumn_sale")
PICTURE = samples.header("image", {"link": "https://example.com/a.jpg"})
SUFFIX = samples.button(2, "url", "text", "text", "wa")
DOCUMENT = samples.header("document", {"link": "https://example.com/a.pdf"})
CODE = samples.button(0, "copy_code", "coupon_code", "coupon_code", "HOME10")


def vouchers(*more: Any, code: Any = CODE) -> list[Any]:
    head = {"type": "header", "parameters": [samples.text("Hana")]}
    return [head, *samples.body("50 JOD", "10 JOD", "Sunday"), code, *more]


@pytest.mark.parametrize("template", APPROVED, ids=[f"{one.name}-{one.language}" for one in APPROVED])
def test_every_approved_template_of_the_demo_can_be_sent(
    api: Api, receiver: Receiver, template: Template
) -> None:
    components = samples.filled(template.components)

    answer = api.post_template(
        template.name, components, NUMBER_OF[template.waba_id], language=template.language
    )

    assert answer.status_code == 200, answer.text
    assert set(answer.json()["messages"][0]) == {"id"}
    for name in ("sent", "delivered"):
        [status] = receiver.take().value["statuses"]
        assert (status["status"], status["pricing"]["category"]) == (name, template.category.lower())


def test_both_demo_accounts_have_a_dozen_templates_in_two_languages_and_every_state(api: Api) -> None:
    for templates in (demo_home.templates(), demo_travel.templates()):
        assert len(templates) >= 12
        assert {one.status for one in templates} == {"APPROVED", "PENDING", "REJECTED", "PAUSED"}
        assert {one.category for one in templates} == {"MARKETING", "UTILITY", "AUTHENTICATION"}
        names = [one.name for one in templates]
        assert len({name for name in names if names.count(name) == 2}) == 2


REFUSALS: list[tuple[str, str, Any, int, str]] = [
    ("unknown name", "nothing", [], 132001, "template name (nothing) does not exist in en"),
    ("pending", "warranty_reminder", [], 132001, "template name (warranty_reminder) does not exist in en"),
    ("rejected", "clearance", [], 132001, "template name (clearance) does not exist in en"),
    ("paused", "showroom_evening", [], 132015, "The template is paused because of low quality."),
    (
        "body not filled",
        "how_was_it",
        [],
        132000,
        "body: number of localizable_params (0) does not match the expected number of params (2)",
    ),
    (
        "body filled too far",
        "how_was_it",
        samples.body("a", "b", "c"),
        132000,
        "body: number of localizable_params (3) does not match the expected number of params (2)",
    ),
    ("null components", "how_was_it", None, 132000, "body: number of localizable_params (0)"),
    (
        "a header that is not there",
        "how_was_it",
        [*samples.body("a", "b"), {"type": "header", "parameters": [samples.text("x")]}],
        132000,
        "header: number of localizable_params (1)",
    ),
    (
        "no header",
        "autumn_sale",
        samples.body("a", "b"),
        132012,
        "header: Format mismatch, expected IMAGE, received UNKNOWN",
    ),
    (
        "another header",
        "autumn_sale",
        [DOCUMENT, *samples.body("a", "b")],
        132012,
        "header: Format mismatch, expected IMAGE, received DOCUMENT",
    ),
    (
        "a header without a file",
        "autumn_sale",
        [samples.header("image", {}), *samples.body("a", "b"), SUFFIX],
        131008,
        "header: image needs an id or a link.",
    ),
    (
        "a header with a strange link",
        "autumn_sale",
        [samples.header("image", {"link": "lamp.jpg"}), *samples.body("a", "b"), SUFFIX],
        131009,
        "header: image.link is not a web address.",
    ),
    (
        "a place without a latitude",
        "delivery_today",
        [samples.header("location", {"longitude": 3}), *samples.body("a", "b", "c")],
        131008,
        "header: location.latitude is required.",
    ),
    (
        "a place beyond the world",
        "delivery_today",
        [samples.header("location", {"latitude": 91, "longitude": 3}), *samples.body("a", "b", "c")],
        131009,
        "header: location.latitude is not a coordinate.",
    ),
    (
        "a picture in the body",
        "how_was_it",
        [{"type": "body", "parameters": [samples.text("a"), {"type": "image", "image": {"id": "1"}}]}],
        132012,
        "body: Format mismatch, expected TEXT, received IMAGE",
    ),
    ("empty text", "how_was_it", samples.body("a", ""), 131008, "body: parameter of type text is missing"),
    ("newline", "how_was_it", samples.body("a", "b\nc"), 132018, "body: param text cannot have new-line"),
    ("tab", "how_was_it", samples.body("a", "b\tc"), 132018, "body: param text cannot have new-line"),
    ("spaces", "how_was_it", samples.body("a", "b     c"), 132018, "body: param text cannot have new-line"),
    (
        "long",
        "how_was_it",
        samples.body("a", "b" * 1000),
        132005,
        "body: the filled-in text is longer than 1024",
    ),
    (
        "no suffix",
        "autumn_sale",
        [PICTURE, *samples.body("a", "b")],
        131008,
        "buttons: Button at index 2 of type Url requires a parameter",
    ),
    (
        "suffix of another type",
        "autumn_sale",
        [PICTURE, *samples.body("a", "b"), samples.button(2, "url", "payload", "payload", "x")],
        132012,
        "buttons: Button at index 2: Format mismatch, expected TEXT, received PAYLOAD",
    ),
    (
        "a button that is not there",
        "autumn_sale",
        [PICTURE, *samples.body("a", "b"), SUFFIX, samples.button(3, "url", "text", "text", "x")],
        132018,
        "buttons: no url button to fill at index 3.",
    ),
    (
        "a button of another kind",
        "autumn_sale",
        [PICTURE, *samples.body("a", "b"), SUFFIX, samples.button(0, "url", "text", "text", "x")],
        132018,
        "buttons: no url button to fill at index 0.",
    ),
    (
        "a button twice",
        "autumn_sale",
        [PICTURE, *samples.body("a", "b"), SUFFIX, SUFFIX],
        132018,
        "buttons: no url button to fill at index 2.",
    ),
    (
        "a link that takes nothing",
        "voucher_for_you",
        vouchers(samples.button(1, "url", "text", "text", "x")),
        132018,
        "buttons: Button at index 1 of type Url takes no parameter.",
    ),
    (
        "a long code",
        "voucher_for_you",
        vouchers(code=samples.button(0, "copy_code", "coupon_code", "coupon_code", "x" * 16)),
        131009,
        "buttons: Button at index 0: a code has at most 15 characters.",
    ),
    (
        "an unknown name of a variable",
        "back_in_stock",
        [
            {
                "type": "body",
                "parameters": [
                    samples.text("a", parameter_name="first_name"),
                    samples.text("b", parameter_name="product"),
                    samples.text("c", parameter_name="colour"),
                ],
            }
        ],
        132018,
        "body: parameter_name 'colour' is not one of the template's.",
    ),
    (
        "a name of a variable twice",
        "back_in_stock",
        [{"type": "body", "parameters": [samples.text("a", parameter_name="product")] * 3}],
        132018,
        "body: a parameter_name is given twice.",
    ),
    ("too few cards", "new_rooms", samples.body("a"), 132000, "carousel: number of cards (0) does not match"),
    ("unknown component", "how_was_it", [{"type": "boddy"}], 100, "components: unknown type boddy."),
    ("components as an object", "how_was_it", {"type": "body"}, 100, "components must be a list."),
]


@pytest.mark.parametrize(
    ("name", "components", "code", "details"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_what_does_not_fit_the_template_is_refused(
    api: Api, name: str, components: Any, code: int, details: str
) -> None:
    answer = api.post_template(name, components)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404 if code == 132001 else 400, code)
    assert error["error_data"]["details"].startswith(details)
    assert api.listed("accepted")["count"] == 0


def test_a_disabled_template_is_refused_for_good(api: Api) -> None:
    api.control("template", waba_id=WABA, name="how_was_it", do="disable")

    assert api.post_template("how_was_it", samples.body("a", "b")).json()["error"]["code"] == 132016


def test_a_template_of_another_account_does_not_exist(api: Api) -> None:
    answer = api.post_template("how_was_it", samples.body("a", "b"), OTHER_NUMBER)

    assert answer.json()["error"]["code"] == 132001


def test_named_variables_come_in_any_order_and_dates_show_their_fallback(api: Api) -> None:
    parameters = [
        samples.text("twelve", parameter_name="pieces"),
        {"type": "currency", "currency": {"fallback_value": "shelf"}, "parameter_name": "product"},
        samples.text("Rania", parameter_name="first_name"),
    ]

    api.post_template("back_in_stock", [{"type": "body", "parameters": parameters}])

    [message] = api.get("/handset/state").json()["thread"]["messages"]
    assert message["text"] == (
        "Good news, Rania: shelf is in the warehouse again. We kept twelve aside for people who asked."
    )


def test_the_wrong_kind_of_card_is_named_with_its_number(api: Api) -> None:
    rooms = next(template for template in APPROVED if template.name == "new_rooms")
    components = samples.filled(rooms.components)
    components[1]["cards"][1]["components"][0] = DOCUMENT

    error = api.post_template("new_rooms", components).json()["error"]

    assert error["error_data"]["details"] == (
        "card 1 header: Format mismatch, expected IMAGE, received DOCUMENT"
    )


def test_a_password_is_not_sent_to_a_user_id(api: Api, receiver: Receiver) -> None:
    api.inbound()
    user_id = receiver.take().value["contacts"][0]["user_id"]
    code = samples.button(0, "url", "text", "text", "482913")

    answer = api.post_template(
        "verification_code", [*samples.body("482913"), code], to=..., recipient=user_id
    )

    assert answer.json()["error"]["code"] == 131062


def test_templates_need_no_window_and_open_none(api: Api) -> None:
    assert api.post_template("how_was_it", samples.body("a", "b")).status_code == 200
    assert api.post_message().json()["error"]["code"] == 131047


def test_a_stranger_who_got_a_template_can_still_be_answered(api: Api) -> None:
    somebody = "+962790000888"

    assert api.post_template("how_was_it", samples.body("a", "b"), to=somebody).status_code == 200
    assert api.post_message(to=somebody).status_code == 200
    api.control("switches", strangers="silent")
    assert api.post_template("how_was_it", samples.body("a", "b"), to="+962790000889").status_code == 200
    assert api.post_message(to="+962790000889").json()["error"]["code"] == 131047


@pytest.mark.parametrize(
    ("dialled", "wa_id"),
    [
        ("+5561990000111", "556190000111"),
        ("+525512345678", "5215512345678"),
        ("+541112345678", "5491112345678"),
    ],
)
def test_receipts_and_answers_name_the_whatsapp_id(
    api: Api, receiver: Receiver, dialled: str, wa_id: str
) -> None:
    api.control("switches", receipts="sent")

    answer = api.post_template("how_was_it", samples.body("a", "b"), to=dialled)

    assert answer.json()["contacts"] == [{"input": dialled, "wa_id": wa_id}]
    value = receiver.take().value
    assert (value["contacts"][0]["wa_id"], value["statuses"][0]["recipient_id"]) == (wa_id, wa_id)
    api.inbound(dialled)
    assert receiver.take().value["messages"][0]["from"] == wa_id


def test_marketing_to_somebody_who_stopped_it_is_131050(api: Api, receiver: Receiver) -> None:
    choice = {"phone_number_id": NUMBER, "wa_id": RANIA}
    api.control("preferences", **choice, value="stop")
    receiver.take()
    sale = samples.filled(SALE.components)

    assert api.post_template("autumn_sale", sale).json()["error"]["code"] == 131050
    assert api.post_template("how_was_it", samples.body("a", "b")).status_code == 200
    assert receiver.statuses(2) == ["sent", "delivered"]
    api.control("switches", stopped_refusal="receipt")
    assert api.post_template("autumn_sale", sale).status_code == 200
    assert receiver.take().value["statuses"][0]["errors"][0]["code"] == 131050
    api.control("preferences", **choice, value="resume")
    assert api.post_template("autumn_sale", sale).status_code == 200


@pytest.mark.parametrize("code", [131026, 131049, 131050])
def test_a_person_can_be_ordered_to_refuse(api: Api, receiver: Receiver, code: int) -> None:
    api.control("customers", wa_id=RANIA, refuse=code)

    assert api.post_template("how_was_it", samples.body("a", "b")).status_code == 200
    assert receiver.take().value["statuses"][0]["errors"][0]["code"] == code
    api.control("customers", wa_id=RANIA, refuse_where="response")
    assert api.post_template("how_was_it", samples.body("a", "b")).json()["error"]["code"] == code
    api.control("customers", wa_id=RANIA, refuse=None)
    assert api.post_template("how_was_it", samples.body("a", "b")).status_code == 200


def test_a_number_sends_only_so_many_a_second(api: Api) -> None:
    api.control("switches", number_rate=1, receipts="none")

    answers = [api.post_template("how_was_it", samples.body("a", "b")) for _ in range(5)]

    codes = [answer.json().get("error", {}).get("code") for answer in answers]
    assert codes[0] is None
    assert 130429 in codes
    api.control("switches", number_rate=True)
    assert api.post_template("how_was_it", samples.body("a", "b")).status_code == 200


def test_a_portfolio_reaches_only_so_many_people_outside_windows(api: Api) -> None:
    api.control("switches", portfolio_limit=2, receipts="none")
    people = [f"+96279000010{last}" for last in (1, 2, 1, 3)]

    answers = [api.post_template("how_was_it", samples.body("a", "b"), to=to) for to in people]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 400]
    assert answers[3].json()["error"]["code"] == 131048
    api.inbound("962790000103")
    assert api.post_template("how_was_it", samples.body("a", "b"), to=people[3]).status_code == 200
    api.control("numbers", phone_number_id=NUMBER, messaging_limit="TIER_UNLIMITED")
    api.control("switches", portfolio_limit=True)
    assert api.post_template("how_was_it", samples.body("a", "b"), to="+962790000104").status_code == 200


def test_tens_of_thousands_of_sends_can_be_counted_without_their_bodies(api: Api) -> None:
    api.control("switches", receipts="none")
    for index in range(3):
        api.post_template("how_was_it", samples.body("a", "b"), biz_opaque_callback_data=f"m:{index % 2}")
    api.post_template("nothing", [])

    accepted = api.listed("accepted", count=1)
    rejected = api.listed("rejected", count=1)

    assert accepted["count"] == 3
    assert accepted["per_person"] == {RANIA: 3}
    assert accepted["per_opaque"] == {"m:0": 2, "m:1": 1}
    assert "messages" not in accepted
    assert (rejected["count"], rejected["per_code"]) == (1, {"132001": 1})


def test_an_offer_shows_until_when(api: Api) -> None:
    early = next(template for template in APPROVED if template.name == "early_bird")
    components = samples.filled(early.components)

    api.post_template("early_bird", components, OTHER_NUMBER)

    state = api.get("/handset/state", params={"number": OTHER_NUMBER}).json()
    assert state["thread"]["messages"][0]["template"]["ends"] == 1_900_000_000_000
    short = [part for part in components if part["type"] != "limited_time_offer"]
    assert api.post_template("early_bird", short, OTHER_NUMBER).json()["error"]["code"] == 131008
