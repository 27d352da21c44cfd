"""The baseline of `apply`: one ordinary ORM transaction per event, as most products of the field are written."""

from datetime import UTC, datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts import stream
from accounts.models import PhoneNumber
from accounts.tenancy import crossing
from inbox.models import Conversation, Message, Receipt
from inbox.receipts import RANK
from phonebook.models import Contact, Identity
from webhooks.models import Delivery
from whatsapp.events import InboundMessage, Status, parse


def drain(limit: int) -> int:
    """Applies `limit` stored deliveries one by one."""
    for delivery_id in list(
        Delivery.objects.filter(drained=None).order_by("id").values_list("id", flat=True)[:limit]
    ):
        with crossing():
            delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
            for item in parse(bytes(delivery.body)).items:
                if isinstance(item, InboundMessage):
                    _message(item)
                elif isinstance(item, Status):
                    _status(item)
            delivery.drained = timezone.now()
            delivery.save(update_fields=["drained"])
    return limit


def _message(item: InboundMessage) -> None:
    number = PhoneNumber.objects.get(phone_number_id=item.phone_number_id)
    identity = Identity.objects.filter(
        workspace_id=number.workspace_id, portfolio_id="", value=item.wa_id
    ).first()
    if identity is None:
        contact = Contact.objects.create(workspace_id=number.workspace_id, phone=f"+{item.wa_id}")
        identity = Identity.objects.create(
            workspace_id=number.workspace_id,
            contact=contact,
            portfolio_id="",
            kind="wa_id",
            value=item.wa_id or "",
        )
    conversation, _ = Conversation.objects.get_or_create(
        number=number, contact_id=identity.contact_id, defaults={"workspace_id": number.workspace_id}
    )
    Conversation.objects.select_for_update().get(pk=conversation.pk)
    at = datetime.fromtimestamp(item.at or 0, UTC)
    message, created = Message.objects.get_or_create(
        number=number,
        wamid=item.wamid,
        defaults={
            "workspace_id": number.workspace_id,
            "conversation": conversation,
            "outgoing": False,
            "kind": item.type,
            "body": item.text or "",
            "payload": item.raw,
            "at": at,
        },
    )
    if created:
        Conversation.objects.filter(pk=conversation.pk).update(
            unread=F("unread") + 1, last_message=message, last_at=at, window_expires=at + timedelta(hours=24)
        )
        stream.conversation_changed(number.workspace_id, conversation.pk, [message.pk])


def _status(item: Status) -> None:
    message = Message.objects.select_for_update().get(
        number__phone_number_id=item.phone_number_id, wamid=item.wamid
    )
    _, created = Receipt.objects.get_or_create(
        message=message,
        status=RANK[item.status],
        defaults={"workspace_id": message.workspace_id, "at": datetime.fromtimestamp(item.at or 0, UTC)},
    )
    if created and RANK[item.status] > (message.status or 0):
        message.status = RANK[item.status]
        message.save(update_fields=["status"])
        stream.ticks_changed(message.workspace_id, message.conversation_id, [message.pk])
