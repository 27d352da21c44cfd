"""What the composer shows: which of its states, and what the person had typed."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.utils.functional import Promise

from accounts.models import Membership
from inbox.actions import Seen
from inbox.models import Conversation, Message, SystemLine
from inbox.rules import Situation, situation


@dataclass(frozen=True)
class Draft:
    """What a person had typed when their form came back, and why it did. Empty for a page that is opened."""

    text: str = ""
    request_id: UUID = field(default_factory=uuid4)
    quoted: int | None = None
    error: "str | Promise" = ""
    # A reply written on an outdated screen: what changed, and the screen it would now be sent from.
    changes: list[SystemLine | Message] = field(default_factory=list)
    seen: Seen | None = None
    refused: bool = False


@dataclass(frozen=True)
class Composer:
    """One conversation's composer for one member. `mode` is open, shut, free, closed or locked."""

    mode: str
    seen: Seen
    draft: Draft
    quote: Message | None = None


def composer(conversation: Conversation, member: Membership, draft: Draft) -> Composer:
    """Decides the state. One query, and only when a message is being quoted."""
    place = situation(conversation, member)
    if place is Situation.ANOTHERS:
        mode = "locked"
    elif place is Situation.MINE:
        mode = "open" if conversation.window_open() else "shut"
    else:
        mode = "closed" if place is Situation.CLOSED else "free"
    # last_message is the newest by time; nothing that a colleague sent has a greater id (see actions.replies).
    seen = draft.seen or Seen(conversation.claim_version, conversation.last_message_id or 0)
    quote = None
    if draft.quoted:
        quote = Message.objects.filter(conversation_id=conversation.pk, pk=draft.quoted).first()
    return Composer(mode=mode, seen=seen, draft=draft, quote=quote)
