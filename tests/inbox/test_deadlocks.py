"""A deadlock that PostgreSQL breaks costs the person nothing: what it ended runs again and ends well."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from time import monotonic, time
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from structlog.testing import capture_logs

from accounts import actions as accounts
from accounts import stream
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


@pytest.fixture
def crossed(demo, monkeypatch):
    """Runs work against a transaction that holds the workspace's stream, which every write takes last, and wants a
    row that the work has locked already. PostgreSQL ends who looks for a deadlock after it arose: the work."""
    has_locked, other_has_both, real = Event(), Event(), stream._write

    def write(pending):
        has_locked.set()
        # The next try may be quick enough to lock the row once more before the other one does.
        wait_until(lambda: other_has_both.is_set() or somebody_waits_in_vain())
        real(pending)

    def against(table, row, work):
        monkeypatch.setattr(stream, "_write", write)
        with capture_logs() as logs, ThreadPoolExecutor(1) as pool:
            with crossing(), connection.cursor() as cursor:
                cursor.execute("SELECT FROM accounts_stream WHERE workspace_id = %s FOR UPDATE", [demo.id])
                running = pool.submit(alone, work)
                assert has_locked.wait(30)
                cursor.execute(f"SELECT FROM {table} WHERE id = %s FOR NO KEY UPDATE", [row.pk])
                other_has_both.set()
            result = running.result(30)
        assert "tenancy.deadlock_retried" in [entry["event"] for entry in logs]
        return result

    return against


def somebody_waits_in_vain():
    """Whether a wait is longer than deadlock_timeout (tests/plugin.py): it has looked once and looks no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND clock_timestamp() - waitstart > interval '0.3 s')"
        )
        return cursor.fetchone()[0]


def wait_until(condition):
    end = monotonic() + 30
    while not condition():
        assert monotonic() < end, "nobody waited for the lock"


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
def test_a_verb_that_lost_a_deadlock_is_done_once_all_the_same(demo, crossed, held, verb):
    crossed("inbox_conversation", held, lambda: VERBS[verb](demo, held.pk))
    state, holder, version, unread = AFTERWARDS[verb]
    assert facts(demo, held) == (state, getattr(demo, holder).pk if holder else None, version, unread)


def test_a_claim_that_lost_a_deadlock_wins_the_conversation(demo, crossed):
    conversation = make_conversation(demo)
    crossed(
        "inbox_conversation",
        conversation,
        lambda: actions.claim(member=demo.agent1, conversation_id=conversation.pk),
    )
    assert facts(demo, conversation) == ("claimed", demo.agent1.pk, 1, 0)


def test_a_reply_that_lost_a_deadlock_is_queued_once(demo, crossed, held):
    request, seen = uuid4(), screen(demo, held)
    message = crossed("inbox_conversation", held, lambda: reply(demo, held, request_id=request, seen=seen))
    assert fresh(demo, held).last_message_id == message.pk


def test_sending_again_that_lost_a_deadlock_queues_one_message(demo, crossed, held):
    failed = make_message(demo, held, outgoing=True, status=FAILED, sender=demo.agent1)
    again = crossed(
        "inbox_conversation", held, lambda: actions.send_again(member=demo.agent1, message_id=failed.pk)
    )
    assert fresh(demo, held).last_message_id == again.pk


def test_an_answer_of_whatsapp_is_recorded_after_a_deadlock_and_asked_for_once(demo, crossed, held, graph):
    message = reply(demo, held)
    crossed("inbox_message", message, lambda: delivery.deliver_next(held.pk, demo.id))
    assert (outcome(demo, message)[0], len(graph.calls)) == (SENT, 1)


def test_a_message_that_cannot_leave_fails_after_a_deadlock(demo, crossed, held, graph):
    change(demo, demo.account, access_token="")
    message = reply(demo, held)
    crossed("inbox_conversation", held, lambda: delivery.deliver_next(held.pk, demo.id))
    assert (outcome(demo, message)[0], graph.calls) == (FAILED, [])


def test_the_sweep_settles_an_expired_lease_after_a_deadlock(demo, crossed, held):
    message = make_message(demo, held, outgoing=True, status=SENDING, sender=demo.agent1)
    change(demo, message, due=timezone.now() - timedelta(seconds=1))
    crossed("inbox_message", message, delivery.sweep)
    delivery.sweep()  # the other one may have held the message still, and what is held is left for the next time
    assert outcome(demo, message)[0] == Message.Status.UNCONFIRMED


def test_a_delivery_is_applied_once_after_a_deadlock(demo, crossed, held):
    customer = fresh(demo, held.contact).phone.removeprefix("+")
    Delivery.objects.create(body=body(text(customer, "And another thing.", at=int(time()) + 2)))
    assert crossed("inbox_conversation", held, drain) == 1
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
