"""The list of lists, the page of one, and choosing who is on it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading, reads
from phonebook import lists as reads_lists
from phonebook import queries
from phonebook.actions import Refused
from phonebook.actions import lists as actions
from phonebook.list_forms import NameForm
from phonebook.models import List
from phonebook.picking import Picker
from phonebook.queries import Cursor, Filter
from phonebook.rule_form import words
from phonebook.views.access import senders_only
from phonebook.views.contacts import answer

UNPROCESSABLE = 422


@require_safe
@reads
def lists(request: WorkspaceRequest) -> HttpResponse:
    """All lists by name."""
    after = Cursor.parse(request.GET.get("after", ""))
    rows, more = reads_lists.page(request.workspace.pk, (after.name, after.id) if after else None)
    labels = {label.pk: label.name for label in queries.label_choices(request.workspace.pk)}
    said = [(row, words(row.list.rule, labels) if row.list.rule else "") for row in rows]
    context = {"rows": said, "more": Cursor(*more) if more else None, "after": after}
    return answer(request, "phonebook/lists.html", context)


@require_safe
@reads
def one(request: WorkspaceRequest, list_id: int) -> HttpResponse:
    """Who is on a list, by name."""
    shown = found(request, list_id)
    chosen = Filter(q=request.GET.get("q", "").strip(), list=shown)
    after = Cursor.parse(request.GET.get("after", ""))
    page = queries.page(request.workspace.pk, chosen, after)
    labels = queries.label_choices(request.workspace.pk)
    own = {} if shown.rule else reads_lists.columns(shown, [row.contact.pk for row in page.rows])
    context = {
        "list": shown,
        "people": reads_lists.counts([shown])[0],
        "rule": words(shown.rule, {label.pk: label.name for label in labels}) if shown.rule else "",
        "rows": [(row, sorted(own.get(row.contact.pk, {}).items())) for row in page.rows],
        "more": page.more,
        "chosen": chosen,
        "after": after,
    }
    template = "phonebook/_list_people.html" if request.htmx.target == "people" else "phonebook/list.html"
    return answer(request, template, context)


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def new(request: WorkspaceRequest) -> HttpResponse:
    """+ New List: a name, then contacts, then Save."""
    saving = request.method == "POST" and request.POST.get("do") == "save"
    form = NameForm(request.POST if saving else None, initial={"name": request.POST.get("name", "")})
    picker = Picker.read(request.POST if request.method == "POST" else request.GET)
    if saving and form.is_valid():
        try:
            made = actions.create_list(
                member=request.membership,
                name=form.cleaned_data["name"],
                contact_ids=picker.ticked,
                query=_query(request, picker),
            )
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, _("The list was saved."))
            return to_list(request, made)
    return _pick(request, "phonebook/list_new.html", picker, {"form": form}, bad=bool(form.errors))


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def add(request: WorkspaceRequest, list_id: int) -> HttpResponse:
    """More contacts for a list."""
    with reading(request.workspace.pk):
        shown = found(request, list_id)
    picker = Picker.read(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and request.POST.get("do") == "save":
        try:
            added = actions.add(
                member=request.membership,
                list_id=list_id,
                contact_ids=picker.ticked,
                query=_query(request, picker),
            )
        except Refused as refused:
            messages.error(request, str(refused.message))
        else:
            said = ngettext("%(n)d contact was added.", "%(n)d contacts were added.", added) % {"n": added}
            messages.success(request, said)
        return to_list(request, shown)
    return _pick(request, "phonebook/list_add.html", picker, {"list": shown})


@require_POST
@senders_only
def remove(request: WorkspaceRequest, list_id: int) -> HttpResponse:
    """Takes the ticked contacts off a list."""
    with reading(request.workspace.pk):
        shown = found(request, list_id)
    try:
        gone = actions.remove(
            member=request.membership, list_id=list_id, contact_ids=Picker.read(request.POST).ticked
        )
    except Refused as refused:
        messages.error(request, str(refused.message))
    else:
        said = ngettext("%(n)d contact was removed.", "%(n)d contacts were removed.", gone) % {"n": gone}
        messages.success(request, said)
    return to_list(request, shown)


def found(request: WorkspaceRequest, list_id: int) -> List:
    """The workspace's list, or 404."""
    shown = List.objects.filter(workspace_id=request.workspace.pk, pk=list_id).first()
    if shown is None:
        raise Http404
    return shown


def to_list(request: WorkspaceRequest, shown: List) -> HttpResponse:
    """Back to the page of a list."""
    return redirect("phonebook:list", workspace=request.workspace.slug, list_id=shown.pk)


def _query(request: WorkspaceRequest, picker: Picker) -> Any:
    with reading(request.workspace.pk):
        return picker.query(request.workspace.pk)


def _pick(
    request: WorkspaceRequest, template: str, picker: Picker, context: dict[str, Any], *, bad: bool = False
) -> HttpResponse:
    with reading(request.workspace.pk):
        context |= {"picker": picker.fill(request.workspace.pk)}
        piece = "phonebook/_picker.html" if request.htmx.target == "picker" else template
        return answer(request, piece, context, status=UNPROCESSABLE if bad else 200)
