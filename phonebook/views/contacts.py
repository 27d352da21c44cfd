"""The phonebook's list and the page of one contact."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reads
from phonebook import queries
from phonebook.forms import ConsentForm
from phonebook.languages import name as language_name
from phonebook.models import Contact
from phonebook.views.place import Place


@require_safe
@reads
def contacts(request: WorkspaceRequest) -> HttpResponse:
    """One page of the phonebook, filtered; only its rows where a script asks for them."""
    place = Place.read(request.GET, request.workspace.pk)
    page = queries.page(request.workspace.pk, place.chosen, place.after)
    more = place.query_after(page.more) if page.more else ""
    piece = request.htmx.target == "people"
    template = "phonebook/_contacts.html" if piece else "phonebook/contacts.html"
    return answer(request, template, {"place": place, "page": page, "more": more})


@require_safe
@reads
def contact(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """All that is known of a contact; one that was merged leads to the one that was kept."""
    shown = found(request, contact_id)
    if shown.merged_into_id:
        return redirect(
            "phonebook:contact", workspace=request.workspace.slug, contact_id=shown.merged_into_id
        )
    return show_contact(request, shown)


def show_contact(
    request: WorkspaceRequest,
    contact: Contact,
    *,
    consent_form: ConsentForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page of a contact, inside a reading scope; with a form that was not accepted, if there is one."""
    known = queries.known(contact)
    carried = {label.pk for label in known.labels}
    until = contact.marketing_not_before
    context = {
        "contact": contact,
        "known": known,
        "all_labels": [(label, label.pk in carried) for label in queries.label_choices(request.workspace.pk)],
        "speaks": language_name(contact.language) if contact.language else "",
        "fields": sorted(contact.fields.items()),
        "capped": until is not None and until > timezone.now(),
        "consent_form": consent_form or ConsentForm(zone=request.workspace.timezone),
        **more,
    }
    return answer(request, "phonebook/contact.html", context, status=status)


def found(request: WorkspaceRequest, contact_id: int) -> Contact:
    """The workspace's contact, or 404."""
    try:
        return queries.contact(request.workspace.pk, contact_id)
    except Contact.DoesNotExist:
        raise Http404 from None


def answer(
    request: WorkspaceRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Renders. The same URL answers pages and pieces, and all of it is customers': no cache may mix or keep it."""
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    patch_cache_control(response, private=True, no_cache=True)
    return response
