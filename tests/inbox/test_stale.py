"""A reply written on an outdated screen: held, shown what changed, and sent on confirmation."""

from uuid import uuid4

import pytest

from inbox import actions
from inbox.actions import Seen
from tests.inbox.rows import QUEUED, change, customer_writes, fresh, outgoing, reply, screen
from tests.worlds import make_broadcast, make_conversation, make_message


def test_new_messages_of_the_customer_never_block(demo, held):
    seen = screen(demo, held)
    customer_writes(demo, held)
    assert fresh(demo, held).last_message_id > seen.message_id
    assert reply(demo, held, seen=seen).status == QUEUED


def test_my_own_words_from_another_tab_do_not_block(demo, held):
    seen = screen(demo, held)
    reply(demo, held, "From the phone.")
    assert reply(demo, held, "From the desk.", seen=seen).status == QUEUED


def test_a_reply_on_an_outdated_screen_is_held_and_shows_what_changed(demo, held):
    seen = screen(demo, held)
    actions.transfer(
        member=demo.admin, conversation_id=held.pk, to_id=demo.agent2.pk, note="Please take over"
    )
    theirs = reply(demo, held, "I am looking into it.", member=demo.agent2)
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent1.pk, note="And back")
    request = uuid4()
    with pytest.raises(actions.Stale) as stale:
        reply(demo, held, "Old news.", seen=seen, request_id=request)
    assert [(type(each).__name__, getattr(each, "note", None)) for each in stale.value.changes] == [
        ("SystemLine", "Please take over"),
        ("Message", None),
        ("SystemLine", "And back"),
    ]
    assert stale.value.changes[1] == theirs
    assert stale.value.seen == Seen(version=3, message_id=theirs.pk)
    assert [body for body, *_ in outgoing(demo, held)] == ["I am looking into it."]

    confirmed = reply(demo, held, "Old news.", seen=stale.value.seen, request_id=request)
    assert confirmed.body == "Old news."


def test_a_confirmation_is_itself_held_when_something_changed_again(demo, held):
    seen = screen(demo, held)
    make_message(demo, held, outgoing=True, sender=demo.agent2, body="One")
    with pytest.raises(actions.Stale) as first:
        reply(demo, held, seen=seen)
    make_message(demo, held, outgoing=True, sender=demo.agent2, body="Two")
    with pytest.raises(actions.Stale) as second:
        reply(demo, held, seen=first.value.seen)
    assert [change.body for change in first.value.changes] == ["One"]
    assert [change.body for change in second.value.changes] == ["Two"]
    assert reply(demo, held, seen=second.value.seen).status == QUEUED


def test_what_an_agent_has_seen_is_not_shown_as_a_change(demo):
    """A customer's answer reopens without a line, so there are fewer lines than changes."""
    conversation = make_conversation(demo)
    actions.claim(member=demo.agent1, conversation_id=conversation.pk)
    reply(demo, conversation)
    seen = screen(demo, conversation)
    actions.close(member=demo.admin, conversation_id=conversation.pk)
    change(demo, conversation, state="unclaimed", claim_version=3)
    actions.claim(member=demo.agent1, conversation_id=conversation.pk)
    with pytest.raises(actions.Stale) as stale:
        reply(demo, conversation, seen=seen)
    assert [change.kind for change in stale.value.changes] == ["closed", "claimed"]


def test_a_campaigns_message_on_the_screen_does_not_hold_up_the_holders_reply(demo, held):
    seen = screen(demo, held)
    broadcast = make_broadcast(demo)
    make_message(demo, held, outgoing=True, body="Weekend opening", status=10, broadcast=broadcast)
    assert reply(demo, held, "Of course.", seen=seen).status == QUEUED
