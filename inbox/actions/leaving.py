"""What becomes of the conversations of somebody who goes: home for today, or for good.

Set-based, because one person may hold hundreds. Must never touch a conversation that has been transferred meanwhile.
"""

from django.db.models import F
from django.db.models.functions import Now

from accounts import stream
from accounts.models import Membership, User
from accounts.tenancy import retrying_deadlocks, scope
from inbox.models import Claim, Conversation, SystemLine


def release_claims(membership: Membership) -> None:
    """Returns everything a leaver holds to Unclaimed, in the caller's transaction.

    The caller has marked them inactive before: that waits for claims by them and transfers to them that are about to
    commit, and bars later ones (see holding.present).
    """
    with scope(membership.workspace_id):
        _release(membership, Claim.Outcome.RELEASED, SystemLine.Kind.RELEASED)


def release_mine(person: User) -> int:
    """Returns everything the person holds, in all their workspaces, to Unclaimed: they sign off from all at once.

    One commit per workspace, so that none waits for another; whoever is cut off half-way repeats it. Returns how many
    conversations it was.
    """
    members = Membership.objects.filter(user=person, is_active=True).order_by("workspace_id")
    return sum(_sign_off(member) for member in members)


@retrying_deadlocks
def _sign_off(member: Membership) -> int:
    with scope(member.workspace_id, durable=True):
        return _release(member, Claim.Outcome.UNCLAIMED, SystemLine.Kind.UNCLAIMED)


def _release(member: Membership, outcome: Claim.Outcome, kind: SystemLine.Kind) -> int:
    """`actor` of the lines is who held the conversations."""
    held = [
        conversation.pk
        for conversation in Conversation.objects.filter(holder=member)
        .order_by("pk")
        .select_for_update(no_key=True)
        .only("pk")
    ]
    Claim.objects.filter(conversation__in=held, ended=None).update(ended=Now(), outcome=outcome)
    Conversation.objects.filter(pk__in=held).update(
        state=Conversation.State.UNCLAIMED, claim=None, holder=None, claim_version=F("claim_version") + 1
    )
    SystemLine.objects.bulk_create(
        SystemLine(workspace_id=member.workspace_id, conversation_id=pk, kind=kind, actor=member, at=Now())
        for pk in held
    )
    for pk in held:
        stream.conversation_changed(member.workspace_id, pk)
    return len(held)
