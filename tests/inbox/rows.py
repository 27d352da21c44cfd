"""What the inbox's tests do to rows and read from them, each in the scope of the row's own world."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from accounts.tenancy import crossing, scope
from inbox import actions
from inbox.actions import Seen
from inbox.models import Conversation, Message
from inbox.receipts import Reported, apply_statuses
from inbox.receiving import Number, Received, apply_messages
from whatsapp.events import InboundMessage, Status

QUEUED, SENDING, SENT, FAILED, DELIVERED, UNCONFIRMED = (
    Message.Status[name] for name in ("QUEUED", "SENDING", "SENT", "FAILED", "DELIVERED", "UNCONFIRMED")
)


def fresh(world, row):
    with scope(world.id):
        return type(row).objects.get(pk=row.pk)


def change(world, row, **fields):
    with scope(world.id):
        type(row).objects.filter(pk=row.pk).update(**fields)


def screen(world, conversation):
    """What a page loaded now would show."""
    with scope(world.id):
        newest = Message.objects.filter(conversation=conversation).order_by("-pk").first()
        version = Conversation.objects.get(pk=conversation.pk).claim_version
    return Seen(version=version, message_id=newest.pk if newest else 0)


def reply(world, conversation, text="On its way.", member=None, **fields):
    fields.setdefault("request_id", uuid4())
    fields.setdefault("seen", screen(world, conversation))
    member = member or world.agent1
    return actions.reply(member=member, conversation_id=conversation.pk, text=text, **fields)


def outgoing(world, conversation):
    with scope(world.id):
        rows = Message.objects.filter(conversation=conversation, outgoing=True).order_by("pk")
        return [(message.body, message.sender_id, message.status) for message in rows]


def due_now(world, message):
    change(world, message, due=timezone.now() - timedelta(seconds=5))


def outcome(world, message):
    row = fresh(world, message)
    return row.status, row.wamid, row.error_code, row.error_details


def receipt(world, message, status, *, wamid="wamid.1", code=None):
    number = Number(world.number.pk, world.id, world.account.portfolio_id)
    item = Status(
        position=0,
        waba_id="",
        phone_number_id=world.number.phone_number_id,
        wamid=wamid,
        status=status,
        at=int(timezone.now().timestamp()),
        recipient_wa_id=None,
        recipient_user_id=None,
        group_id=None,
        opaque=f"{message.pk}.1",
        error_code=code,
        error_title=None,
        error_details=None,
        pricing=None,
        raw={},
    )
    with crossing():
        assert apply_statuses([Reported(number, item)]) == [True]


def customer_writes(world, conversation):
    """A message of the customer arrives, by the way of the webhooks."""
    number = Number(world.number.pk, world.id, world.account.portfolio_id)
    with crossing():
        apply_messages([Received(number, _inbound(fresh(world, conversation.contact).phone[1:]))])


def _inbound(wa_id):
    return InboundMessage(
        position=0,
        waba_id="",
        phone_number_id="100000000000001",
        wamid="wamid.new",
        at=int(timezone.now().timestamp()) + 2,
        type="text",
        wa_id=wa_id,
        user_id=None,
        parent_user_id=None,
        username=None,
        profile_name=None,
        text="Hello?",
        context_wamid=None,
        target_wamid=None,
        group_id=None,
        raw={},
    )
