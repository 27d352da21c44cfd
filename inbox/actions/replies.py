"""The agent's words: reply, send again, and having read.

A reply is a row in state queued, and that row is the outbox: nothing here talks to WhatsApp. Only the holder's words
leave, only inside the window, and never on the strength of an outdated screen.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import stream
from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks, scope
from inbox import failures
from inbox.actions.holding import locked
from inbox.actions.outbox import queue, sent_before
from inbox.actions.refusals import BadText, NotAllowed, Refused, Seen, WindowClosed, check
from inbox.actions.screens import check_seen
from inbox.actions.templating import check_template
from inbox.clock import database_now
from inbox.models import TEXT_LIMIT, Conversation, Message
from inbox.rules import Verb
from phonebook.models import Contact


@retrying_deadlocks
def reply(
    *,
    member: Membership,
    conversation_id: int,
    text: str,
    request_id: UUID,
    seen: Seen,
    quoted_id: int | None = None,
) -> Message:
    """Queues a free text of 1 to 4,096 characters to the customer and returns its row.

    The text leaves as it is, but for white space at its end. `request_id` is one submit of the form: repeated, also at
    the same time, it returns the same message. `seen` is what the agent's screen showed; a screen confirmed after
    `Stale` carries the `seen` of that refusal, so that yet another change is shown again. New messages of the customer
    never block. `quoted_id` is a message of the same conversation.

    Raises BadText, NotYours, WindowClosed, Stale, NotAllowed, Conversation.DoesNotExist.
    """
    body = _checked_text(text)
    try:
        with scope(member.workspace_id, durable=True):
            conversation = locked(conversation_id)
            sent = sent_before(member, request_id, pk=conversation_id)
            if sent is not None:
                return sent
            now = _checked_now(conversation, member, seen)
            quoted = _quoted(conversation, quoted_id)
            message = Message(body=body, request_id=request_id, context_wamid=quoted, sender=member)
            return queue(conversation, message, now)
    except IntegrityError:
        # The lock covers one conversation; the same form sent to two at once meets in the unique constraint instead.
        with scope(member.workspace_id, durable=True):
            sent = sent_before(member, request_id, pk=conversation_id)
        if sent is None:
            raise
        return sent


@retrying_deadlocks
def send_again(*, member: Membership, message_id: int) -> Message:
    """Queues a failed message, or one unconfirmed for longer than the grace, as a new message; returns that one.

    A message is sent again once; a second press returns the first one's message. A campaign's message is not: its
    campaign sends it again, so that nobody gets it twice. Raises NotYours, NotAllowed, WindowClosed, BadValues,
    Message.DoesNotExist.
    """
    with scope(member.workspace_id, durable=True):
        conversation = locked(Message.objects.values_list("conversation_id", flat=True).get(pk=message_id))
        check(Verb.REPLY, conversation, member)
        # Locked too: a receipt that settles it is applied without the conversation's lock.
        message = Message.objects.select_for_update(no_key=True).get(pk=message_id)
        retry = Message.objects.filter(retry_of=message).first()
        if retry is not None:
            return retry
        now = database_now()
        refused = _not_again(message, now)
        if refused is not None:
            raise refused
        again = _copy(message, conversation, now)
        again.sender, again.retry_of = member, message
        stream.conversation_changed(member.workspace_id, conversation.pk, [message.pk])
        return queue(conversation, again, now)


@retrying_deadlocks
def mark_read(*, member: Membership, conversation_id: int) -> None:
    """Sets unread to 0 when the holder has the thread open; a colleague's look changes nothing.

    Raises Conversation.DoesNotExist.
    """
    with scope(member.workspace_id, durable=True):
        conversations = Conversation.objects.filter(pk=conversation_id)
        if conversations.filter(holder=member, unread__gt=0).update(unread=0):
            stream.conversation_changed(member.workspace_id, conversation_id)
        elif not conversations.exists():
            raise Conversation.DoesNotExist


def _copy(message: Message, conversation: Conversation, now: datetime) -> Message:
    """The same to send once more; a template as it is now. Raises the refusal where that may not leave any more."""
    if message.template_id is not None:
        return check_template(message.template_id, message.payload["values"], conversation, now)
    _check_window(conversation, now)
    _check_blocked(conversation)
    return Message(
        body=message.body, kind=message.kind, payload=message.payload, context_wamid=message.context_wamid
    )


def _checked_text(text: str) -> str:
    body = text.rstrip()
    if not body:
        raise BadText(_("Write something first."))
    if "\0" in body:
        raise BadText(_("The text contains a character that WhatsApp cannot carry (NUL). Remove it."))
    if len(body) > TEXT_LIMIT:
        raise BadText(
            format_lazy(
                _("The text has {length} characters; WhatsApp accepts at most {limit}."),
                length=len(body),
                limit=TEXT_LIMIT,
            )
        )
    return body


def _checked_now(conversation: Conversation, member: Membership, seen: Seen) -> datetime:
    """The moment at which the member may reply to what their screen showed. Raises the refusal otherwise."""
    check(Verb.REPLY, conversation, member)
    now = database_now()
    _check_window(conversation, now)
    _check_blocked(conversation)
    check_seen(conversation, member, seen)
    return now


def _check_window(conversation: Conversation, now: datetime) -> None:
    if not conversation.window_open(now):
        raise WindowClosed(
            _("The customer last wrote more than 24 hours ago, so WhatsApp accepts no free text.")
        )


def _check_blocked(conversation: Conversation) -> None:
    if Contact.objects.filter(pk=conversation.contact_id, blocked__isnull=False).exists():
        raise NotAllowed(_(failures.BLOCKED))


def _quoted(conversation: Conversation, quoted_id: int | None) -> str:
    if quoted_id is None:
        return ""
    wamid = (
        Message.objects.filter(conversation=conversation, pk=quoted_id)
        .values_list("wamid", flat=True)
        .first()
    )
    if not wamid:
        raise NotAllowed(_("This message cannot be quoted: WhatsApp does not know it in this conversation."))
    return wamid


def _not_again(message: Message, now: datetime) -> Refused | None:
    if message.broadcast_id is not None:
        return NotAllowed(_("This message is part of a campaign, which sends it again itself."))
    if message.status == Message.Status.FAILED and not failures.needless(message):
        return None
    if message.status != Message.Status.UNCONFIRMED:
        return NotAllowed(_("This message did not fail, so it is not sent again."))
    left = message.due + timedelta(seconds=settings.UNCONFIRMED_GRACE_SECONDS) - now
    if left <= timedelta(0):
        return None
    return NotAllowed(
        format_lazy(
            _("WhatsApp may still confirm this message. You can send it again in {seconds} seconds."),
            seconds=int(left.total_seconds()) + 1,
        )
    )
