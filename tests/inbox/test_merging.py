"""Two contacts that are one person: their threads become one per number, and nobody loses a conversation silently."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import PhoneNumber, StreamEvent
from accounts.tenancy import scope
from inbox import delivery, outreach, queries
from inbox.models import Claim, Conversation, Message, Outreach
from phonebook import actions as phonebook
from phonebook.models import Contact, Identity
from tests.inbox.graph import refuse
from tests.inbox.rows import QUEUED, SENDING, SENT, UNCONFIRMED, change, fresh, outcome, reply
from tests.inbox.test_claims import claims, facts, lines
from tests.inbox.together import at_whatsapp
from tests.webhooks.bodies import body, text
from tests.webhooks.test_processing import drained
from tests.worlds import make_broadcast, make_contact, make_conversation, make_message

NOW = timezone.now()


@pytest.fixture
def pair(demo):
    """The contact that is kept, and the one that is merged into it."""
    return make_contact(demo, "Rania", "962790000001"), make_contact(demo, "R. Haddad", "962790000002")


def merge(world, pair):
    winner, loser = pair
    phonebook.merge(member=world.admin, winner_id=winner.pk, loser_id=loser.pk)


def thread(world, contact, *, minutes=0, **fields):
    return make_conversation(world, contact=contact, last_at=NOW - timedelta(minutes=minutes), **fields)


def threads(world):
    with scope(world.id):
        return list(Conversation.objects.order_by("pk"))


def counted(world):
    """The tally by state, which must stay exact."""
    with scope(world.id):
        found = queries.counts(world.id)["all"]
    return {state: found[state] for state in Conversation.State.values if found[state]}


def test_a_thread_moves_when_the_winner_has_none_with_that_number(demo, rival, pair):
    theirs = thread(demo, pair[1], holder=demo.agent1)
    merge(demo, pair)
    assert [(row.pk, row.contact_id) for row in threads(demo)] == [(theirs.pk, pair[0].pk)]
    assert facts(demo, theirs) == ("claimed", demo.agent1.pk, 1, 1)
    with scope(demo.id):
        assert StreamEvent.objects.get().object_id == theirs.pk
    with scope(rival.id):
        assert not StreamEvent.objects.exists()


def test_two_threads_with_one_number_become_one_with_everything_in_it(demo, pair):
    kept, gone = thread(demo, pair[0], minutes=9, window=None), thread(demo, pair[1], minutes=1)
    first, second = make_broadcast(demo, "One"), make_broadcast(demo, "Two")
    change(demo, kept, pinned=first)
    change(demo, gone, pinned=second)
    newest, window = gone.last_message_id, gone.window_expires
    merge(demo, pair)
    (row,) = threads(demo)
    assert (row.pk, row.contact_id, row.state, row.unread) == (kept.pk, pair[0].pk, "unclaimed", 2)
    assert (row.last_message_id, row.last_at, row.window_expires) == (newest, gone.last_at, window)
    assert (row.pinned_id, row.claim_version) == (second.pk, 1)
    with scope(demo.id):
        assert Message.objects.filter(conversation=kept).count() == 2
    assert counted(demo) == {"unclaimed": 1}


def test_numbers_are_told_apart(demo, pair):
    with scope(demo.id):
        second = PhoneNumber.objects.create(
            workspace=demo.workspace, business_account=demo.account, phone_number_id="100000000000009"
        )
    kept = thread(demo, pair[0])
    first_number, demo.number = demo.number, second
    other = thread(demo, pair[1])
    demo.number = first_number
    merge(demo, pair)
    assert [(row.pk, row.contact_id) for row in threads(demo)] == [
        (kept.pk, pair[0].pk),
        (other.pk, pair[0].pk),
    ]


@pytest.mark.parametrize(
    ("kept", "gone", "becomes"),
    [
        ("closed", "unclaimed", "unclaimed"),
        ("unclaimed", "closed", "unclaimed"),
        ("outbound", "closed", "closed"),
        ("closed", "outbound", "closed"),
        ("outbound", "outbound", "outbound"),
    ],
)
def test_what_waits_for_us_wins_and_a_campaign_alone_reopens_nothing(demo, pair, kept, gone, becomes):
    thread(demo, pair[0], state=kept)
    thread(demo, pair[1], state=gone)
    merge(demo, pair)
    assert [row.state for row in threads(demo)] == [becomes]
    assert counted(demo) == {becomes: 1}


def test_who_held_the_losers_thread_holds_the_thread_of_both(demo, pair):
    kept, gone = thread(demo, pair[0], state="closed"), thread(demo, pair[1], holder=demo.agent1)
    merge(demo, pair)
    assert facts(demo, kept) == ("claimed", demo.agent1.pk, 2, 2)
    assert claims(demo, kept) == [(demo.agent1.pk, True, "")]
    with scope(demo.id):
        assert not Conversation.objects.filter(pk=gone.pk).exists()


def test_of_two_holders_the_winners_stays_and_the_thread_says_so(demo, pair):
    kept, _gone = thread(demo, pair[0], holder=demo.agent1), thread(demo, pair[1], holder=demo.agent2)
    merge(demo, pair)
    assert facts(demo, kept)[:2] == ("claimed", demo.agent1.pk)
    assert sorted(claims(demo, kept)) == sorted(
        [(demo.agent1.pk, True, ""), (demo.agent2.pk, False, "released")]
    )
    assert lines(demo, kept) == [("transferred", demo.agent2.pk, demo.agent1.pk, "")]
    assert counted(demo) == {"claimed": 1}


def test_one_who_held_both_holds_one_claim(demo, pair):
    kept, _gone = thread(demo, pair[0], holder=demo.agent1), thread(demo, pair[1], holder=demo.agent1)
    merge(demo, pair)
    with scope(demo.id):
        assert Claim.objects.filter(ended=None).count() == 1
    assert (facts(demo, kept)[0], lines(demo, kept)) == ("claimed", [])


def test_what_waits_to_leave_leaves_in_the_thread_of_both(demo, pair, graph):
    kept, gone = thread(demo, pair[0], state="closed"), thread(demo, pair[1], holder=demo.agent1)
    message = reply(demo, gone)
    merge(demo, pair)
    delivery.deliver_next(kept.pk, demo.id)
    assert outcome(demo, message)[0] == SENT
    assert graph.calls[0].body["to"] == "+962790000001"


def test_what_is_with_whatsapp_meanwhile_gets_its_answer_all_the_same(demo, pair, graph):
    kept, gone = thread(demo, pair[0]), thread(demo, pair[1], holder=demo.agent1)
    message = reply(demo, gone)
    with at_whatsapp(graph, demo, gone):
        merge(demo, pair)
        assert fresh(demo, message).status == SENDING
    assert (outcome(demo, message)[0], fresh(demo, message).conversation_id) == (SENT, kept.pk)


@pytest.mark.parametrize(("answer", "becomes"), [(None, SENT), (refuse(131056), UNCONFIRMED)])
def test_of_two_that_are_with_whatsapp_one_is_unconfirmed_until_its_answer_comes(
    demo, pair, graph, answer, becomes
):
    """One thread has at most one message under way; and nothing is sent again by itself out of that state."""
    kept, gone = thread(demo, pair[0]), thread(demo, pair[1], holder=demo.agent1)
    other = make_message(demo, kept, outgoing=True, status=SENDING, due=NOW + timedelta(minutes=5))
    message = reply(demo, gone)
    with at_whatsapp(graph, demo, gone, answer):
        merge(demo, pair)
        assert (fresh(demo, message).status, fresh(demo, other).status) == (UNCONFIRMED, SENDING)
    assert outcome(demo, message)[0] == becomes


def test_whoever_writes_from_either_phone_writes_into_the_one_thread(demo, pair):
    kept, _gone = thread(demo, pair[0]), thread(demo, pair[1])
    merge(demo, pair)
    drained(body(text("962790000001", "One"), text("962790000002", "Two")))
    (row,) = threads(demo)
    assert (row.pk, row.unread) == (kept.pk, 4)
    with scope(demo.id):
        assert {each.contact_id for each in Identity.objects.all()} == {pair[0].pk}


def test_one_person_counts_once_against_the_messaging_limit(demo, pair):
    with scope(demo.id):
        outreach.record(demo.id, "p-demo", [each.pk for each in pair])
        Outreach.objects.filter(contact=pair[0]).update(at=NOW - timedelta(hours=30))
    merge(demo, pair)
    with scope(demo.id):
        (row,) = Outreach.objects.all()
        assert (row.contact_id, row.at > NOW - timedelta(hours=1)) == (pair[0].pk, True)


def test_an_outsider_merges_nobody(demo, rival, pair):
    thread(demo, pair[1])
    with pytest.raises(Contact.DoesNotExist):
        merge(rival, pair)
    assert [row.contact_id for row in threads(demo)] == [pair[1].pk]


def test_queued_messages_of_both_keep_their_order(demo, pair, graph):
    kept, gone = thread(demo, pair[0], holder=demo.agent1), thread(demo, pair[1], holder=demo.agent1)
    for conversation, words in [(kept, "One"), (gone, "Two"), (kept, "Three")]:
        assert reply(demo, conversation, words).status == QUEUED
    merge(demo, pair)
    while delivery.deliver_next(kept.pk, demo.id).seconds == 0:
        pass
    assert graph.bodies == ["One", "Two", "Three"]
