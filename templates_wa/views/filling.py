"""The generated form of a template with its preview, and the files of headers. Nothing is sent from here."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading, reads
from templates_wa import actions, files, forms, wording
from templates_wa.definition import definition, problems, shown
from templates_wa.models import HeaderFile
from templates_wa.slots import URL_CHARS, Slot
from templates_wa.views.shelf import find

_A_YEAR_SECONDS = 31_536_000


@require_safe
@reads
def fill(request: WorkspaceRequest, template_id: int) -> HttpResponse:
    """The form with the preview; for htmx only these, to be put into a form of the page."""
    page = "templates_wa/_fill.html" if request.htmx else "templates_wa/fill.html"
    return render(request, page, _context(template_id, forms.values_from(request.GET), {}, look=False))


@require_POST
def preview(request: WorkspaceRequest, template_id: int) -> HttpResponse:
    """What the customer would see with these values; for htmx only that, else the page with what is wrong."""
    with reading(request.workspace.pk):
        find(template_id)  # before anything is kept
    kept, refused = actions.keep_files(member=request.membership, uploads=request.FILES)
    values = forms.values_from(request.POST) | kept
    with reading(request.workspace.pk):
        context = _context(template_id, values, refused, look=True)
        page = "templates_wa/_preview.html" if request.htmx else "templates_wa/fill.html"
        return render(request, page, context)


@require_POST
def keep(request: WorkspaceRequest) -> HttpResponse:
    """Keeps the file that was chosen for one slot; the answer stands beside its field and shows it."""
    name, upload = next(iter(request.FILES.items()), ("", None))
    key, _colon, kind = name.removeprefix("f:").partition(":")
    if upload is not None and kind not in files.ACCEPT:
        raise Http404
    values, refused = actions.keep_files(member=request.membership, uploads={name: upload} if upload else {})
    slot = Slot(key, f"media_{kind}", "", URL_CHARS)
    field = forms.Field(slot, values.get(key, ""), refused.get(key, ""))
    with reading(request.workspace.pk):
        answer = render(request, "templates_wa/_kept.html", {"field": field}, status=422 if refused else 200)
    # The form around it hears that something was filled in, and draws its preview anew.
    return trigger_client_event(answer, "input", after="settle")


@require_safe
@reads
def file(_request: WorkspaceRequest, file_id: int) -> HttpResponse:
    """A kept file, for members only: pictures and videos to be looked at, documents to be saved."""
    kept = HeaderFile.objects.filter(pk=file_id).first()
    if kept is None:
        raise Http404
    is_document = kept.mime == "application/pdf"
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": content_disposition_header(is_document, kept.name) or "attachment",
        "Cache-Control": f"private, max-age={_A_YEAR_SECONDS}, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(bytes(kept.content), content_type=kept.mime, headers=headers)


def _context(
    template_id: int, values: dict[str, str], refused: dict[str, Any], *, look: bool
) -> dict[str, Any]:
    """`look` says whether somebody has typed yet: an untouched form is not scolded."""
    template = find(template_id)
    made = definition(template)
    wrong = problems(made, values) | refused if look else {}
    fields = forms.fields(made, values, wrong)
    return {
        "template": template,
        "made": made,
        "slots": fields,
        "typed_wrong": [field for field in fields if field.error and field.value],
        "missing": sum(1 for field in fields if field.error and not field.value),
        "looked": look,
        "shown": shown(made, values),
        "why_not": wording.why_not(template, made),
    }
