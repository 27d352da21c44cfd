"""The business writes first: whose the thread becomes, what is refused, and what happens at the same moment."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import PhoneNumber, StreamEvent
from accounts.tenancy import scope
from inbox import actions
from inbox.models import Claim, Conversation, Message
from phonebook.models import Contact, Marketing
from templates_wa.models import Template
from tests.inbox.rows import QUEUED, change, fresh
from tests.inbox.test_claims import claims, facts, lines
from tests.inbox.together import together
from tests.webhooks.bodies import body, text
from tests.webhooks.test_processing import drained
from tests.worlds import make_contact, make_conversation, make_template

VALUES = {"body.1": "Rania", "body.2": "Saturday"}


@pytest.fixture
def contact(demo):
    return make_contact(demo)


@pytest.fixture
def template(demo):
    return make_template(demo)


def start(world, contact, template, member=None, **fields):
    fields.setdefault("values", VALUES)
    fields.setdefault("request_id", uuid4())
    fields.setdefault("number_id", world.number.pk)
    return actions.start(
        member=member or world.agent1, contact_id=contact.pk, template_id=template.pk, **fields
    )


def nothing_happened(world):
    with scope(world.id):
        assert not Message.objects.filter(outgoing=True).exists()
        assert not Claim.objects.exists()


def test_writing_first_opens_the_thread_and_makes_the_sender_its_holder(demo, rival, contact, template):
    message = start(demo, contact, template)
    assert (message.kind, message.status, message.sender_id, message.template_id) == (
        "template",
        QUEUED,
        demo.agent1.pk,
        template.pk,
    )
    assert message.body == "Hello Rania, our showroom opens on Saturday. Coffee is on us."
    assert {name: message.payload[name] for name in ("values", "name", "language", "category")} == {
        "values": VALUES,
        "name": "showroom_weekend",
        "language": "en",
        "category": "MARKETING",
    }
    assert message.payload["shown"]["footer"] == "Reply STOP to opt out"
    conversation = fresh(demo, message.conversation)
    assert (conversation.contact_id, conversation.last_message_id, conversation.pinned_id) == (
        contact.pk,
        message.pk,
        None,
    )
    assert facts(demo, conversation) == ("claimed", demo.agent1.pk, 1, 0)
    assert claims(demo, conversation) == [(demo.agent1.pk, True, "")]
    assert lines(demo, conversation) == [("started", demo.agent1.pk, None, "")]
    with scope(demo.id):
        assert [(event.kind, event.messages) for event in StreamEvent.objects.all()] == [
            ("conversation", [message.pk])
        ]
    with scope(rival.id):
        assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("state", "line"), [("outbound", "started"), ("unclaimed", "claimed"), ("closed", "reopened")]
)
def test_a_thread_nobody_holds_is_claimed_by_who_writes(demo, contact, template, state, line):
    conversation = make_conversation(demo, contact=contact, state=state)
    message = start(demo, contact, template)
    assert message.conversation_id == conversation.pk
    assert facts(demo, conversation) == ("claimed", demo.agent1.pk, 1, 0)
    assert lines(demo, conversation) == [(line, demo.agent1.pk, None, "")]


def test_ones_own_thread_stays_as_it_is(demo, contact, template):
    conversation = make_conversation(demo, contact=contact, holder=demo.agent1)
    start(demo, contact, template)
    assert facts(demo, conversation) == ("claimed", demo.agent1.pk, 1, 0)
    assert lines(demo, conversation) == []


def test_a_colleague_who_holds_the_customer_is_named_and_nothing_is_sent(demo, contact, template):
    conversation = make_conversation(demo, contact=contact, holder=demo.agent2)
    with pytest.raises(actions.AlreadyClaimed, match="Agent2 has already claimed") as refused:
        start(demo, contact, template)
    assert refused.value.holder == demo.agent2
    assert facts(demo, conversation) == ("claimed", demo.agent2.pk, 1, 1)
    with scope(demo.id):
        assert not Message.objects.filter(outgoing=True).exists()


def test_a_customer_held_at_one_number_may_be_written_to_from_another(demo, contact, template):
    make_conversation(demo, contact=contact, holder=demo.agent2)
    with scope(demo.id):
        second = PhoneNumber.objects.create(
            workspace=demo.workspace, business_account=demo.account, phone_number_id="100000000000009"
        )
    message = start(demo, contact, template, number_id=second.pk)
    assert fresh(demo, message.conversation).holder_id == demo.agent1.pk


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda demo, c, t: change(demo, t, status="PAUSED"), "not approved, paused"),
        (lambda demo, c, t: change(demo, t, gone=timezone.now()), "gone"),
        (lambda demo, c, t: change(demo, t, components=[{"type": "SURPRISE"}]), "cannot be sent from here"),
        (lambda demo, c, t: change(demo, c, blocked=timezone.now()), "blocked"),
        (lambda demo, c, t: change(demo, c, marketing=Marketing.OPTED_OUT), "opted out of marketing"),
        (lambda demo, c, t: needs_opt_in(demo), "whose opt-in is recorded"),
        (
            lambda demo, c, t: change(demo, c, marketing_not_before=timezone.now() + timedelta(hours=1)),
            "no more marketing",
        ),
        (lambda demo, c, t: change(demo, c, phone=None), "neither a phone number nor a user id"),
    ],
    ids=["paused", "gone", "unsupported", "blocked", "opted out", "no opt-in", "capped", "no address"],
)
def test_what_may_not_leave_is_refused_in_words_and_claims_nothing(demo, contact, template, spoil, words):
    spoil(demo, contact, template)
    with pytest.raises(actions.NotAllowed, match=words):
        start(demo, contact, template)
    nothing_happened(demo)
    with scope(demo.id):
        assert not Conversation.objects.exists()


def needs_opt_in(world):
    world.workspace.marketing_needs_opt_in = True
    world.workspace.save()


def test_an_opt_out_concerns_marketing_only(demo, contact):
    change(demo, contact, marketing=Marketing.OPTED_OUT)
    assert start(demo, contact, make_template(demo, "order_update", category="UTILITY")).pk


def test_a_cap_does_not_count_while_the_customer_is_writing(demo, contact, template):
    make_conversation(demo, contact=contact)
    change(demo, contact, marketing_not_before=timezone.now() + timedelta(hours=1))
    assert start(demo, contact, template).pk


@pytest.mark.parametrize("bad", [{}, {"body.1": "Rania", "body.2": "Sat\nurday"}])
def test_values_that_do_not_fit_are_named_slot_by_slot(demo, contact, template, bad):
    with pytest.raises(actions.BadValues) as refused:
        start(demo, contact, template, values=bad)
    assert set(refused.value.problems) == {"body.1", "body.2"} - ({"body.1"} if bad else set())
    nothing_happened(demo)


def test_values_of_no_slot_are_not_kept(demo, contact, template):
    message = start(demo, contact, template, values={**VALUES, "body.9": "\0"})
    assert message.payload["values"] == VALUES


def test_a_template_of_another_account_does_not_leave_from_this_number(demo, contact, template):
    with scope(demo.id):
        Template.objects.filter(pk=template.pk).update(account=other_account(demo))
    with pytest.raises(actions.NotAllowed, match="another business account"):
        start(demo, contact, template)
    nothing_happened(demo)


def other_account(world):
    return type(world.account).objects.create(workspace=world.workspace, waba_id="200000000000009")


def test_who_was_merged_is_written_to_as_the_contact_that_was_kept(demo, contact, template):
    kept = make_contact(demo, "Rania H.")
    change(demo, contact, merged_into=kept)
    message = start(demo, contact, template)
    assert fresh(demo, message.conversation).contact_id == kept.pk


def test_the_same_form_again_is_the_same_message(demo, contact, template):
    request = uuid4()
    first = start(demo, contact, template, request_id=request)
    actions.close(member=demo.agent1, conversation_id=first.conversation_id)
    assert start(demo, contact, template, request_id=request) == first
    with pytest.raises(actions.NotAllowed, match="used for another"):
        start(demo, make_contact(demo, "Omar"), template, request_id=request)
    with pytest.raises(actions.NotAllowed, match="used for another"):
        start(demo, contact, template, request_id=request, member=demo.agent2)


def test_an_outsider_reaches_neither_number_nor_contact_nor_template(demo, rival, contact, template):
    theirs, their_template = make_contact(rival), make_template(rival)
    with pytest.raises(PhoneNumber.DoesNotExist):
        start(demo, contact, template, member=rival.agent1)
    with pytest.raises(Contact.DoesNotExist):
        start(demo, theirs, template)
    with pytest.raises(Template.DoesNotExist):
        start(demo, contact, their_template)
    for world in (demo, rival):
        nothing_happened(world)


def test_who_has_left_starts_nothing(demo, contact, template):
    demo.agent1.is_active = False
    demo.agent1.save()
    with pytest.raises(actions.NotAllowed, match="no longer a member"):
        start(demo, contact, template)
    nothing_happened(demo)


def test_of_fifteen_who_write_to_one_customer_at_once_one_does_and_the_others_are_told_who(demo, template):
    for _ in range(6):
        contact = make_contact(demo)
        people = [demo.agent1, demo.agent2, demo.marketer, demo.admin] * 3
        connection.close()
        outcomes = together(*(lambda m=m, c=contact: start(demo, c, template, member=m) for m in people))
        sent = [each for each in outcomes if isinstance(each, Message)]
        winner = sent[0].sender_id
        # The winner's own other submits are further messages of theirs; everybody else is told who it is.
        assert {each.sender_id for each in sent} == {winner}
        assert len(sent) == 3
        told = [each for each in outcomes if isinstance(each, actions.AlreadyClaimed)]
        assert [each.holder.pk for each in told] == [winner] * 9
        assert facts(demo, sent[0].conversation) == ("claimed", winner, 1, 0)


def test_the_same_form_pressed_fifteen_times_at_once_is_one_message(demo, contact, template):
    request = uuid4()
    connection.close()
    outcomes = together(*[lambda: start(demo, contact, template, request_id=request)] * 15)
    assert len({each.pk for each in outcomes}) == 1
    with scope(demo.id):
        assert Message.objects.count() == Conversation.objects.count() == 1


def test_one_form_sent_to_two_people_at_once_reaches_one_of_them(demo, template):
    for _ in range(6):
        pair, request = [make_contact(demo) for _ in range(2)], uuid4()
        connection.close()
        outcomes = together(*(lambda c=c, r=request: start(demo, c, template, request_id=r) for c in pair))
        assert {type(each) for each in outcomes} == {Message, actions.NotAllowed}


def test_a_customer_who_writes_at_the_same_moment_is_in_the_same_thread(demo, template):
    for n in range(6):
        contact = make_contact(demo)
        post = body(text(contact.phone[1:], "Hello?", wamid=f"wamid.{n}"))
        connection.close()
        message, _ = together(lambda c=contact: start(demo, c, template), lambda p=post: drained(p))
        assert isinstance(message, Message)
        with scope(demo.id):
            conversation = Conversation.objects.get(contact=contact)
            assert Message.objects.filter(conversation=conversation).count() == 2
        assert facts(demo, conversation)[:2] == ("claimed", demo.agent1.pk)
