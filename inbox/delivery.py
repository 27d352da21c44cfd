"""Gets queued messages out: takes one, sends it, records the answer. The worker half of a reply.

Never holds a transaction, and so no lock, while talking to WhatsApp; never sends a message twice by itself. Per
conversation strictly the oldest first and one at a time, so that two quick replies cannot swap.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Now

from accounts import stream
from accounts.tenancy import crossing, retrying_deadlocks, scope
from inbox import failures
from inbox.clock import database_now
from inbox.models import Conversation, Message
from phonebook.models import Identity
from whatsapp.client import Client, new_http
from whatsapp.errors import Ambiguous, GraphError, Kind, NotSent

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 5
ACCEPTED = {Message.Status.SENT, Message.Status.DELIVERED, Message.Status.READ, Message.Status.PLAYED}
WINDOW_CLOSED = 131047  # Meta's code for free text outside the window (Error codes, 2026-09)
# A hint after COMMIT is normally with a worker in milliseconds; only what waits longer has lost its hint.
SWEEP_AFTER = timedelta(seconds=2)
SWEEP_ROWS = 500

# One pool of connections per process, made on first use: a forked worker must not share its parent's.
_http = cache(new_http)


@dataclass(frozen=True)
class Next:
    """When this conversation needs its worker again: in so many seconds, 0.0 at once; None when nothing waits here,
    or somebody else is at it."""

    seconds: float | None


@dataclass(frozen=True)
class _Letter:
    """Everything one HTTP call needs; the row is marked sending with this attempt, and that is committed."""

    workspace_id: int
    conversation_id: int
    message_id: int
    attempt: int
    phone_number_id: str
    token: str
    to: str | None
    recipient: str | None
    body: str
    context_wamid: str | None
    is_last: bool  # what the list shows of the conversation


@dataclass(frozen=True)
class _Answer:
    """What became of a letter. `pause` is given with QUEUED: seconds until the next attempt."""

    status: Message.Status
    wamid: str | None = None
    code: int | None = None
    details: str = ""
    pause: float = 0.0


def deliver_next(conversation_id: int, workspace_id: int) -> Next:
    """Sends the oldest queued message of the conversation if it is due, and says what comes next.

    At most one HTTP call. Safe to call at any time, from any number of workers, for any conversation.
    """
    taken = _take(conversation_id, workspace_id)
    if isinstance(taken, Next):
        return taken
    return _record(taken, _send(taken))


@retrying_deadlocks
def sweep() -> list[tuple[int, int]]:
    """Settles what a dead worker left behind, and returns (workspace_id, conversation_id) of what waits for a worker.

    A send whose lease ran out may or may not have left: it becomes unconfirmed, never queued again.
    """
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_message SET status = %s, due = now() WHERE id IN ("
            " SELECT id FROM inbox_message WHERE outbox = %s AND due < now()"
            " ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"
            ") RETURNING workspace_id, conversation_id, id",
            [Message.Status.UNCONFIRMED, Message.Status.SENDING, SWEEP_ROWS],
        )
        for workspace_id, conversation_id, message_id in cursor.fetchall():
            stream.conversation_changed(workspace_id, conversation_id, [message_id])
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
def _take(conversation_id: int, workspace_id: int) -> _Letter | Next:
    """Marks the oldest queued message as sending, with a lease and the next attempt number, and commits that."""
    with scope(workspace_id, durable=True):
        # The lock makes workers of one conversation take turns; the joined rows never change for a conversation.
        conversation = (
            Conversation.objects.select_for_update(no_key=True, of=("self",))
            .select_related("number__business_account", "contact")
            .filter(pk=conversation_id)
            .first()
        )
        messages = Message.objects.filter(conversation_id=conversation_id)
        message = messages.filter(outbox=Message.Status.QUEUED).order_by("pk").first()
        if conversation is None or message is None or messages.filter(outbox=Message.Status.SENDING).exists():
            return Next(None)
        now = database_now()
        if message.due > now:
            return Next((message.due - now).total_seconds())
        letter = _letter(conversation, message, now)
        if isinstance(letter, _Answer):
            _store(message.pk, message.attempt, letter, [Message.Status.QUEUED])
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


def _letter(conversation: Conversation, message: Message, now: datetime) -> _Letter | _Answer:
    """The letter, or why it must not or cannot be sent. The window is checked again: the row may have waited long."""
    account, contact = conversation.number.business_account, conversation.contact
    if _arrived_before(message):
        return _Answer(Message.Status.FAILED, details=failures.FIRST_ARRIVED)
    if not conversation.window_open(now):
        return _Answer(Message.Status.FAILED, code=WINDOW_CLOSED)
    if not account.access_token:
        return _Answer(Message.Status.FAILED, details=failures.NO_TOKEN)
    user_id = None
    if not contact.phone:
        # The newest: WhatsApp makes a new one when the person changes their number.
        user_id = (
            Identity.objects.filter(
                contact=contact, kind=Identity.Kind.BSUID, portfolio_id=account.portfolio_id
            )
            .order_by("-first_seen", "-pk")
            .values_list("value", flat=True)
            .first()
        )
        if user_id is None:
            return _Answer(Message.Status.FAILED, details=failures.NO_ADDRESS)
    return _Letter(
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.pk,
        message_id=message.pk,
        attempt=message.attempt + 1,
        phone_number_id=conversation.number.phone_number_id,
        token=account.access_token,
        to=contact.phone or None,
        recipient=user_id,
        body=message.body,
        context_wamid=message.context_wamid or None,
        is_last=conversation.last_message_id == message.pk,
    )


def _arrived_before(message: Message) -> bool:
    """Whether an earlier try of a message sent again was accepted after all, by a receipt that came while this one
    waited. All earlier tries: a person may send again what was sent again."""
    earlier = message.retry_of_id
    while earlier is not None:
        status, earlier = Message.objects.values_list("status", "retry_of_id").get(pk=earlier)
        if status in ACCEPTED:
            return True
    return False


def _send(letter: _Letter) -> _Answer:
    """The HTTP call, outside any transaction. Every way it can end is an answer; anything else is a bug and raises,
    which leaves the row to its lease."""
    try:
        client = Client(
            settings.WHATSAPP_GRAPH_URL,
            settings.WHATSAPP_GRAPH_VERSION,
            letter.token,
            settings.WHATSAPP_APP_SECRETS[0],
            http=_http(),
        )
        accepted = client.send_text(
            letter.phone_number_id,
            to=letter.to,
            recipient=letter.recipient,
            body=letter.body,
            context_wamid=letter.context_wamid,
            opaque=f"{letter.message_id}.{letter.attempt}",
        )
    except Ambiguous as error:
        return _Answer(Message.Status.UNCONFIRMED, details=str(error))
    except NotSent as error:
        log.warning("delivery.not_sent", message=letter.message_id, attempt=letter.attempt, error=str(error))
        return _again_or_failed(
            letter.attempt, MOST_ATTEMPTS, _pause(letter.attempt), None, failures.UNREACHABLE
        )
    except GraphError as error:
        return _refused(letter, error)
    except ValueError as error:
        # In words for developers, so for the log; the client's errors quote neither a token nor an address.
        log.error("delivery.unsendable", message=letter.message_id, error=str(error))
        return _Answer(Message.Status.FAILED, details=failures.UNSENDABLE)
    return _Answer(Message.Status.SENT, wamid=accepted.wamid)


def _refused(letter: _Letter, error: GraphError) -> _Answer:
    """WhatsApp's no, which is definite. Waits seconds, not hours: an agent is told rather than kept waiting."""
    log.info(
        "delivery.refused",
        message=letter.message_id,
        attempt=letter.attempt,
        code=error.code,
        trace=error.fbtrace_id,
    )
    details = error.details or error.message
    if error.kind is Kind.PAIR:
        # Meta, About the platform, 2026-09: wait 4^X seconds, X = 0, 1, 2 …
        return _again_or_failed(
            letter.attempt, MOST_ATTEMPTS, 4.0 ** (letter.attempt - 1), error.code, details
        )
    if error.kind in {Kind.RETRY, Kind.THROTTLE}:
        most = min(MOST_ATTEMPTS, 1 + error.rule.retries) if error.kind is Kind.RETRY else MOST_ATTEMPTS
        pause = max(_pause(letter.attempt), float(error.rule.wait_seconds))
        return _again_or_failed(letter.attempt, most, pause, error.code, details)
    return _Answer(Message.Status.FAILED, code=error.code, details=details)


def _again_or_failed(attempt: int, most: int, pause: float, code: int | None, details: str) -> _Answer:
    status = Message.Status.QUEUED if attempt < most else Message.Status.FAILED
    return _Answer(status, code=code, details=details, pause=pause)


def _pause(attempt: int) -> float:
    """Seconds: about 2, 4, 8, 16, spread so that what failed together does not return together."""
    return 2.0**attempt * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing


@retrying_deadlocks
def _record(letter: _Letter, answer: _Answer) -> Next:
    """Writes the answer, unless a receipt or the sweep has settled this attempt meanwhile."""
    sending, unconfirmed = Message.Status.SENDING, Message.Status.UNCONFIRMED
    with scope(letter.workspace_id, durable=True):
        if answer.status == Message.Status.SENT:
            # Accepted is certain, whatever was assumed when the lease ran out; receipts may be further already.
            Message.objects.filter(pk=letter.message_id, attempt=letter.attempt, status__gte=sending).update(
                status=Greatest(F("status"), Value(int(Message.Status.SENT))),
                wamid=Coalesce(F("wamid"), Value(answer.wamid)),
            )
            # The list shows the ticks of the last message; others matter only where the thread is open.
            changed = stream.conversation_changed if letter.is_last else stream.ticks_changed
            changed(letter.workspace_id, letter.conversation_id, [letter.message_id])
            return Next(0.0)
        # A refusal is certain too; but a retry by ourselves must not come beside one by a person.
        guard = [sending, unconfirmed] if answer.status == Message.Status.FAILED else [sending]
        if _store(letter.message_id, letter.attempt, answer, guard):
            stream.conversation_changed(letter.workspace_id, letter.conversation_id, [letter.message_id])
    return Next(answer.pause)


def _store(message_id: int, attempt: int, answer: _Answer, guard: list[Message.Status]) -> bool:
    return bool(
        Message.objects.filter(pk=message_id, attempt=attempt, status__in=guard).update(
            status=answer.status,
            error_code=answer.code,
            error_details=answer.details,
            due=Now() + timedelta(seconds=answer.pause),
        )
    )
