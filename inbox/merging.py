"""The inbox's part of merging two contacts: the loser's threads become the winner's.

Runs inside the phonebook's transaction, with both contacts locked and no message being taken in. Nobody loses a
conversation silently: who held the winner's keeps it, else who held the loser's holds the thread of both.
"""

from django.db import connection

from accounts import stream
from inbox.clock import database_now
from inbox.models import Claim, Conversation, Message, SystemLine

# What becomes of two states: whatever waits for us wins, and a campaign alone reopens nothing.
_STRENGTH = {
    str(Conversation.State.CLAIMED): 4,
    str(Conversation.State.UNCLAIMED): 3,
    str(Conversation.State.CLOSED): 2,
    str(Conversation.State.OUTBOUND): 1,
}

SHOWN_LIVE = 50  # messages that an open thread gets at once; older ones come with the page


def fold(workspace_id: int, winner_id: int, loser_id: int) -> None:
    """Moves the loser's conversations to the winner, or into the winner's own with the same number."""
    both = Conversation.objects.filter(contact_id__in=[winner_id, loser_id])
    locked = list(both.order_by("pk").select_for_update(no_key=True))
    kept = {each.number_id: each for each in locked if each.contact_id == winner_id}
    for conversation in locked:
        if conversation.contact_id == winner_id:
            continue
        if conversation.number_id in kept:
            _into(kept[conversation.number_id], conversation)
        else:
            Conversation.objects.filter(pk=conversation.pk).update(contact_id=winner_id)
            stream.conversation_changed(workspace_id, conversation.pk)
    _move_outreach(winner_id, loser_id)


def _into(kept: Conversation, gone: Conversation) -> None:
    """Everything of `gone` moves to `kept`, and the empty one is deleted."""
    _settle_sending(kept, gone)
    _settle_claims(kept, gone)
    messages = Message.objects.filter(conversation=gone).order_by("pk")
    moved = list(messages.select_for_update(no_key=True).values_list("pk", flat=True))
    Message.objects.filter(pk__in=moved).update(conversation=kept)
    SystemLine.objects.filter(conversation=gone).update(conversation=kept)
    Claim.objects.filter(conversation=gone).update(conversation=kept)
    kept.state = max(kept.state, gone.state, key=_STRENGTH.__getitem__)
    kept.unread += gone.unread
    if gone.last_message_id is not None and (kept.last_message_id is None or gone.last_at > kept.last_at):
        kept.last_message_id = gone.last_message_id
    kept.last_at = max(kept.last_at, gone.last_at)
    kept.window_expires = max(filter(None, (kept.window_expires, gone.window_expires)), default=None)
    kept.pinned_id = max(filter(None, (kept.pinned_id, gone.pinned_id)), default=None)
    kept.claim_version = max(kept.claim_version, gone.claim_version) + 1
    gone.delete()
    kept.save()
    stream.conversation_changed(kept.workspace_id, kept.pk, moved[-SHOWN_LIVE:])


def _settle_sending(kept: Conversation, gone: Conversation) -> None:
    """One thread has at most one message with WhatsApp at a moment: of two, the other one's receipt will say what
    became of it, as when a worker dies."""
    sending = Message.objects.filter(outbox=Message.Status.SENDING)
    if sending.filter(conversation=kept).exists():
        sending.filter(conversation=gone).update(status=Message.Status.UNCONFIRMED, due=database_now())


def _settle_claims(kept: Conversation, gone: Conversation) -> None:
    if gone.claim_id is None:
        return
    if kept.claim_id is None:
        kept.claim_id, kept.holder_id = gone.claim_id, gone.holder_id
        return
    now = database_now()
    Claim.objects.filter(pk=gone.claim_id).update(ended=now, outcome=Claim.Outcome.RELEASED)
    if gone.holder_id != kept.holder_id:
        SystemLine.objects.create(
            workspace_id=kept.workspace_id,
            conversation=kept,
            kind=SystemLine.Kind.TRANSFERRED,
            actor_id=gone.holder_id,
            target_id=kept.holder_id,
            at=now,
        )


def _move_outreach(winner_id: int, loser_id: int) -> None:
    """One person counts once against WhatsApp's messaging limit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_outreach AS o (workspace_id, portfolio_id, contact_id, at)"
            " SELECT workspace_id, portfolio_id, %s, at FROM inbox_outreach WHERE contact_id = %s ORDER BY portfolio_id"
            " ON CONFLICT (workspace_id, portfolio_id, contact_id) DO UPDATE SET at = greatest(o.at, excluded.at)",
            [winner_id, loser_id],
        )
        cursor.execute("DELETE FROM inbox_outreach WHERE contact_id = %s", [loser_id])
