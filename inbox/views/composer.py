"""What the composer shows: which of its states, and what the person had typed."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.utils.functional import Promise

from accounts.models import Membership
from inbox.actions import Seen
from inbox.models import Conversation, Message, SystemLine
from inbox.rules import Situation, situation
from inbox.views.picking import Filling, Picker, Wish, filling, picker


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
    # A template that is to be chosen or filled in, instead of a text.
    wish: Wish | None = None


@dataclass(frozen=True)
class Composer:
    """One conversation's composer for one member. `mode` is open, shut, free, closed or locked.

    Open or shut, it may be a `picker` of templates or a template's `filling`; shut, it is one of them.
    """

    mode: str
    seen: Seen
    draft: Draft
    quote: Message | None = None
    picker: Picker | None = None
    filling: Filling | None = None


def composer(conversation: Conversation, member: Membership, draft: Draft) -> Composer:
    """Decides the state. One query when a message is being quoted, up to three for templates."""
    place = situation(conversation, member)
    if place is Situation.ANOTHERS:
        mode = "locked"
    elif place is Situation.MINE:
        mode = "open" if conversation.window_open() else "shut"
    else:
        mode = "closed" if place is Situation.CLOSED else "free"
    # last_message is the newest by time; nothing that a colleague sent has a greater id, but for campaigns' messages,
    # which do not count (see actions.screens).
    seen = draft.seen or Seen(conversation.claim_version, conversation.last_message_id or 0)
    quote = None
    if draft.quoted:
        quote = Message.objects.filter(conversation_id=conversation.pk, pk=draft.quoted).first()
    chosen: Picker | None = None
    filled: Filling | None = None
    if mode in {"open", "shut"} and draft.wish and draft.wish.template_id:
        filled = filling(conversation, draft.wish)
    if filled is None and (mode == "shut" or (mode == "open" and draft.wish)):
        chosen = picker(conversation, draft.wish)
    return Composer(mode=mode, seen=seen, draft=draft, quote=quote, picker=chosen, filling=filled)
