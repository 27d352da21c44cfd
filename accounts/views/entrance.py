"""The way in: the front page, and what a person chooses for themselves."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts import actions
from accounts.adapter import remember_language
from accounts.context import active_memberships
from accounts.forms import PreferencesForm
from accounts.models import User


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight into the only workspace, or a choice."""
    memberships = active_memberships(request.user)
    if len(memberships) == 1:
        return redirect("inbox:list", workspace=memberships[0].workspace.slug)
    return render(request, "accounts/choose.html", {"memberships": memberships})


@require_POST
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen language or theme and goes back to the page."""
    form = PreferencesForm(request.POST)
    response = redirect(_back(request))
    if form.is_valid():
        language = form.cleaned_data["language"] or None
        actions.set_preferences(
            user=cast("User", request.user),
            language=language,
            theme=form.cleaned_data["theme"] if "theme" in request.POST else None,
        )
        if language:
            remember_language(response, language)
    return response


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else "/"
