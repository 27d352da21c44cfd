"""The builder, requests and submissions in the browser: nothing typed is lost, and roles decide what is offered."""

from uuid import uuid4

import pytest

from accounts.tenancy import scope
from templates_wa.models import Request, Submission
from tests.worlds import make_template

FORM = {
    "name": "order_ready",
    "language": "en",
    "category": "UTILITY",
    "header": "",
    "body": "Hello {{1}}, your order is ready to be picked up.",
    "x:body.1": "Rania",
    "footer": "",
    "b0:kind": "QUICK_REPLY",
    "b0:text": "I come today",
}


def form(world, do, **changes):
    return {**FORM, "account": world.account.pk, "request_id": uuid4(), "do": do, **changes}


def count(model, world):
    with scope(world.id):
        return model.objects.count()


def test_a_marketer_requests_and_is_offered_nothing_else(demo, browser):
    client = browser(demo.marketer)
    page = client.get(demo.url("templates/new/")).content.decode()
    assert "Request from support" in page
    assert "Submit to WhatsApp" not in page
    answer = client.post(demo.url("templates/new/"), form(demo, "support"))
    with scope(demo.id):
        asked = Request.objects.get()
    assert answer["Location"] == demo.url(f"templates/requests/{asked.pk}/")
    assert asked.components[0]["text"] == FORM["body"]
    assert "With support" in client.get(answer["Location"]).content.decode()
    client.post(demo.url("templates/new/"), form(demo, "submit"))
    assert count(Submission, demo) == 0


def test_an_admin_hands_in_and_sees_how_far_it_is(demo, browser):
    client = browser(demo.admin)
    answer = client.post(demo.url("templates/new/"), form(demo, "submit"))
    assert answer["Location"] == demo.url("templates/requests/")
    page = client.get(answer["Location"]).content.decode()
    assert "order_ready" in page
    assert "Waiting" in page
    assert count(Submission, demo) == 1


def test_a_faulty_draft_comes_back_with_what_was_typed_and_what_to_change(demo, browser):
    client = browser(demo.admin)
    answer = client.post(demo.url("templates/new/"), form(demo, "submit", body="{{1}} is ready for you now"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "{{1}} is ready for you now" in page
    assert "The text must neither begin nor end with a variable" in page
    assert "I come today" in page
    assert count(Submission, demo) == 0


def test_words_alone_are_enough_for_support_but_not_nothing(demo, browser):
    client = browser(demo.marketer)
    url = demo.url("templates/new/")
    words = form(demo, "support", body="", description="Tell people that their order is ready.")
    assert client.post(url, words).status_code == 302
    nothing = form(demo, "support", body="", description="")
    assert client.post(url, nothing).status_code == 422
    assert count(Request, demo) == 1


def test_update_draws_the_form_again_without_scolding(demo, browser):
    answer = browser(demo.marketer).post(
        demo.url("templates/new/"), form(demo, "update", **{"b0:text": "", "header": "TEXT"})
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "field__error" not in page
    assert 'name="header_text"' in page
    assert 'name="b1:kind"' in page


def test_a_template_is_edited_unpaused_and_deleted_by_an_admin_only(demo, browser):
    template = make_template(demo, status="PAUSED")
    paths = [demo.url(f"templates/{template.pk}/{verb}/") for verb in ("edit", "delete", "unpause")]
    for member in (demo.agent1, demo.marketer):
        client = browser(member)
        assert [client.post(path).status_code for path in paths] == [403, 403, 403]
    client = browser(demo.admin)
    assert "showroom opens on" in client.get(paths[0]).content.decode()
    page = client.get(demo.url(f"templates/{template.pk}/")).content.decode()
    assert all(path in page for path in paths)
    client.post(paths[2])
    client.post(paths[1])
    with scope(demo.id):
        assert sorted(Submission.objects.values_list("verb", flat=True)) == ["delete", "unpause"]


@pytest.mark.parametrize("path", ["templates/new/", "templates/requests/"])
def test_an_outsider_finds_nothing(demo, rival, browser, path):
    client = browser(rival.admin)
    assert client.get(demo.url(path)).status_code == 404
    assert client.post(demo.url(path)).status_code == 404


def test_ids_of_another_workspace_are_not_there(demo, rival, browser):
    template = make_template(demo)
    client = browser(rival.admin)
    for verb in ("edit", "delete", "unpause"):
        assert client.post(rival.url(f"templates/{template.pk}/{verb}/")).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_requests_page_asks_the_same_number_of_questions_however_many_rows(
    demo, browser, django_assert_num_queries, rows
):
    client = browser(demo.marketer)
    for number in range(rows):
        client.post(demo.url("templates/new/"), form(demo, "support", name=f"order_{number}"))
        client.post(demo.url("templates/new/"), form(demo, "submit", name=f"order_{number}"))
    client.get(demo.url("templates/requests/"))
    with django_assert_num_queries(12):
        client.get(demo.url("templates/requests/"))
