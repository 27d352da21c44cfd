"""Carousels, limited-time offers and flow buttons in the browser: what was typed stays, and Meta gets its JSON."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.tenancy import scope
from templates_wa import actions
from templates_wa.models import Request, Submission
from tests.templates_wa.samples import CAROUSEL, OFFER
from tests.worlds import make_template

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 64
BASE = {"name": "autumn_rooms", "language": "en", "category": "MARKETING"}
DECK = {
    **BASE,
    "layout": "CAROUSEL",
    "body": "Hello {{1}}, these came in this week:",
    "x:body.1": "Rania",
    "card_header": "IMAGE",
    "card:kind0": "URL",
    "card:kind1": "QUICK_REPLY",
    "cards": "2",
    "c0:body": "A table of {{1}} for six.",
    "x:card.0.body.1": "oak",
    "c0b0:text": "Look",
    "c0b0:value": "https://a.example/p/{{1}}",
    "c0b0:example": "https://a.example/p/7",
    "c0b1:text": "Keep it for me",
    "c1:body": "A lamp.",
    "c1b0:text": "Look",
    "c1b0:value": "https://a.example/p/{{1}}",
    "c1b0:example": "https://a.example/p/8",
    "c1b1:text": "Keep it for me",
}
LTO = {
    **BASE,
    "layout": "OFFER",
    "header": "",
    "offer": "Ends soon!",
    "expires": "on",
    "body": "25% off all lamps, with the code below.",
    "b0:kind": "COPY_CODE",
    "b0:value": "LAMPS25",
    "b1:kind": "URL",
    "b1:text": "Shop",
    "b1:value": "https://a.example",
}
FLOW = {
    **BASE,
    "body": "Book your visit.",
    "b0:kind": "FLOW",
    "b0:text": "Book",
    "b0:value": "1234567890",
    "b0:action": "navigate",
    "b0:screen": "WELCOME",
}


@pytest.fixture(autouse=True)
def _platform(settings):
    settings.WHATSAPP_APP_ID = "42"


def picture(name="a.png", content=PNG):
    return SimpleUploadedFile(name, content, "image/png")


def keep(world, content=PNG):
    return actions.keep_file(member=world.admin, upload=picture(content=content)).pk


def form(world, fields, do="submit", **changes):
    typed = {**fields, "account": world.account.pk, "request_id": uuid4(), "do": do, **changes}
    return {name: value for name, value in typed.items() if value is not None}


def components(world):
    with scope(world.id):
        return Submission.objects.get().body["components"]


def count(model, world):
    with scope(world.id):
        return model.objects.count()


def test_a_carousel_is_handed_in_with_the_samples_of_its_cards(demo, browser):
    files = {"card:0:file": picture(), "card:1:file": picture(content=PNG + b"\1")}
    answer = browser(demo.admin).post(demo.url("templates/new/"), form(demo, DECK, **files))
    assert answer["Location"] == demo.url("templates/requests/")
    body, carousel = components(demo)
    assert body["example"] == {"body_text": [["Rania"]]}
    first, second = (card["components"] for card in carousel["cards"])
    assert [part["type"] for part in first] == ["HEADER", "BODY", "BUTTONS"]
    assert first[0]["example"]["header_handle"] != second[0]["example"]["header_handle"]
    assert first[1] == {
        "type": "BODY",
        "text": "A table of {{1}} for six.",
        "example": {"body_text": [["oak"]]},
    }
    assert second[2]["buttons"] == [
        {
            "type": "URL",
            "text": "Look",
            "url": "https://a.example/p/{{1}}",
            "example": ["https://a.example/p/8"],
        },
        {"type": "QUICK_REPLY", "text": "Keep it for me"},
    ]


def test_the_first_look_at_a_carousel_has_two_cards_and_scolds_nobody(demo, browser):
    page = browser(demo.admin).post(
        demo.url("templates/new/"), form(demo, {**BASE, "layout": "CAROUSEL"}, do="update")
    )
    assert page.status_code == 200
    text = page.content.decode()
    assert ('name="c1:body"' in text, 'name="c2:body"' in text) == (True, False)
    assert 'name="header"' not in text
    assert "field__error" not in text
    assert "remove-card-0" not in text


def test_a_card_is_added_and_another_taken_out_without_losing_the_rest(demo, browser):
    client, url = browser(demo.admin), demo.url("templates/new/")
    more = client.post(url, form(demo, DECK, do="add-card")).content.decode()
    assert 'name="cards" value="3"' in more
    assert 'name="c2b1:text"' in more
    three = {**DECK, "cards": "3", "c2:body": "A chair of {{1}} wood.", "x:card.2.body.1": "ash"}
    less = client.post(url, form(demo, three, do="remove-card-1")).content.decode()
    assert 'name="cards" value="2"' in less
    assert "A lamp." not in less
    assert "A chair of {{1}} wood." in less
    assert 'name="x:card.1.body.1" id="x-card.1.body.1" dir="auto" value="ash"' in less
    assert 'value="oak"' in less


@pytest.mark.parametrize("verb", ["remove-card-0", "remove-card-99", "remove-card-x", "add-card"])
def test_a_carousel_never_has_fewer_cards_than_two_or_more_than_ten(demo, browser, verb):
    fields = {**DECK, "cards": "10" if verb == "add-card" else "2"}
    page = browser(demo.admin).post(demo.url("templates/new/"), form(demo, fields, do=verb))
    assert f'name="cards" value="{fields["cards"]}"' in page.content.decode()


def test_a_refused_carousel_keeps_texts_and_files_and_says_what_to_change_where(demo, browser):
    kept = keep(demo)
    wrong = form(demo, DECK, **{"c0:kept": kept, "c1:body": "x" * 161, "c1b0:text": ""})
    answer = browser(demo.admin).post(demo.url("templates/new/"), wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'name="c0:kept" value="{kept}"' in page
    assert "x" * 161 in page
    assert "At most 160 characters." in page
    assert "A button needs a text of at most 25 characters." in page
    assert page.count("WhatsApp wants a sample file for every card.") == 1
    assert 'value="https://a.example/p/7"' in page
    assert count(Submission, demo) == 0


def test_a_card_takes_no_file_of_the_other_kind(demo, browser):
    client, url = browser(demo.admin), demo.url("templates/new/")
    video = client.post(url, form(demo, DECK, **{"card:0:file": picture("a.mp4", MP4)}))
    assert "Choose a JPEG or PNG picture." in video.content.decode()
    kept = {"c0:kept": keep(demo), "c1:kept": keep(demo, MP4)}
    late = client.post(url, form(demo, DECK, **kept))
    assert late.status_code == 422
    assert "This file is gone or of another kind." in late.content.decode()
    assert count(Submission, demo) == 0


def test_the_preview_shows_every_card_with_its_picture_and_its_samples(demo, browser):
    kept = keep(demo)
    page = browser(demo.admin).post(
        demo.url("templates/new/"), form(demo, DECK, do="update", **{"c0:kept": kept})
    )
    text = page.content.decode()
    assert "A table of oak for six." in text
    assert "Hello Rania, these came in this week:" in text
    assert f'<img src="{demo.url(f"templates/files/{kept}/")}"' in text
    assert text.count('<div class="tpl__card">') == 2


def test_a_carousel_of_another_category_is_refused_in_words(demo, browser):
    page = browser(demo.admin).post(demo.url("templates/new/"), form(demo, DECK, category="UTILITY"))
    assert page.status_code == 422
    assert "Carousels and limited-time offers are marketing" in page.content.decode()


def test_an_offer_is_handed_in_and_its_preview_shows_an_end(demo, browser):
    client, url = browser(demo.admin), demo.url("templates/new/")
    page = client.post(url, form(demo, LTO, do="update")).content.decode()
    assert "Ends soon!" in page
    assert "until" in page
    assert 'name="footer"' not in page
    client.post(url, form(demo, LTO))
    assert components(demo) == [
        {
            "type": "LIMITED_TIME_OFFER",
            "limited_time_offer": {"text": "Ends soon!", "has_expiration": True},
        },
        {"type": "BODY", "text": "25% off all lamps, with the code below."},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "COPY_CODE", "example": "LAMPS25"},
                {"type": "URL", "text": "Shop", "url": "https://a.example"},
            ],
        },
    ]


def test_a_footer_typed_before_the_offer_was_chosen_is_refused_but_not_lost(demo, browser):
    page = browser(demo.admin).post(demo.url("templates/new/"), form(demo, LTO, footer="Nadia Furniture"))
    assert page.status_code == 422
    assert 'value="Nadia Furniture"' in page.content.decode()
    assert "A limited-time offer has no footer." in page.content.decode()


def test_an_offer_begins_with_the_two_buttons_that_whatsapp_wants(demo, browser):
    page = browser(demo.admin).post(
        demo.url("templates/new/"), form(demo, {**BASE, "layout": "OFFER"}, do="update")
    )
    text = page.content.decode()
    assert '<option value="COPY_CODE" selected>' in text
    assert '<option value="URL" selected>' in text
    assert '<option value="FLOW">' not in text


def test_a_flow_is_handed_in_by_its_id_and_asks_for_its_screen(demo, browser):
    client, url = browser(demo.admin), demo.url("templates/new/")
    page = client.post(url, form(demo, FLOW, **{"b0:screen": ""}))
    assert page.status_code == 422
    assert "first screen" in page.content.decode()
    assert 'value="1234567890"' in page.content.decode()
    client.post(url, form(demo, FLOW))
    assert components(demo)[1] == {
        "type": "BUTTONS",
        "buttons": [
            {
                "type": "FLOW",
                "text": "Book",
                "flow_id": "1234567890",
                "flow_action": "navigate",
                "navigate_screen": "WELCOME",
            }
        ],
    }


@pytest.mark.parametrize(("listed", "seen"), [(CAROUSEL, "A chair of {{1}}."), (OFFER, "Ends soon!")])
def test_an_existing_template_is_read_back_into_the_form(demo, browser, listed, seen):
    template = make_template(demo, components=listed, category="MARKETING")
    client = browser(demo.admin)
    assert (
        demo.url(f"templates/{template.pk}/edit/")
        in client.get(demo.url(f"templates/{template.pk}/")).content.decode()
    )
    assert seen in client.get(demo.url(f"templates/{template.pk}/edit/")).content.decode()


def test_an_edit_begins_with_the_samples_that_were_handed_in(demo, browser):
    client = browser(demo.admin)
    files = {"c0:kept": keep(demo), "c1:kept": keep(demo, PNG + b"\1")}
    client.post(demo.url("templates/new/"), form(demo, DECK, **files))
    listed = [CAROUSEL[0], {"type": "CAROUSEL", "cards": components(demo)[1]["cards"]}]
    for card in listed[1]["cards"]:
        card["components"][0]["example"] = {"header_handle": ["https://scontent.example/7"]}
    template = make_template(demo, components=listed, category="MARKETING")
    with scope(demo.id):
        Submission.objects.update(template=template, state="done")
    page = client.get(demo.url(f"templates/{template.pk}/edit/")).content.decode()
    assert f'name="c0:kept" value="{files["c0:kept"]}"' in page
    assert f'name="c1:kept" value="{files["c1:kept"]}"' in page
    client.post(demo.url(f"templates/{template.pk}/edit/"), form(demo, DECK, **files))
    with scope(demo.id):
        edit = Submission.objects.get(verb="edit")
    assert edit.body == {"components": edit.body["components"]}
    headers = [card["components"][0] for card in edit.body["components"][1]["cards"]]
    assert headers == [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [f"file:{kept}"]}}
        for kept in files.values()
    ]


def test_a_marketer_leaves_a_carousel_to_support_with_its_files_and_sees_it(demo, browser):
    client = browser(demo.marketer)
    kept = keep(demo)
    files = {"c0:kept": kept, "c1:kept": kept}
    answer = client.post(demo.url("templates/new/"), form(demo, DECK, do="support", **files))
    page = client.get(answer["Location"]).content.decode()
    assert "A table of oak for six." in page
    assert f'<img src="{demo.url(f"templates/files/{kept}/")}"' in page
    assert count(Request, demo) == 1


def test_files_and_templates_of_another_workspace_are_not_there(demo, rival, browser):
    kept = keep(rival)
    files = {"c0:kept": kept, "c1:kept": keep(demo)}
    for do in ("submit", "support"):
        page = browser(demo.admin).post(demo.url("templates/new/"), form(demo, DECK, do=do, **files))
        assert page.status_code == 422
    assert (count(Submission, demo), count(Request, demo)) == (0, 0)
    template = make_template(demo, components=CAROUSEL, category="MARKETING")
    outsider = browser(rival.admin)
    assert outsider.get(rival.url(f"templates/{template.pk}/edit/")).status_code == 404
    assert outsider.post(rival.url(f"templates/{template.pk}/edit/"), form(rival, DECK)).status_code == 404
    assert outsider.post(demo.url("templates/new/"), form(demo, DECK, do="add-card")).status_code == 404


@pytest.mark.parametrize(
    "broken",
    [
        {"cards": "x"},
        {"cards": "-1"},
        {"cards": "99999999999999999999"},
        {"card:kind0": "DANCE"},
        {"c0:kept": "1e5"},
        {"layout": "SIDEBAR"},
        {"c0b0:action": "dance", "card:kind0": "URL"},
        {"body": "Hello {{1}} and {{2}}, more words here", "c0:body": "A {{name}} for {{2}} of us here"},
        {"c0:body": "nul\0"},
    ],
)
def test_a_tampered_form_is_drawn_again(demo, browser, broken):
    answer = browser(demo.admin).post(demo.url("templates/new/"), form(demo, DECK, do="update", **broken))
    assert answer.status_code == 200
