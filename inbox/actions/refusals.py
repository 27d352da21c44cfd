"""The ways in which an action says no, each in words for the person who asked.

A refusal changes nothing: it is raised inside the action's transaction, which rolls back.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from inbox.models import Conversation, Message, SystemLine
from inbox.rules import Situation, Verb, allowed, situation


@dataclass(frozen=True)
class Seen:
    """What was on the agent's screen: the conversation's claim_version and the greatest Message.id, 0 for none."""

    version: int
    message_id: int


class Refused(Exception):  # noqa: N818 - a plain no is no error
    """The action was not done. `message` is translated when shown; `holder` is who holds the conversation, if that
    is the reason."""

    def __init__(self, message: "str | Promise", holder: Membership | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.holder = holder

    def __str__(self) -> str:
        return str(self.message)


class AlreadyClaimed(Refused):
    """Somebody else was faster; `holder` is who."""


class NotYours(Refused):
    """Only the holder may do this; `holder` is who that is, None if the conversation waits to be claimed."""


class NotAllowed(Refused):
    """Not for this person, or not in this state."""


class WindowClosed(Refused):
    """The customer last wrote more than 24 hours ago, so free text may not leave."""


class BadText(Refused):
    """The text cannot be sent as it is."""


class BadValues(Refused):
    """What was filled into a template does not fit it. `problems` says what to mend, by slot key."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(
            _("Something in the template is missing or cannot be sent. Look at the marked fields.")
        )
        self.problems = problems


class Stale(Refused):
    """The screen was outdated. `changes` (oldest first) is what the agent has not seen; a form that is sent again
    with `seen` says that they have."""

    def __init__(self, changes: list[SystemLine | Message], seen: Seen) -> None:
        super().__init__(
            _("Something changed while you were writing. Look at it, then send your reply again.")
        )
        self.changes = changes
        self.seen = seen


def check(verb: Verb, conversation: Conversation, member: Membership) -> None:
    """Raises the refusal that tells the member why they may not; returns if they may."""
    if not allowed(verb, conversation, member):
        raise refusal(verb, conversation, member)


def refusal(verb: Verb, conversation: Conversation, member: Membership) -> Refused:
    """Why `verb` is not allowed, most useful reason first. One query, for the holder's name, if there is one."""
    if not member.is_active or member.workspace_id != conversation.workspace_id:
        return NotAllowed(_("You are no longer a member of this workspace."))
    place = situation(conversation, member)
    if verb is Verb.TRANSFER:
        return _no_transfer(member)
    if place is Situation.ANOTHERS:
        holder = Membership.objects.select_related("user").get(pk=conversation.holder_id or 0)
        if verb is Verb.CLAIM:
            return AlreadyClaimed(
                format_lazy(_("{name} has already claimed this conversation."), name=holder.name), holder
            )
        return NotYours(format_lazy(_("{name} holds this conversation."), name=holder.name), holder)
    if verb is Verb.REPLY:
        return NotYours(_("Claim this conversation before you reply."))
    if verb is Verb.CLOSE:
        return NotAllowed(_("This conversation is closed already."))
    if verb is Verb.UNCLAIM:
        return NotAllowed(_("Nobody holds this conversation."))
    return NotAllowed(_("You hold this conversation already."))


def _no_transfer(member: Membership) -> Refused:
    if not member.is_admin:
        return NotAllowed(_("Only an admin may transfer a conversation."))
    return NotAllowed(_("Only a claimed conversation can be transferred."))
