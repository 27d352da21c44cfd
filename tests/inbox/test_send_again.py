"""Sending again what failed, or what nobody confirmed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import StreamEvent
from accounts.tenancy import scope
from inbox import actions, delivery
from inbox.delivery import Next
from tests.inbox.dom import parse
from tests.inbox.graph import lose
from tests.inbox.rows import (
    DELIVERED,
    FAILED,
    QUEUED,
    SENDING,
    SENT,
    UNCONFIRMED,
    change,
    fresh,
    outcome,
    outgoing,
    receipt,
    reply,
)
from tests.worlds import make_message


def test_a_failed_message_is_sent_again_as_a_new_one_once(demo, held):
    failed = make_message(
        demo, held, outgoing=True, body="Try me", sender=demo.agent1, status=FAILED, context_wamid="wamid.Q"
    )
    again = actions.send_again(member=demo.agent1, message_id=failed.pk)
    assert (again.body, again.context_wamid, again.status, again.retry_of_id, again.sender_id) == (
        "Try me",
        "wamid.Q",
        QUEUED,
        failed.pk,
        demo.agent1.pk,
    )
    assert actions.send_again(member=demo.agent1, message_id=failed.pk) == again
    assert len(outgoing(demo, held)) == 2
    assert fresh(demo, failed).status == FAILED
    assert fresh(demo, held).last_message_id == again.pk
    with scope(demo.id):
        assert StreamEvent.objects.get().messages == [failed.pk, again.pk]


def test_an_unconfirmed_message_is_sent_again_only_after_the_grace(demo, held, settings):
    message = make_message(demo, held, outgoing=True, status=UNCONFIRMED, sender=demo.agent1)
    grace = timedelta(seconds=settings.UNCONFIRMED_GRACE_SECONDS)
    change(demo, message, due=timezone.now() - grace + timedelta(seconds=30))
    with pytest.raises(actions.NotAllowed, match=r"again in (29|30) seconds"):
        actions.send_again(member=demo.agent1, message_id=message.pk)
    change(demo, message, due=timezone.now() - grace)
    assert actions.send_again(member=demo.agent1, message_id=message.pk).retry_of_id == message.pk


@pytest.mark.parametrize("status", [QUEUED, SENDING, SENT, DELIVERED])
def test_a_message_that_did_not_fail_is_not_sent_again(demo, held, status):
    message = make_message(demo, held, outgoing=True, status=status, sender=demo.agent1)
    with pytest.raises(actions.NotAllowed, match="did not fail"):
        actions.send_again(member=demo.agent1, message_id=message.pk)
    inbound = make_message(demo, held)
    with pytest.raises(actions.NotAllowed, match="did not fail"):
        actions.send_again(member=demo.agent1, message_id=inbound.pk)


def test_sending_again_needs_the_claim_and_the_window(demo, held):
    failed = make_message(demo, held, outgoing=True, status=FAILED, sender=demo.agent2)
    with pytest.raises(actions.NotYours):
        actions.send_again(member=demo.agent2, message_id=failed.pk)
    change(demo, held, window_expires=timezone.now() - timedelta(seconds=1))
    with pytest.raises(actions.WindowClosed):
        actions.send_again(member=demo.agent1, message_id=failed.pk)
    assert len(outgoing(demo, held)) == 1


FIRST_ARRIVED = "Not sent: the first one arrived after all."


@pytest.fixture
def unconfirmed(demo, held, graph, settings):
    """A message that reached WhatsApp, whose answer was lost, and whose grace is over."""
    graph.order(lose)
    message = reply(demo, held, "Only once, please.")
    delivery.deliver_next(held.pk, demo.id)
    change(demo, message, due=timezone.now() - timedelta(seconds=settings.UNCONFIRMED_GRACE_SECONDS))
    return message


@pytest.mark.parametrize("said", ["sent", "delivered"])
def test_a_second_try_is_withheld_when_the_first_turns_out_to_have_arrived(
    demo, held, graph, unconfirmed, agent1, said
):
    again = actions.send_again(member=demo.agent1, message_id=unconfirmed.pk)
    receipt(demo, unconfirmed, said)

    assert delivery.deliver_next(held.pk, demo.id) == Next(0.0)
    assert delivery.deliver_next(held.pk, demo.id) == Next(None)

    assert graph.bodies == ["Only once, please."]
    assert outcome(demo, again) == (FAILED, None, None, FIRST_ARRIVED)
    with scope(demo.id):
        assert StreamEvent.objects.latest("seq").messages == [again.pk]
    shown = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{again.pk}")
    assert "msg--failed" not in shown["class"]
    assert shown.one(css="fail--quiet").text == FIRST_ARRIVED
    assert shown.all("button") == []
    with pytest.raises(actions.NotAllowed, match="did not fail"):
        actions.send_again(member=demo.agent1, message_id=again.pk)


def test_a_second_try_leaves_when_the_first_is_known_to_have_failed(demo, held, graph, unconfirmed):
    again = actions.send_again(member=demo.agent1, message_id=unconfirmed.pk)
    receipt(demo, unconfirmed, "failed", wamid="wamid.first", code=131026)
    delivery.deliver_next(held.pk, demo.id)
    assert graph.bodies == ["Only once, please."] * 2
    assert outcome(demo, again)[0] == SENT


def test_a_third_try_is_withheld_when_the_first_of_all_arrived(demo, held, graph, unconfirmed):
    second = actions.send_again(member=demo.agent1, message_id=unconfirmed.pk)
    change(demo, second, status=FAILED)
    third = actions.send_again(member=demo.agent1, message_id=second.pk)
    receipt(demo, unconfirmed, "read")
    delivery.deliver_next(held.pk, demo.id)
    assert graph.bodies == ["Only once, please."]
    assert outcome(demo, third)[3] == FIRST_ARRIVED
