"""Turns written conversations into rows, so that state, claims, unread counts and windows follow from what happened.

Runs inside the workspace's scope; a handful of bulk inserts, however many conversations there are.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Membership, PhoneNumber, Workspace
from dev.content import Line, Said, Sent, Talk
from inbox.models import SERVICE_WINDOW, Claim, Conversation, Message, Receipt, SystemLine
from phonebook.models import Contact, Identity
from phonebook.phones import canonical
from simulator import phones
from simulator.state import Message as SimMessage
from simulator.state import World
from whatsapp.items import OPENS_WINDOW

State, Kind, Status = Conversation.State, SystemLine.Kind, Message.Status

# How a claim ends, by the line that ends it.
OUTCOMES = {
    Kind.CLOSED: Claim.Outcome.CLOSED,
    Kind.UNCLAIMED: Claim.Outcome.UNCLAIMED,
    Kind.TRANSFERRED: Claim.Outcome.TRANSFERRED,
}
SIM_STATUS = {
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.FAILED: "failed",
}


@dataclass(frozen=True)
class Scene:
    """Where the conversations take place, who is there, and what time it is."""

    workspace: Workspace
    number: PhoneNumber
    members: dict[str, Membership]
    now: datetime
    world: World


@dataclass
class _Rows:
    """What will be inserted, in this order."""

    messages: list[Message] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    lines: list[SystemLine] = field(default_factory=list)


def write(talks: Sequence[Talk], scene: Scene) -> None:
    """Writes the conversations, their customers, and what the simulator remembers of them."""
    contacts = Contact.objects.bulk_create(_contact(talk, scene) for talk in talks)
    Identity.objects.bulk_create(
        _identity(talk, contact, scene) for talk, contact in zip(talks, contacts, strict=True)
    )
    conversations = Conversation.objects.bulk_create(
        Conversation(workspace=scene.workspace, number=scene.number, contact=contact) for contact in contacts
    )
    rows = _Rows()
    for talk, conversation in zip(talks, conversations, strict=True):
        _Thread(talk, conversation, scene, rows).play()
    Message.objects.bulk_create(rows.messages)
    Receipt.objects.bulk_create(rows.receipts)
    Claim.objects.bulk_create(rows.claims)
    SystemLine.objects.bulk_create(rows.lines)
    Conversation.objects.bulk_update(
        conversations,
        [
            "state",
            "claim",
            "holder",
            "claim_version",
            "unread",
            "last_message",
            "last_at",
            "window_expires",
            "created",
        ],
    )


def _contact(talk: Talk, scene: Scene) -> Contact:
    return Contact(
        workspace=scene.workspace,
        name=talk.name if talk.in_phonebook else "",
        profile_name=talk.name,
        phone=None if talk.hidden else f"+{talk.wa_id}",
        username=talk.username,
    )


def _identity(talk: Talk, contact: Contact, scene: Scene) -> Identity:
    account = scene.number.business_account
    if talk.hidden:
        # The simulator derives the ids of hidden people from the account, as Meta does from the portfolio.
        key = (account.portfolio_id, Identity.Kind.BSUID, phones.bsuid(account.waba_id, talk.wa_id))
    else:
        key = ("", Identity.Kind.WA_ID, canonical(talk.wa_id))
    portfolio_id, kind, value = key
    return Identity(
        workspace=scene.workspace, contact=contact, portfolio_id=portfolio_id, kind=kind, value=value
    )


class _Thread:
    """One conversation as it unfolds."""

    def __init__(self, talk: Talk, conversation: Conversation, scene: Scene, rows: _Rows) -> None:
        self.talk, self.conversation, self.scene, self.rows = talk, conversation, scene, rows
        self.messages: list[Message] = []
        self.person = scene.world.customer(talk.wa_id, talk.name)
        self.person.unreachable = talk.unreachable

    def play(self) -> None:
        """Goes through the steps; the last one happened `ago` minutes before now."""
        at = self.scene.now - timedelta(
            minutes=self.talk.ago + sum(step.after for step in self.talk.steps[1:])
        )
        self.conversation.created = at
        for position, step in enumerate(self.talk.steps):
            at += timedelta(minutes=step.after if position else 0)
            if isinstance(step, Said):
                self._said(step, at)
            elif isinstance(step, Sent):
                self._sent(step, at)
            elif isinstance(step, Line):
                self._line(step, at)

    def _said(self, step: Said, at: datetime) -> None:
        conversation = self.conversation
        self._add(
            at, step.quotes, outgoing=False, kind=step.kind, body=step.text, payload=self._payload(step)
        )
        conversation.unread += 1
        if step.kind in OPENS_WINDOW:
            conversation.window_expires = at + SERVICE_WINDOW
        if conversation.state == State.CLOSED:
            conversation.state = State.UNCLAIMED
            conversation.claim_version += 1

    def _sent(self, step: Sent, at: datetime) -> None:
        message = self._add(
            at,
            step.quotes,
            outgoing=True,
            body=step.text,
            sender=self.scene.members[step.who],
            status=step.status,
            error_code=step.code,
            error_details=step.details,
            attempt=1,
            due=at,
        )
        self.conversation.unread = 0
        reached = (
            [Status.FAILED] if step.status == Status.FAILED else [Status.SENT, Status.DELIVERED, Status.READ]
        )
        for seconds, status in enumerate(reached, start=1):
            if status <= step.status and step.status != Status.UNCONFIRMED:
                self.rows.receipts.append(
                    Receipt(
                        workspace=self.scene.workspace,
                        message=message,
                        status=status,
                        at=at + timedelta(seconds=seconds),
                        code=step.code,
                        details=step.details,
                    )
                )

    def _line(self, step: Line, at: datetime) -> None:
        conversation, actor = self.conversation, self.scene.members[step.who]
        target = self.scene.members[step.to] if step.to else None
        if conversation.claim:
            conversation.claim.ended, conversation.claim.outcome = at, OUTCOMES[Kind(step.kind)]
        conversation.claim = conversation.holder = None
        conversation.unread = 0
        conversation.claim_version += 1
        if step.kind in {Kind.CLAIMED, Kind.TRANSFERRED}:
            conversation.state, conversation.holder = State.CLAIMED, target or actor
            conversation.claim = Claim(
                workspace=self.scene.workspace,
                conversation=conversation,
                member=conversation.holder,
                started=at,
            )
            self.rows.claims.append(conversation.claim)
        else:
            conversation.state = State.CLOSED if step.kind == Kind.CLOSED else State.UNCLAIMED
        self.rows.lines.append(
            SystemLine(
                workspace=self.scene.workspace,
                conversation=conversation,
                kind=step.kind,
                at=at,
                actor=actor,
                target=target,
                note=step.note,
            )
        )

    def _add(self, at: datetime, quotes: int, **fields: Any) -> Message:
        unknown = fields.get("status") == Status.UNCONFIRMED
        message = Message(
            workspace=self.scene.workspace,
            conversation=self.conversation,
            number=self.scene.number,
            at=at,
            created=at,
            wamid=None if unknown else self._wamid(len(self.messages)),
            context_wamid=self.messages[-quotes].wamid or "" if quotes else "",
            **fields,
        )
        self.messages.append(message)
        self.rows.messages.append(message)
        self.conversation.last_message, self.conversation.last_at = message, at
        self._remember(message)
        return message

    def _remember(self, message: Message) -> None:
        """The simulator knew the thread as well: windows, and what the handset shows."""
        if message.wamid is None:
            return
        self.scene.world.add(
            SimMessage(
                wamid=message.wamid,
                phone_number_id=self.scene.number.phone_number_id,
                wa_id=self.talk.wa_id,
                sender="business" if message.outgoing else "customer",
                type=message.kind,
                text=message.body,
                at=message.at.timestamp(),
                status=SIM_STATUS.get(Status(message.status), "sent") if message.status else "read",
                quoted=message.context_wamid or None,
                error=str(message.error_code) if message.error_code else None,
                via="bsuid" if self.talk.hidden else "phone",
            )
        )

    def _wamid(self, position: int) -> str:
        key = f"{self.scene.number.phone_number_id}/{self.talk.wa_id}/{position}"
        return f"wamid.{b64encode(key.encode()).decode()}"

    def _payload(self, step: Said) -> dict[str, Any]:
        content = {"body": step.text} if step.kind == "text" else step.content
        return {"from": self.talk.wa_id, "type": step.kind} | ({step.kind: content} if content else {})
