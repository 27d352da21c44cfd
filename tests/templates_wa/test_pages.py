"""The pages: the list, one template, the generated form with its preview. An outsider finds nothing (tests/test_urls.py)."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import BusinessAccount
from accounts.tenancy import scope
from templates_wa import sync
from templates_wa.models import HeaderFile, Sync
from tests.templates_wa import samples
from tests.templates_wa.graph import listed
from tests.templates_wa.test_files import PNG
from tests.worlds import make_template

HTMX = {"HX-Request": "true"}


def words(answer):
    text = re.sub(r"<(script|style|title).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def names(answer):
    return re.findall(r'class="template-name"[^>]*><b><bdi class="ltr">([^<]+)', answer.content.decode())


@pytest.fixture
def page(demo, browser):
    client = browser(demo.agent1)
    return lambda path="", **query: client.get(demo.url(f"templates/{path}"), query)


def test_the_list_says_how_each_template_stands(demo, page):
    make_template(
        demo, "a_rejected", status="REJECTED", reason="INVALID_FORMAT: The header is odd.", quality="RED"
    )
    make_template(demo, "b_moving", category="UTILITY", correct_category="MARKETING", language="ar")
    make_template(demo, "c_gone", gone=timezone.now())
    answer = page()
    said = words(answer)
    assert names(answer) == ["a_rejected", "b_moving"]
    for expected in (
        "Rejected Something about the format is wrong.",
        "Low quality",
        "Arabic",
        "Utility soon Marketing",
        "All 2",
        "Approved 1",
        "Deleted 1",
    ):
        assert expected in said


def test_the_list_is_filtered_by_status_and_searched_by_name(demo, page):
    for name, status in (("spring_offer", "APPROVED"), ("spring_news", "PENDING"), ("stopped_one", "PAUSED")):
        make_template(demo, name, status=status)
    make_template(demo, "gone_one", gone=timezone.now())
    assert names(page(status="approved")) == ["spring_offer"]
    assert names(page(status="review")) == ["spring_news"]
    assert names(page(status="stopped")) == ["stopped_one"]
    assert names(page(status="rejected")) == []
    assert names(page(status="gone")) == ["gone_one"]
    assert names(page(q="SPRING")) == ["spring_news", "spring_offer"]
    assert names(page(q="spring off", status="approved")) == ["spring_offer"]
    assert names(page(q="%")) == []
    assert names(page(status="<x>")) == ["spring_news", "spring_offer", "stopped_one"]


def test_a_long_list_has_pages_and_a_damaged_cursor_begins_anew(demo, page):
    for number in range(52):
        make_template(demo, f"t{number:02}")
    first = page()
    assert len(names(first)) == 50
    following = re.search(r"after=([^\"&]+)", first.content.decode()).group(1)
    assert names(page(after=following.replace("%3A", ":"))) == ["t50", "t51"]
    for damaged in ("x", "a:b:c", ":::", "t00:en:99999999999999999999"):
        assert len(names(page(after=damaged))) in {50, 0}


def test_the_list_costs_the_same_with_one_and_with_three(demo, page, django_assert_num_queries):
    queries = 14
    make_template(demo, "one")
    page()
    with django_assert_num_queries(queries):
        page()
    make_template(demo, "two")
    make_template(demo, "three")
    with django_assert_num_queries(queries):
        page()


def test_a_workspace_without_templates_or_account_says_so(demo, page):
    assert "No template yet" in words(page())
    with scope(demo.id):
        BusinessAccount.objects.update(access_token="")
    assert "No WhatsApp account is connected yet." in words(page())


def test_nothing_of_another_workspace_is_listed(demo, rival, page):
    make_template(rival, "their_secret")
    assert names(page(status="all")) == []
    assert names(page(q="secret")) == []


def test_sync_now_shows_that_it_waits_and_then_the_age_of_the_copy(demo, browser, graph):
    client = browser(demo.agent1)
    graph.listed = [listed()]
    waiting = client.post(demo.url("templates/sync/"), headers=HTMX)
    assert 'hx-trigger="every 1s"' in waiting.content.decode()
    assert "Asking WhatsApp…" in words(waiting)
    assert "HX-Trigger" not in waiting
    sync.run(workspace_id=demo.id, account_id=demo.account.pk)
    done = client.get(demo.url("templates/sync/"), headers=HTMX)
    assert "As WhatsApp has it now" in words(done)
    assert done["HX-Trigger"] == '{"synced": {}}'
    assert "every 1s" not in done.content.decode()


def test_sync_now_without_scripts_leads_back_to_the_list(demo, browser):
    answer = browser(demo.agent1).post(demo.url("templates/sync/"))
    assert answer["Location"] == demo.url("templates/")


def test_pressing_twice_asks_once(demo, browser):
    client = browser(demo.agent1)
    client.post(demo.url("templates/sync/"))
    with scope(demo.id):
        first = Sync.objects.get().requested
    client.post(demo.url("templates/sync/"))
    with scope(demo.id):
        assert Sync.objects.get().requested == first


def test_a_failed_sync_says_what_to_do(demo, page):
    with scope(demo.id):
        Sync.objects.create(
            workspace=demo.workspace,
            account=demo.account,
            state="failed",
            detail="graph 190 ",
            finished=timezone.now() - timedelta(days=2),
        )
    said = words(page()).replace("\xa0", " ")
    assert "The last try failed." in said
    assert "As WhatsApp had it 2 days ago" in said


def test_one_template_shows_what_the_customer_sees_and_what_it_asks_for(demo, page):
    made = make_template(demo, status="PAUSED", reason="FIRST_PAUSE")
    make_template(demo, language="ar")
    said = words(page(f"{made.pk}/"))
    for expected in (
        "Hello Rania, our showroom opens on Saturday. Coffee is on us.",
        "Reply STOP to opt out",
        "Book a time",
        "WhatsApp has paused it. It can be sent again when the pause is over.",
        "Paused for 3 hours, because customers reacted badly to it.",
        "Message variable {{1}} Rania",
        "Other languages Arabic",
    ):
        assert expected in said


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"gone": timezone.now()}, "WhatsApp does not list this template any more. It was deleted."),
        ({"status": "PENDING"}, "WhatsApp is still reviewing it."),
        ({"status": "LOCKED"}, "Only approved templates can be sent."),
        (
            {"components": [*samples.PLAIN, {"type": "BUTTONS", "buttons": [{"type": "CATALOG"}]}]},
            "It has a part that cannot be sent from here yet: BUTTON CATALOG.",
        ),
    ],
)
def test_what_cannot_be_sent_says_why(demo, page, fields, why):
    made = make_template(demo, **fields)
    assert why in words(page(f"{made.pk}/"))
    assert why in words(page(f"{made.pk}/fill/"))


@pytest.mark.parametrize(
    "components",
    [samples.POSITIONAL, samples.NAMED, samples.BUTTONS, samples.OTP, samples.OFFER, samples.CAROUSEL]
    + [samples.header(kind) for kind in ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF")],
)
def test_every_kind_has_its_pages(demo, browser, page, components):
    made = make_template(demo, components=components)
    assert page(f"{made.pk}/").status_code == 200
    form = page(f"{made.pk}/fill/")
    assert form.status_code == 200
    answer = browser(demo.agent1).post(demo.url(f"templates/{made.pk}/preview/"), {"v:x": "y"})
    assert answer.status_code == 200


def test_the_form_has_a_field_for_every_slot(demo, page):
    made = make_template(demo, components=samples.CAROUSEL)
    inputs = set(re.findall(r'name="([vf]:[^"]+)"', page(f"{made.pk}/fill/").content.decode()))
    assert inputs == {"v:body.1"} | {
        name
        for card in (0, 1)
        for name in (
            f"v:card.{card}.header.media",
            f"f:card.{card}.header.media:image",
            f"v:card.{card}.body.1",
            f"v:card.{card}.button.1.suffix",
        )
    }


def test_for_htmx_the_form_comes_without_the_page(demo, browser):
    made = make_template(demo)
    answer = browser(demo.agent1).get(demo.url(f"templates/{made.pk}/fill/"), headers=HTMX)
    assert answer.content.decode().lstrip().startswith('<div class="fill"')
    assert "<form" not in answer.content.decode()


def posted(world, client, made, values, **headers):
    return client.post(world.url(f"templates/{made.pk}/preview/"), values, headers=headers)


def test_the_preview_shows_the_values_and_what_whatsapp_would_refuse(demo, browser):
    made = make_template(demo)
    client = browser(demo.agent1)
    first = posted(demo, client, made, {"v:body.1": "Lina", "v:body.2": ""}, **HTMX)
    assert "Hello Lina, our showroom opens on {{2}}." in words(first)
    assert "1 value is still missing." in words(first)
    assert first.content.decode().lstrip().startswith('<div class="fill__preview"')
    second = posted(demo, client, made, {"v:body.1": "Lina", "v:body.2": "a\nb"}, **HTMX)
    assert "Message variable {{2}}: WhatsApp allows no line break in a variable." in words(second)
    third = posted(demo, client, made, {"v:body.1": "Lina", "v:body.2": "Sunday"}, **HTMX)
    assert "WhatsApp would take it like this." in words(third)


def test_without_scripts_the_page_keeps_what_was_typed_and_says_what_is_wrong(demo, browser):
    made = make_template(demo)
    answer = posted(demo, browser(demo.agent1), made, {"v:body.1": "\n a     b", "v:body.2": ""})
    html = answer.content.decode()
    assert "\n a     b</textarea>" in html
    assert 'aria-invalid="true"' in html
    assert "Fill this in." in words(answer)


def test_what_customers_and_colleagues_write_is_never_markup(demo, browser):
    made = make_template(demo)
    evil = "<script>alert(1)</script>"
    answer = posted(demo, browser(demo.agent1), made, {"v:body.1": evil, "v:body.2": '"><b>x'})
    assert evil not in answer.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.content.decode()


def test_whatsapp_s_marks_are_drawn(demo, browser):
    components = [{"type": "BODY", "text": "Dear *{{1}}*, _now_ ~or never~ ```x_y_z``` a_b_c 2*3*4"}]
    made = make_template(demo, components=components)
    html = posted(demo, browser(demo.agent1), made, {"v:body.1": "R & D"}, **HTMX).content.decode()
    assert "Dear <b>R &amp; D</b>, <i>now</i> <s>or never</s> <code>x_y_z</code> a_b_c 2*3*4" in html


def test_only_whole_web_addresses_become_links(demo, browser):
    made = make_template(demo, components=samples.BUTTONS)
    client = browser(demo.agent1)
    values = {"v:button.2.suffix": "A-17", "v:button.5.code": "X"}
    html = posted(demo, client, made, values, **HTMX).content.decode()
    assert re.findall(r'<a href="([^"]+)"', html) == ["https://shop.example/t/A-17", "https://shop.example/"]
    half = posted(demo, client, made, {}, **HTMX).content.decode()
    assert re.findall(r'<a href="([^"]+)"', half) == ["https://shop.example/"]


def test_an_offer_s_end_is_typed_on_the_workspace_s_clock(demo, browser):
    made = make_template(demo, components=samples.OFFER)
    values = {"v:lto.expires": "2099-05-01T18:30", "zone:lto.expires": "Asia/Amman"}
    html = posted(demo, browser(demo.agent1), made, values).content.decode()
    assert 'value="2099-05-01T18:30"' in html
    assert 'until <bdi class="num">05/01/2099 6:30 p.m.</bdi>' in html


def test_a_place_is_typed_in_four_fields(demo, browser):
    made = make_template(demo, components=samples.header("LOCATION"))
    values = {
        "v:header.location:latitude": "31.95",
        "v:header.location:longitude": "35.91",
        "v:header.location:name": "Nadia, the shop",
        "v:header.location:address": "Rainbow St. 5, Amman",
    }
    answer = posted(demo, browser(demo.agent1), made, values)
    assert "Nadia, the shop Rainbow St. 5, Amman" in words(answer)
    assert 'value="Nadia, the shop"' in answer.content.decode()
    assert "WhatsApp would take it like this." in words(answer)


def test_a_file_is_kept_and_shown_without_scripts(demo, browser):
    made = make_template(demo, components=samples.header("IMAGE"))
    picture = SimpleUploadedFile("a.png", PNG, "image/png")
    answer = posted(demo, browser(demo.agent1), made, {"f:header.media:image": picture})
    with scope(demo.id):
        kept = HeaderFile.objects.get()
    html = answer.content.decode()
    assert f'name="kept:header.media" value="file:{kept.pk}"' in html
    assert f'<img src="/w/demo/templates/files/{kept.pk}/"' in html
    again = posted(
        demo, browser(demo.agent1), made, {"kept:header.media": f"file:{kept.pk}", "v:header.media": ""}
    )
    assert f'value="file:{kept.pk}"' in again.content.decode()
    link = {"kept:header.media": f"file:{kept.pk}", "v:header.media": "https://cdn.example/a.png"}
    assert "file:" not in posted(demo, browser(demo.agent1), made, link).content.decode()


def test_a_chosen_file_is_kept_at_once_with_scripts(demo, browser):
    client = browser(demo.agent1)
    answer = client.post(
        demo.url("templates/files/"), {"f:header.media:image": SimpleUploadedFile("a.png", PNG)}, headers=HTMX
    )
    assert 'name="kept:header.media" value="file:' in answer.content.decode()
    assert answer["HX-Trigger-After-Settle"] == '{"input": {}}'
    refused = client.post(
        demo.url("templates/files/"),
        {"f:header.media:image": SimpleUploadedFile("a.png", b"<html>")},
        headers=HTMX,
    )
    assert (refused.status_code, words(refused)) == (422, "Choose a JPEG or PNG picture.")
    with scope(demo.id):
        assert HeaderFile.objects.count() == 1
    odd = client.post(demo.url("templates/files/"), {"f:header.media:exe": SimpleUploadedFile("a.png", PNG)})
    assert odd.status_code == 404


def test_a_preview_of_somebody_else_s_template_keeps_no_file(demo, rival, browser):
    theirs = make_template(rival)
    picture = SimpleUploadedFile("a.png", PNG, "image/png")
    assert posted(demo, browser(demo.agent1), theirs, {"f:header.media:image": picture}).status_code == 404
    with scope(demo.id):
        assert not HeaderFile.objects.exists()
