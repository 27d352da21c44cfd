"""A campaign of three days ago for the demo: its threads, how far each message got, and who answered.

Runs inside the workspace's scope, after the list that it went to is there.
"""

from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from campaigns import variables
from campaigns.models import Audience, Campaign, Language, Recipient, Skip
from dev.content.guests import ANSWERS, GUESTS, STOPPED, Guest
from dev.threads import Scene
from inbox.models import SERVICE_WINDOW, Broadcast, Conversation, Message, Receipt
from phonebook.models import Contact, List
from templates_wa.definition import definition, plain, shown
from templates_wa.models import Template

Status = Message.Status
VARIABLES = {
    "body.first_name": {"kind": variables.FIELD, "value": "first_name", "otherwise": "dear customer"},
    "body.product": {"kind": variables.TEXT, "value": "the walnut shelf", "otherwise": ""},
    "body.pieces": {"kind": variables.TEXT, "value": "twelve", "otherwise": ""},
}
UNREACHABLE = 131026
READ, DELIVERED = 26, 39  # of the guests, up to which place the message was read, then only delivered


class Past:
    """A campaign that was sent three days ago, message by message."""

    def __init__(
        self, scene: Scene, to: List, template: Template, guests: list[Contact], marketer: str
    ) -> None:
        self.scene, self.to, self.template, self.guests = scene, to, template, guests
        self.marketer = scene.members[marketer]
        self.at = scene.now - timedelta(days=3, hours=2)
        self.conversations: list[Conversation] = []
        self.messages: list[Message] = []
        self.receipts: list[Receipt] = []

    def write(self) -> None:
        """All rows, a table at a time."""
        self.broadcast = Broadcast.objects.create(
            workspace=self.scene.workspace,
            number=self.scene.number,
            name="The walnut shelf is back",
            template_name=self.template.name,
            started_by=self.marketer,
            started=self.at,
            created=self.at,
        )
        campaign = self._campaign()
        sent_to = [place for place in range(len(self.guests)) if place not in STOPPED]
        for place in sent_to:
            self._thread(place)
        Conversation.objects.bulk_create(self.conversations)
        Message.objects.bulk_create(self.messages)
        Receipt.objects.bulk_create(self.receipts)
        for message in self.messages:  # oldest first
            message.conversation.last_message = message
        Conversation.objects.bulk_update(self.conversations, ["last_message"])
        outgoing = [message for message in self.messages if message.outgoing]
        handed = dict(zip(sent_to, outgoing, strict=True))
        Recipient.objects.bulk_create(
            Recipient(
                workspace=self.scene.workspace,
                campaign=campaign,
                contact=contact,
                template=self.template,
                values=self._values(GUESTS[place]),
                state=Recipient.State.HANDED if place in handed else Recipient.State.SKIPPED,
                skip=None if place in handed else Skip.OPTED_OUT,
                message=handed.get(place),
                due=self.at,
            )
            for place, contact in enumerate(self.guests)
        )

    def _campaign(self) -> Campaign:
        campaign = Campaign.objects.create(
            workspace=self.scene.workspace,
            broadcast=self.broadcast,
            number=self.scene.number,
            created_by=self.marketer,
            launched_by=self.marketer,
            request_id=uuid4(),
            state=Campaign.State.DONE,
            variables=VARIABLES,
            launched=self.at,
            finished=self.at + timedelta(seconds=20),
            created=self.at - timedelta(minutes=12),
        )
        Language.objects.create(workspace=self.scene.workspace, campaign=campaign, template=self.template)
        Audience.objects.create(workspace=self.scene.workspace, campaign=campaign, list=self.to)
        return campaign

    def _values(self, guest: Guest) -> dict[str, str]:
        contact = Contact(name=guest.name)
        return variables.filled(VARIABLES, contact, {})

    def _thread(self, place: int) -> None:
        guest, answer = GUESTS[place], ANSWERS.get(place)
        conversation = Conversation(
            workspace=self.scene.workspace,
            number=self.scene.number,
            contact=self.guests[place],
            state=Conversation.State.UNCLAIMED if answer else Conversation.State.OUTBOUND,
            last_at=self.at,
            created=self.at,
        )
        self.conversations.append(conversation)
        self._send(conversation, guest, place)
        if answer:
            self._answer(conversation, guest, answer, place)

    def _send(self, conversation: Conversation, guest: Guest, place: int) -> None:
        values = self._values(guest)
        seen = shown(definition(self.template), values)
        reached = (
            Status.READ
            if place < READ or place in ANSWERS
            else Status.DELIVERED
            if place < DELIVERED
            else Status.SENT
        )
        failed = place == len(GUESTS) - 1
        message = self._message(
            conversation,
            guest,
            self.at,
            outgoing=True,
            kind="template",
            template=self.template,
            body=plain(seen),
            status=Status.FAILED if failed else reached,
            error_code=UNREACHABLE if failed else None,
            attempt=1,
            due=self.at,
            payload={
                "values": values,
                "shown": seen,
                "name": self.template.name,
                "language": self.template.language,
                "category": self.template.category,
            },
        )
        steps = [Status.FAILED] if failed else [Status.SENT, Status.DELIVERED, Status.READ]
        self.receipts += [
            Receipt(
                workspace=self.scene.workspace,
                message=message,
                status=step,
                at=self.at + timedelta(minutes=minutes),
                code=UNREACHABLE if failed else None,
            )
            for minutes, step in enumerate(steps)
            if step <= (Status.FAILED if failed else reached)
        ]

    def _answer(self, conversation: Conversation, guest: Guest, text: str, place: int) -> None:
        at = self.scene.now - timedelta(hours=3, minutes=11 * place)
        self._message(
            conversation,
            guest,
            at,
            outgoing=False,
            body=text,
            payload={"from": guest.wa_id, "text": {"body": text}},
        )
        conversation.unread, conversation.pinned = 1, self.broadcast
        conversation.claim_version, conversation.window_expires = 1, at + SERVICE_WINDOW
        self.scene.world.thread(
            self.scene.number.phone_number_id, guest.wa_id
        ).last_customer_at = at.timestamp()

    def _message(self, conversation: Conversation, guest: Guest, at: datetime, **fields: Any) -> Message:
        key = f"{self.scene.number.phone_number_id}/{guest.wa_id}/shelf/{fields['outgoing']}"
        message = Message(
            workspace=self.scene.workspace,
            conversation=conversation,
            number=self.scene.number,
            broadcast=self.broadcast,
            at=at,
            created=at,
            wamid=f"wamid.{b64encode(key.encode()).decode()}",
            **fields,
        )
        self.messages.append(message)
        conversation.last_at = at
        return message
