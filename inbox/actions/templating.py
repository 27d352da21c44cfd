"""A template by its agent: into a thread they hold, inside the window or outside. The way out where free text may not go.

What is approved, filled in correctly and wanted by the customer is checked here, and once more when it leaves
(delivery.py). Queues a row; nothing here talks to WhatsApp.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, PhoneNumber
from accounts.tenancy import retrying_deadlocks, scope
from inbox import failures
from inbox.actions.holding import locked
from inbox.actions.outbox import queue, sent_before
from inbox.actions.refusals import BadValues, NotAllowed, Refused, Seen, check
from inbox.actions.screens import check_seen
from inbox.clearance import Clearance, address, clear
from inbox.clock import database_now
from inbox.models import Conversation, Message
from inbox.rules import Verb
from phonebook.models import Contact
from templates_wa.definition import plain, shown
from templates_wa.models import Template
from templates_wa.queries import file_problems


@retrying_deadlocks
def send_template(
    *,
    member: Membership,
    conversation_id: int,
    template_id: int,
    values: Mapping[str, str],
    request_id: UUID,
    seen: Seen,
) -> Message:
    """Queues a template to the customer of a conversation that the member holds, and returns its row.

    `values` by slot key (templates_wa/definition.py). `request_id` and `seen` as in `reply`.
    Raises BadValues, NotYours, NotAllowed, Stale, Conversation.DoesNotExist, Template.DoesNotExist.
    """
    try:
        with scope(member.workspace_id, durable=True):
            conversation = locked(conversation_id)
            sent = sent_before(member, request_id, pk=conversation_id)
            if sent is not None:
                return sent
            check(Verb.REPLY, conversation, member)
            now = database_now()
            message = check_template(template_id, values, conversation, now)
            check_seen(conversation, member, seen)
            message.sender, message.request_id = member, request_id
            return queue(conversation, message, now)
    except IntegrityError:
        # The lock covers one conversation; the same form sent to two at once meets in the unique constraint instead.
        with scope(member.workspace_id, durable=True):
            sent = sent_before(member, request_id, pk=conversation_id)
        if sent is None:
            raise
        return sent


def check_template(
    template_id: int, values: Mapping[str, str], conversation: Conversation, now: datetime
) -> Message:
    """An outgoing row of the template, not saved yet. Raises NotAllowed, BadValues, Template.DoesNotExist.

    Takes no lock of the contact: consent that changes in this very moment is seen when the message leaves.
    """
    contact = Contact.objects.get(pk=conversation.contact_id)
    number = PhoneNumber.objects.select_related("business_account").get(pk=conversation.number_id)
    return filled(template_id, values, number, contact, in_window=conversation.window_open(now), now=now)


def filled(
    template_id: int,
    values: Mapping[str, str],
    number: PhoneNumber,
    contact: Contact,
    *,
    in_window: bool,
    now: datetime,
) -> Message:
    """An outgoing row of the template as this contact will see it, not saved yet. Raises as `check_template`."""
    template = Template.objects.get(pk=template_id)
    account = number.business_account
    clearance = clear(template, values, account=account, contact=contact, in_window=in_window, now=now)
    refused = _refused(clearance)
    if refused is not None:
        raise refused
    if wrong := file_problems(clearance.made, values):
        raise BadValues(wrong)
    if address(contact, account) is None:
        raise NotAllowed(_(failures.NO_ADDRESS))
    kept = {slot.key: values[slot.key] for slot in clearance.made.slots if slot.key in values}
    seen = shown(clearance.made, kept)
    return Message(
        kind="template", template=template, body=plain(seen), payload=_payload(template, kept, seen)
    )


def _refused(clearance: Clearance) -> Refused | None:
    if clearance.problems:
        return BadValues(clearance.problems)
    return NotAllowed(_(clearance.reason)) if clearance.reason else None


def _payload(template: Template, values: dict[str, str], seen: dict[str, Any]) -> dict[str, Any]:
    return {
        "values": values,
        "shown": seen,
        "name": template.name,
        "language": template.language,
        "category": template.category,
    }
