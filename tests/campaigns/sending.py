"""A campaign that is sent to a Graph API of the test's own, and what became of each of its people."""

from collections import Counter
from threading import Event
from uuid import uuid4

from django.db import connection
from django.db.models.functions import Now

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from campaigns import fanout
from campaigns.models import Campaign, Recipient
from inbox.models import Message
from phonebook.models import Contact, Identity
from tests.campaigns.plans import fresh
from tests.worlds import make_broadcast, make_template

Status = Message.Status
PACE_SECONDS = 0.3  # a wait for the number's pace, and not for somebody's turn
VALUES = {"body.1": "Rania", "body.2": "Saturday"}


def fast(world) -> None:
    """The number takes 1,000 a second."""
    with scope(world.id):
        PhoneNumber.objects.filter(pk=world.number.pk).update(throughput="HIGH")
    world.number.throughput = "HIGH"


def make_people(world, count: int, prefix: str = "96277") -> list[Contact]:
    """So many customers, by number: +962770000000, +962770000001 …"""
    with scope(world.id):
        contacts = Contact.objects.bulk_create(
            Contact(workspace=world.workspace, name=f"Person {n}", phone=f"+{prefix}{n:07d}")
            for n in range(count)
        )
        Identity.objects.bulk_create(
            Identity(workspace=world.workspace, contact=each, kind="wa_id", value=each.phone[1:])
            for each in contacts
        )
    return contacts


def make_campaign(world, people, *, template=None, state="running", **fields) -> Campaign:
    """A campaign to these contacts, frozen and launched, without lists."""
    broadcast = make_broadcast(world)
    template = template or make_template(world, name=f"t_{uuid4().hex[:8]}")
    with scope(world.id):
        campaign = Campaign.objects.create(
            workspace=world.workspace,
            broadcast=broadcast,
            number=world.number,
            created_by=world.marketer,
            launched_by=world.marketer,
            request_id=uuid4(),
            state=state,
            launched=Now(),
            **fields,
        )
        campaign.languages.create(workspace=world.workspace, template=template)
        Recipient.objects.bulk_create(
            Recipient(
                workspace=world.workspace, campaign=campaign, contact=each, template=template, values=VALUES
            )
            for each in people
        )
    return fresh(world, campaign)


def drive(world, campaign, *, most=100) -> list[fanout.Next]:
    """Slice after slice until one says that nobody's turn will come soon; returns what each said."""
    said = []
    for _ in range(most):
        said.append(fanout.run_slice(campaign.pk, world.id))
        seconds = said[-1].seconds
        if seconds is None or seconds > PACE_SECONDS:
            return said
        Event().wait(seconds)
    raise AssertionError(f"still not at the end after {most} slices")


def now_due(world, campaign) -> None:
    """Lets the time pass until everybody's next turn."""
    with scope(world.id):
        Recipient.objects.filter(campaign=campaign, state=Recipient.State.READY).update(due=Now())


def shown(world, campaign) -> Counter[str]:
    """How many of the campaign's messages show which status."""
    with scope(world.id):
        rows = Message.objects.filter(broadcast=campaign.broadcast_id, outgoing=True)
        return Counter(Status(status).name for status in rows.values_list("status", flat=True))


def message_to(world, campaign, contact) -> Message:
    """The newest message of one person."""
    with scope(world.id):
        return (
            Message.objects.select_related("template")
            .filter(broadcast=campaign.broadcast_id, conversation__contact=contact, outgoing=True)
            .latest("pk")
        )


def recipient(world, campaign, contact) -> Recipient:
    """Their row."""
    with scope(world.id):
        return Recipient.objects.get(campaign=campaign, contact=contact)


def waiting(world, campaign) -> int:
    """How many are waiting."""
    with scope(world.id):
        return Recipient.objects.filter(campaign=campaign, state=Recipient.State.READY).count()


def sql(world, statement, *values):
    """One statement in the workspace's scope; its rows."""
    with scope(world.id), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
