"""What is done to one contact from its page: labels, consent, block. One POST, one action, back to the page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.forms import show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from phonebook import actions, queries
from phonebook.actions import Refused
from phonebook.forms import ConsentForm, LabelsForm, split_words
from phonebook.models import Contact, Marketing
from phonebook.views.contacts import found, show_contact

UNPROCESSABLE = 422


@require_POST
@never_cache
def labels(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """Sets the labels of a contact."""
    with reading(request.workspace.pk):
        found(request, contact_id)
        form = LabelsForm(request.POST, labels=queries.label_choices(request.workspace.pk))
    if form.is_valid():
        try:
            _do(
                actions.set_labels,
                request,
                contact_id,
                label_ids=form.cleaned_data["labels"],
                new=split_words(form.cleaned_data["new_labels"]),
            )
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return _done(request, contact_id, _("The labels were saved."))
    return _again(request, contact_id, label_form=form)


@require_POST
@never_cache
def consent(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """Adds an entry to the ledger, and says what now counts: an older entry changes nothing."""
    form = ConsentForm(request.POST, zone=request.workspace.timezone)
    if form.is_valid():
        choice = Marketing(form.cleaned_data["choice"])
        try:
            contact = _do(
                actions.record_consent,
                request,
                contact_id,
                choice=choice,
                wording=form.cleaned_data["wording"],
                at=form.at,
            )
        except Refused as refused:
            show_refusal(form, refused)
        else:
            if contact.marketing == choice:
                return _done(request, contact_id, _("The consent was recorded."))
            messages.warning(
                request, _("It was recorded, but the customer has said something else since: that counts.")
            )
            return _back(request, contact_id)
    return _again(request, contact_id, consent_form=form)


@require_POST
def block(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """Nothing is sent to the contact any more."""
    contact = _do(actions.block, request, contact_id)
    return _done(
        request,
        contact_id,
        _("%(name)s is blocked: nothing is sent to them.") % {"name": contact.display_name},
    )


@require_POST
def unblock(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """The contact may be written to again."""
    contact = _do(actions.unblock, request, contact_id)
    return _done(request, contact_id, _("%(name)s is no longer blocked.") % {"name": contact.display_name})


def _do(
    action: Callable[..., Contact], request: WorkspaceRequest, contact_id: int, **arguments: Any
) -> Contact:
    try:
        return action(member=request.membership, contact_id=contact_id, **arguments)
    except Contact.DoesNotExist:
        raise Http404 from None


def _again(request: WorkspaceRequest, contact_id: int, **forms: Any) -> HttpResponse:
    with reading(request.workspace.pk):
        return show_contact(request, found(request, contact_id), status=UNPROCESSABLE, **forms)


def _done(request: WorkspaceRequest, contact_id: int, words: str) -> HttpResponse:
    messages.success(request, words)
    return _back(request, contact_id)


def _back(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    return redirect("phonebook:contact", workspace=request.workspace.slug, contact_id=contact_id)
