"""The form of a contact, for a new one and for one that is there."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from phonebook import actions, queries
from phonebook.actions import Refused, Taken
from phonebook.forms import ContactForm, FieldRows
from phonebook.models import Contact
from phonebook.views.contacts import answer, found

UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@never_cache
def edit(request: WorkspaceRequest, contact_id: int | None = None) -> HttpResponse:
    """Adds a contact, or changes one. A press on "Add a field" only shows the form again, with one more row."""
    with reading(request.workspace.pk):
        contact = _current(request, contact_id) if contact_id else None
        labels = queries.label_choices(request.workspace.pk)
        initial = _initial(request, contact)
    posted = request.method == "POST"
    rows = FieldRows.read(request.POST) if posted else FieldRows.of(contact)
    form = ContactForm(request.POST if posted else None, labels=labels, contact=contact, initial=initial)
    asked = posted and "rows" not in request.POST
    taken: int | None = None
    if asked and form.is_valid() & rows.check():
        try:
            saved = _save(request, contact, form, rows)
        except Contact.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            taken = refused.contact_id if isinstance(refused, Taken) else None
            _show_refusal(form, rows, refused)
        else:
            messages.success(request, _("The contact was saved."))
            return redirect("phonebook:contact", workspace=request.workspace.slug, contact_id=saved.pk)
    return _page(request, contact, form, rows, taken=taken, refused=asked)


def _current(request: WorkspaceRequest, contact_id: int) -> Contact:
    contact = found(request, contact_id)
    if contact.merged_into_id:
        raise Http404
    return contact


def _initial(request: WorkspaceRequest, contact: Contact | None) -> dict[str, object]:
    if contact is None:
        return {"phone": request.GET.get("phone", "")}
    known = queries.known(contact)
    return {
        "name": contact.name,
        "phone": contact.display_phone,
        "language": contact.language,
        "labels": [label.pk for label in known.labels],
        # Somebody who has written from the number has it, or had it: a typing error would not write.
        "keep_old_number": bool(contact.profile_name),
    }


def _save(request: WorkspaceRequest, contact: Contact | None, form: ContactForm, rows: FieldRows) -> Contact:
    details = form.details(rows)
    if contact is None:
        return actions.create_contact(member=request.membership, details=details)
    return actions.edit_contact(
        member=request.membership,
        contact_id=contact.pk,
        details=details,
        keep_old_number=form.cleaned_data.get("keep_old_number", False),
    )


def _show_refusal(form: ContactForm, rows: FieldRows, refused: Refused) -> None:
    if refused.field == "fields":
        rows.error = str(refused.message)
    else:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused.message))


def _page(
    request: WorkspaceRequest,
    contact: Contact | None,
    form: ContactForm,
    rows: FieldRows,
    *,
    taken: int | None,
    refused: bool,
) -> HttpResponse:
    with reading(request.workspace.pk):
        owner = Contact.objects.filter(pk=taken).first() if taken else None
        context = {"contact": contact, "form": form, "rows": rows, "owner": owner}
        return answer(request, "phonebook/edit.html", context, status=UNPROCESSABLE if refused else 200)
