"""What can be done to a campaign: each verb is a POST of its own, answered by the campaign's page as it is then."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from campaigns import actions
from campaigns.actions import Refused
from campaigns.models import Campaign
from campaigns.views import pages
from inbox import queries as inbox
from inbox.views.answers import INVALID, SeeOther
from inbox.wording import zone
from phonebook.views.access import senders_only


class ScheduleForm(forms.Form):
    """A moment on the workspace's clock."""

    starts = forms.DateTimeField(
        label=gettext_lazy("Begin at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": gettext_lazy("Give a date and a time.")},
    )


class RequestForm(forms.Form):
    """One submit of a form, however often it arrives."""

    request_id = forms.UUIDField(required=False)

    def submit(self) -> UUID:
        """The id of the form that was sent; a new one if it had none."""
        given: UUID | None = self.cleaned_data.get("request_id") if self.is_valid() else None
        return given or uuid4()


@require_POST
@senders_only
def launch(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Sends it now."""
    return _carry_out(request, campaign_id, actions.launch, _("The campaign is being sent."))


@require_POST
@senders_only
def schedule(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Lets it begin at a time; what cannot be is said beside the field, with what was typed."""
    form = ScheduleForm(request.POST)
    if form.is_valid():
        # Django read it in the server's time zone; what was meant is the clock on the workspace's wall.
        starts = form.cleaned_data["starts"].replace(tzinfo=zone(request.workspace))
        try:
            actions.schedule(member=request.membership, campaign_id=campaign_id, starts=starts)
        except Campaign.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            form.add_error("starts" if refused.field == "starts" else None, str(refused.message))
        else:
            messages.success(request, _("The campaign is scheduled."))
            return _page(request, campaign_id)
    with reading(request.workspace.pk):
        context = pages.context(
            request,
            campaign_id,
            seq=inbox.seq(request.workspace.pk),
            schedule=form,
            starts_value=request.POST.get("starts", ""),
        )
        return render(request, "campaigns/campaign.html", context, status=INVALID)


@require_POST
@senders_only
def unschedule(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Takes it off the clock."""
    return _carry_out(request, campaign_id, actions.unschedule, _("The campaign will not begin by itself."))


@require_POST
@senders_only
def pause(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Holds it."""
    return _carry_out(request, campaign_id, actions.pause, _("The campaign is paused."))


@require_POST
@senders_only
def resume(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Goes on."""
    return _carry_out(request, campaign_id, actions.resume, _("The campaign goes on."))


@require_POST
@senders_only
def cancel(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Ends it."""
    return _carry_out(request, campaign_id, actions.cancel, _("The campaign is cancelled."))


@require_POST
@senders_only
def retry(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """Tries again whoever may be tried again."""

    def again(**ids: Any) -> None:
        people = actions.retry_failed(**ids)
        said = ngettext("%(n)s person is sent to again.", "%(n)s people are sent to again.", people)
        messages.success(request, said % {"n": people})

    return _carry_out(request, campaign_id, again)


@require_POST
@senders_only
def duplicate(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    """The same plan once more; its own page is what comes next."""
    form = RequestForm(request.POST)
    try:
        copy = actions.duplicate(member=request.membership, campaign_id=campaign_id, request_id=form.submit())
    except Campaign.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        messages.error(request, str(refused.message))
        return _page(request, campaign_id)
    messages.success(request, _("This is the copy. Nothing is sent before somebody sends it."))
    return _page(request, copy.pk)


def _carry_out(
    request: WorkspaceRequest, campaign_id: int, action: Callable[..., object], said: str = ""
) -> HttpResponse:
    try:
        action(member=request.membership, campaign_id=campaign_id)
    except Campaign.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        messages.error(request, str(refused.message))
    else:
        if said:
            messages.success(request, said)
    return _page(request, campaign_id)


def _page(request: WorkspaceRequest, campaign_id: int) -> HttpResponse:
    return SeeOther(reverse("campaigns:campaign", args=[request.workspace.slug, campaign_id]))
