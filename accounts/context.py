"""What every page of a workspace knows about its member."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership, User


def workspace(request: HttpRequest) -> dict[str, Any]:
    """The member's workspace, membership and the other workspaces; empty outside /w/<workspace>/."""
    return {
        "workspace": getattr(request, "workspace", None),
        "membership": getattr(request, "membership", None),
        # Lazy: only a page that draws the rail asks.
        "my_memberships": SimpleLazyObject(lambda: active_memberships(request.user)),
        "demo": settings.DEMO,
    }


def active_memberships(user: User | AnonymousUser) -> list[Membership]:
    """The workspaces a person may enter, by name; none for anonymous visitors."""
    if not user.is_authenticated:
        return []
    return list(
        Membership.objects.filter(user_id=user.pk, is_active=True)
        .select_related("workspace")
        .order_by("workspace__name", "id")
    )
