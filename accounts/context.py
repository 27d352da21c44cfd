"""What every page of a workspace knows about its member."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def workspace(request: HttpRequest) -> dict[str, Any]:
    """The member's workspace, membership and language direction; empty outside /w/<workspace>/."""
    return {
        "workspace": getattr(request, "workspace", None),
        "membership": getattr(request, "membership", None),
        "demo": settings.DEMO,
    }
