"""Getting messages out: what is sent, in which order, and what never reaches WhatsApp."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import BusinessAccount, StreamEvent
from accounts.tenancy import scope
from inbox import actions, delivery
from inbox.delivery import Next
from phonebook.models import Contact, Identity
from tests.inbox.graph import refuse
from tests.inbox.rows import FAILED, QUEUED, SENDING, SENT, change, due_now, fresh, outcome, reply
from tests.inbox.together import at_whatsapp
from tests.worlds import make_message

AT_ONCE, NOTHING = Next(0.0), Next(None)


def test_a_queued_reply_leaves_as_one_request_and_becomes_sent(demo, rival, held, graph):
    message = reply(demo, held, "On its way. 🚚")
    assert delivery.deliver_next(held.pk, demo.id) == AT_ONCE
    assert delivery.deliver_next(held.pk, demo.id) == NOTHING
    (call,) = graph.calls
    assert (call.path, call.token) == ("/v26.0/100000000000001/messages", "demo-token-100000000000001")
    assert call.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": fresh(demo, held.contact).phone,
        "type": "text",
        "text": {"preview_url": False, "body": "On its way. 🚚"},
        "biz_opaque_callback_data": f"{message.pk}.1",
    }
    assert outcome(demo, message) == (SENT, "wamid.1", None, "")
    with scope(demo.id):
        assert [(e.kind, e.messages) for e in StreamEvent.objects.order_by("seq")] == [
            ("conversation", [message.pk]),
            ("conversation", [message.pk]),
        ]
    with scope(rival.id):
        assert not StreamEvent.objects.exists()


def test_ticks_of_an_older_message_are_news_for_the_open_thread_only(demo, held, graph):
    older, newer = reply(demo, held, "One"), reply(demo, held, "Two")
    delivery.deliver_next(held.pk, demo.id)
    delivery.deliver_next(held.pk, demo.id)
    with scope(demo.id):
        assert [(e.kind, e.messages) for e in StreamEvent.objects.order_by("seq")][2:] == [
            ("ticks", [older.pk]),
            ("conversation", [newer.pk]),
        ]


def test_a_worker_of_another_workspace_finds_nothing(demo, rival, held, graph):
    message = reply(demo, held)
    assert delivery.deliver_next(held.pk, rival.id) == NOTHING
    assert delivery.deliver_next(0, demo.id) == NOTHING
    assert (outcome(demo, message)[0], graph.calls) == (QUEUED, [])


def test_a_quoting_reply_carries_the_quoted_message(demo, held, graph):
    quoted = make_message(demo, held, body="Blue or red?", wamid="wamid.Q")
    reply(demo, held, quoted_id=quoted.pk)
    delivery.deliver_next(held.pk, demo.id)
    assert graph.calls[0].body["context"] == {"message_id": "wamid.Q"}


def test_who_hides_their_phone_is_written_to_by_the_newest_user_id_of_the_portfolio(demo, held, graph):
    with scope(demo.id):
        Contact.objects.filter(pk=held.contact_id).update(phone=None)
        for portfolio, value, days in [
            ("p-demo", "JO.OLD1", 9),
            ("p-demo", "JO.NEW1", 1),
            ("elsewhere", "JO.NOTOURS", 0),
        ]:
            Identity.objects.create(
                workspace=demo.workspace,
                contact=held.contact,
                portfolio_id=portfolio,
                kind="bsuid",
                value=value,
                first_seen=timezone.now() - timedelta(days=days),
            )
    reply(demo, held)
    delivery.deliver_next(held.pk, demo.id)
    body = graph.calls[0].body
    assert (body.get("to"), body.get("recipient")) == (None, "JO.NEW1")


def test_no_transaction_is_open_while_whatsapp_thinks(demo, held, graph):
    reply(demo, held)
    with at_whatsapp(graph, demo, held):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state FROM pg_stat_activity WHERE usename = 'inbox_app' AND pid <> pg_backend_pid()"
                " AND state LIKE 'idle in transaction%'"
            )
            assert cursor.fetchall() == []
        actions.close(member=demo.agent1, conversation_id=held.pk)


def test_the_oldest_goes_first_and_one_at_a_time(demo, held, graph):
    first, second = reply(demo, held, "One"), reply(demo, held, "Two")
    with at_whatsapp(graph, demo, held) as call:
        assert call.body["text"]["body"] == "One"
        assert (outcome(demo, first)[0], outcome(demo, second)[0]) == (SENDING, QUEUED)
        assert delivery.deliver_next(held.pk, demo.id) == NOTHING
    assert (outcome(demo, first)[0], graph.bodies) == (SENT, ["One"])
    assert delivery.deliver_next(held.pk, demo.id) == AT_ONCE
    assert graph.bodies == ["One", "Two"]


def test_later_ones_wait_for_the_oldest_also_while_it_pauses(demo, held, graph):
    graph.order(refuse(131056))
    first = reply(demo, held, "One")
    reply(demo, held, "Two")
    assert delivery.deliver_next(held.pk, demo.id) == Next(1.0)
    waiting = delivery.deliver_next(held.pk, demo.id).seconds
    assert 0 < waiting < 1
    assert (outcome(demo, first)[0], graph.bodies) == (QUEUED, ["One"])
    due_now(demo, first)
    while delivery.deliver_next(held.pk, demo.id) == AT_ONCE:
        pass
    assert graph.bodies == ["One", "One", "Two"]
    assert [call.body["biz_opaque_callback_data"].partition(".")[2] for call in graph.calls] == [
        "1",
        "2",
        "1",
    ]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda demo, held: change(demo, held, window_expires=timezone.now()), (131047, "")),
        (
            lambda demo, held: change(demo, demo.account, access_token=""),
            (None, "This number has no access token. An admin can enter one in the settings."),
        ),
        (
            lambda demo, held: change(demo, held.contact, phone=None),
            (None, "WhatsApp has told us neither a phone number nor a user id of this customer."),
        ),
        (
            lambda demo, held: change(demo, held.contact, phone="0790"),
            (
                None,
                "The text, the customer's address or the settings of this number are not valid."
                " An admin can check the settings.",
            ),
        ),
    ],
    ids=["window", "token", "address", "phone"],
)
def test_what_cannot_be_sent_fails_in_words_and_never_reaches_whatsapp(demo, held, graph, spoil, error):
    message = reply(demo, held)
    spoil(demo, held)
    assert delivery.deliver_next(held.pk, demo.id) == AT_ONCE
    assert outcome(demo, message) == (FAILED, None, *error)
    assert delivery.deliver_next(held.pk, demo.id) == NOTHING
    assert graph.calls == []


def test_a_token_no_key_opens_any_more_fails_in_words(demo, held, graph):
    with scope(demo.id), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {BusinessAccount._meta.db_table} SET access_token = 'gAAAA-sealed-elsewhere'")
    message = reply(demo, held)
    delivery.deliver_next(held.pk, demo.id)
    assert outcome(demo, message)[3].startswith("This number has no access token.")
