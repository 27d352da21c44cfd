"""Logging in, out, and back in after forgetting the password; who lands where."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.actions import create_workspace
from accounts.models import Membership, User
from tests.worlds import PASSWORD

LOGIN = "/account/login/"


def log_in(client, login, password=PASSWORD, **options):
    return client.post(LOGIN, {"login": login, "password": password}, **options)


def is_logged_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("login", ["agent1-demo", "agent1@demo.test", "Agent1@Demo.Test"])
def test_a_person_logs_in_by_username_or_email(demo, client, login):
    answer = log_in(client, login)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_logged_in(client)


def test_a_wrong_password_says_so_and_does_not_say_which_part_was_wrong(demo, client):
    known = log_in(client, "agent1-demo", "wrong")
    unknown = log_in(client, "nobody-here", "wrong")

    assert known.status_code == unknown.status_code == 200
    errors = [
        re.findall(r"notice--danger.*?<p>(.*?)</p>", answer.content.decode(), re.S)
        for answer in (known, unknown)
    ]
    assert errors[0] == errors[1] != []
    assert not is_logged_in(client)


def test_after_five_wrong_passwords_an_account_rests_while_others_may_go_on(demo, client):
    for _ in range(5):
        log_in(client, "agent1-demo", "wrong")

    log_in(client, "agent1-demo")
    assert not is_logged_in(client)
    log_in(client, "agent2-demo")
    assert is_logged_in(client)


def test_nobody_is_locked_out_while_redis_is_away(demo, client, settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"},
    }

    log_in(client, "agent1-demo")

    assert is_logged_in(client)


def test_the_way_leads_back_to_the_page_one_wanted(demo, client):
    wanted = demo.url("inbox/")
    asked = client.get(wanted)
    assert asked["Location"] == f"{LOGIN}?next={wanted}"

    answer = client.post(LOGIN, {"login": "agent1-demo", "password": PASSWORD, "next": wanted})

    assert answer["Location"] == wanted


def test_logging_out_ends_the_session(demo, browser):
    client = browser(demo.agent1)

    answer = client.post("/account/logout/")

    assert answer.status_code == 302
    assert not is_logged_in(client)


def test_signing_up_is_closed(db, client):
    page = client.get("/account/signup/")
    sent = client.post(
        "/account/signup/", {"email": "x@y.test", "username": "intruder", "password1": "a long enough one"}
    )

    assert "Accounts are made by invitation" in page.content.decode()
    assert "Accounts are made by invitation" in sent.content.decode()
    assert not User.objects.exists()


def reset_link():
    (letter,) = mail.outbox
    return re.search(r"http://testserver(/\S+)", letter.body)[1]


def test_a_forgotten_password_is_replaced_by_mail(demo, client):
    client.post("/account/password/reset/", {"email": "agent1@demo.test"})
    form = client.get(reset_link(), follow=True)
    client.post(
        form.request["PATH_INFO"],
        {"password1": "olive-basket-41", "password2": "olive-basket-41"},
        follow=True,
    )

    assert mail.outbox[0].to == ["agent1@demo.test"]
    log_in(client, "agent1-demo")
    assert not is_logged_in(client)
    log_in(client, "agent1-demo", "olive-basket-41")
    assert is_logged_in(client)


def test_a_reset_link_works_once(demo, client):
    client.post("/account/password/reset/", {"email": "agent1@demo.test"})
    link = reset_link()
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "olive-basket-41", "password2": "olive-basket-41"})

    again = Client().get(link, follow=True)

    assert "This link is not valid any more" in again.content.decode()


def test_asking_for_a_strangers_password_shows_the_same_page_and_mails_nobody(demo, client):
    answer = client.post("/account/password/reset/", {"email": "stranger@nowhere.test"})

    assert (answer.status_code, answer["Location"]) == (302, "/account/password/reset/done/")
    assert mail.outbox == []


def test_changing_the_password_keeps_this_session_and_ends_the_others(demo, browser):
    here, elsewhere = browser(demo.agent1), browser(demo.agent1)

    answer = here.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "olive-basket-41", "password2": "olive-basket-41"},
    )

    assert answer.status_code == 302
    assert here.get("/account/password/change/").status_code == 200
    assert elsewhere.get("/account/password/change/").status_code == 302


def test_the_front_page_leads_to_the_only_workspace(demo, browser):
    assert browser(demo.agent1).get("/")["Location"] == demo.url("inbox/")


def test_the_front_page_asks_a_member_of_several_workspaces(demo, rival, browser):
    Membership.objects.create(workspace=rival.workspace, user=demo.agent1.user, role="marketer")

    page = browser(demo.agent1).get("/").content.decode()

    assert f'href="{demo.url("inbox/")}"' in page
    assert f'href="{rival.url("inbox/")}"' in page


def test_the_front_page_of_somebody_without_a_workspace_says_so(db, client):
    client.force_login(User.objects.create_user(username="alone", email="alone@nowhere.test"))

    page = client.get("/")

    assert page.status_code == 200
    assert "No workspace yet" in page.content.decode()


def test_a_visitor_meets_the_login(db, client):
    assert client.get("/")["Location"] == f"{LOGIN}?next=/"


def test_somebody_made_by_the_staff_chooses_a_first_password_by_mail(db, client):
    from accounts.actions import find_or_make_person

    person = find_or_make_person("First@Company.Test", "First")
    create_workspace(slug="company", name="Company", admin=person)

    client.post("/account/password/reset/", {"email": "first@company.test"})
    form = client.get(reset_link(), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "olive-basket-41", "password2": "olive-basket-41"})
    log_in(client, "first@company.test", "olive-basket-41")

    assert client.get("/")["Location"] == "/w/company/inbox/"


def test_the_login_asks_for_username_or_email_and_names_the_way_out_once(db, client):
    page = client.get(LOGIN).content.decode()

    assert ">Username or email<" in page.replace("\n", "")
    assert page.count("Forgot your password?") == 1
