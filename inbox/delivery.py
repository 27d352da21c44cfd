"""Gets queued messages out: takes one, sends it, records the answer. The worker half of a reply.

Never holds a transaction, and so no lock, while talking to WhatsApp; never sends a message twice by itself. Per
conversation strictly the oldest first and one at a time, so that two quick replies cannot swap.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Now

from accounts import stream
from accounts.tenancy import crossing, retrying_deadlocks, scope
from inbox import aftermath, outreach
from inbox.aftermath import Failure
from inbox.clock import database_now
from inbox.departures import Departure, Unfit, prepare
from inbox.models import Conversation, Message
from inbox.news import message_changed
from inbox.posting import Answer, post

log = structlog.get_logger(__name__)

TAKEN_OVER = {Message.Status.SENT, Message.Status.HELD}
# What may have left counts against WhatsApp's messaging limit.
COUNTED = TAKEN_OVER | {Message.Status.UNCONFIRMED}
# A hint after COMMIT is normally with a worker in milliseconds; only what waits longer has lost its hint.
SWEEP_AFTER = timedelta(seconds=2)
SWEEP_ROWS = 500


@dataclass(frozen=True)
class Next:
    """When this conversation needs its worker again: in so many seconds, 0.0 at once; None when nothing waits here,
    or somebody else is at it."""

    seconds: float | None


def deliver_next(conversation_id: int, workspace_id: int) -> Next:
    """Sends the oldest queued message of the conversation if it is due, and says what comes next.

    At most one HTTP call. Safe to call at any time, from any number of workers, for any conversation.
    """
    taken = _take(conversation_id, workspace_id)
    if isinstance(taken, Next):
        return taken
    return _record(taken, post(taken))


@retrying_deadlocks
def sweep() -> list[tuple[int, int]]:
    """Settles what a dead worker left behind, and returns (workspace_id, conversation_id) of what waits for a worker.

    A send whose lease ran out may or may not have left: it becomes unconfirmed, never queued again.
    """
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_message m SET status = %s, due = now() FROM inbox_conversation c"
            " WHERE c.id = m.conversation_id AND m.id IN ("
            " SELECT id FROM inbox_message WHERE outbox = %s AND due < now()"
            " ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"
            ") RETURNING m.workspace_id, m.conversation_id, m.id, m.broadcast_id, c.state",
            [Message.Status.UNCONFIRMED, Message.Status.SENDING, SWEEP_ROWS],
        )
        for workspace_id, conversation_id, message_id, broadcast_id, state in cursor.fetchall():
            # As if it were the last one: what may not have arrived concerns the row of the list too.
            message_changed(
                workspace_id,
                conversation_id,
                message_id,
                broadcast_id=broadcast_id,
                is_last=True,
                state=state,
            )
            log.warning("delivery.lease_expired", workspace=workspace_id, message=message_id)
        cursor.execute(
            "SELECT workspace_id, conversation_id FROM inbox_message AS waiting WHERE outbox = %(queued)s AND due < %(before)s"
            " AND NOT EXISTS (SELECT FROM inbox_message AS ahead WHERE ahead.conversation_id = waiting.conversation_id"
            "  AND (ahead.outbox = %(sending)s OR (ahead.outbox = %(queued)s AND ahead.id < waiting.id)))"
            " ORDER BY due LIMIT %(rows)s",
            {
                "queued": Message.Status.QUEUED,
                "sending": Message.Status.SENDING,
                "before": database_now() - SWEEP_AFTER,
                "rows": SWEEP_ROWS,
            },
        )
        return list(cursor.fetchall())


@retrying_deadlocks
def _take(conversation_id: int, workspace_id: int) -> Departure | Next:
    """Marks the oldest queued message as sending, with a lease and the next attempt number, and commits that."""
    with scope(workspace_id, durable=True):
        # The lock makes workers of one conversation take turns.
        conversation = Conversation.objects.select_for_update(no_key=True).filter(pk=conversation_id).first()
        messages = Message.objects.filter(conversation_id=conversation_id)
        message = messages.filter(outbox=Message.Status.QUEUED).order_by("pk").first()
        if conversation is None or message is None or messages.filter(outbox=Message.Status.SENDING).exists():
            return Next(None)
        now = database_now()
        if message.due > now:
            return Next((message.due - now).total_seconds())
        letter = prepare(conversation, message, now)
        if isinstance(letter, Unfit):
            failed = Answer(Message.Status.FAILED, code=letter.code, details=letter.details)
            _store(message.pk, message.attempt, failed, [Message.Status.QUEUED])
            stream.conversation_changed(workspace_id, conversation_id, [message.pk])
            return Next(0.0)
        messages.filter(pk=message.pk, status=Message.Status.QUEUED).update(
            status=Message.Status.SENDING,
            attempt=letter.attempt,
            due=now + timedelta(seconds=settings.SEND_LEASE_SECONDS),
            error_code=None,
            error_details="",
        )
        return letter


@retrying_deadlocks
def _record(letter: Departure, answer: Answer) -> Next:
    """Writes the answer, unless a receipt or the sweep has settled this attempt meanwhile."""
    with scope(letter.workspace_id, durable=True):
        if answer.status == Message.Status.FAILED and answer.code is not None:
            # First: contacts are locked before messages.
            aftermath.settle([_failure(letter, answer.code, answer.details)])
        if letter.counts_at and answer.status in COUNTED:
            outreach.record(letter.workspace_id, letter.counts_at, [letter.contact_id])
        if answer.status in TAKEN_OVER:
            _take_over(letter, answer)
            return Next(0.0)
        # A refusal is certain too; but a retry by ourselves must not come beside one by a person.
        sending, unconfirmed = Message.Status.SENDING, Message.Status.UNCONFIRMED
        guard = [sending, unconfirmed] if answer.status == Message.Status.FAILED else [sending]
        if _store(letter.message_id, letter.attempt, answer, guard):
            stream.conversation_changed(letter.workspace_id, letter.conversation_id, [letter.message_id])
    return Next(answer.pause)


def _failure(letter: Departure, code: int, details: str) -> Failure:
    return Failure(
        workspace_id=letter.workspace_id,
        contact_id=letter.contact_id,
        number_id=letter.number_id,
        code=code,
        at=database_now(),
        details=details,
    )


def _take_over(letter: Departure, answer: Answer) -> None:
    """Accepted is certain, whatever was assumed when the lease ran out; receipts may be further already."""
    sent = Message.objects.filter(
        pk=letter.message_id, attempt=letter.attempt, status__gte=Message.Status.SENDING
    )
    sent.update(
        status=Greatest(F("status"), Value(int(answer.status))),
        wamid=Coalesce(F("wamid"), Value(answer.wamid)),
    )
    # The list shows the ticks of the last message; others matter only where the thread is open.
    changed = stream.conversation_changed if letter.is_last else stream.ticks_changed
    changed(letter.workspace_id, letter.conversation_id, [letter.message_id])


def _store(message_id: int, attempt: int, answer: Answer, guard: list[Message.Status]) -> bool:
    return bool(
        Message.objects.filter(pk=message_id, attempt=attempt, status__in=guard).update(
            status=answer.status,
            error_code=answer.code,
            error_details=answer.details,
            due=Now() + timedelta(seconds=answer.pause),
        )
    )
