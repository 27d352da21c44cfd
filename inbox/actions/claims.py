"""Claim, unclaim, close and transfer: who holds a conversation.

Each is a compare-and-set under the conversation's row lock, so of a hundred who press at once one wins and the others
are told who. Nobody's action takes a colleague's conversation silently.
"""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks, scope
from inbox.actions.holding import acting, locked, move, present
from inbox.actions.refusals import BadText, NotAllowed, check
from inbox.models import Claim, Conversation, SystemLine
from inbox.rules import Situation, Verb, situation

NOTE_CHARS = 500


@retrying_deadlocks
def claim(*, member: Membership, conversation_id: int) -> Conversation:
    """Makes the member the holder; a closed conversation is reopened by it. Repeating it changes nothing.

    Raises AlreadyClaimed (with the holder), NotAllowed, Conversation.DoesNotExist.
    """
    with scope(member.workspace_id, durable=True):
        actor = acting(member)
        conversation = locked(conversation_id)
        if actor.is_active and situation(conversation, actor) is Situation.MINE:
            return conversation
        check(Verb.CLAIM, conversation, actor)
        reopened = conversation.state == Conversation.State.CLOSED
        conversation.unread = 0
        kind = SystemLine.Kind.REOPENED if reopened else SystemLine.Kind.CLAIMED
        move(
            conversation,
            state=Conversation.State.CLAIMED,
            holder=actor,
            line=SystemLine(kind=kind, actor=actor),
        )
        return conversation


@retrying_deadlocks
def unclaim(*, member: Membership, conversation_id: int) -> Conversation:
    """Returns the conversation to Unclaimed: by its holder, or by an admin, which the thread says.

    Raises NotYours (with the holder), NotAllowed, Conversation.DoesNotExist.
    """
    with scope(member.workspace_id, durable=True):
        actor = acting(member)
        conversation = locked(conversation_id)
        check(Verb.UNCLAIM, conversation, actor)
        mine = situation(conversation, actor) is Situation.MINE
        kind = SystemLine.Kind.UNCLAIMED if mine else SystemLine.Kind.RETURNED
        move(
            conversation,
            state=Conversation.State.UNCLAIMED,
            outcome=Claim.Outcome.UNCLAIMED if mine else Claim.Outcome.RETURNED,
            line=SystemLine(kind=kind, actor=actor, target_id=None if mine else conversation.holder_id),
        )
        return conversation


@retrying_deadlocks
def close(*, member: Membership, conversation_id: int) -> Conversation:
    """Marks the conversation as completed and ends its claim; the customer's next message brings it back.

    Raises NotYours (with the holder), NotAllowed (closed already), Conversation.DoesNotExist.
    """
    with scope(member.workspace_id, durable=True):
        actor = acting(member)
        conversation = locked(conversation_id)
        check(Verb.CLOSE, conversation, actor)
        conversation.unread, conversation.pinned = 0, None
        move(
            conversation,
            state=Conversation.State.CLOSED,
            outcome=Claim.Outcome.CLOSED,
            line=SystemLine(kind=SystemLine.Kind.CLOSED, actor=actor),
        )
        return conversation


@retrying_deadlocks
def transfer(*, member: Membership, conversation_id: int, to_id: int, note: str = "") -> Conversation:
    """Gives a claimed conversation to another active member of the workspace, of any role. Admins only.

    `note` (at most 500 characters) is shown in the thread, to colleagues only.
    Raises NotAllowed (no admin, not claimed, no such colleague), BadText (note), Conversation.DoesNotExist.
    """
    note = _checked_note(note)
    with scope(member.workspace_id, durable=True):
        people = present(member.workspace_id, [member.pk, to_id])
        actor = people.get(member.pk) or acting(member)
        conversation = locked(conversation_id)
        check(Verb.TRANSFER, conversation, actor)
        target = people.get(to_id)
        if target is None:
            raise NotAllowed(_("Choose an active member of this workspace."))
        if target.pk == conversation.holder_id:
            raise NotAllowed(format_lazy(_("{name} holds this conversation already."), name=target.name))
        move(
            conversation,
            state=Conversation.State.CLAIMED,
            holder=target,
            outcome=Claim.Outcome.TRANSFERRED,
            line=SystemLine(kind=SystemLine.Kind.TRANSFERRED, actor=actor, target=target, note=note),
        )
        return conversation


def _checked_note(note: str) -> str:
    note = note.strip()
    if "\0" in note:
        raise BadText(_("The note contains a character that cannot be stored (NUL). Remove it."))
    if len(note) > NOTE_CHARS:
        raise BadText(
            format_lazy(
                _("The note has {length} characters; at most {limit} are possible."),
                length=len(note),
                limit=NOTE_CHARS,
            )
        )
    return note
