"""How an outgoing row comes to be: once per submit of a form, at the end of its thread, and a worker is asked for it.

The row in state queued is the outbox; nothing here talks to WhatsApp. The caller holds the conversation's lock.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import stream
from accounts.models import Membership
from inbox import tasks
from inbox.actions.refusals import NotAllowed
from inbox.models import Conversation, Message


def sent_before(member: Membership, request_id: UUID, **place: int) -> Message | None:
    """The message that this submit of the form has made already, if any.

    `place` is what its conversation must be (pk, or number_id and contact_id). Raises NotAllowed when the same form
    wrote somewhere else, or in another's name.
    """
    message = Message.objects.select_related("conversation").filter(request_id=request_id).first()
    if message is None:
        return None
    elsewhere = any(getattr(message.conversation, name) != value for name, value in place.items())
    if elsewhere or message.sender_id != member.pk:
        raise NotAllowed(_("This form was used for another reply already. Load the page again."))
    return message


def queue(conversation: Conversation, message: Message, now: datetime) -> Message:
    """Writes the outgoing row of a locked conversation, and asks a worker for it after COMMIT."""
    # WhatsApp's clock may be ahead of ours: an answer is never shown above what it answers.
    at = max(now, conversation.last_at)
    message.workspace_id = conversation.workspace_id
    message.conversation, message.number_id = conversation, conversation.number_id
    message.outgoing, message.status = True, Message.Status.QUEUED
    message.at, message.created, message.due = at, now, now
    message.save(force_insert=True)
    conversation.last_message, conversation.last_at, conversation.unread = message, at, 0
    conversation.save(update_fields=["last_message", "last_at", "unread"])
    stream.conversation_changed(conversation.workspace_id, conversation.pk, [message.pk])
    transaction.on_commit(partial(tasks.hint, conversation.workspace_id, conversation.pk))
    return message
