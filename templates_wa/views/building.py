"""The builder: a template is drafted, previewed, and then requested from support or handed in by an admin."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import WorkspaceRequest
from accounts.models import BusinessAccount
from accounts.tenancy import reading
from templates_wa import actions, builder, draft_cards, drafting, files, queries
from templates_wa.actions import asking
from templates_wa.definition import read, shown
from templates_wa.drafting import Draft
from templates_wa.models import Category, Template
from templates_wa.views.shelf import find

UNPROCESSABLE = 422
SAMPLE_OF_AN_OFFER = timedelta(days=2)  # how long the offer of a preview lasts


@require_http_methods(["GET", "POST"])
@never_cache
def new(request: WorkspaceRequest) -> HttpResponse:
    """A new template: described or drafted, for support or for WhatsApp."""
    if not asking.may_request(request.membership):
        raise PermissionDenied
    return _page(request, None)


@require_http_methods(["GET", "POST"])
@never_cache
def edit(request: WorkspaceRequest, template_id: int) -> HttpResponse:
    """Another text for a template; WhatsApp reviews it again."""
    if not asking.may_submit(request.membership):
        raise PermissionDenied
    with reading(request.workspace.pk):
        template = find(template_id)
    return _page(request, template)


@require_http_methods(["GET", "POST"])
@never_cache
def delete(request: WorkspaceRequest, template_id: int) -> HttpResponse:
    """Asks once, then wishes for the deletion."""
    if not asking.may_submit(request.membership):
        raise PermissionDenied
    with reading(request.workspace.pk):
        template = find(template_id)
        if request.method == "GET":
            return render(request, "templates_wa/delete.html", {"template": template})
    return _wish(request, template_id, asking.delete)


@require_POST
def unpause(request: WorkspaceRequest, template_id: int) -> HttpResponse:
    """Wishes that a paused template can be sent again."""
    if not asking.may_submit(request.membership):
        raise PermissionDenied
    return _wish(request, template_id, asking.unpause)


def _wish(request: WorkspaceRequest, template_id: int, verb: Any) -> HttpResponse:
    try:
        verb(member=request.membership, template_id=template_id)
    except Template.DoesNotExist as error:
        raise Http404 from error
    except asking.Refused as refused:
        messages.error(request, str(refused.message))
    return redirect("templates_wa:template", request.workspace.slug, template_id)


def _page(request: WorkspaceRequest, template: Template | None) -> HttpResponse:
    if request.method == "GET":
        return _show(request, template, _begun(template), {}, request_id=uuid4())
    verb = request.POST.get("do", "")
    draft, wrong = _with_uploads(request, builder.read(request.POST))
    draft = builder.after(draft, verb)
    if verb in {"submit", "support"}:
        wrong = _refused(request, draft, wrong, verb)
        if not wrong:
            return _carry_out(request, template, draft, verb)
    return _show(
        request,
        template,
        draft,
        wrong,
        request_id=_request_id(request),
        status=UNPROCESSABLE if wrong else 200,
    )


def _begun(template: Template | None) -> Draft:
    if template is None:
        return Draft(language="en")
    draft = drafting.buildable(template)
    if draft is None:
        raise Http404  # made of parts that the builder has no form for; its page does not link here
    with reading(template.workspace_id):
        earlier = queries.handed_in(template)
    return drafting.with_samples(draft, earlier) if earlier else draft


def _with_uploads(request: WorkspaceRequest, draft: Draft) -> tuple[Draft, dict[str, Any]]:
    """The draft with the samples that came with it, and what was refused of them, by field."""
    wrong: dict[str, Any] = {}
    for field, kind, _kept in draft.samples():
        upload = request.FILES.get(field)
        if upload is None:
            continue
        try:
            kept = actions.keep_file(member=request.membership, upload=upload, kind=kind)
            draft = builder.with_file(draft, field, kept.pk)
        except actions.Refused as refused:
            wrong[field] = refused.message
    return draft, wrong


def _refused(request: WorkspaceRequest, draft: Draft, wrong: dict[str, Any], verb: str) -> dict[str, Any]:
    """Support may be given a few words; WhatsApp wants everything right, and so does a draft for support."""
    if verb == "support" and not draft.body.strip() and not draft.is_otp:
        described = request.POST.get("description", "").strip()
        name = {key: words for key, words in drafting.problems(draft).items() if key in {"name", "language"}}
        return (
            wrong
            | name
            | ({} if described else {"description": _("Describe what the template should say, or draft it.")})
        )
    return drafting.problems(draft) | wrong  # what was wrong with a file says more than that there is none


def _carry_out(request: WorkspaceRequest, template: Template | None, draft: Draft, verb: str) -> HttpResponse:
    request_id, account_id = _request_id(request), request.POST.get("account", "")
    about: dict[str, Any] = {"member": request.membership, "draft": draft, "request_id": request_id}
    try:
        if template is not None:
            asking.edit(template_id=template.pk, **about)
            return redirect("templates_wa:template", request.workspace.slug, template.pk)
        about["account_id"] = (
            int(account_id) if account_id.isascii() and account_id.isdigit() and len(account_id) < 19 else 0
        )
        if verb == "support":
            made = asking.request_template(description=request.POST.get("description", ""), **about)
            return redirect("templates_wa:request", request.workspace.slug, made.pk)
        asking.submit(**about)
    except (BusinessAccount.DoesNotExist, Template.DoesNotExist) as error:
        raise Http404 from error
    except asking.Refused as refused:
        wrong = {refused.field or "": refused.message}
        return _show(request, template, draft, wrong, request_id=request_id, status=UNPROCESSABLE)
    return redirect("templates_wa:requests", request.workspace.slug)


def _request_id(request: WorkspaceRequest) -> UUID:
    try:
        return UUID(request.POST.get("request_id", ""))
    except ValueError:
        return uuid4()


def _show(
    request: WorkspaceRequest,
    template: Template | None,
    draft: Draft,
    wrong: dict[str, Any],
    *,
    request_id: UUID,
    status: int = 200,
) -> HttpResponse:
    made = read(drafting.components(draft), draft.category)
    examples = {slot.key: draft.examples.get(slot.key) or slot.example for slot in made.slots}
    if "lto.expires" in examples:
        examples["lto.expires"] = str(int((timezone.now() + SAMPLE_OF_AN_OFFER).timestamp() * 1000))
    with reading(request.workspace.pk):
        context = {
            "template": template,
            "draft": draft,
            "wrong": wrong,
            "request_id": request_id,
            "description": request.POST.get("description", ""),
            "accounts": list(BusinessAccount.objects.order_by("id")),
            "account": request.POST.get("account", ""),
            "categories": Category.choices,
            "languages": builder.languages(),
            "layouts": builder.LAYOUTS,
            "headers": builder.headers(draft),
            "wants_file": draft.header in drafting.MEDIA_HEADERS,
            "kinds": builder.kinds(draft),
            "beginnings": builder.BEGINNINGS,
            "rows": builder.rows(draft, wrong),
            "samples": builder.samples(draft, wrong),
            "card_headers": builder.CARD_HEADERS,
            "card_kinds": builder.card_kinds(draft),
            "decks": builder.decks(draft, wrong),
            "accept": next((files.ACCEPT[sample.kind] for sample in draft.samples()), ""),
            "fewest_cards": draft_cards.FEWEST,
            "most_cards": draft_cards.MOST,
            "shown": shown(made, {key: value for key, value in examples.items() if value}),
            "may_submit": asking.may_submit(request.membership),
        }
        page = "templates_wa/_builder.html" if request.htmx else "templates_wa/builder.html"
        return render(request, page, context, status=status)
