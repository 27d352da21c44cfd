"""Imports: the list, sending a file, saying what its columns are, looking at the dry run, starting, the odd rows."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import show_refusal
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading, reads
from phonebook import imports as reads_imports
from phonebook import lists as reads_lists
from phonebook.actions import Refused
from phonebook.actions import imports as actions
from phonebook.downloads import csv_response
from phonebook.import_forms import FileForm, MappingForm
from phonebook.importing import verdicts
from phonebook.importing.files import BYTES_AT_MOST
from phonebook.models import Import
from phonebook.views.access import senders_only
from phonebook.views.contacts import answer

UNPROCESSABLE = 422


@require_safe
@senders_only
@reads
def imports(request: WorkspaceRequest) -> HttpResponse:
    """All imports, newest first."""
    before = request.GET.get("before", "")
    page = reads_imports.page(
        request.workspace.pk,
        int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None,
    )
    return answer(request, "phonebook/imports.html", {"page": page})


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def new(request: WorkspaceRequest) -> HttpResponse:
    """The form that takes a file."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_bound and form.is_valid():
        name, content = form.read(BYTES_AT_MOST)
        try:
            made = actions.start_import(member=request.membership, name=name, content=content)
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return _to(request, made.pk)
    return answer(
        request, "phonebook/import_new.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200
    )


@require_safe
@senders_only
@reads
def one(request: WorkspaceRequest, import_id: int) -> HttpResponse:
    """The import as it stands: what to do next, or how far it is."""
    return _page(request, _found(request, import_id))


@require_safe
@senders_only
@reads
def progress(request: WorkspaceRequest, import_id: int) -> HttpResponse:
    """The part of the page that changes by itself; asked for every second while a worker is at it."""
    return answer(request, "phonebook/_import.html", _context(request, _found(request, import_id)))


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def map_columns(request: WorkspaceRequest, import_id: int) -> HttpResponse:
    """Says what the columns are; may be said again until the import was started."""
    with reading(request.workspace.pk):
        row = _found(request, import_id)
        form = _mapping(request, row)
        if request.method == "GET":
            return _page(request, row, form=form)
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.map_import(
                member=request.membership,
                import_id=import_id,
                mapping=form.mapping,
                country=data["country"],
                list_id=data["target_list"],
                new_list=data["new_list"],
            )
        except Refused as refused:
            show_refusal(form, refused)
        else:
            return _to(request, import_id)
    with reading(request.workspace.pk):
        return _page(request, row, form=form, status=UNPROCESSABLE)


@require_POST
@senders_only
def run(request: WorkspaceRequest, import_id: int) -> HttpResponse:
    """Starts the import."""
    return _do(request, import_id, actions.run_import)


@require_http_methods(["GET", "POST"])
@senders_only
@never_cache
def discard(request: WorkspaceRequest, import_id: int) -> HttpResponse:
    """Asks first, then throws the import away; contacts stay."""
    if request.method == "GET":
        with reading(request.workspace.pk):
            context = {"import": _found(request, import_id)}
            return answer(request, "phonebook/import_discard.html", context)
    try:
        actions.discard_import(member=request.membership, import_id=import_id)
    except Import.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        messages.error(request, str(refused.message))
        return _to(request, import_id)
    messages.success(request, _("The import was discarded."))
    return redirect("phonebook:imports", workspace=request.workspace.slug)


@require_safe
@senders_only
def errors(request: WorkspaceRequest, import_id: int) -> StreamingHttpResponse:
    """The rows that were not taken over, as they were in the file, and why."""
    with reading(request.workspace.pk):
        row = _found(request, import_id)
    return csv_response(request, f"import-{import_id}-rows.csv", _odd(row))


def _odd(row: Import) -> Iterator[list[list[object]]]:
    width = len(row.columns)
    headings = row.columns if row.mapping.get("headings", True) else [""] * width
    yield [[*headings, _("Row"), _("Reason")]]
    after = 0
    while True:
        with reading(row.workspace_id):
            odd = reads_imports.odd_rows(row, after)
        if not odd:
            return
        yield [
            [*each.cells, *[""] * (width - len(each.cells)), each.line, verdicts.words(each.verdict)]
            for each in odd
        ]
        after = odd[-1].line


def _do(request: WorkspaceRequest, import_id: int, action: Callable[..., Any]) -> HttpResponse:
    try:
        action(member=request.membership, import_id=import_id)
    except Import.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        messages.error(request, str(refused.message))
    return _to(request, import_id)


def _found(request: WorkspaceRequest, import_id: int) -> Import:
    row = reads_imports.found(request.workspace.pk, import_id)
    if row is None:
        raise Http404
    return row


def _mapping(request: WorkspaceRequest, row: Import) -> MappingForm:
    lists = reads_lists.static_choices(request.workspace.pk)
    return MappingForm(request.POST if request.method == "POST" else None, row=row, lists=lists)


def _page(
    request: WorkspaceRequest, row: Import, *, form: MappingForm | None = None, status: int = 200
) -> HttpResponse:
    return answer(request, "phonebook/import.html", _context(request, row, form), status=status)


def _context(request: WorkspaceRequest, row: Import, form: MappingForm | None = None) -> dict[str, Any]:
    if form is None and row.state == Import.State.MAPPING:
        form = MappingForm(None, row=row, lists=reads_lists.static_choices(request.workspace.pk))
    return {"import": row, "form": form, "report": reads_imports.report(row)}


def _to(request: WorkspaceRequest, import_id: int) -> HttpResponse:
    return redirect("phonebook:import", workspace=request.workspace.slug, import_id=import_id)
