"""The workspace's labels: make, rename, delete."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from phonebook import actions, queries
from phonebook.actions import Refused
from phonebook.forms import LabelForm
from phonebook.models import Label
from phonebook.views.contacts import answer

UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@never_cache
def labels(request: WorkspaceRequest) -> HttpResponse:
    """All labels with how many carry them; a POST makes a new one."""
    form = LabelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.create_label(member=request.membership, name=form.cleaned_data["name"])
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return _done(request, _("The label was made."))
    with reading(request.workspace.pk):
        context = {"labels": queries.labels(request.workspace.pk), "form": form}
        return answer(request, "phonebook/labels.html", context, status=_status(form))


@require_http_methods(["GET", "POST"])
@never_cache
def label(request: WorkspaceRequest, label_id: int) -> HttpResponse:
    """The form that renames a label."""
    with reading(request.workspace.pk):
        current = _found(label_id)
    form = LabelForm(request.POST if request.method == "POST" else None, initial={"name": current.name})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_label(member=request.membership, label_id=label_id, name=form.cleaned_data["name"])
        except Label.DoesNotExist:
            raise Http404 from None
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return _done(request, _("The label was renamed."))
    with reading(request.workspace.pk):
        return answer(request, "phonebook/label.html", {"label": current, "form": form}, status=_status(form))


@require_http_methods(["GET", "POST"])
@never_cache
def delete(request: WorkspaceRequest, label_id: int) -> HttpResponse:
    """Asks first, then takes the label off everybody."""
    if request.method == "GET":
        with reading(request.workspace.pk):
            return answer(request, "phonebook/label_delete.html", {"label": _found(label_id)})
    try:
        gone = actions.delete_label(member=request.membership, label_id=label_id)
    except Label.DoesNotExist:
        raise Http404 from None
    return _done(request, _("The label “%(name)s” was deleted.") % {"name": gone.name})


def _found(label_id: int) -> Label:
    label = Label.objects.filter(pk=label_id).first()
    if label is None:
        raise Http404
    return label


def _status(form: LabelForm) -> int:
    return UNPROCESSABLE if form.errors else 200


def _done(request: WorkspaceRequest, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("phonebook:labels", workspace=request.workspace.slug)
