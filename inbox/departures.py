"""A message of the outbox made ready to leave: everything its HTTP call needs, or why it must not be made any more.

What was checked when the message was written is checked again here, because the row may have waited. Reads only, in the
transaction that marks the message as sending.
"""

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import BusinessAccount, PhoneNumber
from inbox import failures, outreach
from inbox.clearance import address, clear
from inbox.models import Conversation, Message
from phonebook.models import Contact
from templates_wa.definition import Definition
from templates_wa.models import Template

ACCEPTED = {
    Message.Status.HELD,
    Message.Status.SENT,
    Message.Status.DELIVERED,
    Message.Status.READ,
    Message.Status.PLAYED,
}
WINDOW_CLOSED = 131047  # Meta's code for free text outside the window (Error codes, 2026-09)


@dataclass(frozen=True)
class FilledIn:
    """The template of a message, as it is now."""

    name: str
    language: str
    made: Definition
    values: dict[str, str]


@dataclass(frozen=True)
class Departure:
    """Everything one HTTP call needs; the row is marked sending with this attempt, and that is committed."""

    workspace_id: int
    conversation_id: int
    contact_id: int
    message_id: int
    attempt: int
    number_id: int
    per_second: int
    phone_number_id: str
    token: str = field(repr=False)
    to: str | None
    recipient: str | None
    body: str
    context_wamid: str | None
    template: FilledIn | None
    # What WhatsApp's messaging limit is counted by; "" inside the window, where it does not count.
    counts_at: str
    is_last: bool  # what the list shows of the conversation


@dataclass(frozen=True)
class Unfit:
    """Why a message must not or cannot be sent: a code of WhatsApp, or a sentence of failures.py."""

    code: int | None = None
    details: str = ""


def prepare(conversation: Conversation, message: Message, now: datetime) -> Departure | Unfit:
    """What it takes to send a queued message whose conversation is locked."""
    # Asked only now, after the lock was waited for: what was joined to it would be as old as the wait.
    contact = Contact.objects.get(pk=conversation.contact_id)
    number = PhoneNumber.objects.select_related("business_account").get(pk=conversation.number_id)
    account = number.business_account
    in_window = conversation.window_open(now)
    template = _judged(message, contact, account, in_window=in_window, now=now)
    if isinstance(template, Unfit):
        return template
    if not account.access_token:
        return Unfit(details=failures.NO_TOKEN)
    where = address(contact, account)
    if where is None:
        return Unfit(details=failures.NO_ADDRESS)
    return Departure(
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.pk,
        contact_id=contact.pk,
        message_id=message.pk,
        attempt=message.attempt + 1,
        number_id=number.pk,
        per_second=number.per_second,
        phone_number_id=number.phone_number_id,
        token=account.access_token,
        to=where.to,
        recipient=where.recipient,
        body=message.body,
        context_wamid=message.context_wamid or None,
        template=template,
        counts_at="" if in_window else outreach.portfolio(account),
        is_last=conversation.last_message_id == message.pk,
    )


def _judged(
    message: Message, contact: Contact, account: BusinessAccount, *, in_window: bool, now: datetime
) -> FilledIn | Unfit | None:
    """Its template, if it has one; or why it must not leave now."""
    if _arrived_before(message):
        return Unfit(details=failures.FIRST_ARRIVED)
    if message.template_id is None:
        if contact.blocked:
            return Unfit(details=failures.BLOCKED)
        return None if in_window else Unfit(code=WINDOW_CLOSED)
    template = Template.objects.get(pk=message.template_id)
    values: dict[str, str] = message.payload["values"]
    fit = clear(template, values, account=account, contact=contact, in_window=in_window, now=now)
    if fit.reason:
        return Unfit(details=fit.reason)
    return FilledIn(template.name, template.language, fit.made, values)


def _arrived_before(message: Message) -> bool:
    """Whether an earlier try of a message sent again was accepted after all, by a receipt that came while this one
    waited. All earlier tries: a person may send again what was sent again."""
    earlier = message.retry_of_id
    while earlier is not None:
        status, earlier = Message.objects.values_list("status", "retry_of_id").get(pk=earlier)
        if status in ACCEPTED:
            return True
    return False
