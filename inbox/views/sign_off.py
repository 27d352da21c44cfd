"""Signing off: who goes home is asked what becomes of the conversations they hold, then logged out.

The session is one for all workspaces of a person, and so are the question and its answer.
"""

from typing import Any, cast

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.context import active_memberships
from accounts.middleware import WorkspaceRequest
from accounts.models import User
from accounts.tenancy import reading
from inbox import actions, queries
from inbox.views.answers import SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
def sign_off(request: WorkspaceRequest) -> HttpResponse:
    """Asks, on a page of the workspace; then releases what is held everywhere, or keeps it, and ends the session."""
    if request.method == "POST":
        return _leave(request, request.user)
    held = _held(request.user)
    with reading(request.workspace.pk):
        return render(request, "inbox/sign_off.html", held)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sign_off_everywhere(request: HttpRequest) -> HttpResponse:
    """The same outside of any workspace, for who has not chosen one."""
    person = cast("User", request.user)
    if request.method == "POST":
        return _leave(request, person)
    return render(request, "inbox/sign_off_everywhere.html", _held(person))


def _held(person: User) -> dict[str, Any]:
    """`held` conversations in all, and `places`: (workspace, how many there) of those where there are any."""
    places = []
    for member in active_memberships(person):
        with reading(member.workspace_id):
            if count := queries.held_by(member.workspace_id, member.pk):
                places.append((member.workspace, count))
    return {"held": sum(count for _, count in places), "places": places}


def _leave(request: HttpRequest, person: User) -> HttpResponse:
    if request.POST.get("claims") == "release":
        actions.release_mine(person)
    logout(request)
    return SeeOther(reverse("account_login"))
