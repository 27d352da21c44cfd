"""What the customer sees, as data for the bubble."""

from django.template.loader import render_to_string

from accounts.models import Workspace
from templates_wa.definition import plain, read, shown
from tests.templates_wa import samples


def test_text_footer_and_buttons_as_the_customer_sees_them():
    seen = shown(read(samples.POSITIONAL), {"header.1": "A-17", "body.1": "Rania", "body.2": "Saturday"})
    assert seen == {
        "header": {"format": "text", "text": "Order A-17"},
        "body": "Hello Rania, it arrives on Saturday. 100% sure, Rania!",
        "footer": "Nadia Furniture",
        "buttons": [],
        "cards": [],
    }
    assert plain(seen) == "Hello Rania, it arrives on Saturday. 100% sure, Rania!"


def test_what_is_not_filled_yet_shows_its_variable():
    seen = shown(read(samples.NAMED), {"body.day": "Saturday"})
    assert seen["header"] == {"format": "text", "text": "For {{first_name}}"}
    assert seen["body"] == "Saturday is the day, {{first_name}}."


def test_buttons_say_where_they_lead():
    seen = shown(read(samples.BUTTONS), {"button.2.suffix": "A-17", "button.5.code": "SPRING25"})
    assert seen["buttons"] == [
        {"type": "quick_reply", "text": "Yes"},
        {"type": "quick_reply", "text": "No"},
        {"type": "url", "text": "Track", "url": "https://shop.example/t/A-17"},
        {"type": "url", "text": "Shop", "url": "https://shop.example/"},
        {"type": "phone_number", "text": "Call us", "phone": "+96265550101"},
        {"type": "copy_code", "text": "Copy offer code", "code": "SPRING25"},
        {"type": "flow", "text": "Book"},
        {"type": "request_contact_info", "text": "Share my number"},
    ]


def test_headers_with_files_and_places():
    image, place = read(samples.header("IMAGE")), read(samples.header("LOCATION"))
    link = "https://cdn.example/a.png"
    assert shown(image, {"header.media": link})["header"] == {"format": "image", "link": link}
    assert shown(image, {"header.media": "file:12"})["header"] == {"format": "image", "file": 12}
    assert shown(place, {"header.location": "1,2,Shop,Rainbow St. 5"})["header"] == {
        "format": "location",
        "latitude": "1",
        "longitude": "2",
        "name": "Shop",
        "address": "Rainbow St. 5",
    }


def test_a_half_typed_value_never_breaks_the_preview_nor_becomes_a_link():
    image = read(samples.header("IMAGE"))
    assert shown(image, {"header.media": "javascript:alert(1)"})["header"]["link"] == ""
    assert shown(image, {"header.media": "file:x"})["header"] == {"format": "image", "file": None}
    assert shown(read(samples.header("LOCATION")), {"header.location": "1,2"})["header"] == {
        "format": "location"
    }
    assert shown(read(samples.OFFER), {"lto.expires": "soon"})["lto"] == {
        "text": "Ends soon!",
        "expires": None,
    }


def test_an_authentication_draft_shows_the_text_that_whatsapp_writes():
    seen = shown(read(samples.OTP_DRAFT, "AUTHENTICATION"), {"otp.code": "482913"})
    assert seen["body"] == "*482913* is your verification code. For your security, do not share this code."
    assert seen["footer"] == "This code expires in 5 minutes."
    assert seen["buttons"] == [{"type": "otp", "text": "Copy code"}]


def test_a_carousel_shows_its_cards():
    seen = shown(read(samples.CAROUSEL), {"card.1.body.1": "oak", "card.1.button.1.suffix": "p1"})
    assert [card["body"] for card in seen["cards"]] == ["A table of {{1}}.", "A chair of oak."]
    assert seen["cards"][1]["buttons"][1]["url"] == "https://shop.example/p/p1"


def test_a_template_without_a_body_is_previewed_by_its_header():
    assert plain(shown(read([{"type": "HEADER", "format": "TEXT", "text": "Hi"}]), {})) == "Hi"


def bubble(made, values, **context):
    """The partial as a socket draws it: with the message's workspace, and without a request."""
    seen = {"shown": shown(made, values), "name": "price_list", "category": "UTILITY", **context}
    return render_to_string("templates_wa/_shown.html", seen)


def test_the_bubble_is_drawn_without_a_request():
    zone = Workspace(slug="nadia", timezone="Asia/Amman")
    picture = bubble(
        read(samples.OFFER), {"header.media": "file:7", "lto.expires": "4102444800000"}, zone=zone
    )
    assert '<img src="/w/nadia/templates/files/7/"' in picture
    assert '<bdi class="num">01/01/2100 3 a.m.</bdi>' in picture
    assert "price_list</bdi> · Utility" in picture
    document = bubble(read(samples.header("DOCUMENT")), {"header.media": "file:8"}, zone=zone)
    assert 'href="/w/nadia/templates/files/8/"' in document


def test_what_was_kept_years_ago_or_is_damaged_is_still_drawn():
    assert "Image" in bubble(read(samples.header("IMAGE")), {"header.media": "file:7"})
    for damaged in (
        {},
        {"body": None, "buttons": None, "cards": None, "header": None, "lto": {"expires": 10**30}},
    ):
        assert "tpl" in render_to_string("templates_wa/_shown.html", {"shown": damaged})


def test_files_of_other_servers_are_linked_and_never_loaded():
    link = "https://cdn.example/a.png"
    html = bubble(read(samples.header("IMAGE")), {"header.media": link})
    assert "<img" not in html
    assert f'href="{link}" target="_blank" rel="noopener noreferrer nofollow"' in html
