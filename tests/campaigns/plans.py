"""What a marketer fills in, and a campaign in any state it can be in."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.tenancy import scope
from campaigns import actions, expansion
from campaigns.actions import Plan, Refused
from campaigns.models import Campaign, Recipient, Skip
from inbox.models import Conversation, Message
from tests.worlds import make_contact, make_list, make_message, make_template

FIXED = {
    "body.1": {"kind": "field", "value": "first_name", "otherwise": "friend"},
    "body.2": {"kind": "text", "value": "Saturday", "otherwise": ""},
}


def plan(world, lists=(), templates=(), **fields):
    """The plan of a marketer: these lists, these templates, first names and a Saturday."""
    fields.setdefault("request_id", uuid4())
    fields.setdefault("name", "Weekend opening")
    fields.setdefault("number_id", world.number.pk)
    fields.setdefault("variables", FIXED)
    return Plan(list_ids=[each.pk for each in lists], template_ids=[each.pk for each in templates], **fields)


def prepared(world, contacts, *, templates=None, lists=None, member=None, **fields):
    """A campaign whose snapshot has been made."""
    lists = lists if lists is not None else [make_list(world, contacts, name=f"List {uuid4()}")]
    templates = templates or [make_template(world, name=f"t_{uuid4().hex[:8]}")]
    campaign = actions.prepare(member=member or world.marketer, plan=plan(world, lists, templates, **fields))
    assert expansion.expand(campaign.pk, world.id)
    return fresh(world, campaign)


def launched(world, contacts, **fields):
    """A campaign that is being sent."""
    campaign = prepared(world, contacts, **fields)
    actions.launch(member=world.marketer, campaign_id=campaign.pk)
    return fresh(world, campaign)


def sent(world, statuses, *, state="done", **message):
    """A campaign of one person per status, in the order given; returns it and its messages."""
    contacts = [make_contact(world, name=f"Person {n}") for n in range(len(statuses))]
    campaign = launched(world, contacts)
    messages = [
        hand_over(world, campaign, contact, status, **message)
        for contact, status in zip(contacts, statuses, strict=True)
    ]
    with scope(world.id):
        Campaign.objects.filter(pk=campaign.pk).update(state=state)
    return fresh(world, campaign), messages


def hand_over(world, campaign, contact, status, **fields):
    """The message of one recipient, in this status."""
    with scope(world.id):
        conversation, _new = Conversation.objects.get_or_create(
            workspace=world.workspace,
            number=world.number,
            contact=contact,
            defaults={"state": "outbound", "last_at": timezone.now()},
        )
        message = make_message(
            world,
            conversation,
            outgoing=True,
            kind="template",
            status=status,
            broadcast_id=campaign.broadcast_id,
            body=f"Hello {contact.name}",
            wamid=f"wamid.{uuid4().hex}" if status >= 8 else None,
            **fields,
        )
        Recipient.objects.filter(campaign=campaign, contact=contact).update(
            state=Recipient.State.READY if status == Message.Status.PUT_OFF else Recipient.State.HANDED,
            message=message,
        )
    return message


def answer(world, campaign, contact, body="Yes please"):
    """The customer's answer to the campaign."""
    with scope(world.id):
        conversation = Conversation.objects.get(contact=contact)
        return make_message(world, conversation, body=body, broadcast_id=campaign.broadcast_id)


def fresh(world, campaign):
    """The campaign as it is now."""
    with scope(world.id):
        return Campaign.objects.select_related("broadcast").get(pk=campaign.pk)


def skips(world, campaign):
    """contact name → why skipped, or None; by name."""
    with scope(world.id):
        rows = Recipient.objects.filter(campaign=campaign).select_related("contact")
        return {
            row.contact.name: Skip(row.skip).name if row.skip is not None else None
            for row in rows.order_by("contact__name")
        }


def recipients(world, campaign):
    """contact name → (template's language, values) of everybody."""
    with scope(world.id):
        rows = Recipient.objects.filter(campaign=campaign).select_related("contact", "template")
        return {row.contact.name: (row.template.language, row.values) for row in rows}


def put(world, campaign, **fields):
    """Writes what a worker or an earlier day would have."""
    with scope(world.id):
        Campaign.objects.filter(pk=campaign.pk).update(**fields)
    return fresh(world, campaign)


def refusal(verb, world, campaign, **fields):
    """The words of the Refused that the verb must end in."""
    member = fields.pop("member", world.marketer)
    with pytest.raises(Refused) as refused:
        verb(member=member, campaign_id=campaign.pk, **fields)
    return str(refused.value.message)


def states(world, campaign):
    """(recipient's state, message's status) of everybody, by name."""
    with scope(world.id):
        rows = Recipient.objects.filter(campaign=campaign).order_by("contact__name")
        return list(rows.values_list("state", "message__status"))
