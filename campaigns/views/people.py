"""The people behind a figure of a campaign: pages of them, a file of them, and a list made of them."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading, reads
from campaigns import funnel
from campaigns.models import Campaign, Recipient
from campaigns.outcomes import outcome
from campaigns.people import Figure, everybody
from campaigns.people import people as page_of
from campaigns.reasons import Reason, explained
from campaigns.views.pages import found
from inbox.views.answers import INVALID, SeeOther
from phonebook.actions import Refused
from phonebook.actions.lists import save_people
from phonebook.downloads import csv_response
from phonebook.views.access import senders_only

ROWS_PER_BATCH = 1000


class ListForm(forms.Form):
    """What the new list is called."""

    name = forms.CharField(label=gettext_lazy("List Name"), max_length=120)


@require_safe
@never_cache
@reads
def people(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """One page of the people behind a figure, with what became of each."""
    return _show(request, campaign_id, _figure(request.GET), ListForm())


@require_safe
@senders_only
def export(request: WorkspaceRequest, campaign_id: int) -> StreamingHttpResponse:
    """All of them as a file, streamed."""
    figure = _figure(request.GET)
    with reading(request.workspace.pk):
        campaign = found(request, campaign_id)
    name = f"campaign-{request.workspace.slug}-{campaign.pk}-{figure.name}.csv"
    return csv_response(request, name, _batches(campaign, figure))


@require_POST
@senders_only
def save_list(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """A list of all of them, as they are now."""
    figure, form = _figure(request.POST), ListForm(request.POST)
    with reading(request.workspace.pk):
        campaign = found(request, campaign_id)
    if form.is_valid():
        chosen = everybody(campaign, figure).values_list("contact_id", flat=True)
        sql, values = chosen.query.sql_with_params()
        try:
            made = save_people(
                member=request.membership, name=form.cleaned_data["name"], people=(sql, values)
            )
        except Refused as refused:
            form.add_error("name", str(refused.message))
        else:
            messages.success(request, _("The list was saved."))
            return SeeOther(reverse("phonebook:list", args=[request.workspace.slug, made.pk]))
    with reading(request.workspace.pk):
        return _show(request, campaign_id, figure, form, status=INVALID)


def _figure(query: object) -> Figure:
    figure = Figure.read(query)  # type: ignore[arg-type]
    if figure is None:
        raise Http404
    return figure


def _show(
    request: WorkspaceRequest, campaign_id: int, figure: Figure, form: ListForm, status: int = 200
) -> HttpResponse:
    campaign = found(request, campaign_id)
    page = page_of(campaign, figure, request.GET.get("after", ""))
    context = {
        "campaign": campaign,
        "figure": figure,
        "figures": [(name, funnel.label(campaign, name), Figure(name).query) for name in funnel.LABELS],
        "title": funnel.title(campaign, figure),
        "rows": [(row, outcome(campaign, row)) for row in page.rows],
        "more": page.more,
        "is_later": "after" in request.GET,
        "why": _why(figure),
        "hidden": parse_qsl(figure.query),
        "form": form,
        "may_act": request.membership.may_send_to_lists,
    }
    return render(request, "campaigns/people.html", context, status=status)


def _why(figure: Figure) -> Reason | None:
    """What the people of one kind of failure have in common."""
    chosen = figure.name == "failed" and (figure.code is not None or figure.said is not None)
    return explained(figure.code, figure.said or "") if chosen else None


def _batches(campaign: Campaign, figure: Figure) -> Iterator[list[list[object]]]:
    """The headings, then the people; a scope for each batch, and none while the file waits to be fetched."""
    yield [[_("Name"), _("Phone number"), _("Language"), _("State"), _("Reason"), _("Code"), _("Sent")]]
    after: str | None = ""
    while after is not None:
        with reading(campaign.workspace_id):
            page = page_of(campaign, figure, after, at_most=ROWS_PER_BATCH)
            cells = [_cells(campaign, row) for row in page.rows]
        yield cells
        after = page.more or None


def _cells(campaign: Campaign, row: Recipient) -> list[object]:
    told = outcome(campaign, row)
    message = row.message
    return [
        row.contact.display_name,
        row.contact.phone,
        row.template.language if row.template else "",
        told.label,
        told.reason,
        message.error_code if message and told.is_failure else None,
        message.at.isoformat() if message and message.wamid else "",
    ]
