"""Workspaces with people and a number, and the rows a test starts from. Written inside the workspace's scope."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import BusinessAccount, Membership, PhoneNumber, Stream, User, Workspace
from accounts.tenancy import scope
from inbox.models import Broadcast, Claim, Conversation, Message
from phonebook.models import Contact, Identity, List, ListMember
from templates_wa.models import Template

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
            portfolio_id="",
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


GREETING = [
    {
        "type": "BODY",
        "text": "Hello {{1}}, our showroom opens on {{2}}. Coffee is on us.",
        "example": {"body_text": [["Rania", "Saturday"]]},
    },
    {"type": "FOOTER", "text": "Reply STOP to opt out"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Book a time"}]},
]


def make_template(
    world: World,
    name: str = "showroom_weekend",
    *,
    language: str = "en",
    category: str = "MARKETING",
    status: str = "APPROVED",
    components: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Template:
    """An approved marketing template with two variables, a footer and a quick reply; {{1}} is body.1."""
    with scope(world.id):
        return Template.objects.create(
            workspace=world.workspace,
            account=world.account,
            template_id=str(next(_serial)),
            name=name,
            language=language,
            category=category,
            status=status,
            components=GREETING if components is None else components,
            **fields,
        )


def make_list(world: World, contacts: list[Contact], name: str = "Showroom visitors") -> List:
    """A list of these contacts."""
    with scope(world.id):
        made = List.objects.create(workspace=world.workspace, name=name, created_by=world.marketer)
        ListMember.objects.bulk_create(
            ListMember(workspace=world.workspace, list=made, contact=contact) for contact in contacts
        )
        return made


def make_broadcast(world: World, name: str = "Weekend opening", **fields: Any) -> Broadcast:
    """A mass message that has been started."""
    fields.setdefault("started", timezone.now())
    with scope(world.id):
        return Broadcast.objects.create(
            workspace=world.workspace,
            number=world.number,
            name=name,
            template_name="showroom_weekend",
            started_by=world.marketer,
            **fields,
        )
