"""Workspaces and the people in them: roles, leaving, coming back.

A workspace with people always keeps one active admin. Whoever changes members holds the workspace's row until the
commit, so that two changes which are fine alone cannot together leave nobody.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import stream
from accounts.actions.refusals import Refused
from accounts.models import Invite, Membership, Stream, User, Workspace
from accounts.tenancy import retrying_deadlocks, scope

# What must happen when a member leaves, inside the same transaction. Apps above append to it in their ready():
# this room may not look up to see what a member holds.
on_leave: list[Callable[[Membership], None]] = []

SWITCHED_OFF = _("The platform has switched this account off.")


def create_workspace(*, slug: str, name: str, admin: User) -> Workspace:
    """Opens a workspace with its event stream and its first admin. Raises IntegrityError if the slug is taken.

    Not durable, because staff do it inside the crossing of the admin site.
    """
    with transaction.atomic():
        workspace = Workspace.objects.create(slug=slug, name=name)
        with scope(workspace.pk):
            Stream.objects.create(workspace=workspace)
            Membership.objects.create(workspace=workspace, user=admin, role=Membership.Role.ADMIN)
    return workspace


def find_or_make_person(email: str, name: str) -> User:
    """The account with this address, or a new one without a password: its owner chooses one by a reset mail."""
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        # "@" cannot be in a username that a person chose, so the address itself is always free.
        person = User.objects.create_user(username=email.lower(), email=email.lower(), first_name=name)
    return person


def change_role(*, member: Membership, membership_id: int, role: str) -> Membership:
    """An admin gives a member another role. Raises Refused, Membership.DoesNotExist."""
    with administering(member):
        target = _target(member.workspace_id, membership_id)
        set_role(target, role)
    return target


def allow_lists(*, member: Membership, membership_id: int, allowed: bool) -> Membership:
    """An admin lets an agent send to lists, or takes that back; marketers and admins may anyway.

    Raises Refused, Membership.DoesNotExist.
    """
    with administering(member):
        target = _target(member.workspace_id, membership_id)
        if target.sends_to_lists != allowed:
            target.sends_to_lists = allowed
            target.save(update_fields=["sends_to_lists"])
            stream.member_changed(target.workspace_id, target.pk)
    return target


@retrying_deadlocks
def deactivate(*, member: Membership, membership_id: int) -> Membership:
    """An admin ends a membership: sessions, sockets and claims with it. Raises Refused, Membership.DoesNotExist."""
    with administering(member):
        target = _target(member.workspace_id, membership_id)
        leave(target)
    return target


def reactivate(*, member: Membership, membership_id: int) -> Membership:
    """An admin takes a former member back, in the role they had. Raises Refused, Membership.DoesNotExist."""
    with administering(member):
        target = _target(member.workspace_id, membership_id)
        welcome_back(target, target.role)
    return target


def set_preferences(*, user: User, language: str | None = None, theme: str | None = None) -> None:
    """A person chooses language or theme for themselves; None leaves it as it is."""
    if language is not None:
        user.language = language
    if theme is not None:
        user.theme = theme
    user.save(update_fields=["language", "theme"])


@contextmanager
def administering(member: Membership) -> Iterator[None]:
    """A durable scope in which `member` certainly is an admin and nobody else changes members. Raises Refused."""
    with scope(member.workspace_id, durable=True):
        lock_members(member.workspace_id)
        if not active_admins(member.workspace_id).filter(pk=member.pk).exists():
            raise Refused(_("You are no longer an admin of this workspace."))
        yield


def lock_members(workspace_id: int) -> None:
    """Waits for whoever else is changing members of the workspace. Ordinary work in it goes on meanwhile."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def lock_everywhere(person: User) -> list[Membership]:
    """The person's active memberships in all workspaces, under `lock_members` of each. Raises nothing."""
    own = Membership.objects.filter(user=person, is_active=True).order_by("workspace_id")
    for workspace_id in own.values_list("workspace_id", flat=True):
        lock_members(workspace_id)
    # Asked again: what they were before the locks may be over.
    return list(own.select_related("workspace", "user"))


def set_role(target: Membership, role: str) -> None:
    """Changes the role under `lock_members`; sockets reconnect with the new one. Raises Refused for the last admin.

    Whoever is no longer an admin has no open invitations either.
    """
    if target.role == role:
        return
    if target.is_admin:
        keep_an_admin(target)
        _withdraw_invites(target)
    target.role = role
    target.save(update_fields=["role"])
    stream.member_changed(target.workspace_id, target.pk)


def leave(target: Membership) -> None:
    """Ends the membership under `lock_members`. Raises Refused for the last admin; nothing for who left already."""
    if not target.is_active:
        return
    if target.is_admin:
        keep_an_admin(target)
    target.is_active = False
    target.deactivated = timezone.now()
    target.save(update_fields=["is_active", "deactivated"])
    _withdraw_invites(target)
    for forget in on_leave:
        forget(target)
    # Whoever is still a member elsewhere stays logged in there; here the middleware no longer lets them pass.
    if not Membership.objects.filter(user_id=target.user_id, is_active=True).exists():
        User.objects.filter(pk=target.user_id).update(session_epoch=F("session_epoch") + 1)
    stream.member_changed(target.workspace_id, target.pk)


def welcome_back(target: Membership, role: str) -> None:
    """Makes a former member one again, in `role`, under `lock_members`. Raises Refused for a switched-off account."""
    if not target.user.is_active:
        raise Refused(SWITCHED_OFF)
    target.role = role
    target.is_active = True
    target.deactivated = None
    target.save(update_fields=["role", "is_active", "deactivated"])
    stream.member_changed(target.workspace_id, target.pk)


def _target(workspace_id: int, membership_id: int) -> Membership:
    return Membership.objects.select_related("user").get(workspace_id=workspace_id, pk=membership_id)


def active_admins(workspace_id: int) -> QuerySet[Membership]:
    """Who administers the workspace now; a switched-off account is nobody to count on."""
    return Membership.objects.filter(
        workspace_id=workspace_id, is_active=True, user__is_active=True, role=Membership.Role.ADMIN
    )


def keep_an_admin(target: Membership) -> None:
    """Raises Refused if the workspace would have no active admin without `target`."""
    if target.is_active and not active_admins(target.workspace_id).exclude(pk=target.pk).exists():
        raise Refused(_("This is the last admin. Make somebody else an admin first."))


def _withdraw_invites(target: Membership) -> None:
    # Their links would let them, or whomever they passed them on to, in again.
    Invite.objects.filter(invited_by=target, accepted__isnull=True).delete()
