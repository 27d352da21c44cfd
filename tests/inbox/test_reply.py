"""Reply: what is queued, and what is refused."""

import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.models import StreamEvent
from accounts.tenancy import scope
from inbox import actions
from inbox.models import Conversation, Message
from tests.inbox.rows import FAILED, QUEUED, change, fresh, outgoing, reply, screen
from tests.worlds import make_conversation, make_message


def hints():
    """How many tasks wait for a worker of the replies."""
    with current_app.connection_for_read() as connection:
        return connection.default_channel.client.llen("replies")


def test_a_reply_is_one_queued_row_and_the_conversation_shows_it(demo, rival, held):
    before = hints()
    request = uuid4()
    start = timezone.now()
    message = fresh(demo, reply(demo, held, request_id=request))
    assert (message.outgoing, message.kind, message.body, message.status) == (
        True,
        "text",
        "On its way.",
        QUEUED,
    )
    assert (message.sender_id, message.number_id, message.request_id) == (
        demo.agent1.pk,
        demo.number.pk,
        request,
    )
    assert (message.attempt, message.wamid, message.context_wamid) == (0, None, "")
    assert message.due == message.at == message.created
    assert timedelta(0) <= message.at - start < timedelta(seconds=10)
    conversation = fresh(demo, held)
    assert (conversation.last_message_id, conversation.last_at) == (message.pk, message.at)
    assert (conversation.unread, conversation.claim_version, conversation.state) == (0, 1, "claimed")
    with scope(demo.id):
        assert list(StreamEvent.objects.values_list("kind", "object_id", "messages")) == [
            ("conversation", held.pk, [message.pk])
        ]
    with scope(rival.id):
        assert not StreamEvent.objects.exists()
    assert hints() == before + 1


def test_only_white_space_at_the_end_is_taken_off(demo, held):
    text = "  \tمرحبًا 👋🏽\n\n  it's <b>50%</b> off:\r\n- one\n"
    assert fresh(demo, reply(demo, held, text + " \n\u00a0")).body == text.rstrip()


def test_4096_characters_are_a_reply_and_4097_are_not(demo, held):
    reply(demo, held, "👋" * 4096 + "   ")
    with pytest.raises(
        actions.BadText, match=r"^The text has 4097 characters; WhatsApp accepts at most 4096\.$"
    ):
        reply(demo, held, "a" * 4097)
    assert len(outgoing(demo, held)) == 1


@pytest.mark.parametrize("text", ["", "  ", "\n\t\u00a0"])
def test_an_empty_reply_is_refused(demo, held, text):
    with pytest.raises(actions.BadText, match="Write something first"):
        reply(demo, held, text)
    assert outgoing(demo, held) == []


def test_a_nul_is_refused_in_words_not_by_the_database(demo, held):
    with pytest.raises(actions.BadText, match="NUL"):
        reply(demo, held, "a\0b")
    assert outgoing(demo, held) == []


@pytest.mark.parametrize("state", ["unclaimed", "outbound", "closed"])
def test_an_unheld_conversation_is_claimed_before_it_is_answered(demo, state):
    conversation = make_conversation(demo, state=state)
    with pytest.raises(actions.NotYours, match="Claim this conversation before you reply") as refused:
        reply(demo, conversation)
    assert refused.value.holder is None
    assert outgoing(demo, conversation) == []


def test_nobody_replies_for_a_colleague_not_even_an_admin(demo, held):
    for member in (demo.agent2, demo.marketer, demo.admin):
        with pytest.raises(actions.NotYours, match="Agent1 holds this conversation") as refused:
            reply(demo, held, member=member)
        assert refused.value.holder == demo.agent1
    assert outgoing(demo, held) == []


def test_for_an_outsider_there_is_nothing_to_reply_to(demo, rival, held):
    failed = make_message(demo, held, outgoing=True, status=FAILED)
    with pytest.raises(Conversation.DoesNotExist):
        reply(demo, held, member=rival.agent1)
    with pytest.raises(Message.DoesNotExist):
        actions.send_again(member=rival.agent1, message_id=failed.pk)
    with pytest.raises(Conversation.DoesNotExist):
        actions.mark_read(member=rival.agent1, conversation_id=held.pk)
    assert len(outgoing(demo, held)) == 1


@pytest.mark.parametrize("window", [None, timedelta(0), timedelta(seconds=-1)])
def test_free_text_outside_the_window_is_refused(demo, window):
    conversation = make_conversation(demo, holder=demo.agent1, window=window)
    with pytest.raises(actions.WindowClosed, match="more than 24 hours ago"):
        reply(demo, conversation)
    assert outgoing(demo, conversation) == []


def test_the_same_form_sent_twice_is_one_message(demo, held):
    request, seen = uuid4(), screen(demo, held)
    first = reply(demo, held, request_id=request, seen=seen)
    actions.unclaim(member=demo.agent1, conversation_id=held.pk)
    assert reply(demo, held, request_id=request, seen=seen) == first
    assert len(outgoing(demo, held)) == 1


def test_a_forms_id_cannot_be_used_for_somebody_elses_message(demo, rival, held):
    request = uuid4()
    reply(demo, held, "First.", request_id=request)
    another = make_conversation(demo, holder=demo.agent1)
    with pytest.raises(actions.NotAllowed, match="used for another reply"):
        reply(demo, another, request_id=request)
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent2.pk)
    with pytest.raises(actions.NotAllowed, match="used for another reply"):
        reply(demo, held, member=demo.agent2, request_id=request)
    assert outgoing(demo, held) == [("First.", demo.agent1.pk, QUEUED)]
    theirs = make_conversation(rival, holder=rival.agent1)
    assert reply(rival, theirs, member=rival.agent1, request_id=request).conversation_id == theirs.pk


def test_a_quoted_message_is_one_of_this_conversation_that_whatsapp_knows(demo, held):
    quoted = make_message(demo, held, body="Blue or red?", wamid="wamid.Q")
    assert reply(demo, held, quoted_id=quoted.pk).context_wamid == "wamid.Q"
    elsewhere = make_message(demo, make_conversation(demo), body="Not here")
    unsent = make_message(demo, held, outgoing=True, sender=demo.agent1)
    for wrong in (elsewhere.pk, unsent.pk, 0):
        with pytest.raises(actions.NotAllowed, match="cannot be quoted"):
            reply(demo, held, quoted_id=wrong)


def test_a_reply_is_never_shown_above_what_it_answers(demo, held):
    ahead = timezone.now() + timedelta(minutes=2)
    change(demo, held, last_at=ahead)
    message = reply(demo, held)
    assert (message.at, fresh(demo, held).last_at) == (ahead, ahead)
    assert message.due < ahead


def test_only_the_holders_look_makes_a_conversation_read(demo, held):
    for member in (demo.agent2, demo.admin):
        actions.mark_read(member=member, conversation_id=held.pk)
    assert fresh(demo, held).unread == 1
    actions.mark_read(member=demo.agent1, conversation_id=held.pk)
    assert fresh(demo, held).unread == 0
    actions.mark_read(member=demo.agent1, conversation_id=held.pk)
    with scope(demo.id):
        assert StreamEvent.objects.count() == 1


REPLY_ALONE = """
import sys, uuid, django
django.setup()
from accounts.models import Membership
from inbox import actions
member, conversation = Membership.objects.get(pk=sys.argv[1]), int(sys.argv[2])
message = actions.reply(member=member, conversation_id=conversation, text="Redis is gone.",
                        request_id=uuid.uuid4(), seen=actions.Seen(1, int(sys.argv[3])))
print("queued", message.pk)
"""


def test_a_lost_redis_costs_a_reply_nothing(demo, held):
    seen = screen(demo, held)
    done = subprocess.run(
        [sys.executable, "-c", REPLY_ALONE, str(demo.agent1.pk), str(held.pk), str(seen.message_id)],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0"},
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "delivery.hint_lost" in done.stdout
    assert "queued" in done.stdout
    assert outgoing(demo, held) == [("Redis is gone.", demo.agent1.pk, QUEUED)]
