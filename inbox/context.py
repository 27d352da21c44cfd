"""What the rail shows on every page of a workspace, also on those of the rooms below."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from inbox import queries


def rail(request: HttpRequest) -> dict[str, Any]:
    """`rail_unclaimed`, asked for only by a page that draws the rail and has not counted already."""
    workspace = getattr(request, "workspace", None)
    if workspace is None:
        return {}
    return {"rail_unclaimed": SimpleLazyObject(lambda: queries.counts(workspace.pk)["all"]["unclaimed"])}
