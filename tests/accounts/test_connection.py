"""Settings, phone numbers: the connection check, against a real socket."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import actions, checks
from accounts.models import BusinessAccount, PhoneNumber
from accounts.tenancy import scope
from tests.accounts.graph import CONNECTED, refusal


def state(world):
    with scope(world.id):
        return PhoneNumber.objects.get(pk=world.number.pk).check_state


def check(world, number):
    checks.check(workspace_id=world.id, number_id=number.pk)


def card(world, client, number, **headers):
    return client.get(world.url(f"settings/numbers/{number.pk}/check/"), headers=headers).content.decode()


def test_a_check_shows_its_state_and_polls_only_while_it_waits(demo, browser, graph):
    client = browser(demo.admin)
    assert "Not checked yet" in card(demo, client, demo.number)

    answer = client.post(
        demo.url(f"settings/numbers/{demo.number.pk}/check/"), headers={"HX-Request": "true"}
    )
    waiting = answer.content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "Checking…" in waiting

    check(demo, demo.number)
    done = card(demo, client, demo.number)
    assert "Connected" in done
    assert "Petra Home Store" in done
    assert "hx-trigger" not in done
    assert graph.asked == [("/v26.0/100000000000001", "Bearer demo-token-100000000000001")]


def test_a_check_without_scripts_leads_back_to_the_page(demo, browser):
    answer = browser(demo.admin).post(demo.url(f"settings/numbers/{demo.number.pk}/check/"))

    assert answer["Location"] == demo.url("settings/numbers/")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, refusal(190, "Malformed access token demo-token-100000000000001")), "connect it again"),
        ((400, refusal(100, "Unsupported get request.", error_subcode=33)), "number"),
        ((400, refusal(10, "demo-token-100000000000001 lacks a permission")), "permission"),
        ((200, {**CONNECTED, "status": "PENDING"}), "PENDING"),
        ((502, b"<html>Bad gateway</html>"), "no clear answer"),
        ((200, {"hello": "world"}), "no clear answer"),
    ],
)
def test_a_failed_check_says_why_and_never_quotes_the_token(demo, browser, graph, answer, words):
    graph.answer = answer
    actions.request_check(member=demo.admin, number_id=demo.number.pk)

    check(demo, demo.number)

    shown = card(demo, browser(demo.admin), demo.number)
    assert "Not connected" in shown
    assert words in shown
    assert "demo-token" not in shown


def test_a_check_that_reaches_nobody_says_so(demo, browser, settings):
    settings.WHATSAPP_GRAPH_URL = "http://127.0.0.1:9"
    actions.request_check(member=demo.admin, number_id=demo.number.pk)

    check(demo, demo.number)

    assert "could not be reached" in card(demo, browser(demo.admin), demo.number)


def test_a_check_without_a_token_says_so(demo, browser):
    with scope(demo.id):
        BusinessAccount.objects.update(access_token="")
    actions.request_check(member=demo.admin, number_id=demo.number.pk)

    check(demo, demo.number)

    assert "Enter it again" in card(demo, browser(demo.admin), demo.number)


def test_no_transaction_is_open_while_meta_is_asked(demo, graph):
    seen = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")
            seen.append(cursor.fetchone()[0])
        connection.close()

    graph.before = look
    actions.request_check(member=demo.admin, number_id=demo.number.pk)

    check(demo, demo.number)

    assert seen == [0]


def test_an_answer_that_comes_after_a_newer_wish_is_dropped(demo, graph):
    def wish_again():
        graph.before = lambda: None
        actions.request_check(member=demo.admin, number_id=demo.number.pk)
        connection.close()

    graph.answer = (400, refusal(10, "old"))
    graph.before = wish_again
    actions.request_check(member=demo.admin, number_id=demo.number.pk)

    check(demo, demo.number)
    assert state(demo) == "waiting"
    graph.answer = (200, CONNECTED)
    check(demo, demo.number)
    assert state(demo) == "ok"


def test_a_repeated_task_asks_once(demo, graph):
    actions.request_check(member=demo.admin, number_id=demo.number.pk)

    check(demo, demo.number)
    check(demo, demo.number)

    assert len(graph.asked) == 1


def test_the_sweep_finds_lost_checks_in_every_workspace_and_no_others(demo, rival):
    for world in (demo, rival):
        actions.request_check(member=world.admin, number_id=world.number.pk)
    assert checks.overdue() == []

    later = timezone.now() + timedelta(minutes=1)

    assert checks.overdue(later) == [(demo.id, demo.number.pk), (rival.id, rival.number.pk)]
