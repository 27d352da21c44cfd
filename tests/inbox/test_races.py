"""What holds when it happens at the same moment: real threads, real connections, real commits."""

from uuid import uuid4

import pytest
from django.db import connection

from accounts import actions as accounts
from accounts.models import Membership, StreamEvent
from accounts.tenancy import scope
from inbox import actions, delivery
from inbox.actions import Seen
from inbox.models import Claim, Conversation, Message, SystemLine
from tests.inbox.graph import Graph
from tests.inbox.rows import FAILED, QUEUED, outgoing, reply, screen
from tests.inbox.test_claims import claims, facts, lines
from tests.inbox.together import together
from tests.worlds import make_conversation, make_member, make_message

ROUNDS = 12


def test_of_a_hundred_agents_who_claim_at_once_one_wins_and_99_are_told_who(demo, rival):
    conversation = make_conversation(demo)
    agents = [make_member(demo.workspace, f"a{n}") for n in range(100)]
    connection.close()

    outcomes = together(
        *(lambda a=agent: actions.claim(member=a, conversation_id=conversation.pk) for agent in agents)
    )

    winners = [
        agent for agent, outcome in zip(agents, outcomes, strict=True) if isinstance(outcome, Conversation)
    ]
    assert len(winners) == 1
    told = [outcome for outcome in outcomes if isinstance(outcome, actions.AlreadyClaimed)]
    assert len(told) == 99
    assert {refused.holder for refused in told} == set(winners)
    assert facts(demo, conversation) == ("claimed", winners[0].pk, 1, 0)
    assert claims(demo, conversation) == [(winners[0].pk, True, "")]
    assert lines(demo, conversation) == [("claimed", winners[0].pk, None, "")]
    with scope(demo.id):
        assert StreamEvent.objects.count() == 1
    with scope(rival.id):
        assert not Claim.objects.exists()


def test_the_same_form_pressed_fifteen_times_at_once_is_one_message(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    request, seen = uuid4(), screen(demo, conversation)
    connection.close()
    outcomes = together(*[lambda: reply(demo, conversation, request_id=request, seen=seen)] * 15)
    assert {outcome.pk for outcome in outcomes} == {outcomes[0].pk}
    assert outgoing(demo, conversation) == [("On its way.", demo.agent1.pk, QUEUED)]


def test_one_form_sent_to_two_conversations_at_once_answers_one_of_them(demo):
    for _ in range(ROUNDS):
        pair = [make_conversation(demo, holder=demo.agent1) for _ in range(2)]
        request = uuid4()
        connection.close()
        outcomes = together(*(lambda c=c, r=request: reply(demo, c, request_id=r) for c in pair))
        assert {type(outcome) for outcome in outcomes} == {Message, actions.NotAllowed}
        assert sum(len(outgoing(demo, conversation)) for conversation in pair) == 1


def test_send_again_pressed_at_once_is_one_message(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    failed = make_message(demo, conversation, outgoing=True, status=FAILED, sender=demo.agent1)
    connection.close()
    outcomes = together(*[lambda: actions.send_again(member=demo.agent1, message_id=failed.pk)] * 15)
    assert {outcome.retry_of_id for outcome in outcomes} == {failed.pk}
    assert len({outcome.pk for outcome in outcomes}) == 1
    assert len(outgoing(demo, conversation)) == 2


def test_quick_replies_arrive_in_the_order_they_were_written_whoever_delivers_them(demo, settings):
    """Fifteen replies, fifteen workers at once: each message arrives once, in order, one at a time."""
    conversation = make_conversation(demo, holder=demo.agent1)
    texts = [f"Line {n}" for n in range(15)]
    for text in texts:
        reply(demo, conversation, text)
    connection.close()

    def work():
        while delivery.deliver_next(conversation.pk, demo.id).seconds == 0:
            pass

    with Graph() as graph:
        settings.WHATSAPP_GRAPH_URL = graph.url
        assert together(*[work] * 15) == [None] * 15
        assert (graph.bodies, graph.most_at_once) == (texts, 1)
    with scope(demo.id):
        sent = Message.objects.filter(outgoing=True).order_by("pk")
        assert [(message.body, message.wamid, message.attempt) for message in sent] == [
            (text, f"wamid.{n}", 1) for n, text in enumerate(texts, 1)
        ]


def test_a_reply_beside_a_transfer_leaves_before_it_or_not_at_all(demo):
    for _ in range(ROUNDS):
        conversation = make_conversation(demo, holder=demo.agent1)
        seen = screen(demo, conversation)
        connection.close()
        replied, transferred = together(
            lambda c=conversation, s=seen: reply(demo, c, seen=s),
            lambda c=conversation: actions.transfer(
                member=demo.admin, conversation_id=c.pk, to_id=demo.agent2.pk
            ),
        )
        assert isinstance(transferred, Conversation)
        assert facts(demo, conversation)[:3] == ("claimed", demo.agent2.pk, 2)
        if isinstance(replied, Message):
            with scope(demo.id):
                assert replied.at < SystemLine.objects.get(conversation=conversation).at
        else:
            assert isinstance(replied, actions.NotYours)
            assert replied.holder == demo.agent2
            assert outgoing(demo, conversation) == []


def test_two_admins_and_the_holder_act_at_once_and_every_claim_still_adds_up(demo):
    for _ in range(ROUNDS):
        conversation = make_conversation(demo, holder=demo.agent1)
        connection.close()
        outcomes = together(*_everything_at(demo, conversation.pk))
        assert all(isinstance(each, Conversation | actions.Refused | int) for each in outcomes), outcomes
        moves = len(lines(demo, conversation))
        state, holder, version, _ = facts(demo, conversation)
        assert version == 1 + moves
        still_open = [member for member, is_open, _ in claims(demo, conversation) if is_open]
        assert still_open == ([holder] if state == "claimed" else [])


def _everything_at(world, pk):
    return [
        lambda: actions.unclaim(member=world.agent1, conversation_id=pk),
        lambda: actions.close(member=world.admin, conversation_id=pk),
        lambda: actions.transfer(member=world.admin, conversation_id=pk, to_id=world.agent2.pk),
        lambda: actions.claim(member=world.marketer, conversation_id=pk),
        lambda: actions.release_mine(world.agent1.user),
    ]


@pytest.mark.parametrize("way", ["claim", "transfer"])
def test_who_is_being_deactivated_ends_up_holding_nothing(demo, way):
    for n in range(ROUNDS):
        leaver = make_member(demo.workspace, f"leaver{n}")
        waiting = make_conversation(demo, holder=demo.agent1 if way == "transfer" else None)
        kept = [make_conversation(demo, holder=leaver) for _ in range(3)]
        connection.close()
        take = {
            "claim": lambda m=leaver, c=waiting: actions.claim(member=m, conversation_id=c.pk),
            "transfer": lambda m=leaver, c=waiting: actions.transfer(
                member=demo.admin, conversation_id=c.pk, to_id=m.pk
            ),
        }[way]
        taken, left = together(
            take, lambda m=leaver: accounts.deactivate(member=demo.admin, membership_id=m.pk)
        )
        assert isinstance(left, Membership)
        assert isinstance(taken, Conversation | actions.NotAllowed)
        with scope(demo.id):
            assert not Conversation.objects.filter(holder=leaver).exists()
            assert not Claim.objects.filter(member=leaver, ended=None).exists()
        assert [facts(demo, conversation)[0] for conversation in kept] == ["unclaimed"] * 3


def test_a_stale_screen_is_noticed_also_when_the_colleague_is_a_moment_faster(demo):
    """Whoever gets the lock second sees what the first one wrote; nothing slips between check and insert."""
    for _ in range(ROUNDS):
        conversation = make_conversation(demo, holder=demo.agent1)
        seen = Seen(version=1, message_id=screen(demo, conversation).message_id)
        connection.close()
        replied, returned = together(
            lambda c=conversation, s=seen: reply(demo, c, seen=s),
            lambda c=conversation: _back_and_forth(demo, c.pk),
        )
        assert returned.holder_id == demo.agent1.pk
        if isinstance(replied, Message):
            with scope(demo.id):
                first = SystemLine.objects.filter(conversation=conversation).order_by("pk").first()
                assert replied.at < first.at
        else:
            assert isinstance(replied, actions.Stale | actions.NotYours)
            assert outgoing(demo, conversation) == []


def _back_and_forth(world, pk):
    actions.transfer(member=world.admin, conversation_id=pk, to_id=world.agent2.pk)
    return actions.transfer(member=world.admin, conversation_id=pk, to_id=world.agent1.pk)
