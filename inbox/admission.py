"""Who may listen to a workspace's live events: asked when a socket connects, and again every minute.

Synchronous queries only; the hub runs them in its worker threads.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import Membership, User


class Listener(NamedTuple):
    """One member in one browser session."""

    workspace_id: int
    membership_id: int
    session_key: str
    session_hash: str


def admit(user: Any, session_key: str | None, slug: str) -> Listener | None:
    """The member's right to listen to the workspace called `slug`; None for everybody else."""
    membership = Membership.objects.filter(workspace__slug=slug, user_id=user.pk, is_active=True).first()
    if membership is None:
        return None
    return Listener(
        workspace_id=membership.workspace_id,
        membership_id=membership.pk,
        session_key=session_key or "",
        session_hash=user.get_session_auth_hash(),
    )


def welcome_members(membership_ids: Iterable[int]) -> dict[int, str]:
    """Those of the memberships that are still active, each with its user's session hash (one query)."""
    members = Membership.objects.filter(pk__in=membership_ids, is_active=True, user__is_active=True)
    hashes: dict[tuple[str, int], str] = {}
    found = {}
    for pk, password, epoch in members.values_list("pk", "user__password", "user__session_epoch"):
        if (password, epoch) not in hashes:
            hashes[password, epoch] = User(password=password, session_epoch=epoch).get_session_auth_hash()
        found[pk] = hashes[password, epoch]
    return found


def live_sessions(session_keys: Iterable[str]) -> set[str]:
    """Those of the sessions that still exist and have not expired (one query)."""
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    return set(sessions.values_list("session_key", flat=True))
