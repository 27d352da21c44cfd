"""Invitations: a link that lets one person in, once, for a few days.

Only the token's hash is kept; the link itself is shown once, to the admin who made it.
"""

import hashlib
import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.actions.members import active_admins, administering, lock_members, welcome_back
from accounts.actions.refusals import Refused, violated
from accounts.models import Invite, Membership, User
from accounts.tenancy import scope


def invite(*, member: Membership, role: str, email: str = "") -> str:
    """Makes an invitation and returns its token, which nobody can be shown a second time. Raises Refused."""
    token = secrets.token_urlsafe(32)
    with administering(member):
        Invite.objects.create(
            workspace_id=member.workspace_id,
            invited_by=member,
            role=role,
            email=email,
            token_hash=_hash(token),
        )
    return token


def revoke(*, member: Membership, invite_id: int) -> None:
    """Withdraws an invitation nobody has used yet; one that is gone already is no error. Raises Refused."""
    with administering(member):
        Invite.objects.filter(workspace_id=member.workspace_id, pk=invite_id, accepted__isnull=True).delete()


def find_invite(token: str) -> Invite | None:
    """The invitation of a link, used and expired ones too; None for a withdrawn or invented one."""
    return (
        Invite.objects.select_related("workspace", "invited_by__user").filter(token_hash=_hash(token)).first()
    )


def accept(*, invite_id: int, user: User) -> Membership:
    """A person with an account joins. Raises Refused, with words, if the invitation is no longer open."""
    workspace_id = _workspace_of(invite_id)
    with scope(workspace_id, durable=True):
        return _join(invite_id, workspace_id, user)


def admit(
    *, invite_id: int, name: str, username: str, email: str, password: str, language: str = ""
) -> Membership:
    """A new person makes an account and joins. Raises Refused; its `field` is username or email when taken."""
    workspace_id = _workspace_of(invite_id)
    with scope(workspace_id, durable=True):
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    username=username, email=email, password=password, first_name=name, language=language
                )
        except IntegrityError as error:
            raise _taken(error) from error
        return _join(invite_id, workspace_id, user)


def _join(invite_id: int, workspace_id: int, user: User) -> Membership:
    # The workspace first, then the invitation: two people with one link, or one person with two, come one by one.
    lock_members(workspace_id)
    invitation = Invite.objects.select_for_update(of=("self",)).filter(pk=invite_id).first()
    if invitation is None:
        raise Refused(_("This invitation was withdrawn. Ask for a new one."))
    if not invitation.is_open:
        raise Refused(closed_words(invitation))
    if not active_admins(workspace_id).filter(pk=invitation.invited_by_id).exists():
        raise Refused(
            _("Whoever invited you is no longer an admin of this workspace. Ask for a new invitation.")
        )
    membership, is_new = Membership.objects.get_or_create(
        workspace_id=workspace_id, user=user, defaults={"role": invitation.role}
    )
    if not is_new:
        if membership.is_active:
            raise Refused(_("You are already a member of this workspace."))
        welcome_back(membership, invitation.role)
    invitation.accepted = timezone.now()
    invitation.accepted_by = membership
    invitation.save(update_fields=["accepted", "accepted_by"])
    return membership


def closed_words(invitation: Invite) -> Promise:
    """Why an invitation is not open any more, for the person who holds the link."""
    if invitation.accepted:
        return _("This invitation has been used already. Log in, or ask for a new one.")
    return _("This invitation has expired. Ask for a new one.")


def _workspace_of(invite_id: int) -> int:
    found = Invite.objects.filter(pk=invite_id).values_list("workspace_id", flat=True).first()
    if found is None:
        raise Refused(_("This invitation was withdrawn. Ask for a new one."))
    return found


def _taken(error: IntegrityError) -> Refused:
    if violated(error) == "accounts_user_email":
        return Refused(_("There is an account with this email address already. Log in to join."), "email")
    return Refused(_("Somebody has this username already."), "username")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
