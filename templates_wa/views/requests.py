"""What was asked of the support desk and of WhatsApp, and how far it is. Everybody may look."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading, reads
from templates_wa import queries
from templates_wa.actions import asking
from templates_wa.definition import read, shown
from templates_wa.models import Request, Submission

UNPROCESSABLE = 422


@require_safe
@reads
def listed(request: WorkspaceRequest) -> HttpResponse:
    """The newest requests and wishes."""
    wishes = queries.submissions()
    waiting = any(wish.state == Submission.State.WAITING for wish in wishes)
    context = {"requests": queries.requests(), "submissions": wishes, "waiting": waiting}
    page = "templates_wa/_requests.html" if request.htmx else "templates_wa/requests.html"
    return render(request, page, context)


@require_http_methods(["GET", "POST"])
def one(request: WorkspaceRequest, request_id: int) -> HttpResponse:
    """A request with what was said about it; POST says something more."""
    error = ""
    if request.method == "POST":
        try:
            asking.answer_support(
                member=request.membership, request_id=request_id, text=request.POST.get("text", "")
            )
            return redirect("templates_wa:request", request.workspace.slug, request_id)
        except Request.DoesNotExist as missing:
            raise Http404 from missing
        except asking.Refused as refused:
            error = str(refused.message)
    with reading(request.workspace.pk):
        found = queries.request(request_id)
        if found is None:
            raise Http404
        made = read(found.components, found.category)
        examples = {slot.key: slot.example for slot in made.slots if slot.example}
        context = {
            "asked": found,
            "notes": list(found.notes.select_related("member__user").order_by("id")),
            "shown": shown(made, examples) if found.components else None,
            "is_open": found.state in {Request.State.OPEN, Request.State.ASKED},
            "may_answer": asking.may_request(request.membership),
            "error": error,
            "text": request.POST.get("text", ""),
        }
        return render(request, "templates_wa/request.html", context, status=UNPROCESSABLE if error else 200)


@require_POST
def withdraw(request: WorkspaceRequest, request_id: int) -> HttpResponse:
    """Takes a request back."""
    try:
        asking.withdraw(member=request.membership, request_id=request_id)
    except Request.DoesNotExist as missing:
        raise Http404 from missing
    except asking.Refused as refused:
        messages.error(request, str(refused.message))
    return redirect("templates_wa:request", request.workspace.slug, request_id)
