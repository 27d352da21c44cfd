"""Language and theme, right-to-left pages, and pages that a strict content security policy accepts."""

import re

import pytest
from django.test import Client

from accounts.actions import set_preferences
from tests.worlds import PASSWORD


def html_tag(answer):
    return re.search(r"<html [^>]*>", answer.content.decode())[0]


def test_a_chosen_language_is_kept_and_turns_the_page_around(demo, browser):
    client = browser(demo.admin)

    answer = client.post("/me/preferences/", {"language": "ar", "next": demo.url("settings/members/")})

    assert answer["Location"] == demo.url("settings/members/")
    demo.admin.user.refresh_from_db()
    assert demo.admin.user.language == "ar"
    page = client.get(demo.url("settings/members/"))
    assert html_tag(page).startswith('<html lang="ar" dir="rtl"')


def test_the_persons_language_wins_when_they_log_in_at_a_strange_browser(demo):
    set_preferences(user=demo.admin.user, language="ar")
    client = Client(headers={"Accept-Language": "en"})
    assert 'dir="ltr"' in html_tag(client.get("/account/login/"))

    client.post("/account/login/", {"login": "admin-demo", "password": PASSWORD})

    assert 'dir="rtl"' in html_tag(client.get(demo.url("settings/members/")))


def test_a_visitor_may_change_the_language_of_the_login(db, client):
    answer = client.post("/language/", {"language": "ar", "next": "/account/login/"})

    assert answer["Location"] == "/account/login/"
    assert 'dir="rtl"' in html_tag(client.get("/account/login/"))


def test_a_chosen_theme_is_kept_and_does_not_touch_the_language(demo, browser):
    client = browser(demo.admin)
    client.post("/me/preferences/", {"language": "ar"})

    client.post("/me/preferences/", {"theme": "dark"})
    assert 'data-theme="dark"' in html_tag(client.get(demo.url("settings/members/")))
    client.post("/me/preferences/", {"theme": ""})
    assert "data-theme" not in html_tag(client.get(demo.url("settings/members/")))

    demo.admin.user.refresh_from_db()
    assert demo.admin.user.language == "ar"


@pytest.mark.parametrize("nonsense", [{"language": "tlh"}, {"theme": "sepia"}, {}])
def test_nonsense_changes_nothing(demo, browser, nonsense):
    browser(demo.admin).post("/me/preferences/", nonsense)

    demo.admin.user.refresh_from_db()
    assert (demo.admin.user.language, demo.admin.user.theme) == ("", "")


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_the_way_back_never_leads_to_another_site(demo, browser, target):
    answer = browser(demo.admin).post("/me/preferences/", {"theme": "dark", "next": target})

    assert answer["Location"] == "/"


OPEN_PAGES = [
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/password/reset/key/done/",
    "/account/password/reset/key/1-nonsense/",
    "/account/inactive/",
    "/invite/nonsense/",
    "/nothing/here/",
]
PAGES_OF_AN_ADMIN = ["settings/members/", "settings/numbers/", "settings/numbers/new/"]


def strict(page):
    """No style and no script of the page's own, and no attribute that htmx would evaluate."""
    text = page.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "'unsafe" not in page["Content-Security-Policy"]


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_open_pages_need_no_exception_from_the_policy(db, client, path):
    strict(client.get(path))


@pytest.mark.parametrize("language", ["en", "ar"])
def test_settings_need_no_exception_from_the_policy(demo, browser, language):
    client = browser(demo.admin)
    client.post("/me/preferences/", {"language": language})

    for path in PAGES_OF_AN_ADMIN:
        page = client.get(demo.url(path))
        assert page.status_code == 200
        strict(page)


def test_the_error_page_needs_no_request(db):
    from django.template.loader import render_to_string

    assert "Something went wrong" in render_to_string("500.html")
