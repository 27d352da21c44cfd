"""Changing a list as a whole: its name, its rule, a copy, a new one out of several, and its end."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from phonebook import lists as reads_lists
from phonebook import queries
from phonebook.actions import Refused
from phonebook.actions import lists as actions
from phonebook.list_forms import CombineForm, NameForm
from phonebook.models import List
from phonebook.rule_form import RuleForm
from phonebook.views.access import senders_only
from phonebook.views.contacts import answer
from phonebook.views.lists import UNPROCESSABLE, found, to_list


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def new_by_rule(request: WorkspaceRequest) -> HttpResponse:
    """A new dynamic list: a name and a rule."""
    return _ruled(request, None)


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def edit(request: WorkspaceRequest, list_id: int) -> HttpResponse:
    """Another name; for a dynamic list, another rule too."""
    with reading(request.workspace.pk):
        shown = found(request, list_id)
    if shown.rule is not None:
        return _ruled(request, shown)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": shown.name})
    rename = actions.rename
    done = _named(request, form, lambda name: rename(member=request.membership, list_id=list_id, name=name))
    return done or _page(request, "phonebook/list_edit.html", form, list=shown)


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def copy(request: WorkspaceRequest, list_id: int) -> HttpResponse:
    """A second list like this one."""
    with reading(request.workspace.pk):
        shown = found(request, list_id)
    proposed = _("Copy of %(name)s") % {"name": shown.name}
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": proposed[:120]})
    copied = actions.copy
    done = _named(request, form, lambda name: copied(member=request.membership, list_id=list_id, name=name))
    return done or _page(request, "phonebook/list_copy.html", form, list=shown)


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def combine(request: WorkspaceRequest) -> HttpResponse:
    """A new list out of others."""
    with reading(request.workspace.pk):
        choices = queries.list_choices(request.workspace.pk)
    first = {"first": request.GET.get("list", "")}
    form = CombineForm(request.POST if request.method == "POST" else None, lists=choices, initial=first)

    def combined(name: str) -> List:
        kind, chosen = form.cleaned_data["kind"], form.list_ids
        return actions.combine(member=request.membership, kind=kind, list_ids=chosen, name=name)

    return _named(request, form, combined) or _page(request, "phonebook/list_combine.html", form)


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def delete(request: WorkspaceRequest, list_id: int) -> HttpResponse:
    """Asks first, then deletes the list; its contacts stay."""
    with reading(request.workspace.pk):
        shown = found(request, list_id)
        if request.method == "GET":
            return answer(request, "phonebook/list_delete.html", {"list": shown})
    try:
        actions.delete(member=request.membership, list_id=list_id)
    except Refused as refused:
        messages.error(request, str(refused.message))
        return to_list(request, shown)
    messages.success(request, _("The list “%(name)s” was deleted.") % {"name": shown.name})
    return redirect("phonebook:lists", workspace=request.workspace.slug)


def _ruled(request: WorkspaceRequest, shown: List | None) -> HttpResponse:
    sent = request.method == "POST"
    saving = sent and request.POST.get("do") == "save"
    rule = RuleForm.read(request.POST) if sent else RuleForm.of(shown.rule if shown else None)
    name = request.POST.get("name", shown.name if shown else "")
    form = NameForm(request.POST if saving else None, initial={"name": name})
    kept = rule.check() if saving else None
    if kept is not None:

        def save(name: str) -> List:
            if shown is None:
                return actions.create_list(member=request.membership, name=name, rule=kept)
            return actions.set_rule(member=request.membership, list_id=shown.pk, name=name, rule=kept)

        done = _named(request, form, save)
        if done:
            return done
    return _rule_page(request, form, rule, shown, bad=saving)


def _rule_page(
    request: WorkspaceRequest, form: NameForm, rule: RuleForm, shown: List | None, *, bad: bool
) -> HttpResponse:
    workspace_id = request.workspace.pk
    with reading(workspace_id):
        rule.labels, rule.fields = queries.label_choices(workspace_id), reads_lists.field_names(workspace_id)
        # How many it means now, as soon as it means anybody.
        usable = None if bad else RuleForm(rule.match, rule.rows).check()
        people = reads_lists.counts([List(workspace_id=workspace_id, rule=usable)])[0] if usable else None
        context = {"form": form, "rule": rule, "list": shown, "people": people}
        template = "phonebook/_rule.html" if request.htmx.target == "rule" else "phonebook/list_rule.html"
        return answer(request, template, context, status=UNPROCESSABLE if bad else 200)


def _named(request: WorkspaceRequest, form: NameForm, save: Callable[[str], List]) -> HttpResponse | None:
    """Saves under the name in a form that was sent; None if there is something to say on the form first."""
    if not form.is_bound or not form.is_valid():
        return None
    try:
        made = save(form.cleaned_data["name"])
    except Refused as refused:
        show_refusal(form, refused)
        return None
    messages.success(request, _("The list was saved."))
    return to_list(request, made)


def _page(request: WorkspaceRequest, template: str, form: NameForm, list: List | None = None) -> HttpResponse:  # noqa: A002
    with reading(request.workspace.pk):
        context = {"form": form, "list": list}
        return answer(request, template, context, status=UNPROCESSABLE if form.errors else 200)
