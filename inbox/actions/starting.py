"""The business writes first: a template to one person, which opens the thread and makes the sender its holder.

Nobody's customer is taken over: a colleague who holds the thread is named, and nothing is sent. Lock order: members,
the contact, the conversation, messages, the stream.
"""

from collections.abc import Mapping
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, PhoneNumber
from accounts.tenancy import retrying_deadlocks, scope
from inbox.actions.holding import acting, move
from inbox.actions.outbox import queue, sent_before
from inbox.actions.refusals import NotAllowed, check
from inbox.actions.templating import filled
from inbox.clock import database_now
from inbox.models import Conversation, Message, SystemLine
from inbox.rules import Situation, Verb, situation
from phonebook.models import Contact

# What the thread says about a claim that came by writing first, by the state it was in.
_LINES = {
    Situation.OUTBOUND: SystemLine.Kind.STARTED,
    Situation.UNCLAIMED: SystemLine.Kind.CLAIMED,
    Situation.CLOSED: SystemLine.Kind.REOPENED,
}


@retrying_deadlocks
def start(
    *,
    member: Membership,
    number_id: int,
    contact_id: int,
    template_id: int,
    values: Mapping[str, str],
    request_id: UUID,
) -> Message:
    """Queues a template to one contact, in their one thread with the number, which the member then holds.

    A contact that was merged meanwhile is the one it was merged into. `request_id` is one submit of the form:
    repeated, also at the same time, it returns the same message. Raises AlreadyClaimed (with the holder), BadValues,
    NotAllowed, and DoesNotExist of PhoneNumber, Contact and Template.
    """
    try:
        with scope(member.workspace_id, durable=True):
            actor = acting(member)
            number = PhoneNumber.objects.select_related("business_account").get(pk=number_id)
            contact = _locked_contact(contact_id)
            sent = sent_before(actor, request_id, number_id=number.pk, contact_id=contact.pk)
            if sent is not None:
                return sent
            conversation = _thread(number, contact)
            place = situation(conversation, actor)
            check(Verb.REPLY if place is Situation.MINE else Verb.CLAIM, conversation, actor)
            now = database_now()
            in_window = conversation.window_open(now)
            message = filled(template_id, values, number, contact, in_window=in_window, now=now)
            message.sender, message.request_id = actor, request_id
            if place is not Situation.MINE:
                line = SystemLine(kind=_LINES[place], actor=actor)
                move(conversation, state=Conversation.State.CLAIMED, holder=actor, line=line)
            return queue(conversation, message, database_now())
    except IntegrityError:
        # The locks cover one contact; the same form sent to two at once meets in the unique constraint instead.
        with scope(member.workspace_id, durable=True):
            contact = _kept(contact_id)
            sent = sent_before(member, request_id, number_id=number_id, contact_id=contact.pk)
        if sent is None:
            raise
        return sent


def _kept(contact_id: int) -> Contact:
    contact = Contact.objects.get(pk=contact_id)
    while contact.merged_into_id is not None:
        contact = Contact.objects.get(pk=contact.merged_into_id)
    return contact


def _locked_contact(contact_id: int) -> Contact:
    """The contact that is kept, locked: two who write to the same person first take turns, and so does a merge."""
    contact = Contact.objects.select_for_update(no_key=True).get(pk=_kept(contact_id).pk)
    if contact.merged_into_id is not None:
        raise NotAllowed(_("This contact was merged into another one just now. Choose them again."))
    return contact


def _thread(number: PhoneNumber, contact: Contact) -> Conversation:
    """The one conversation of number and contact, locked; an outbound one is made where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_conversation"
            " (workspace_id, number_id, contact_id, state, claim_version, unread, last_at, created)"
            " VALUES (%s, %s, %s, 'outbound', 0, 0, now(), now()) ON CONFLICT (number_id, contact_id) DO NOTHING",
            [number.workspace_id, number.pk, contact.pk],
        )
    # Joins nothing: after waiting for the lock, PostgreSQL takes the fresh conversation but what it joined before.
    return Conversation.objects.select_for_update(no_key=True).get(number=number, contact=contact)
