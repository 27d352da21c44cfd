"""Answers to mass messages: which one a customer's message answers, and what that does to the thread."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from accounts.models import StreamEvent
from accounts.tenancy import scope
from inbox import actions
from inbox.models import Conversation, Message
from phonebook.models import Identity
from tests.inbox.rows import DELIVERED, FAILED, QUEUED, SENDING, SENT, UNCONFIRMED, change, fresh
from tests.inbox.test_claims import facts
from tests.webhooks.bodies import body, status, text
from tests.webhooks.test_processing import drained
from tests.worlds import make_broadcast, make_conversation, make_message

PUT_OFF = Message.Status.PUT_OFF
NOW = timezone.now().replace(microsecond=0)


def minutes_ago(minutes):
    return NOW - timedelta(minutes=minutes)


def unix(at):
    return int(at.timestamp())


@pytest.fixture
def broadcast(demo):
    return make_broadcast(demo)


@pytest.fixture
def outbound(demo, broadcast):
    """A thread that exists only because of the mass message, sent ten minutes ago as wamid.CAMPAIGN."""
    conversation = make_conversation(demo, state="outbound", window=None, last_at=minutes_ago(99))
    change(demo, conversation, unread=0)
    mailed(demo, conversation, broadcast, "wamid.CAMPAIGN", 10)
    return conversation


def mailed(world, conversation, broadcast, wamid, minutes, *, sent=SENT, **fields):
    at = minutes_ago(minutes)
    message = make_message(
        world,
        conversation,
        outgoing=True,
        kind="template",
        status=sent,
        wamid=wamid,
        broadcast=broadcast,
        at=at,
        **fields,
    )
    change(world, conversation, last_message=message, last_at=at)
    return message


def written(world, conversation, minutes, words="Yes please", **fields):
    """The webhook of a message of the conversation's customer."""
    with scope(world.id):
        wa_id = Identity.objects.get(contact_id=conversation.contact_id).value
    account = {"number": world.number.phone_number_id, "waba": world.account.waba_id}
    return body(text(wa_id, words, at=unix(minutes_ago(minutes)), **fields), **account)


def tapped(payload):
    return {"type": "button", "button": {"payload": payload, "text": "Book a time"}}


def quoting(wamid):
    return {"context": {"id": wamid}}


def answered(world):
    """The broadcast of each message of customers, in the order in which they wrote."""
    with scope(world.id):
        rows = Message.objects.filter(outgoing=False).order_by("at", "pk")
        return list(rows.values_list("broadcast_id", flat=True))[1:]  # after make_conversation's own


def pinned(world, conversation):
    return fresh(world, conversation).pinned_id


def test_the_first_message_after_it_answers_and_brings_the_thread_to_unclaimed(
    demo, rival, outbound, broadcast
):
    drained(written(demo, outbound, 5))
    assert answered(demo) == [broadcast.pk]
    assert facts(demo, outbound) == ("unclaimed", None, 1, 1)
    assert pinned(demo, outbound) == broadcast.pk
    with scope(demo.id):
        assert [(event.kind, event.object_id) for event in StreamEvent.objects.order_by("seq")] == [
            ("broadcast", broadcast.pk),
            ("conversation", outbound.pk),
        ]
    with scope(rival.id):
        assert not StreamEvent.objects.exists()


def test_a_thread_that_is_held_stays_with_its_holder_with_the_campaign_pinned(demo, broadcast):
    held = make_conversation(demo, holder=demo.agent1, last_at=minutes_ago(99))
    mailed(demo, held, broadcast, "wamid.CAMPAIGN", 10)
    drained(written(demo, held, 5))
    assert facts(demo, held) == ("claimed", demo.agent1.pk, 1, 2)
    assert pinned(demo, held) == broadcast.pk


def test_who_wrote_before_answers_nothing(demo, outbound):
    drained(written(demo, outbound, 11))
    assert (answered(demo), pinned(demo, outbound)) == ([None], None)


def test_whatsapps_clock_counts_whole_seconds(demo, outbound, broadcast):
    with scope(demo.id):
        Message.objects.filter(wamid="wamid.CAMPAIGN").update(at=minutes_ago(5) + timedelta(milliseconds=700))
    drained(written(demo, outbound, 5))
    assert answered(demo) == [broadcast.pk]


def test_a_colleagues_message_in_between_ends_it_for_all_but_quotes_and_buttons(demo, outbound, broadcast):
    campaign = Message(pk=campaign_id(demo))
    make_message(
        demo, outbound, outgoing=True, status=SENT, wamid="wamid.AGENT", at=minutes_ago(7), sender=demo.agent1
    )
    drained(
        written(demo, outbound, 6, "And?"),
        written(demo, outbound, 5, "This one", **quoting("wamid.CAMPAIGN")),
        written(demo, outbound, 4, **tapped(f"m{campaign.pk}.0")),
        written(demo, outbound, 3, **tapped(f"m{campaign.pk}.1.0")),
        written(demo, outbound, 8, "At once"),
    )
    assert answered(demo) == [broadcast.pk, None, broadcast.pk, broadcast.pk, broadcast.pk]


def campaign_id(world):
    with scope(world.id):
        return Message.objects.get(wamid="wamid.CAMPAIGN").pk


@pytest.mark.parametrize(
    "payload", ["m1", "m.0", "m999999999999999999.0", "mine.0", "m1.0 ", "m٣.0", "", None, 7, {"m": 1}]
)
def test_a_payload_that_is_not_our_mark_counts_for_nothing(demo, payload):
    conversation = make_conversation(demo)
    drained(written(demo, conversation, -1, **tapped(payload)))
    assert answered(demo) == [None]


def test_a_quote_or_a_mark_of_another_tenants_message_counts_for_nothing(demo, rival, outbound):
    theirs = make_conversation(rival, last_at=minutes_ago(99))
    drained(
        written(rival, theirs, 5, **quoting("wamid.CAMPAIGN")),
        written(rival, theirs, 4, **tapped(f"m{campaign_id(demo)}.0")),
    )
    assert answered(rival) == [None, None]
    assert pinned(rival, theirs) is None


@pytest.mark.parametrize(
    ("sent", "wamid", "counts"),
    [
        (QUEUED, None, False),
        (PUT_OFF, None, False),
        (FAILED, None, False),  # refused outright: nobody read it
        (SENDING, None, True),
        (UNCONFIRMED, None, True),
        (FAILED, "wamid.C", True),  # a receipt said so, perhaps before the answer, perhaps after it
        (DELIVERED, "wamid.C", True),
    ],
)
def test_only_what_may_have_been_read_is_answered(demo, broadcast, sent, wamid, counts):
    conversation = make_conversation(demo, state="outbound", last_at=minutes_ago(99))
    mailed(demo, conversation, broadcast, wamid, 10, sent=sent)
    drained(written(demo, conversation, 5))
    assert answered(demo) == ([broadcast.pk] if counts else [None])


@pytest.mark.parametrize("kind", ["reaction", "system", "edit", "revoke", "request_welcome"])
def test_what_says_nothing_answers_nothing(demo, outbound, kind):
    drained(written(demo, outbound, 5, type=kind, **{kind: {"message_id": "wamid.CAMPAIGN"}}))
    assert (answered(demo), fresh(demo, outbound).state) == ([None], "outbound")


def test_of_two_campaigns_the_newer_one_that_was_answered_is_pinned_until_the_thread_is_closed(
    demo, outbound, broadcast
):
    second = make_broadcast(demo, "Second")
    mailed(demo, outbound, second, "wamid.SECOND", 6)
    drained(written(demo, outbound, 4, **quoting("wamid.CAMPAIGN")))
    assert pinned(demo, outbound) == broadcast.pk
    drained(written(demo, outbound, 3))
    drained(written(demo, outbound, 2, **quoting("wamid.CAMPAIGN")))
    assert answered(demo) == [broadcast.pk, second.pk, broadcast.pk]
    assert pinned(demo, outbound) == second.pk
    actions.close(member=demo.agent1, conversation_id=outbound.pk)
    assert pinned(demo, outbound) is None


def test_the_same_webhook_again_pins_nothing_anew(demo, outbound):
    answer = written(demo, outbound, 5, wamid="wamid.ANSWER")
    drained(answer)
    actions.close(member=demo.agent1, conversation_id=outbound.pk)
    drained(answer, answer)
    assert (pinned(demo, outbound), fresh(demo, outbound).state) == (None, "closed")


@pytest.mark.parametrize("order", range(24))
def test_in_any_order_and_number_webhooks_give_the_same_answers_and_the_same_pin(demo, broadcast, order):
    """The mass message is with WhatsApp, and its answer never came: its receipts alone say which it is."""
    conversation = make_conversation(demo, state="outbound", last_at=minutes_ago(99))
    change(demo, conversation, unread=0)
    campaign = mailed(demo, conversation, broadcast, None, 10, sent=SENDING, attempt=1)
    echo = f"{campaign.pk}.1"
    posts = [
        written(demo, conversation, 6, "A", wamid="wamid.A", **quoting("wamid.CAMPAIGN")),
        written(demo, conversation, 5, "B", wamid="wamid.B"),
        body(
            status("wamid.CAMPAIGN", "sent", opaque=echo), status("wamid.CAMPAIGN", "delivered", opaque=echo)
        ),
        body(status("wamid.CAMPAIGN", "read", opaque=echo)),
    ]
    for index in list(permutations(range(4)))[order]:
        drained(posts[index])
    drained(*posts)
    assert answered(demo) == [broadcast.pk, broadcast.pk]
    now = fresh(demo, conversation)
    assert (now.state, now.unread, now.pinned_id, now.claim_version) == ("unclaimed", 2, broadcast.pk, 1)
    assert (fresh(demo, campaign).status, fresh(demo, campaign).wamid) == (
        Message.Status.READ,
        "wamid.CAMPAIGN",
    )
    with scope(demo.id):
        assert Conversation.objects.get().last_message.body == "B"


def events(world):
    with scope(world.id):
        rows = StreamEvent.objects.order_by("seq").values_list("kind", "object_id", "messages")
        return [(kind, object_id, list(messages)) for kind, object_id, messages in rows]


def test_receipts_of_a_mass_message_are_one_event_of_it_and_none_of_threads_nobody_sees(
    demo, outbound, broadcast
):
    second = make_conversation(demo, state="outbound", last_at=minutes_ago(99))
    mailed(demo, second, broadcast, "wamid.2", 10)
    drained(body(status("wamid.CAMPAIGN", "delivered"), status("wamid.2", "read")))
    with scope(demo.id):
        ids = sorted(Message.objects.filter(broadcast=broadcast).values_list("pk", flat=True))
    assert events(demo) == [("broadcast", broadcast.pk, ids)]


def test_where_it_is_the_last_message_of_a_thread_in_a_tab_the_row_hears_of_it_too(demo, broadcast):
    shown, not_last = (make_conversation(demo, state="closed", last_at=minutes_ago(99)) for _ in range(2))
    first = mailed(demo, shown, broadcast, "wamid.1", 10)
    other = mailed(demo, not_last, broadcast, "wamid.2", 10)
    last = make_message(demo, not_last, outgoing=True, status=SENT, wamid="wamid.3", at=minutes_ago(9))
    change(demo, not_last, last_message=last)
    drained(body(status("wamid.1", "delivered"), status("wamid.2", "delivered")))
    assert events(demo) == [
        ("broadcast", broadcast.pk, [first.pk, other.pk]),
        ("conversation", shown.pk, [first.pk]),
    ]
