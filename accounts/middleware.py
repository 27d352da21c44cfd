"""Resolves /w/<workspace>/… to a workspace and a membership; everybody else gets a 404, as if it did not exist."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import Membership, User, Workspace


class WorkspaceRequest(HttpRequest):
    """The request of a member: what views under /w/<workspace>/ receive."""

    user: User
    htmx: HtmxDetails
    workspace: Workspace
    membership: Membership


class WorkspaceMiddleware:
    """Only resolves the member. Opening the scope is the view's business (tenancy.reads) or the action's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing to do before the URL is resolved."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Takes `workspace` out of the view's arguments and puts the rows on the request."""
        if "workspace" not in kwargs:
            return None
        slug = kwargs.pop("workspace")
        member_request = cast("WorkspaceRequest", request)
        if not request.user.is_authenticated:
            return _to_login(member_request)
        membership = (
            Membership.objects.select_related("workspace")
            .filter(workspace__slug=slug, user_id=request.user.pk, is_active=True)
            .first()
        )
        if membership is None:
            raise Http404
        membership.user = member_request.user
        member_request.membership = membership
        member_request.workspace = membership.workspace
        return None


def _to_login(request: WorkspaceRequest) -> HttpResponseBase:
    # htmx would follow a redirect and put the login page where a piece of this one belongs.
    if page := request.htmx.current_url_abs_path:
        return HttpResponseClientRedirect(redirect_to_login(page).url)
    return redirect_to_login(request.get_full_path())
