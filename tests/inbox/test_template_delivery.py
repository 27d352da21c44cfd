"""Templates on their way out: what is sent, what is checked once more when they leave, and what a refusal means."""

from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from inbox import actions, delivery
from inbox.delivery import Next
from inbox.models import Message, Outreach
from phonebook.models import Consent, Contact, Marketing
from tests.inbox.graph import lose, refuse
from tests.inbox.rows import (
    DELIVERED,
    FAILED,
    QUEUED,
    SENT,
    UNCONFIRMED,
    change,
    due_now,
    fresh,
    outcome,
    receipt,
    reply,
    screen,
)
from tests.inbox.together import at_whatsapp
from tests.worlds import make_template

HELD = Message.Status.HELD
VALUES = {"body.1": "Rania", "body.2": "Saturday"}
AT_ONCE = Next(0.0)


@pytest.fixture
def template(demo):
    return make_template(demo)


@pytest.fixture
def queued(demo, outside, template):
    return send(demo, outside, template)


def send(world, conversation, template, values=VALUES):
    return actions.send_template(
        member=world.agent1,
        conversation_id=conversation.pk,
        template_id=template.pk,
        values=values,
        request_id=uuid4(),
        seen=screen(world, conversation),
    )


def deliver(world, message):
    return delivery.deliver_next(message.conversation_id, world.id)


def answered(message_status):
    return lambda: (200, {"messages": [{"id": "wamid.1", "message_status": message_status}]})


def counted(world):
    with scope(world.id):
        return list(Outreach.objects.values_list("portfolio_id", "contact_id"))


def test_a_template_leaves_with_its_values_and_the_mark_of_its_message(demo, rival, outside, queued, graph):
    assert deliver(demo, queued) == AT_ONCE
    (call,) = graph.calls
    assert call.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": fresh(demo, outside.contact).phone,
        "type": "template",
        "template": {
            "name": "showroom_weekend",
            "language": {"code": "en"},
            "components": [
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": "Rania"}, {"type": "text", "text": "Saturday"}],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": f"m{queued.pk}.0"}],
                },
            ],
        },
        "biz_opaque_callback_data": f"{queued.pk}.1",
    }
    assert outcome(demo, queued) == (SENT, "wamid.1", None, "")
    assert counted(demo) == [("p-demo", outside.contact_id)]
    assert counted(rival) == []


def test_inside_the_window_it_uses_nothing_of_the_messaging_limit(demo, held, template, graph):
    deliver(demo, send(demo, held, template))
    assert (len(graph.calls), counted(demo)) == (1, [])


@pytest.mark.parametrize("told", ["held_for_quality_assessment", "paused"])
def test_what_whatsapp_holds_is_shown_as_held_until_a_receipt_says_more(demo, queued, graph, told):
    graph.order(answered(told))
    assert deliver(demo, queued) == AT_ONCE
    assert outcome(demo, queued) == (HELD, "wamid.1", None, "")
    receipt(demo, queued, "delivered")
    assert outcome(demo, queued)[0] == DELIVERED


def test_a_receipt_that_comes_before_the_answer_is_not_taken_back(demo, outside, queued, graph):
    with at_whatsapp(graph, demo, outside, answered("held_for_quality_assessment")):
        receipt(demo, queued, "delivered")
    assert outcome(demo, queued)[:2] == (DELIVERED, "wamid.1")


def spoil_opt_in(demo, contact, template):
    demo.workspace.marketing_needs_opt_in = True
    demo.workspace.save()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda demo, c, t: change(demo, t, status="PAUSED"), "WhatsApp does not accept this template now"),
        (
            lambda demo, c, t: change(demo, t, gone=timezone.now()),
            "WhatsApp does not accept this template now",
        ),
        (lambda demo, c, t: change(demo, c, blocked=timezone.now()), "This contact is blocked"),
        (lambda demo, c, t: change(demo, c, marketing=Marketing.OPTED_OUT), "This customer opted out"),
        (spoil_opt_in, "This template is marketing, and this workspace"),
        (
            lambda demo, c, t: change(demo, c, marketing_not_before=timezone.now() + timedelta(hours=1)),
            "WhatsApp delivers no more marketing",
        ),
        (
            lambda demo, c, t: change(demo, t, components=[{"type": "BODY", "text": "{{1}} {{2}} {{3}}"}]),
            "What was filled in does not fit",
        ),
        (
            lambda demo, c, t: change(demo, t, components=[{"type": "SURPRISE"}]),
            "This template has a part",
        ),
        (lambda demo, c, t: change(demo, c, phone=None), "WhatsApp has told us neither"),
        (lambda demo, c, t: change(demo, demo.account, access_token=""), "This number has no access token"),
    ],
    ids=[
        "paused",
        "gone",
        "blocked",
        "opted out",
        "opt-in",
        "capped",
        "values",
        "unsupported",
        "address",
        "token",
    ],
)
def test_everything_is_checked_once_more_when_it_leaves(demo, outside, queued, template, graph, spoil, words):
    spoil(demo, outside.contact, template)
    assert deliver(demo, queued) == AT_ONCE
    status, wamid, code, details = outcome(demo, queued)
    assert (status, wamid, code) == (FAILED, None, None)
    assert details.startswith(words)
    assert (graph.calls, counted(demo)) == ([], [])


def test_a_template_that_became_marketing_while_it_waited_needs_consent_now(demo, outside, graph):
    utility = make_template(demo, "order_update", category="UTILITY")
    change(demo, outside.contact, marketing=Marketing.OPTED_OUT)
    message = send(demo, outside, utility)
    change(demo, utility, category="MARKETING")
    deliver(demo, message)
    assert outcome(demo, message)[3].startswith("This customer opted out")
    assert graph.calls == []


def test_a_reply_to_who_was_blocked_meanwhile_does_not_leave(demo, held, graph):
    message = reply(demo, held)
    change(demo, held.contact, blocked=timezone.now())
    delivery.deliver_next(held.pk, demo.id)
    assert outcome(demo, message)[3].startswith("This contact is blocked")
    assert graph.calls == []


def test_who_stopped_our_marketing_is_opted_out_by_the_refusal(demo, rival, queued, graph):
    graph.order(refuse(131050, "User has stopped it."))
    deliver(demo, queued)
    assert outcome(demo, queued) == (FAILED, None, 131050, "User has stopped it.")
    with scope(demo.id):
        assert list(Consent.objects.values_list("choice", "source", "wording")) == [
            (Marketing.OPTED_OUT, "refused", "User has stopped it.")
        ]
        assert Contact.objects.get().marketing == Marketing.OPTED_OUT
        assert PhoneNumber.objects.get().stopped is None
    with scope(rival.id):
        assert not Consent.objects.exists()


def test_who_got_too_much_marketing_gets_none_for_a_day(demo, outside, queued, graph):
    graph.order(refuse(131049))
    before = timezone.now()
    deliver(demo, queued)
    assert outcome(demo, queued)[:3] == (FAILED, None, 131049)
    until = fresh(demo, outside.contact).marketing_not_before
    assert timedelta(hours=24) <= until - before <= timedelta(hours=24, minutes=2)


def test_a_dead_token_stops_the_number_and_is_not_quoted(demo, rival, queued, graph):
    graph.order(refuse(190, "Malformed access token demo-token-100000000000001", 401))
    deliver(demo, queued)
    number = fresh(demo, demo.number)
    assert (number.stopped_code, number.stopped_detail) == (190, "")
    assert number.stopped is not None
    assert fresh(rival, rival.number).stopped is None


def test_a_number_that_is_gone_is_known_by_its_subcode(demo, queued, graph):
    error = {"message": "(#100)", "code": 100, "error_subcode": 33, "error_data": {"details": "Gone."}}
    graph.order(lambda: (400, {"error": error}))
    deliver(demo, queued)
    assert outcome(demo, queued)[2] == 33
    assert (fresh(demo, demo.number).stopped_code, fresh(demo, demo.number).stopped_detail) == (33, "Gone.")


def test_a_refused_template_fails_and_says_nothing_about_number_or_customer(demo, queued, graph):
    graph.order(refuse(132015))
    deliver(demo, queued)
    assert outcome(demo, queued)[2] == 132015
    assert fresh(demo, demo.number).stopped is None
    assert counted(demo) == []


def test_a_lost_answer_leaves_it_unconfirmed_and_counted(demo, queued, graph):
    graph.order(lose)
    deliver(demo, queued)
    assert outcome(demo, queued)[0] == UNCONFIRMED
    assert len(counted(demo)) == 1


def test_too_fast_waits_slows_the_number_down_and_is_sent_then(demo, queued, graph):
    store = redis.Redis.from_url(django_settings.REDIS_URL, decode_responses=True)
    key = f"inbox:pace:{demo.number.pk}"
    store.delete(key)
    graph.order(refuse(130429))
    assert deliver(demo, queued).seconds >= 1
    assert outcome(demo, queued)[0] == QUEUED
    assert float(store.hget(key, "pace")) == pytest.approx(0.7, abs=0.01)
    due_now(demo, queued)
    assert deliver(demo, queued) == AT_ONCE
    assert outcome(demo, queued)[0] == SENT


def test_each_message_takes_its_token_from_the_number(demo, held, graph):
    store = redis.Redis.from_url(django_settings.REDIS_URL, decode_responses=True)
    key = f"inbox:pace:{demo.number.pk}"
    store.delete(key)
    reply(demo, held)
    delivery.deliver_next(held.pk, demo.id)
    assert float(store.hget(key, "all")) == pytest.approx(7, abs=0.5)  # a tenth of a second at 80/s, less one
