"""A deadlock that PostgreSQL breaks costs the person nothing: what it ended runs again and ends well."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from time import monotonic, time
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from structlog.testing import capture_logs

from accounts import actions as accounts
from accounts.tenancy import crossing, retrying_deadlocks
from inbox import actions, delivery
from inbox.models import Message
from tests.inbox.rows import FAILED, SENDING, SENT, change, fresh, outcome, reply, screen
from tests.inbox.test_claims import facts
from tests.inbox.together import together
from tests.webhooks.bodies import body, text
from tests.worlds import make_conversation, make_message
from webhooks.models import Delivery
from webhooks.processing import drain


def alone(work):
    """What `work` returns, on a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


@contextmanager
def crossed(world, lock, row):
    """Runs what the block hands over against a transaction that holds the world's stream, which every write takes
    last, and then wants the row that the work has locked already. Yields a function: work → its result.

    Whoever waited first looks for a deadlock first, so it is the work that PostgreSQL ends.
    """
    with ThreadPoolExecutor(1) as pool:

        def against(work):
            with crossing(), connection.cursor() as cursor:
                cursor.execute("SELECT FROM accounts_stream WHERE workspace_id = %s FOR UPDATE", [world.id])
                running = pool.submit(alone, work)
                somebody_waits(cursor)
                cursor.execute(f"SELECT FROM {lock} WHERE id = %s FOR NO KEY UPDATE", [row])
            return running.result(30)

        with capture_logs() as logs:
            yield against
    assert [entry["attempt"] for entry in logs if entry["event"] == "tenancy.deadlock_retried"] == [1]


def somebody_waits(cursor):
    """Until a wait is old enough to be certainly the first that looks for a deadlock, which it does after a second."""
    end = monotonic() + 30
    while monotonic() < end:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND clock_timestamp() - waitstart > interval '0.4 s')"
        )
        if cursor.fetchone()[0]:
            return
    raise AssertionError("nobody waited for the lock")


VERBS = {
    "unclaim": lambda demo, pk: actions.unclaim(member=demo.agent1, conversation_id=pk),
    "close": lambda demo, pk: actions.close(member=demo.agent1, conversation_id=pk),
    "transfer": lambda demo, pk: actions.transfer(
        member=demo.admin, conversation_id=pk, to_id=demo.agent2.pk
    ),
    "mark_read": lambda demo, pk: actions.mark_read(member=demo.agent1, conversation_id=pk),
    "release_mine": lambda demo, _pk: actions.release_mine(demo.agent1.user),
    "deactivate": lambda demo, _pk: accounts.deactivate(member=demo.admin, membership_id=demo.agent1.pk),
}
AFTERWARDS = {
    "unclaim": ("unclaimed", None, 2, 1),
    "close": ("closed", None, 2, 0),
    "transfer": ("claimed", "agent2", 2, 1),
    "mark_read": ("claimed", "agent1", 1, 0),
    "release_mine": ("unclaimed", None, 2, 1),
    "deactivate": ("unclaimed", None, 2, 1),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_lost_a_deadlock_is_done_once_all_the_same(demo, held, verb):
    with crossed(demo, "inbox_conversation", held.pk) as against:
        against(lambda: VERBS[verb](demo, held.pk))
    state, holder, version, unread = AFTERWARDS[verb]
    assert facts(demo, held) == (state, getattr(demo, holder).pk if holder else None, version, unread)


def test_a_claim_that_lost_a_deadlock_wins_the_conversation(demo):
    conversation = make_conversation(demo)
    with crossed(demo, "inbox_conversation", conversation.pk) as against:
        against(lambda: actions.claim(member=demo.agent1, conversation_id=conversation.pk))
    assert facts(demo, conversation) == ("claimed", demo.agent1.pk, 1, 0)


def test_a_reply_that_lost_a_deadlock_is_queued_once(demo, held):
    request, seen = uuid4(), screen(demo, held)
    with crossed(demo, "inbox_conversation", held.pk) as against:
        message = against(lambda: reply(demo, held, request_id=request, seen=seen))
    assert fresh(demo, held).last_message_id == message.pk


def test_sending_again_that_lost_a_deadlock_queues_one_message(demo, held):
    failed = make_message(demo, held, outgoing=True, status=FAILED, sender=demo.agent1)
    with crossed(demo, "inbox_conversation", held.pk) as against:
        again = against(lambda: actions.send_again(member=demo.agent1, message_id=failed.pk))
    assert fresh(demo, held).last_message_id == again.pk


def test_an_answer_of_whatsapp_is_recorded_after_a_deadlock_and_asked_for_once(demo, held, graph):
    message = reply(demo, held)
    with crossed(demo, "inbox_message", message.pk) as against:
        against(lambda: delivery.deliver_next(held.pk, demo.id))
    assert (outcome(demo, message)[0], len(graph.calls)) == (SENT, 1)


def test_a_message_that_cannot_leave_fails_after_a_deadlock(demo, held, graph):
    change(demo, demo.account, access_token="")
    message = reply(demo, held)
    with crossed(demo, "inbox_conversation", held.pk) as against:
        against(lambda: delivery.deliver_next(held.pk, demo.id))
    assert (outcome(demo, message)[0], graph.calls) == (FAILED, [])


def test_the_sweep_settles_an_expired_lease_after_a_deadlock(demo, held):
    message = make_message(demo, held, outgoing=True, status=SENDING, sender=demo.agent1)
    change(demo, message, due=timezone.now() - timedelta(seconds=1))
    with crossed(demo, "inbox_message", message.pk) as against:
        against(delivery.sweep)
    delivery.sweep()  # the other one may have held the message still, and what is held is left for the next time
    assert outcome(demo, message)[0] == Message.Status.UNCONFIRMED


def test_a_delivery_is_applied_once_after_a_deadlock(demo, held):
    customer = fresh(demo, held.contact).phone.removeprefix("+")
    Delivery.objects.create(body=body(text(customer, "And another thing.", at=int(time()) + 2)))
    with crossed(demo, "inbox_conversation", held.pk) as against:
        assert against(drain) == 1
    assert fresh(demo, held).unread == 2


def test_two_that_lock_in_opposite_orders_both_end_well(demo):
    first, second = (make_conversation(demo) for _ in range(2))
    both_hold_one = Barrier(2)

    def adding(*conversations):
        began = []

        @retrying_deadlocks
        def add():
            with crossing(), connection.cursor() as cursor:
                for conversation in conversations:
                    cursor.execute(
                        "UPDATE inbox_conversation SET unread = unread + 10 WHERE id = %s", [conversation.pk]
                    )
                    if not began:
                        began.append(both_hold_one.wait(30))

        return add

    assert together(adding(first, second), adding(second, first)) == [None, None]
    assert [fresh(demo, row).unread for row in (first, second)] == [21, 21]


def deadlocked(tries):
    """Fails as a deadlock does, and counts."""

    @retrying_deadlocks
    def work():
        tries.append(len(tries) + 1)
        raise OperationalError("deadlock detected") from DeadlockDetected()

    return work


def test_a_deadlock_that_never_ends_is_raised_after_six_tries(demo):
    tries = []
    with pytest.raises(OperationalError):
        deadlocked(tries)()
    assert tries == [1, 2, 3, 4, 5, 6]


def test_inside_another_transaction_nothing_is_tried_again(demo):
    tries = []
    with pytest.raises(OperationalError), transaction.atomic():
        deadlocked(tries)()
    assert tries == [1]


def test_what_is_no_deadlock_is_not_tried_again(demo):
    tries = []

    @retrying_deadlocks
    def work():
        tries.append("once")
        raise OperationalError("the connection is lost")

    with pytest.raises(OperationalError, match="is lost"):
        work()
    assert tries == ["once"]
