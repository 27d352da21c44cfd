"""How a conversation changes hands: the locks to take first, and the one function that moves it.

Lock order of the inbox's actions: members, then conversations by ascending id, then messages, then the stream.
"""

from collections.abc import Iterable
from datetime import datetime

from accounts import stream
from accounts.models import Membership
from inbox.clock import database_now
from inbox.models import Claim, Conversation, SystemLine


def present(workspace_id: int, member_ids: Iterable[int]) -> dict[int, Membership]:
    """The active members of the workspace among these who can log in, by id, as they are now and until COMMIT.

    The lock is shared, so that colleagues never wait for each other. It makes somebody who is being deactivated wait
    or be gone: otherwise they could end up holding a conversation after their claims were released. The request's own
    copy of the member may also still have a role that was taken away.
    """
    rows = Membership.objects.raw(
        "SELECT member.* FROM accounts_membership AS member JOIN accounts_user AS person"
        " ON person.id = member.user_id AND person.is_active"
        " WHERE member.id = ANY(%s) AND member.workspace_id = %s AND member.is_active"
        " ORDER BY member.id FOR SHARE OF member",
        [sorted(set(member_ids)), workspace_id],
    )
    return {member.pk: member for member in rows}


def acting(member: Membership) -> Membership:
    """The member as they are now, held until COMMIT; a copy marked inactive if they have left."""
    return present(member.workspace_id, [member.pk]).get(member.pk) or Membership(
        pk=member.pk,
        workspace_id=member.workspace_id,
        user_id=member.user_id,
        role=member.role,
        is_active=False,
    )


def locked(conversation_id: int) -> Conversation:
    """The conversation, locked until COMMIT. Raises Conversation.DoesNotExist for those of other workspaces.

    Joins nothing: after waiting for the lock, PostgreSQL takes the fresh conversation but the holder it joined before.
    """
    return Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)


def move(
    conversation: Conversation,
    *,
    state: Conversation.State,
    holder: Membership | None = None,
    outcome: Claim.Outcome | None = None,
    line: SystemLine,
) -> None:
    """Changes state and holder of a locked conversation: ends its claim with `outcome`, opens the new holder's,
    counts the version up, writes the line and tells the browsers. Saves `unread` and `pinned` too."""
    now = database_now()
    _end_claim(conversation, now, outcome)
    claim = None
    if holder is not None:
        claim = Claim.objects.create(
            workspace_id=conversation.workspace_id, conversation=conversation, member=holder, started=now
        )
    conversation.state = state
    conversation.claim, conversation.holder = claim, holder
    conversation.claim_version += 1
    conversation.save(update_fields=["state", "claim", "holder", "claim_version", "unread", "pinned"])
    line.workspace_id, line.conversation, line.at = conversation.workspace_id, conversation, now
    line.save(force_insert=True)
    stream.conversation_changed(conversation.workspace_id, conversation.pk)


def _end_claim(conversation: Conversation, now: datetime, outcome: Claim.Outcome | None) -> None:
    if conversation.claim_id is None:
        return
    if outcome is None:
        raise ValueError("a claim that ends needs an outcome")
    Claim.objects.filter(pk=conversation.claim_id).update(ended=now, outcome=outcome)
