"""Who may see a settings page. Decides by role alone; which workspace it is, the middleware has settled."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase

from accounts.middleware import WorkspaceRequest

View = Callable[..., HttpResponseBase]


def admins_only(view: View) -> View:
    """403 for the workspace's other members; outsiders have met a 404 in the middleware already."""

    @wraps(view)
    def guarded(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.membership.is_admin:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
