"""Claim, unclaim, close, transfer and leaving: what each writes, and what each refuses."""

from itertools import product

import pytest

from accounts import actions as accounts
from accounts.models import Membership, StreamEvent
from accounts.tenancy import scope
from inbox import actions
from inbox.models import Claim, Conversation, SystemLine
from tests.inbox.test_rules import PROMISED, ROLES
from tests.worlds import make_conversation, make_member


def fresh(world, conversation):
    with scope(world.id):
        return Conversation.objects.get(pk=conversation.pk)


def facts(world, conversation):
    """(state, holder, version, unread) as committed."""
    row = fresh(world, conversation)
    return row.state, row.holder_id, row.claim_version, row.unread


def claims(world, conversation):
    with scope(world.id):
        rows = Claim.objects.filter(conversation=conversation).order_by("pk")
        return [(claim.member_id, claim.ended is None, claim.outcome) for claim in rows]


def lines(world, conversation):
    with scope(world.id):
        rows = SystemLine.objects.filter(conversation=conversation).order_by("pk")
        return [(line.kind, line.actor_id, line.target_id, line.note) for line in rows]


def events(world):
    with scope(world.id):
        return [(event.kind, event.object_id) for event in StreamEvent.objects.order_by("seq")]


def everything(world, conversation):
    return (
        facts(world, conversation),
        claims(world, conversation),
        lines(world, conversation),
        events(world),
    )


def test_a_claim_makes_the_member_the_holder(demo, rival):
    conversation = make_conversation(demo)
    returned = actions.claim(member=demo.agent1, conversation_id=conversation.pk)
    me = demo.agent1.pk
    assert (returned.state, returned.holder_id, returned.claim_version) == ("claimed", me, 1)
    assert facts(demo, conversation) == ("claimed", me, 1, 0)
    assert claims(demo, conversation) == [(me, True, "")]
    assert lines(demo, conversation) == [("claimed", me, None, "")]
    assert events(demo) == [("conversation", conversation.pk)]
    assert events(rival) == []


@pytest.mark.parametrize(("state", "line"), [("closed", "reopened"), ("outbound", "claimed")])
def test_a_claim_of_a_closed_or_outbound_conversation_writes_one_line(demo, state, line):
    conversation = make_conversation(demo, state=state)
    actions.claim(member=demo.marketer, conversation_id=conversation.pk)
    assert facts(demo, conversation) == ("claimed", demo.marketer.pk, 1, 0)
    assert lines(demo, conversation) == [(line, demo.marketer.pk, None, "")]


def test_claiming_what_one_holds_already_changes_nothing(demo):
    conversation = make_conversation(demo)
    actions.claim(member=demo.agent1, conversation_id=conversation.pk)
    before = everything(demo, conversation)
    returned = actions.claim(member=demo.agent1, conversation_id=conversation.pk)
    assert (returned.pk, returned.holder_id) == (conversation.pk, demo.agent1.pk)
    assert everything(demo, conversation) == before


def test_who_comes_second_is_told_who_won(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    before = everything(demo, conversation)
    with pytest.raises(actions.AlreadyClaimed) as refused:
        actions.claim(member=demo.admin, conversation_id=conversation.pk)
    assert refused.value.holder == demo.agent1
    assert str(refused.value.message) == "Agent1 has already claimed this conversation."
    assert everything(demo, conversation) == before


def test_the_holder_unclaims(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    me = demo.agent1.pk
    actions.unclaim(member=demo.agent1, conversation_id=conversation.pk)
    assert facts(demo, conversation) == ("unclaimed", None, 2, 1)
    assert claims(demo, conversation) == [(me, False, "unclaimed")]
    assert lines(demo, conversation) == [("unclaimed", me, None, "")]


def test_an_admin_returns_a_colleagues_conversation_and_the_thread_says_whose(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    actions.unclaim(member=demo.admin, conversation_id=conversation.pk)
    assert facts(demo, conversation) == ("unclaimed", None, 2, 1)
    assert claims(demo, conversation) == [(demo.agent1.pk, False, "returned")]
    assert lines(demo, conversation) == [("returned", demo.admin.pk, demo.agent1.pk, "")]


def test_closing_ends_the_claim(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    actions.close(member=demo.agent1, conversation_id=conversation.pk)
    assert facts(demo, conversation) == ("closed", None, 2, 0)
    assert claims(demo, conversation) == [(demo.agent1.pk, False, "closed")]
    assert lines(demo, conversation) == [("closed", demo.agent1.pk, None, "")]


def test_closing_an_unclaimed_conversation_needs_no_claim(demo):
    conversation = make_conversation(demo)
    actions.close(member=demo.agent2, conversation_id=conversation.pk)
    assert facts(demo, conversation) == ("closed", None, 1, 0)
    assert claims(demo, conversation) == []


def test_closing_a_closed_conversation_is_refused_in_clear_words(demo):
    conversation = make_conversation(demo, state="closed")
    with pytest.raises(actions.NotAllowed, match=r"^This conversation is closed already\.$"):
        actions.close(member=demo.admin, conversation_id=conversation.pk)
    assert facts(demo, conversation) == ("closed", None, 0, 1)


@pytest.mark.parametrize("target", ["agent2", "marketer", "admin"])
def test_an_admin_transfers_to_any_colleague_with_a_note(demo, target):
    conversation = make_conversation(demo, holder=demo.agent1)
    to = getattr(demo, target)
    actions.transfer(
        member=demo.admin, conversation_id=conversation.pk, to_id=to.pk, note="  Speaks French. "
    )
    assert facts(demo, conversation) == ("claimed", to.pk, 2, 1)
    assert claims(demo, conversation) == [(demo.agent1.pk, False, "transferred"), (to.pk, True, "")]
    assert lines(demo, conversation) == [("transferred", demo.admin.pk, to.pk, "Speaks French.")]


def test_a_transfer_goes_only_to_an_active_colleague_who_does_not_hold_it(demo, rival):
    conversation = make_conversation(demo, holder=demo.agent1)
    gone = make_member(demo.workspace, "gone", is_active=False)
    before = everything(demo, conversation)
    for to, words in [
        (gone.pk, "Choose an active member of this workspace."),
        (rival.agent1.pk, "Choose an active member of this workspace."),
        (0, "Choose an active member of this workspace."),
        (demo.agent1.pk, "Agent1 holds this conversation already."),
    ]:
        with pytest.raises(actions.NotAllowed) as refused:
            actions.transfer(member=demo.admin, conversation_id=conversation.pk, to_id=to)
        assert str(refused.value) == words
    assert everything(demo, conversation) == before


def test_only_claimed_conversations_are_transferred_and_only_by_admins(demo):
    unclaimed, held = make_conversation(demo), make_conversation(demo, holder=demo.agent1)
    with pytest.raises(actions.NotAllowed, match="Only a claimed conversation"):
        actions.transfer(member=demo.admin, conversation_id=unclaimed.pk, to_id=demo.agent2.pk)
    for member in (demo.agent1, demo.agent2, demo.marketer):
        with pytest.raises(actions.NotAllowed, match="Only an admin"):
            actions.transfer(member=member, conversation_id=held.pk, to_id=demo.agent2.pk)
    assert facts(demo, held) == ("claimed", demo.agent1.pk, 1, 1)


def test_a_transfers_note_has_at_most_500_characters(demo):
    conversation = make_conversation(demo, holder=demo.agent1)

    def transfer(note):
        actions.transfer(member=demo.admin, conversation_id=conversation.pk, to_id=demo.agent2.pk, note=note)

    with pytest.raises(actions.BadText, match="501 characters; at most 500"):
        transfer("م" * 501)
    with pytest.raises(actions.BadText, match="NUL"):
        transfer("a\0b")
    transfer("م" * 500)
    assert lines(demo, conversation)[0][3] == "م" * 500


@pytest.mark.parametrize("verb", ["claim", "unclaim", "close", "transfer"])
def test_the_actions_do_exactly_what_the_table_allows(demo, verb):
    for column, role in product(PROMISED, ROLES):
        member = getattr(demo, {"agent": "agent1"}.get(role, role))
        holder = {"mine": member, "another's": demo.agent2}.get(column)
        conversation = make_conversation(demo, holder=holder, state=column if holder is None else "claimed")
        everybody, admins = PROMISED[column]
        wanted = (
            {"to_id": make_member(demo.workspace, f"{column[:3]}{role}").pk} if verb == "transfer" else {}
        )
        before = everything(demo, conversation)
        try:
            getattr(actions, verb)(member=member, conversation_id=conversation.pk, **wanted)
            done = True
        except actions.Refused:
            done = False
            assert everything(demo, conversation) == before, (verb, column, role)
        idempotent = verb == "claim" and column == "mine"
        assert done == (verb in everybody or (role == "admin" and verb in admins) or idempotent), (
            column,
            role,
        )


def test_a_colleagues_conversation_is_refused_with_their_name(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    for verb in (actions.unclaim, actions.close):
        with pytest.raises(actions.NotYours, match=r"^Agent1 holds this conversation\.$") as refused:
            verb(member=demo.agent2, conversation_id=conversation.pk)
        assert refused.value.holder == demo.agent1


def test_for_an_outsider_the_conversation_does_not_exist(demo, rival):
    conversation = make_conversation(demo, holder=demo.agent1)
    before = everything(demo, conversation)
    for verb in (actions.claim, actions.unclaim, actions.close):
        with pytest.raises(Conversation.DoesNotExist):
            verb(member=rival.admin, conversation_id=conversation.pk)
    with pytest.raises(Conversation.DoesNotExist):
        actions.transfer(member=rival.admin, conversation_id=conversation.pk, to_id=rival.agent1.pk)
    assert actions.release_mine(rival.agent1.user) == 0
    assert everything(demo, conversation) == before


def test_what_the_request_remembers_of_the_member_does_not_count(demo):
    """The member was loaded when the request began; meanwhile they were deactivated, or are no admin any more."""
    unclaimed, held = make_conversation(demo), make_conversation(demo, holder=demo.agent1)
    Membership.objects.filter(pk=demo.agent2.pk).update(is_active=False)
    Membership.objects.filter(pk=demo.admin.pk).update(role="agent")
    with pytest.raises(actions.NotAllowed, match="no longer a member"):
        actions.claim(member=demo.agent2, conversation_id=unclaimed.pk)
    with pytest.raises(actions.NotAllowed, match="Only an admin"):
        actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.marketer.pk)
    with pytest.raises(actions.NotYours):
        actions.unclaim(member=demo.admin, conversation_id=held.pk)
    assert facts(demo, unclaimed) == ("unclaimed", None, 0, 1)
    assert facts(demo, held) == ("claimed", demo.agent1.pk, 1, 1)


def test_deactivating_a_member_returns_all_they_hold(demo, rival):
    held = [make_conversation(demo, holder=demo.agent1) for _ in range(3)]
    colleagues, theirs = (
        make_conversation(demo, holder=demo.agent2),
        make_conversation(rival, holder=rival.agent1),
    )
    accounts.deactivate(member=demo.admin, membership_id=demo.agent1.pk)
    for conversation in held:
        assert facts(demo, conversation) == ("unclaimed", None, 2, 1)
        assert claims(demo, conversation) == [(demo.agent1.pk, False, "released")]
        assert lines(demo, conversation) == [("released", demo.agent1.pk, None, "")]
    assert events(demo) == [*(("conversation", row.pk) for row in held), ("member", demo.agent1.pk)]
    assert facts(demo, colleagues) == ("claimed", demo.agent2.pk, 1, 1)
    assert facts(rival, theirs) == ("claimed", rival.agent1.pk, 1, 1)


def test_signing_off_returns_what_one_holds_and_says_how_much(demo):
    held = [make_conversation(demo, holder=demo.agent1) for _ in range(2)]
    colleagues = make_conversation(demo, holder=demo.agent2)
    assert actions.release_mine(demo.agent1.user) == 2
    assert actions.release_mine(demo.agent1.user) == 0
    for conversation in held:
        assert facts(demo, conversation) == ("unclaimed", None, 2, 1)
        assert claims(demo, conversation) == [(demo.agent1.pk, False, "unclaimed")]
        assert lines(demo, conversation) == [("unclaimed", demo.agent1.pk, None, "")]
    assert facts(demo, colleagues) == ("claimed", demo.agent2.pk, 1, 1)
