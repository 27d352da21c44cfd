"""The Graph API's template calls: listing, drafts and their rules, edits, deletion, usage."""

import json
from typing import Any

import httpx
import pytest

from simulator import demo_home, demo_travel
from simulator.definitions import components_of
from tests.simulator import samples
from tests.simulator.conftest import NUMBER, OTHER_NUMBER, OTHER_WABA, WABA, Api, Receiver

LIST = f"{WABA}/message_templates"


def error_of(answer: httpx.Response) -> tuple[int, int, int | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


def created(api: Api, **changes: Any) -> str:
    answer = api.graph("POST", LIST, json=samples.draft(**changes))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_the_list_has_what_whatsapp_lists(api: Api) -> None:
    answer = api.graph("GET", LIST, params={"name": "order_confirmation", "language": "en"}).json()

    [row] = answer["data"]
    assert set(row) == {
        "name", "parameter_format", "components", "language", "status", "category", "sub_category", "id"
    }  # fmt: skip
    assert (row["parameter_format"], row["category"], row["status"]) == ("NAMED", "UTILITY", "APPROVED")
    assert [part["type"] for part in row["components"]] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]
    assert "next" not in answer["paging"]


def test_fields_are_chosen_and_an_unknown_one_is_refused(api: Api) -> None:
    fields = "name,quality_score,rejected_reason,correct_category"

    [row] = api.graph("GET", LIST, params={"fields": fields, "name": "clearance"}).json()["data"]

    assert row == {
        "name": "clearance",
        "quality_score": {"score": "UNKNOWN", "date": 0},
        "rejected_reason": "INVALID_FORMAT",
        "id": row["id"],
    }
    assert error_of(api.graph("GET", LIST, params={"fields": "name,colour"})) == (400, 100, None)
    node = api.graph("GET", row["id"], params={"fields": "name,status"}).json()
    assert node == {"name": "clearance", "status": "REJECTED", "id": row["id"]}


def test_every_page_follows_from_the_cursor_of_the_one_before(api: Api) -> None:
    whole = api.graph("GET", LIST, params={"fields": "id", "limit": 1000}).json()["data"]
    found: list[Any] = []
    query: dict[str, Any] = {"fields": "id", "limit": 5}
    while True:
        page = api.graph("GET", LIST, params=query).json()
        found += page["data"]
        if "next" not in page["paging"]:
            break
        following = httpx.get(page["paging"]["next"], headers=api.headers, trust_env=False).json()
        query["after"] = page["paging"]["cursors"]["after"]
        assert following["data"] == api.graph("GET", LIST, params=query).json()["data"]

    assert found == whole
    assert len(whole) == len(demo_home.templates())
    back = api.graph("GET", LIST, params={"fields": "id", "limit": 5, "before": query["after"]}).json()
    assert len(back["data"]) == 5


def test_the_list_can_be_narrowed(api: Api) -> None:
    def names(**query: str) -> set[str]:
        return {row["name"] for row in api.graph("GET", LIST, params=query | {"limit": "100"}).json()["data"]}

    assert names(status="rejected") == {"clearance"}
    assert names(status="PENDING,PAUSED") == {"warranty_reminder", "showroom_evening"}
    assert names(category="AUTHENTICATION") == {"verification_code"}
    assert names(language="ar") == {"order_confirmation", "autumn_sale"}
    assert names(name="nothing") == set()
    assert api.graph("GET", LIST, params={"limit": "0"}).json()["error"]["code"] == 100


def test_templates_of_another_account_do_not_exist(api: Api) -> None:
    foreign = demo_travel.templates()[0].template_id

    for method, path in [("GET", f"{OTHER_WABA}/message_templates"), ("GET", foreign), ("POST", foreign)]:
        assert error_of(api.graph(method, path)) == (400, 100, 33)
    assert error_of(api.graph("POST", f"{foreign}/unpause")) == (400, 100, 33)
    assert api.graph("GET", foreign, OTHER_NUMBER).status_code == 200


@pytest.mark.parametrize(
    "template", [*demo_home.templates(), *demo_travel.templates()], ids=lambda one: one.name
)
def test_the_demo_keeps_to_the_rules_for_drafts(template: Any) -> None:
    named = template.parameter_format == "NAMED"
    if template.category != "AUTHENTICATION":  # its words are WhatsApp's, so no draft has them
        assert (
            components_of(template.components, category=template.category, named=named) == template.components
        )


def test_a_draft_becomes_pending_and_is_listed_in_the_usual_form(api: Api) -> None:
    api.control("switches", review="wait")
    buttons = [
        {"type": "quick_reply", "text": "Fine"},
        {
            "type": "url",
            "text": "Look",
            "url": "https://example.com/{{1}}",
            "example": "https://example.com/a",
        },
        {"type": "copy_code", "example": "CODE1"},
    ]
    parts = [*samples.draft()["components"], {"type": "buttons", "buttons": buttons}]

    answer = api.graph(
        "POST", LIST, json=samples.draft(components=parts, message_send_ttl_seconds=3600)
    ).json()

    assert answer == {"id": answer["id"], "status": "PENDING", "category": "UTILITY"}
    fields = "status,language,components,quality_score,message_send_ttl_seconds"
    node = api.graph("GET", answer["id"], params={"fields": fields}).json()
    assert node["quality_score"]["score"] == "UNKNOWN"
    assert (node["status"], node["message_send_ttl_seconds"]) == ("PENDING", 3600)
    assert node["components"] == [
        {
            "type": "BODY",
            "text": "Your parcel arrives today, {{1}}, all of it.",
            "example": {"body_text": [["Nour"]]},
        },
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Fine"},
                {
                    "type": "URL",
                    "text": "Look",
                    "url": "https://example.com/{{1}}",
                    "example": ["https://example.com/a"],
                },
                {"type": "COPY_CODE", "text": "Copy offer code", "example": ["CODE1"]},
            ],
        },
    ]


def body(text: str, *examples: str) -> list[Any]:
    part: dict[str, Any] = {"type": "BODY", "text": text}
    return [part | {"example": {"body_text": [list(examples)]}} if examples else part]


def buttons(*some: dict[str, Any]) -> list[Any]:
    return [*body("Look at this"), {"type": "BUTTONS", "buttons": list(some)}]


def cards(*some: list[Any]) -> list[Any]:
    return [*body("Look at these"), {"type": "CAROUSEL", "cards": [{"components": one} for one in some]}]


PICTURE = {
    "type": "HEADER",
    "format": "IMAGE",
    "example": {"header_handle": ["https://scontent.whatsapp.net/a"]},
}
QUICK = {"type": "QUICK_REPLY", "text": "Fine"}
LINK = {"type": "URL", "text": "Look", "url": "https://example.com"}
CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+96265550101"}
COPY = {"type": "COPY_CODE", "example": "CODE"}
OTP = {"type": "OTP", "otp_type": "COPY_CODE"}
CARD = [PICTURE, {"type": "BUTTONS", "buttons": [QUICK]}]
MARKETING = {"category": "MARKETING"}
FLOW = {"type": "FLOW", "text": "Book", "flow_id": "77", "navigate_screen": "WELCOME"}


def offer(*some: dict[str, Any], text: str = "Ends soon!", ends: bool = True, **more: Any) -> dict[str, Any]:
    """The changes that make an offer of a draft: its buttons, and other components by their kind."""
    told = {"text": text, "has_expiration": ends}
    parts = [
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": told},
        *body(more.pop("body", "A fine offer")),
        {"type": "BUTTONS", "buttons": list(some)},
        *({"type": kind.upper(), **part} for kind, part in more.items()),
    ]
    return MARKETING | {"components": parts}


DRAFTS: list[tuple[str, dict[str, Any], int | None]] = [
    ("no name", {"name": ...}, None),
    ("capitals in the name", {"name": "Sale"}, None),
    ("a long name", {"name": "a" * 513}, None),
    ("no category", {"category": ...}, None),
    ("another category", {"category": "NEWS"}, None),
    ("another language", {"language": "english"}, None),
    ("misspelled key", {"catgory": "UTILITY"}, None),
    ("another format of variables", {"parameter_format": "ROMAN"}, None),
    ("no components", {"components": ...}, None),
    ("no body", {"components": [{"type": "FOOTER", "text": "x"}]}, 2388043),
    ("two bodies", {"components": body("x") * 2}, None),
    ("unknown component", {"components": [*body("x"), {"type": "SIDEBAR"}]}, None),
    ("empty body", {"components": body(" ")}, 2388043),
    ("long body", {"components": body("x" * 1025)}, 2388040),
    ("variable first", {"components": body("{{1}}, your parcel is here", "Nour")}, 2388299),
    ("variable last", {"components": body("Your parcel is here, {{1}}", "Nour")}, 2388299),
    ("too many variables", {"components": body("a {{1}} b {{2}} c", "x", "y")}, 2388293),
    ("a gap in the numbers", {"components": body("The parcel {{2}} arrives today", "x")}, 2388072),
    ("names among numbers", {"components": body("The parcel {{name}} arrives today", "x")}, 2388072),
    ("no sample", {"components": body("The parcel {{1}} arrives today")}, 2388043),
    ("a sample too many", {"components": body("The parcel {{1}} arrives today", "x", "y")}, 2388043),
    ("an empty sample", {"components": body("The parcel {{1}} arrives today", "")}, 2388043),
    (
        "no named sample",
        {"parameter_format": "NAMED", "components": body("The parcel {{parcel}} arrives today", "x")},
        2388043,
    ),
    (
        "long header",
        {"components": [{"type": "HEADER", "format": "TEXT", "text": "x" * 61}, *body("x")]},
        2388040,
    ),
    (
        "two variables in the header",
        {"components": [{"type": "HEADER", "format": "TEXT", "text": "a {{1}} {{2}}"}, *body("x")]},
        2388047,
    ),
    (
        "a bold header",
        {"components": [{"type": "HEADER", "format": "TEXT", "text": "*a*"}, *body("x")]},
        2388047,
    ),
    ("an unknown header", {"components": [{"type": "HEADER", "format": "SOUND"}, *body("x")]}, 2388047),
    (
        "a picture without a sample",
        {"components": [{"type": "HEADER", "format": "IMAGE"}, *body("x")]},
        2388043,
    ),
    (
        "a picture with an unknown handle",
        {"components": [PICTURE | {"example": {"header_handle": ["4::abc"]}}, *body("x")]},
        None,
    ),
    ("long footer", {"components": [*body("x"), {"type": "FOOTER", "text": "x" * 61}]}, 2388040),
    (
        "a variable in the footer",
        {"components": [*body("x"), {"type": "FOOTER", "text": "a {{1}}"}]},
        2388073,
    ),
    ("no buttons", {"components": buttons()}, None),
    ("eleven buttons", {"components": buttons(*[QUICK] * 11)}, None),
    ("three links", {"components": buttons(LINK, LINK, LINK)}, None),
    ("two phones", {"components": buttons(CALL, CALL)}, None),
    ("two codes", {"components": buttons(COPY, COPY)}, None),
    ("quick replies apart", {"components": buttons(QUICK, LINK, QUICK)}, None),
    ("a long label", {"components": buttons(QUICK | {"text": "x" * 26})}, None),
    ("a link without an address", {"components": buttons({"type": "URL", "text": "Look"})}, None),
    ("a variable inside a link", {"components": buttons(LINK | {"url": "https://a.b/{{1}}/c"})}, None),
    ("a link without a sample", {"components": buttons(LINK | {"url": "https://a.b/{{1}}"})}, None),
    ("a long phone", {"components": buttons(CALL | {"phone_number": "1" * 21})}, None),
    ("a long code", {"components": buttons(COPY | {"example": "x" * 16})}, None),
    ("an unknown button", {"components": buttons({"type": "DANCE", "text": "x"})}, None),
    ("a password button elsewhere", {"components": buttons(OTP)}, None),
    ("a carousel that is no marketing", {"components": cards(CARD, CARD)}, None),
    ("one card", MARKETING | {"components": cards(CARD)}, None),
    ("eleven cards", MARKETING | {"components": cards(*[CARD] * 11)}, None),
    ("unlike cards", MARKETING | {"components": cards(CARD, [PICTURE])}, None),
    ("cards without a picture", MARKETING | {"components": cards(*[CARD[1:]] * 2)}, None),
    ("cards with two pictures", MARKETING | {"components": cards(*[[PICTURE, *CARD]] * 2)}, None),
    ("cards of a picture only", MARKETING | {"components": cards(*[[PICTURE]] * 2)}, None),
    (
        "a code on a card",
        MARKETING | {"components": cards(*[[PICTURE, {"type": "BUTTONS", "buttons": [COPY]}]] * 2)},
        None,
    ),
    (
        "three buttons on a card",
        MARKETING | {"components": cards(*[[PICTURE, {"type": "BUTTONS", "buttons": [QUICK] * 3}]] * 2)},
        None,
    ),
    ("a long card", MARKETING | {"components": cards(*[[*CARD, *body("x" * 161)]] * 2)}, 2388040),
    ("an offer that is no marketing", offer(COPY, LINK) | {"category": "UTILITY"}, None),
    ("a long offer", offer(COPY, LINK, text="x" * 17), None),
    ("a long text below an offer", offer(COPY, LINK, body="x" * 601), 2388040),
    ("an offer with a footer", offer(COPY, LINK, footer={"text": "x"}), None),
    ("an offer with a title", offer(COPY, LINK, header={"format": "TEXT", "text": "x"}), 2388047),
    ("an end without a code", offer(LINK), None),
    ("a code after the link", offer(LINK, COPY), None),
    ("an offer without a link", offer(COPY), None),
    ("an offer with a quick reply", offer(COPY, LINK, QUICK), None),
    ("a flow without a name", {"components": buttons(FLOW | {"flow_id": ""})}, None),
    ("a flow with two names", {"components": buttons(FLOW | {"flow_name": "Visit"})}, None),
    ("a flow without its screen", {"components": buttons(FLOW | {"navigate_screen": ""})}, None),
    ("a flow that flies", {"components": buttons(FLOW | {"flow_action": "fly"})}, None),
    ("two flows", {"components": buttons(FLOW, FLOW)}, None),
    ("a password with words", {"category": "AUTHENTICATION", "components": buttons(OTP)}, 2388072),
    (
        "a password without a button",
        {"category": "AUTHENTICATION", "components": [{"type": "BODY"}]},
        2388043,
    ),
]


@pytest.mark.parametrize(("changes", "subcode"), [row[1:] for row in DRAFTS], ids=[row[0] for row in DRAFTS])
def test_a_draft_against_the_rules_is_refused(api: Api, changes: dict[str, Any], subcode: int | None) -> None:
    answer = api.graph("POST", LIST, json=samples.draft(**changes))

    assert error_of(answer) == (400, 100, subcode)
    assert api.graph("GET", LIST, params={"name": "a_draft"}).json() == {"data": []}


@pytest.mark.parametrize(
    "changes",
    [
        {"components": body("x" * 1024)},
        {"components": body("Parcel {{1}} of {{2}} is here today", "1", "2")},
        {"name": "a" * 512},
        {"components": buttons(*[QUICK] * 7, LINK, LINK, CALL)},
        {"components": [{"type": "header", "format": "location"}, *body("x")]},
        {"category": "marketing", "components": cards(*[CARD] * 10)},
        {"category": "marketing", "components": cards(*[[*CARD, *body("x" * 160)]] * 2)},
        offer(COPY, LINK, text="x" * 16, body="x" * 600, header=PICTURE),
        offer(LINK, ends=False),
        {"components": buttons(FLOW)},
        {
            "components": buttons(
                {"type": "FLOW", "text": "Go", "flow_name": "Visit", "flow_action": "data_exchange"}
            )
        },
        {
            "category": "AUTHENTICATION",
            "components": [
                {"type": "BODY", "add_security_recommendation": True},
                {"type": "FOOTER", "code_expiration_minutes": 5},
                {"type": "BUTTONS", "buttons": [OTP]},
            ],
        },
        {
            "parameter_format": "named",
            "components": [
                {
                    "type": "BODY",
                    "text": "Parcel {{parcel}} arrives today",
                    "example": {"body_text_named_params": [{"param_name": "parcel", "example": "7"}]},
                }
            ],
        },
    ],
)
def test_the_edge_of_what_a_draft_may_be_is_taken(api: Api, changes: dict[str, Any]) -> None:
    api.control("switches", review="wait")

    assert created(api, **changes)


def test_what_was_taken_can_be_sent_after_its_review(api: Api, receiver: Receiver) -> None:
    api.control("switches", review_ms=0)
    created(api)
    while receiver.notice()[0] != "message_template_components_update":
        pass

    answer = api.post_template("a_draft", samples.body("Nour"), language="en_US")

    assert answer.status_code == 200
    assert api.post_template("a_draft", samples.body("Nour")).json()["error"]["code"] == 132001


def test_no_draft_comes_twice(api: Api) -> None:
    api.control("switches", review="wait")
    created(api)

    assert error_of(api.graph("POST", LIST, json=samples.draft())) == (400, 100, 2388024)
    assert created(api, language="ar")


def test_an_account_has_250_templates(api: Api) -> None:
    parts = samples.draft()["components"]
    for index in range(250 - len(demo_home.templates())):
        api.control("templates", waba_id=WABA, name=f"filler_{index}", components=parts)

    assert error_of(api.graph("POST", LIST, json=samples.draft())) == (400, 100, 2388019)


def test_an_approved_template_is_edited_once_a_day(api: Api) -> None:
    api.control("switches", review_ms=0)
    template = demo_home.templates()[4]
    change = {"components": body("How do you like the {{1}}, dear customer?", "lamp")}

    assert error_of(api.graph("POST", template.template_id, json={"category": "MARKETING"})) == (
        400,
        100,
        None,
    )
    assert api.graph("POST", template.template_id, json=change).json() == {"success": True}
    api.control("template", template_id=template.template_id, do="approve")
    assert error_of(api.graph("POST", template.template_id, json=change)) == (400, 100, None)
    node = api.graph("GET", template.template_id).json()
    assert node["components"][0]["text"] == "How do you like the {{1}}, dear customer?"


def test_a_rejected_template_may_be_edited_as_often_as_one_likes(api: Api) -> None:
    api.control("switches", review="wait")
    rejected = next(one for one in demo_home.templates() if one.status == "REJECTED")
    pending = next(one for one in demo_home.templates() if one.status == "PENDING")
    change = {"components": body("A few pieces are left, {{1}} among them.", "rugs"), "category": "UTILITY"}

    for _ in range(3):
        assert api.graph("POST", rejected.template_id, json=change).status_code == 200
        api.control("template", template_id=rejected.template_id, do="reject")
    assert error_of(api.graph("POST", pending.template_id, json=change)) == (400, 100, 2388039)
    assert error_of(api.graph("POST", rejected.template_id, json={"name": "other"})) == (400, 100, None)


def test_an_edit_that_is_refused_changes_nothing(api: Api) -> None:
    template = demo_home.templates()[4]

    answer = api.graph("POST", template.template_id, json={"components": body("{{1}}", "x")})

    assert error_of(answer) == (400, 100, 2388299)
    node = api.graph("GET", template.template_id).json()
    assert (node["status"], node["components"]) == ("APPROVED", template.components)


def test_deleting_a_name_deletes_its_languages_and_blocks_it(api: Api) -> None:
    answer = api.graph("DELETE", LIST, params={"name": "autumn_sale"})

    assert answer.json() == {"success": True}
    assert api.graph("GET", LIST, params={"name": "autumn_sale"}).json() == {"data": []}
    assert error_of(api.graph("POST", LIST, json=samples.draft("autumn_sale"))) == (400, 100, None)
    assert error_of(api.graph("DELETE", LIST, params={"name": "autumn_sale"})) == (400, 100, 2593002)
    assert error_of(api.graph("DELETE", LIST)) == (400, 100, None)


def test_deleting_by_id_leaves_the_other_languages(api: Api) -> None:
    english = next(one for one in demo_home.templates() if one.name == "autumn_sale")

    api.graph("DELETE", LIST, params={"name": "autumn_sale", "hsm_id": english.template_id})

    rows = api.graph("GET", LIST, params={"name": "autumn_sale"}).json()["data"]
    assert [row["language"] for row in rows] == ["ar"]


def test_a_disabled_template_cannot_be_deleted(api: Api) -> None:
    api.control("template", waba_id=WABA, name="how_was_it", do="disable")

    assert error_of(api.graph("DELETE", LIST, params={"name": "how_was_it"})) == (400, 100, 2388039)


def test_a_pause_can_be_lifted(api: Api, receiver: Receiver) -> None:
    paused = next(one for one in demo_home.templates() if one.status == "PAUSED")

    assert api.graph("POST", f"{paused.template_id}/unpause").json() == {"success": True}
    field, value = receiver.notice()
    assert (field, value["event"], value["other_info"]["title"]) == (
        "message_template_status_update",
        "APPROVED",
        "UNPAUSE",
    )
    assert error_of(api.graph("POST", f"{paused.template_id}/unpause")) == (400, 100, 2388039)


def test_every_management_answer_says_how_much_of_the_hour_is_used(api: Api) -> None:
    api.control("switches", management_rate=4)

    answers = [api.graph("GET", LIST) for _ in range(3)] + [api.graph("GET", NUMBER) for _ in range(2)]

    usage = [json.loads(answer.headers["x-business-use-case-usage"])[WABA][0] for answer in answers]
    assert [row["call_count"] for row in usage] == [25, 50, 75, 100, 100]
    assert usage[0]["type"] == "whatsapp_business_management"
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[4].json()["error"]["code"] == 80007
    assert usage[4]["estimated_time_to_regain_access"] == 60
    assert api.graph("GET", f"{OTHER_WABA}/message_templates", OTHER_NUMBER).status_code == 200


def test_a_number_tells_its_throughput_and_limit(api: Api, receiver: Receiver) -> None:
    api.control(
        "numbers", phone_number_id=NUMBER, throughput="HIGH", messaging_limit="TIER_2K", announce=True
    )

    fields = "throughput,whatsapp_business_manager_messaging_limit"
    node = api.graph("GET", NUMBER, params={"fields": fields}).json()

    assert node == {
        "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "id": NUMBER,
    }
    told = dict(receiver.notice() for _ in range(2))
    assert told["phone_number_quality_update"]["event"] == "THROUGHPUT_UPGRADE"
    assert told["business_capability_update"]["max_daily_conversations_per_business"] == "TIER_2K"
