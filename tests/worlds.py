"""Workspaces with people and a number, and the rows a test starts from. Written inside the workspace's scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import BusinessAccount, Membership, PhoneNumber, Stream, User, Workspace
from accounts.tenancy import scope
from inbox.models import Claim, Conversation, Message
from phonebook.models import Contact, Identity

PASSWORD = "inbox-demo"
_serial = count(1)


@dataclass
class World:
    """One workspace and everybody in it."""

    workspace: Workspace
    account: BusinessAccount
    number: PhoneNumber
    agent1: Membership
    agent2: Membership
    marketer: Membership
    admin: Membership

    @property
    def id(self) -> int:
        """The workspace's id."""
        return self.workspace.pk

    @property
    def slug(self) -> str:
        """The workspace's place in URLs."""
        return self.workspace.slug

    def url(self, path: str = "") -> str:
        """A path of this workspace: url("inbox/")."""
        return f"/w/{self.slug}/{path}"


def make_world(slug: str, *, phone_number_id: str, waba_id: str) -> World:
    """A workspace with two agents, a marketer, an admin and one number."""
    workspace = Workspace.objects.create(slug=slug, name=slug.title())
    with scope(workspace.pk):
        Stream.objects.create(workspace=workspace)
        account = BusinessAccount.objects.create(
            workspace=workspace,
            waba_id=waba_id,
            portfolio_id=f"p-{slug}",
            access_token=f"demo-token-{phone_number_id}",
        )
        number = PhoneNumber.objects.create(
            workspace=workspace,
            business_account=account,
            phone_number_id=phone_number_id,
            display_number="+962 6 555 0101",
            name="Support line",
        )
    people = {
        name: make_member(workspace, name, role)
        for name, role in [
            ("agent1", "agent"),
            ("agent2", "agent"),
            ("marketer", "marketer"),
            ("admin", "admin"),
        ]
    }
    return World(workspace=workspace, account=account, number=number, **people)


def make_member(workspace: Workspace, name: str, role: str = "agent", **options: Any) -> Membership:
    """A person with the demo password; agent1 of demo logs in as agent1@demo.test."""
    user = User.objects.create_user(
        username=f"{name}-{workspace.slug}",
        email=f"{name}@{workspace.slug}.test",
        password=PASSWORD,
        first_name=name.title(),
    )
    return Membership.objects.create(workspace=workspace, user=user, role=role, **options)


def make_contact(world: World, name: str = "Rania Haddad", wa_id: str | None = None) -> Contact:
    """A customer with a WhatsApp number of their own."""
    wa_id = wa_id or f"96279{next(_serial):07d}"
    with scope(world.id):
        contact = Contact.objects.create(workspace=world.workspace, name=name, phone=f"+{wa_id}")
        Identity.objects.create(
            workspace=world.workspace,
            contact=contact,
            portfolio_id=world.account.portfolio_id,
            kind=Identity.Kind.WA_ID,
            value=wa_id,
        )
    return contact


def make_conversation(
    world: World,
    *,
    state: str = "unclaimed",
    holder: Membership | None = None,
    contact: Contact | None = None,
    window: timedelta | None = timedelta(hours=23),
    last_at: datetime | None = None,
    text: str = "Hello, is my order on its way?",
) -> Conversation:
    """A conversation with one message of the customer; claimed when a holder is given."""
    contact = contact or make_contact(world)
    now = last_at or timezone.now()
    with scope(world.id):
        conversation = Conversation.objects.create(
            workspace=world.workspace,
            number=world.number,
            contact=contact,
            state="unclaimed" if holder else state,
            last_at=now,
            unread=1,
            window_expires=timezone.now() + window if window is not None else None,
        )
        message = make_message(world, conversation, body=text, at=now)
        conversation.last_message = message
        if holder:
            conversation.claim = Claim.objects.create(
                workspace=world.workspace, conversation=conversation, member=holder
            )
            conversation.holder = holder
            conversation.state = Conversation.State.CLAIMED
            conversation.claim_version = 1
        conversation.save()
    return conversation


def make_message(
    world: World, conversation: Conversation, *, outgoing: bool = False, body: str = "Hello", **fields: Any
) -> Message:
    """One message; an outgoing one is queued unless a status is given."""
    if outgoing:
        fields.setdefault("status", Message.Status.QUEUED)
    else:
        fields.setdefault("wamid", f"wamid.{uuid4().hex}")
    with scope(world.id):
        return Message.objects.create(
            workspace=world.workspace,
            conversation=conversation,
            number=world.number,
            outgoing=outgoing,
            body=body,
            **fields,
        )
