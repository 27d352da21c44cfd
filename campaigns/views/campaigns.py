"""Marketing: the list of campaigns, one campaign, and the part of its page that follows the sending."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reads
from campaigns import queries
from campaigns.models import Campaign
from campaigns.views import pages
from inbox import queries as inbox


@require_safe
@never_cache
@reads
def campaigns(request: WorkspaceRequest) -> HttpResponse:
    """Every campaign, newest first, with how far it got."""
    before = request.GET.get("before", "")
    last = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    page = queries.page(request.workspace.pk, before=last)
    return render(request, "campaigns/list.html", pages.list_context(page))


@require_safe
@never_cache
@reads
def campaign(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """One campaign: what will be sent and to whom, or what became of it."""
    seq = inbox.seq(request.workspace.pk)  # first: what changes after this is told by the socket
    return render(request, "campaigns/campaign.html", pages.context(request, campaign_id, seq=seq))


@require_safe
@never_cache
@reads
def of_broadcast(request: WorkspaceRequest, broadcast_id: int) -> HttpResponse:
    """The campaign that a group of threads under Marketing belongs to; the inbox knows broadcasts only."""
    campaign = get_object_or_404(Campaign, workspace=request.workspace, broadcast=broadcast_id)
    return redirect("campaigns:campaign", request.workspace.slug, campaign.pk)


@require_safe
@never_cache
@reads
def figures(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """The part of the page that changes by itself, fetched while there is something to see."""
    context = pages.context(request, campaign_id)
    # Buttons are exchanged only when others are needed, never under somebody's pointer.
    context["changed"] = context["campaign"].state != request.GET.get("was")
    return render(request, "campaigns/_state.html", context)
