"""Who may see a page of the phonebook beyond looking at people. Which workspace it is, the middleware has settled."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase

from accounts.middleware import WorkspaceRequest

View = Callable[..., HttpResponseBase]


def senders_only(view: View) -> View:
    """403 for members who may not send to lists; outsiders have met a 404 in the middleware already."""

    @wraps(view)
    def guarded(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.membership.may_send_to_lists:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
