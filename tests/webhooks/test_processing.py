"""Draining deliveries: every item once, in any order, however often, and never at a neighbour's expense."""

import random
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import PhoneNumber, StreamEvent
from accounts.tenancy import crossing, scope
from inbox.models import Claim, Conversation, Message, Receipt
from phonebook.models import Contact, Identity
from tests.webhooks.bodies import body, status, text
from tests.worlds import make_conversation, make_message
from webhooks import processing
from webhooks.models import Delivery, Event
from webhooks.parked import rematch
from webhooks.processing import drain
from webhooks.retention import forget_deliveries


def deliver(*bodies):
    Delivery.objects.bulk_create([Delivery(body=each) for each in bodies])


def drained(*bodies):
    deliver(*bodies)
    while drain():
        pass


def ledger():
    return list(Event.objects.order_by("delivery_id", "position").values_list("kind", "state", "reason"))


def test_a_first_message_makes_contact_conversation_and_message(demo, rival):
    sent = int(timezone.now().timestamp()) - 60
    drained(body(text("962790000001", "Is it open?", wamid="wamid.A", at=sent, name="Rania")))
    with scope(demo.id):
        conversation = Conversation.objects.select_related("contact", "last_message").get()
        assert (conversation.state, conversation.unread, conversation.number_id) == (
            "unclaimed",
            1,
            demo.number.pk,
        )
        assert (conversation.contact.profile_name, conversation.contact.phone) == ("Rania", "+962790000001")
        assert conversation.last_message.body == "Is it open?"
        assert conversation.last_at == datetime.fromtimestamp(sent, UTC)
        assert conversation.window_expires == datetime.fromtimestamp(sent, UTC) + timedelta(hours=24)
        assert list(StreamEvent.objects.values_list("seq", "kind", "object_id", "messages")) == [
            (1, "conversation", conversation.pk, [conversation.last_message_id])
        ]
    with scope(rival.id):
        assert not Conversation.objects.exists()
        assert not Contact.objects.exists()
    assert ledger() == [("message:text", "applied", "")]


def test_every_item_of_every_entry_is_applied(demo, rival):
    drained(
        body(text("962790000001"), text("962790000002"), text("962790000001", "again")),
        body(text("971500000001"), number="100000000000002", waba="200000000000002"),
    )
    with scope(demo.id):
        assert Conversation.objects.count() == 2
        assert Message.objects.count() == 3
    with scope(rival.id):
        assert Message.objects.count() == 1


def test_the_same_delivery_again_changes_nothing(demo):
    post = body(text(wamid="wamid.A"), text(wamid="wamid.B"))
    drained(post)
    drained(*[post] * 20)
    with scope(demo.id):
        assert Message.objects.count() == 2
        assert Conversation.objects.get().unread == 2
        assert StreamEvent.objects.count() == 1


def test_two_new_addresses_of_one_person_in_one_batch_are_one_contact(demo):
    with_both = text("962790000001", wamid="wamid.A")
    with_both["messages"][0]["from_user_id"] = "JO.111"
    with_both["contacts"][0]["user_id"] = "JO.111"
    only_bsuid = text("962790000001", wamid="wamid.B")
    del only_bsuid["messages"][0]["from"]
    only_bsuid["messages"][0]["from_user_id"] = "JO.111"
    only_bsuid["contacts"] = [{"profile": {"name": "Rania", "username": "rania"}, "user_id": "JO.111"}]
    drained(body(only_bsuid), body(with_both))
    with scope(demo.id):
        contact = Contact.objects.get()
        assert (contact.phone, contact.username) == ("+962790000001", "rania")
        assert set(Identity.objects.values_list("kind", "value")) == {
            ("bsuid", "JO.111"),
            ("wa_id", "962790000001"),
        }
        assert Conversation.objects.get().unread == 2


def test_a_known_person_gains_a_new_address(demo):
    drained(body(text("962790000001")))
    both = text("962790000001")
    both["messages"][0]["from_user_id"] = "JO.7"
    drained(body(both))
    with scope(demo.id):
        assert Contact.objects.count() == 1
        assert Identity.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "becomes"), [("closed", "unclaimed"), ("outbound", "unclaimed"), ("unclaimed", "unclaimed")]
)
def test_an_answer_brings_a_closed_or_outbound_conversation_to_unclaimed(demo, state, becomes):
    conversation = make_conversation(demo, state=state)
    with scope(demo.id):
        wa_id = Identity.objects.get().value
    drained(body(text(wa_id)))
    with scope(demo.id):
        fresh = Conversation.objects.get(pk=conversation.pk)
        assert fresh.state == becomes
        assert fresh.claim_version == (0 if state == "unclaimed" else 1)


def test_an_answer_to_a_claimed_conversation_leaves_it_with_its_holder(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    with scope(demo.id):
        wa_id = Identity.objects.get().value
    drained(body(text(wa_id)))
    with scope(demo.id):
        fresh = Conversation.objects.get(pk=conversation.pk)
        assert (fresh.state, fresh.holder_id, fresh.claim_version) == ("claimed", demo.agent1.pk, 1)
        assert Claim.objects.filter(ended=None).count() == 1


def test_a_late_webhook_counts_the_window_from_whatsapps_own_clock(demo):
    two_days_ago = int(timezone.now().timestamp()) - 2 * 86_400
    drained(body(text(at=two_days_ago)))
    with scope(demo.id):
        assert not Conversation.objects.get().window_open()


def test_messages_out_of_order_leave_the_newest_on_top(demo):
    now = int(timezone.now().timestamp())
    drained(body(text(body="new", at=now, wamid="wamid.N")))
    drained(body(text(body="old", at=now - 3600, wamid="wamid.O")))
    with scope(demo.id):
        conversation = Conversation.objects.select_related("last_message").get()
        assert conversation.last_message.body == "new"
        assert conversation.window_expires == datetime.fromtimestamp(now, UTC) + timedelta(hours=24)


def test_an_unknown_type_is_stored_and_opens_no_window(demo):
    poll = text(type="poll_creation", poll={"question": "?"})
    drained(body(poll))
    with scope(demo.id):
        message = Message.objects.get()
        assert (message.kind, message.payload["poll"]) == ("poll_creation", {"question": "?"})
        assert Conversation.objects.get().window_expires is None


@pytest.fixture
def poison(demo):
    """PostgreSQL itself refuses one text, as it would some value that no check of ours foresaw."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE inbox_message ADD CONSTRAINT poison CHECK (body <> 'poison')")
    yield "poison"
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE inbox_message DROP CONSTRAINT poison")
    connections["owner"].close()


def test_a_poisoned_item_between_two_good_ones_stays_alone(demo, poison):
    drained(
        body(
            text("962790000001", wamid="wamid.A"),
            text("962790000003", poison, wamid="wamid.P"),
            text("962790000002", wamid="wamid.B"),
        )
    )
    with scope(demo.id):
        assert set(Message.objects.values_list("wamid", flat=True)) == {"wamid.A", "wamid.B"}
        assert StreamEvent.objects.count() == 2
    assert [state for _, state, _ in ledger()] == ["applied", "failed", "applied"]
    assert "poison" in Event.objects.get(state="failed").reason


def test_what_cannot_be_parsed_is_a_failed_event_and_the_rest_goes_on(demo):
    drained(b"not json at all", body(text(wamid="wamid.A")))
    assert [(kind, state) for kind, state, _ in ledger()] == [
        ("unparsable", "failed"),
        ("message:text", "applied"),
    ]


def test_typing_in_anothers_number_id_gets_a_workspace_nothing_of_its_account(demo, rival):
    with scope(rival.id):
        PhoneNumber.objects.create(
            workspace=rival.workspace, business_account=rival.account, phone_number_id="100000000000099"
        )
    secret = body(text(body="secret order"), number="100000000000099", waba="200000000000001")
    drained(secret)
    assert ledger() == [("message:text", "ignored", "no workspace has this phone number")]
    with scope(rival.id):
        assert not Message.objects.exists()


def test_a_number_whose_connection_was_proved_is_routed_whatever_account_the_webhook_names(demo):
    with scope(demo.id):
        PhoneNumber.objects.update(check_state=PhoneNumber.Check.OK)
    drained(body(text(), waba="299999999999999"))
    assert ledger() == [("message:text", "applied", "")]


def test_a_reaction_is_news_but_reopens_nothing(demo):
    conversation = make_conversation(demo, state="closed")
    with scope(demo.id):
        wa_id = Identity.objects.get().value
    drained(body(text(wa_id, type="reaction", reaction={"message_id": "wamid.x", "emoji": "👍"})))
    with scope(demo.id):
        fresh = Conversation.objects.get(pk=conversation.pk)
        assert (fresh.state, fresh.unread) == ("closed", 2)


def test_parked_receipts_wait_longer_each_time_and_are_given_up_after_eight_days(demo):
    drained(body(*[status(f"wamid.{n}", "read") for n in range(3)]))
    assert rematch() == 3
    assert rematch() == 0
    assert set(Event.objects.values_list("state", "attempts")) == {("parked", 2)}
    Event.objects.update(next_try=timezone.now())
    Delivery.objects.update(received=timezone.now() - timedelta(days=9))
    assert rematch() == 3
    assert set(Event.objects.values_list("state", "reason")) == {("failed", "its message never appeared")}


def test_old_deliveries_are_forgotten_with_their_events_but_never_waiting_ones(demo):
    drained(body(text(), text()))
    deliver(body(text()))
    Delivery.objects.update(received=timezone.now() - timedelta(days=31))
    assert forget_deliveries() == 1
    assert list(Delivery.objects.values_list("drained", flat=True)) == [None]
    assert not Event.objects.exists()


def test_a_number_of_nobody_is_ignored_with_a_reason(demo):
    drained(body(text(), number="999"))
    assert ledger() == [("message:text", "ignored", "no workspace has this phone number")]
    with crossing():
        assert not Message.objects.exists()


STATES = ["sent", "delivered", "read", "failed"]


@pytest.mark.parametrize("seed", range(6))
def test_receipts_in_any_order_and_number_show_the_highest_and_keep_each_once(demo, seed):
    conversation = make_conversation(demo, holder=demo.agent1)
    message = make_message(demo, conversation, outgoing=True, status=Message.Status.SENT, wamid="wamid.OUT")
    posts = [
        body(status("wamid.OUT", state, code=131026 if state == "failed" else None)) for state in STATES
    ] * 3
    random.Random(seed).shuffle(posts)
    shown = []
    for post in posts:
        drained(post)
        with scope(demo.id):
            shown.append(Message.objects.get(pk=message.pk).status)
    assert shown == sorted(shown)
    assert shown[-1] == Message.Status.READ
    with scope(demo.id):
        assert Receipt.objects.count() == 4


def test_a_receipt_before_its_wamid_is_known_is_parked_and_found_later(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    message = make_message(demo, conversation, outgoing=True, status=Message.Status.SENDING)
    drained(body(status("wamid.OUT", "delivered")))
    assert ledger() == [("status:delivered", "parked", "no message with this wamid yet")]
    with scope(demo.id):
        Message.objects.filter(pk=message.pk).update(wamid="wamid.OUT", status=Message.Status.SENT)
    assert rematch() == 1
    with scope(demo.id):
        assert Message.objects.get(pk=message.pk).status == Message.Status.DELIVERED
    assert ledger() == [("status:delivered", "applied", "")]


def test_a_receipt_that_echoes_our_id_and_attempt_settles_an_unconfirmed_message(demo):
    conversation = make_conversation(demo, holder=demo.agent1)
    message = make_message(demo, conversation, outgoing=True, status=Message.Status.UNCONFIRMED, attempt=2)
    drained(body(status("wamid.OUT", "sent", opaque=f"{message.pk}.1")))  # another attempt: not this one
    with scope(demo.id):
        assert Message.objects.get(pk=message.pk).wamid is None
    drained(body(status("wamid.OUT", "sent", opaque=f"{message.pk}.2")))
    with scope(demo.id):
        fresh = Message.objects.get(pk=message.pk)
        assert (fresh.status, fresh.wamid) == (Message.Status.SENT, "wamid.OUT")


def test_another_workspaces_receipt_cannot_settle_my_message(demo, rival):
    conversation = make_conversation(demo, holder=demo.agent1)
    message = make_message(demo, conversation, outgoing=True, status=Message.Status.UNCONFIRMED, attempt=1)
    drained(body(status("wamid.X", "read", opaque=f"{message.pk}.1"), number="100000000000002"))
    with scope(demo.id):
        assert Message.objects.get(pk=message.pk).status == Message.Status.UNCONFIRMED


def test_twenty_new_customers_with_sixteen_parallel_messages_each(demo, monkeypatch):
    monkeypatch.setattr(processing, "EVENTS_PER_TRANSACTION", 7)
    monkeypatch.setattr(processing, "DELIVERIES_PER_TRANSACTION", 7)
    posts = [body(text(f"9627900{customer:05d}")) for _ in range(16) for customer in range(20)]
    random.Random(1).shuffle(posts)
    deliver(*posts)
    problems = []

    def work():
        try:
            while drain():
                pass
        except Exception as error:  # noqa: BLE001
            problems.append(error)
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert problems == []
    with scope(demo.id):
        assert Contact.objects.count() == 20
        assert Conversation.objects.count() == 20
        assert Message.objects.count() == 320
        assert set(Conversation.objects.values_list("unread", flat=True)) == {16}
    assert Event.objects.filter(state="applied").count() == 320


def test_a_post_with_nothing_inside_is_in_the_ledger_too(demo):
    drained(b'{"object": "whatsapp_business_account", "entry": []}')
    assert ledger() == [("empty", "ignored", "nothing inside")]


def test_a_receipt_about_a_customers_own_message_is_put_off_like_any_other_parked_one(demo):
    drained(body(text(wamid="wamid.IN")), body(status("wamid.IN", "read")))
    assert rematch() == 1
    assert rematch() == 0
    assert Event.objects.get(kind="status:read").attempts == 2
