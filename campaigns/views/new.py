"""New Conversation: From, Recipient, Template, what is filled in, and Send; to one person or, as a campaign, to lists."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.refusals import Refused as PlanRefused
from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from campaigns import drafting, sending
from campaigns.drafting import Draft
from campaigns.forms import CONTACT, LISTS
from inbox.actions import Refused as InboxRefused
from templates_wa import actions as templates

UNPROCESSABLE = 422
# What may be chosen by a link to this page.
LINKED = ("contact", "template", "number", "who")


@require_http_methods(["GET", "POST"])
@never_cache
def new(request: WorkspaceRequest) -> HttpResponse:
    """The page; a POST of it sends, unless `step` only asks for the form as it is now or for its preview."""
    kept, refused_files = templates.keep_files(member=request.membership, uploads=request.FILES)
    step = request.POST.get("step", "") if request.method == "POST" else "open"
    with reading(request.workspace.pk):
        draft = _draft(request, kept)
        if step == "preview":
            return render(request, "campaigns/_new_preview.html", {"draft": draft})
        if step or not draft.check() or refused_files:
            draft.problems = {**draft.problems, **refused_files}
            return _show(request, draft, status=200 if step else UNPROCESSABLE)
        order = sending.order(draft)
    try:
        return redirect(sending.send(request.membership, order))
    except (InboxRefused, PlanRefused) as refused:
        return _refused(request, draft, refused)


@require_POST
@never_cache
def test(request: WorkspaceRequest) -> HttpResponse:
    """Sends the template as it is filled in to the person themselves, and remembers their number."""
    kept, _refused_files = templates.keep_files(member=request.membership, uploads=request.FILES)
    with reading(request.workspace.pk):
        draft = _draft(request, kept)
        order = sending.test_order(draft)
        if order is None:
            return _show(request, draft, status=UNPROCESSABLE)
    try:
        sending.send(request.membership, order)
    except (InboxRefused, PlanRefused) as refused:
        return _refused(request, draft, refused)
    messages.success(request, _("The test is on its way to %(phone)s.") % {"phone": order.phone})
    with reading(request.workspace.pk):
        return _show(request, draft)


def _draft(request: WorkspaceRequest, kept: dict[str, str]) -> Draft:
    data = request.POST if request.method == "POST" else None
    return drafting.read(data, request.membership, _initial(request), kept)


def _initial(request: WorkspaceRequest) -> dict[str, Any]:
    linked = {name: request.GET[name] for name in LINKED if request.GET.get(name)}
    lists = request.GET.getlist("lists")
    to = LISTS if lists else CONTACT
    phone = request.membership.test_phone
    return {"to": to, "lists": lists, "test_phone": phone, "request_id": uuid4(), **linked}


def _refused(request: WorkspaceRequest, draft: Draft, refused: InboxRefused | PlanRefused) -> HttpResponse:
    """The action's no, at the field it is about, with all that was typed."""
    field = getattr(refused, "field", "")
    with reading(request.workspace.pk):
        draft.problems = getattr(refused, "problems", {}) or ({field: refused.message} if field else {})
        draft.form.add_error(field if field in draft.form.fields else None, str(refused.message))
        return _show(request, draft, status=UNPROCESSABLE)


def _show(request: WorkspaceRequest, draft: Draft, status: int = 200) -> HttpResponse:
    page = "campaigns/_new_form.html" if request.htmx else "campaigns/new.html"
    # Somebody who is still choosing is not scolded for what they have not chosen yet.
    errors = draft.form.errors if status == UNPROCESSABLE else {}
    return render(request, page, {"draft": draft, "form": draft.form, "errors": errors}, status=status)
