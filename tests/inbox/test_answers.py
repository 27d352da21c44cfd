"""What every answer of WhatsApp leads to, also a lost one, a late one and one that a receipt overtakes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tenancy import scope
from inbox import actions, delivery
from inbox.delivery import Next
from inbox.models import Receipt
from tests.inbox.graph import lose, refuse
from tests.inbox.rows import (
    DELIVERED,
    FAILED,
    QUEUED,
    SENDING,
    SENT,
    UNCONFIRMED,
    change,
    due_now,
    fresh,
    outcome,
    receipt,
    reply,
)
from tests.inbox.together import at_whatsapp

AT_ONCE, NOTHING = Next(0.0), Next(None)


def attempts(world, conversation, message):
    """Delivers until the message is no longer queued; returns the pauses in between."""
    pauses = []
    while fresh(world, message).status == QUEUED:
        due_now(world, message)
        pauses.append(delivery.deliver_next(conversation.pk, world.id).seconds)
    return pauses[:-1]


def test_too_fast_for_one_person_waits_as_meta_asks_and_gives_up_after_five(demo, held, graph):
    graph.order(*[refuse(131056, "Slow down.")] * 5)
    message = reply(demo, held)
    assert attempts(demo, held, message) == [1, 4, 16, 64]
    assert outcome(demo, message) == (FAILED, None, 131056, "Slow down.")
    assert len(graph.calls) == 5


@pytest.mark.parametrize("trouble", [(131016, 503, 5), (131000, 500, 4), (130429, 400, 5)])
def test_whatsapps_own_trouble_is_tried_again_with_growing_pauses(demo, held, graph, trouble):
    code, status, calls = trouble
    graph.order(*[refuse(code, "Busy.", status)] * 5)
    message = reply(demo, held)
    pauses = attempts(demo, held, message)
    assert outcome(demo, message) == (FAILED, None, code, "Busy.")
    assert (len(graph.calls), len(pauses)) == (calls, calls - 1)
    assert all(2**n * 0.75 <= pause <= 2**n * 1.25 for n, pause in enumerate(pauses, 1))


def test_what_recovers_is_sent_and_forgets_its_trouble(demo, held, graph):
    graph.order(refuse(131016, "Busy.", 503))
    message = reply(demo, held)
    delivery.deliver_next(held.pk, demo.id)
    assert outcome(demo, message) == (QUEUED, None, 131016, "Busy.")
    due_now(demo, message)
    delivery.deliver_next(held.pk, demo.id)
    assert outcome(demo, message) == (SENT, "wamid.1", None, "")


@pytest.mark.parametrize(("code", "status"), [(100, 400), (131047, 400), (190, 401), (131026, 400), (4, 429)])
def test_a_definite_no_fails_at_once_with_code_and_details(demo, held, graph, code, status):
    graph.order(refuse(code, "Because.", status))
    message = reply(demo, held)
    assert delivery.deliver_next(held.pk, demo.id) == AT_ONCE
    assert outcome(demo, message) == (FAILED, None, code, "Because.")
    assert delivery.deliver_next(held.pk, demo.id) == NOTHING
    assert len(graph.calls) == 1
    again = actions.send_again(member=demo.agent1, message_id=message.pk)
    delivery.deliver_next(held.pk, demo.id)
    assert outcome(demo, again)[:2] == (SENT, "wamid.1")
    assert outcome(demo, message) == (FAILED, None, code, "Because.")


def test_whatsapp_out_of_reach_is_tried_five_times_and_then_said_in_words(demo, held, settings):
    settings.WHATSAPP_GRAPH_URL = "http://127.0.0.1:1"
    message = reply(demo, held)
    pauses = attempts(demo, held, message)
    assert len(pauses) == 4
    assert outcome(demo, message) == (FAILED, None, None, "WhatsApp could not be reached. Nothing was sent.")
    assert fresh(demo, message).attempt == 5


def test_a_lost_answer_is_unconfirmed_and_never_sent_again_by_itself(demo, held, graph):
    graph.order(lose)
    message = reply(demo, held, "One")
    reply(demo, held, "Two")
    assert delivery.deliver_next(held.pk, demo.id) == AT_ONCE
    row = fresh(demo, message)
    assert (row.status, row.wamid, row.error_code) == (UNCONFIRMED, None, None)
    assert timedelta(0) <= timezone.now() - row.due < timedelta(seconds=10)
    while delivery.deliver_next(held.pk, demo.id) == AT_ONCE:
        pass
    assert (delivery.sweep(), graph.bodies) == ([], ["One", "Two"])
    receipt(demo, message, "delivered", wamid="wamid.lost")
    assert outcome(demo, message)[:2] == (DELIVERED, "wamid.lost")


def test_an_answer_that_is_not_whatsapps_leaves_the_message_unconfirmed(demo, held, graph):
    graph.order(lambda: (502, {"oops": "a proxy"}))
    message = reply(demo, held)
    delivery.deliver_next(held.pk, demo.id)
    assert outcome(demo, message)[:2] == (UNCONFIRMED, None)
    assert len(graph.calls) == 1


@pytest.mark.parametrize(
    ("reported", "shown"), [("sent", SENT), ("delivered", DELIVERED), ("failed", FAILED)]
)
def test_a_receipt_that_overtakes_the_answer_is_not_taken_back(demo, held, graph, reported, shown):
    message = reply(demo, held)
    code = 131026 if reported == "failed" else None
    with at_whatsapp(graph, demo, held):
        receipt(demo, message, reported, code=code)
        assert outcome(demo, message)[:2] == (shown, "wamid.1")
    assert outcome(demo, message)[:3] == (shown, "wamid.1", code)
    assert delivery.deliver_next(held.pk, demo.id) == NOTHING
    with scope(demo.id):
        assert Receipt.objects.count() == 1


def test_a_receipt_that_overtakes_a_lost_answer_settles_it(demo, held, graph):
    message = reply(demo, held)
    with at_whatsapp(graph, demo, held, then=lose):
        receipt(demo, message, "delivered")
    assert outcome(demo, message)[:2] == (DELIVERED, "wamid.1")


def test_a_late_yes_still_counts_after_the_lease_ran_out(demo, held, graph):
    message = reply(demo, held)
    with at_whatsapp(graph, demo, held):
        due_now(demo, message)
        assert delivery.sweep() == []
        assert outcome(demo, message)[0] == UNCONFIRMED
    assert outcome(demo, message)[:2] == (SENT, "wamid.1")


@pytest.mark.parametrize(("code", "shown"), [(100, FAILED), (131016, UNCONFIRMED)])
def test_a_late_no_is_told_but_never_sent_again_by_itself(demo, held, graph, code, shown):
    message = reply(demo, held)
    with at_whatsapp(graph, demo, held, then=refuse(code)):
        due_now(demo, message)
        delivery.sweep()
    assert outcome(demo, message)[0] == shown
    assert (delivery.deliver_next(held.pk, demo.id), len(graph.calls)) == (NOTHING, 1)


def test_an_answer_to_an_earlier_attempt_changes_nothing(demo, held, graph):
    message = reply(demo, held)
    with at_whatsapp(graph, demo, held):
        change(demo, message, attempt=2)
    assert outcome(demo, message) == (SENDING, None, None, "")
