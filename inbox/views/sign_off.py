"""Signing off: who goes home is asked what becomes of the conversations they hold, then logged out."""

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from inbox import actions, queries
from inbox.views.answers import SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
def sign_off(request: WorkspaceRequest) -> HttpResponse:
    """Asks; then releases what is held, or keeps it, and ends the session."""
    if request.method != "POST":
        with reading(request.workspace.pk):
            held = queries.held_by(request.workspace.pk, request.membership.pk)
            return render(request, "inbox/sign_off.html", {"held": held})
    if request.POST.get("claims") == "release":
        actions.release_mine(request.membership)
    logout(request)
    return SeeOther(reverse("account_login"))
