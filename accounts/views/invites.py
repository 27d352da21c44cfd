"""The page behind an invite link: a new person makes an account, somebody with an account joins."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions
from accounts.actions import Refused
from accounts.forms import JoinForm, show_refusal
from accounts.models import Invite, Membership, User

WITHDRAWN = _("This invitation does not exist any more. Perhaps it was withdrawn; ask for a new one.")


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Shows the invitation (GET), accepts it (POST); says clearly when it is no longer open."""
    invite = actions.find_invite(token)
    if invite is None:
        return _closed(request, str(WITHDRAWN), status=404)
    if not invite.is_open:
        return _closed(request, str(actions.closed_words(invite)), status=410)
    if request.user.is_authenticated:
        return _join_as(request, invite, request.user)
    return _join_anew(request, invite)


def _join_as(request: HttpRequest, invite: Invite, user: User) -> HttpResponse:
    if request.method == "POST":
        try:
            membership = actions.accept(invite_id=invite.pk, user=user)
        except Refused as refused:
            return _closed(request, str(refused.message), status=409)
        return redirect("inbox:list", workspace=membership.workspace.slug)
    already = Membership.objects.filter(workspace=invite.workspace, user=user, is_active=True).exists()
    return render(request, "accounts/join.html", {"invite": invite, "already": already})


def _join_anew(request: HttpRequest, invite: Invite) -> HttpResponse:
    form = JoinForm(request.POST or None, initial={"email": invite.email})
    if request.method == "POST" and form.is_valid():
        try:
            membership = actions.admit(
                invite_id=invite.pk,
                language=get_language() or "",
                **cast("dict[str, str]", form.cleaned_data),
            )
        except Refused as refused:
            if not refused.field:
                return _closed(request, str(refused.message), status=409)
            show_refusal(form, refused)
        else:
            login(request, membership.user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("inbox:list", workspace=membership.workspace.slug)
    return render(
        request, "accounts/join.html", {"invite": invite, "form": form}, status=422 if form.errors else 200
    )


def _closed(request: HttpRequest, words: str, *, status: int) -> HttpResponse:
    return render(request, "accounts/join_closed.html", {"words": words}, status=status)
