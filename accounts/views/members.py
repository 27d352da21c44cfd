"""Settings: who is in the workspace, and who is invited."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions
from accounts.actions import Refused
from accounts.forms import InviteForm, RoleForm
from accounts.middleware import WorkspaceRequest
from accounts.models import Invite, Membership
from accounts.tenancy import reading, reads
from accounts.views.access import admins_only


@require_safe
@admins_only
def settings(request: WorkspaceRequest) -> HttpResponse:
    """The first page of the settings."""
    return redirect("accounts:members", workspace=request.workspace.slug)


@require_safe
@admins_only
@reads
def members(request: WorkspaceRequest) -> HttpResponse:
    """Everybody, and the invitations that are still open."""
    return _page(request, InviteForm())


@require_POST
@admins_only
@never_cache
def invite(request: WorkspaceRequest) -> HttpResponse:
    """Makes an invitation and shows its link, this once."""
    form, link = InviteForm(request.POST), ""
    if form.is_valid():
        try:
            token = actions.invite(member=request.membership, **form.cleaned_data)
        except Refused as refused:
            return _said(request, refused)
        link = request.build_absolute_uri(reverse("accounts:join", kwargs={"token": token}))
        form = InviteForm()
    with reading(request.workspace.pk):
        return _page(request, form, link=link)


@require_POST
@admins_only
def revoke(request: WorkspaceRequest, invite_id: int) -> HttpResponse:
    """Withdraws an invitation."""
    try:
        actions.revoke(member=request.membership, invite_id=invite_id)
    except Refused as refused:
        return _said(request, refused)
    return _done(request, _("The invitation was withdrawn."))


@require_POST
@admins_only
def change_role(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """Gives a member another role."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        target = actions.change_role(
            member=request.membership, membership_id=membership_id, role=form.cleaned_data["role"]
        )
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        return _said(request, refused)
    return _done(
        request, _("%(name)s is now: %(role)s.") % {"name": target.name, "role": target.get_role_display()}
    )


@require_POST
@admins_only
def change_list_right(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """Lets an agent send to lists, or takes that back."""
    allowed = bool(request.POST.get("allowed"))
    try:
        target = actions.allow_lists(member=request.membership, membership_id=membership_id, allowed=allowed)
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        return _said(request, refused)
    said = _("%(name)s may now send to lists.") if allowed else _("%(name)s may no longer send to lists.")
    return _done(request, said % {"name": target.name})


@require_http_methods(["GET", "POST"])
@admins_only
def deactivate(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """Asks first, then ends the membership."""
    target = _member(request, membership_id)
    if request.method == "GET":
        with reading(request.workspace.pk):
            return render(request, "accounts/deactivate.html", {"target": target})
    try:
        actions.deactivate(member=request.membership, membership_id=membership_id)
    except Refused as refused:
        return _said(request, refused)
    return _done(request, _("%(name)s was deactivated.") % {"name": target.name})


@require_POST
@admins_only
def reactivate(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """Takes a former member back."""
    target = _member(request, membership_id)
    try:
        actions.reactivate(member=request.membership, membership_id=membership_id)
    except Refused as refused:
        return _said(request, refused)
    return _done(request, _("%(name)s is a member again.") % {"name": target.name})


def _member(request: WorkspaceRequest, membership_id: int) -> Membership:
    target = request.workspace.memberships.select_related("user").filter(pk=membership_id).first()
    if target is None:
        raise Http404
    return target


def _page(request: WorkspaceRequest, form: InviteForm, link: str = "") -> HttpResponse:
    everybody = request.workspace.memberships.select_related("user").order_by(
        "-is_active", "user__first_name", "id"
    )
    invites = Invite.objects.filter(
        workspace=request.workspace, accepted__isnull=True, expires__gt=timezone.now()
    ).select_related("invited_by__user")
    context = {
        "everybody": everybody,
        "invites": invites.order_by("-created"),
        "roles": Membership.Role.choices,
        "form": form,
        "link": link,
    }
    return render(request, "accounts/members.html", context, status=422 if form.errors else 200)


def _said(request: WorkspaceRequest, refused: Refused) -> HttpResponse:
    messages.error(request, str(refused.message))
    return _back(request)


def _done(request: WorkspaceRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return _back(request)


def _back(request: WorkspaceRequest) -> HttpResponse:
    # Whoever has just changed their own role or left may not see the settings any more.
    still = Membership.objects.filter(
        pk=request.membership.pk, is_active=True, role=Membership.Role.ADMIN
    ).exists()
    return (
        redirect("accounts:members", workspace=request.workspace.slug) if still else redirect("accounts:home")
    )
