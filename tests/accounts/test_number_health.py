"""Settings, phone numbers: what WhatsApp tells of a number's health, and a number that it refuses everything from."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import actions, checks
from accounts.models import BusinessAccount, PhoneNumber
from accounts.tenancy import scope
from tests.accounts.graph import CONNECTED, refusal

HEALTHY = {
    **CONNECTED,
    "throughput": {"level": "HIGH"},
    "whatsapp_business_manager_messaging_limit": "TIER_10K",
}


def check(world):
    actions.request_check(member=world.admin, number_id=world.number.pk)
    checks.check(workspace_id=world.id, number_id=world.number.pk)


def number(world):
    with scope(world.id):
        return PhoneNumber.objects.select_related("business_account").get(pk=world.number.pk)


def stop(world, **fields):
    fields.setdefault("stopped", timezone.now() - timedelta(minutes=5))
    fields.setdefault("stopped_code", 131042)
    with scope(world.id):
        PhoneNumber.objects.filter(pk=world.number.pk).update(**fields)


def page(world, client):
    return client.get(world.url("settings/numbers/")).content.decode()


def test_a_check_keeps_throughput_quality_and_the_portfolios_limit(demo, rival, browser, graph):
    with scope(demo.id):
        BusinessAccount.objects.create(workspace=demo.workspace, waba_id="3", portfolio_id="p-demo")
    graph.answer = (200, HEALTHY)
    check(demo)
    found = number(demo)
    assert (found.throughput, found.quality, found.per_second) == ("HIGH", "GREEN", 1000)
    with scope(demo.id):
        assert set(BusinessAccount.objects.values_list("messaging_limit", flat=True)) == {"TIER_10K"}
    assert number(rival).business_account.messaging_limit == ""
    shown = page(demo, browser(demo.admin))
    for words in ("1000 messages a second", "High", "10K people in 24 hours"):
        assert words in shown


def test_what_a_check_is_not_told_stays_as_it_was(demo, graph):
    graph.answer = (200, HEALTHY)
    check(demo)
    graph.answer = (200, {"id": "100000000000001", "status": "CONNECTED"})
    check(demo)
    found = number(demo)
    assert (found.throughput, found.quality, found.business_account.messaging_limit) == (
        "HIGH",
        "GREEN",
        "TIER_10K",
    )


def test_a_stopped_number_says_why_in_words_and_a_good_check_ends_it(demo, rival, browser, graph):
    client = browser(demo.admin)
    assert "campaigns stand still" not in page(demo, client)
    stop(demo, stopped_detail="No <b>card</b>.")
    shown = page(demo, client)
    assert "campaigns stand still" in shown
    assert "No &lt;b&gt;card&lt;/b&gt;." in shown
    assert "(131042)" in shown
    assert "payment" in shown
    assert "campaigns stand still" not in page(rival, browser(rival.admin))
    check(demo)
    found = number(demo)
    assert (found.stopped, found.stopped_code, found.stopped_detail) == (None, None, "")
    assert "campaigns stand still" not in page(demo, client)


@pytest.mark.parametrize(
    "answer", [(401, refusal(190, "dead")), (200, {**CONNECTED, "status": "BANNED"}), (502, b"?")]
)
def test_a_bad_check_leaves_it_stopped(demo, graph, answer):
    stop(demo)
    graph.answer = answer
    check(demo)
    assert number(demo).stopped_code == 131042


def test_a_stop_that_comes_while_whatsapp_is_asked_stays(demo, graph):
    graph.before = lambda: stop(demo, stopped=timezone.now())
    check(demo)
    assert number(demo).stopped is not None


def test_the_part_that_is_fetched_again_holds_the_reason_too(demo, browser, graph):
    stop(demo)
    client, path = browser(demo.admin), demo.url(f"settings/numbers/{demo.number.pk}/check/")
    waiting = client.post(path, headers={"HX-Request": "true"}).content.decode()
    assert "campaigns stand still" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    checks.check(workspace_id=demo.id, number_id=demo.number.pk)
    assert "campaigns stand still" not in client.get(path).content.decode()
