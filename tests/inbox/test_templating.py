"""A template into a thread that somebody holds: inside the window and outside, and when it is refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import scope
from inbox import actions
from inbox.models import Conversation, Message
from phonebook.models import Marketing
from tests.inbox.rows import FAILED, QUEUED, change, fresh, outgoing, reply, screen
from tests.inbox.test_claims import facts
from tests.inbox.together import together
from tests.worlds import make_broadcast, make_conversation, make_message, make_template

VALUES = {"body.1": "Rania", "body.2": "Saturday"}
WORDS = "Hello Rania, our showroom opens on Saturday. Coffee is on us."


@pytest.fixture
def template(demo):
    return make_template(demo)


def send(world, conversation, template, member=None, **fields):
    fields.setdefault("values", VALUES)
    fields.setdefault("request_id", uuid4())
    fields.setdefault("seen", screen(world, conversation))
    return actions.send_template(
        member=member or world.agent1,
        conversation_id=conversation.pk,
        template_id=template.pk,
        **fields,
    )


@pytest.mark.parametrize("window", [timedelta(hours=3), timedelta(hours=-3), None])
def test_the_holder_sends_a_template_whether_the_window_is_open_or_not(demo, template, window):
    conversation = make_conversation(demo, holder=demo.agent1, window=window)
    message = send(demo, conversation, template)
    assert (message.kind, message.template_id, message.body) == ("template", template.pk, WORDS)
    assert outgoing(demo, conversation) == [(WORDS, demo.agent1.pk, QUEUED)]
    assert facts(demo, conversation) == ("claimed", demo.agent1.pk, 1, 0)
    assert fresh(demo, conversation).last_message_id == message.pk


def test_only_the_holder_does(demo, held, template):
    with pytest.raises(actions.NotYours, match="Agent1 holds"):
        send(demo, held, template, member=demo.agent2)
    waiting = make_conversation(demo)
    with pytest.raises(actions.NotYours, match="Claim this conversation"):
        send(demo, waiting, template)
    assert outgoing(demo, held) == outgoing(demo, waiting) == []


def test_an_outsider_finds_no_conversation(demo, rival, held, template):
    with pytest.raises(Conversation.DoesNotExist):
        send(demo, held, template, member=rival.agent1)
    assert outgoing(demo, held) == []


def test_an_outdated_screen_is_shown_what_changed(demo, held, template):
    seen = screen(demo, held)
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent2.pk)
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent1.pk)
    with pytest.raises(actions.Stale) as stale:
        send(demo, held, template, seen=seen)
    assert send(demo, held, template, seen=stale.value.seen).pk


def test_what_may_not_leave_is_refused(demo, held, template):
    change(demo, held.contact, marketing=Marketing.OPTED_OUT)
    with pytest.raises(actions.NotAllowed, match="opted out"):
        send(demo, held, template)
    change(demo, held.contact, marketing=Marketing.UNKNOWN)
    with pytest.raises(actions.BadValues) as bad:
        send(demo, held, template, values={"body.1": "Rania"})
    assert list(bad.value.problems) == ["body.2"]
    change(demo, template, status="DISABLED")
    with pytest.raises(actions.NotAllowed, match="not approved"):
        send(demo, held, template)
    assert outgoing(demo, held) == []


def test_the_same_form_pressed_fifteen_times_at_once_is_one_message(demo, held, template):
    request, seen = uuid4(), screen(demo, held)
    connection.close()
    outcomes = together(*[lambda: send(demo, held, template, request_id=request, seen=seen)] * 15)
    assert len({each.pk for each in outcomes}) == 1
    assert len(outgoing(demo, held)) == 1


def test_one_form_sent_to_two_threads_at_once_reaches_one_of_them(demo, template):
    for _ in range(6):
        pair, request = [make_conversation(demo, holder=demo.agent1) for _ in range(2)], uuid4()
        connection.close()
        outcomes = together(*(lambda c=c, r=request: send(demo, c, template, request_id=r) for c in pair))
        assert {type(each) for each in outcomes} == {Message, actions.NotAllowed}


def test_a_failed_template_is_sent_again_as_it_is_now_outside_the_window_too(demo, template):
    conversation = make_conversation(demo, holder=demo.agent1, window=None)
    failed = send(demo, conversation, template)
    change(demo, failed, status=FAILED)
    change(demo, template, components=[{"type": "BODY", "text": "Dear {{1}}: {{2}}."}])
    again = actions.send_again(member=demo.agent1, message_id=failed.pk)
    assert (again.body, again.retry_of_id, again.template_id, again.payload["values"]) == (
        "Dear Rania: Saturday.",
        failed.pk,
        template.pk,
        VALUES,
    )
    assert actions.send_again(member=demo.agent1, message_id=failed.pk) == again


def test_a_failed_template_that_is_paused_by_now_is_not_sent_again(demo, held, template):
    failed = send(demo, held, template)
    change(demo, failed, status=FAILED)
    change(demo, template, status="PAUSED")
    with pytest.raises(actions.NotAllowed, match="paused"):
        actions.send_again(member=demo.agent1, message_id=failed.pk)


def test_a_campaigns_message_is_left_to_its_campaign(demo, held):
    failed = make_message(demo, held, outgoing=True, status=FAILED, broadcast=make_broadcast(demo))
    with pytest.raises(actions.NotAllowed, match="part of a campaign"):
        actions.send_again(member=demo.agent1, message_id=failed.pk)


def test_nothing_is_written_to_who_is_blocked(demo, held):
    failed = make_message(demo, held, outgoing=True, status=FAILED, sender=demo.agent1)
    change(demo, held.contact, blocked=timezone.now())
    with pytest.raises(actions.NotAllowed, match="blocked"):
        reply(demo, held)
    with pytest.raises(actions.NotAllowed, match="blocked"):
        actions.send_again(member=demo.agent1, message_id=failed.pk)


def test_closing_takes_the_campaign_off_that_was_pinned(demo, held):
    change(demo, held, pinned=make_broadcast(demo))
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent2.pk)
    assert fresh(demo, held).pinned_id is not None
    actions.close(member=demo.agent2, conversation_id=held.pk)
    with scope(demo.id):
        assert Conversation.objects.get(pk=held.pk).pinned_id is None


def test_anybody_claims_from_the_marketing_tab(demo):
    conversation = make_conversation(demo, state="outbound")
    actions.claim(member=demo.agent1, conversation_id=conversation.pk)
    assert facts(demo, conversation)[:3] == ("claimed", demo.agent1.pk, 1)
