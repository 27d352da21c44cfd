"""Reading the inbox: the list, a thread, and the pieces of both that the browser asks for by itself."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reads
from inbox import marketing, queries
from inbox.timeline import days
from inbox.views import drafts
from inbox.views.composer import Draft
from inbox.views.pages import answer, controls_context, found, menu_context, show_list, show_thread


@require_safe
@reads
def conversations(request: WorkspaceRequest) -> HttpResponse:
    """The list; the thread beside it is empty."""
    return show_list(request)


@require_safe
@reads
def thread(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """The list and one thread, opened at what has not been read."""
    return show_thread(request, conversation_id, drafts.opened(request, conversation_id))


@require_safe
@reads
def broadcast(request: WorkspaceRequest, broadcast_id: int) -> HttpResponse:
    """The figures of a broadcast, fetched again when they change; without a script, its threads."""
    group = marketing.group(request.workspace.pk, broadcast_id)
    if group is None:
        raise Http404
    if not request.htmx:
        url = reverse("inbox:list", args=[request.workspace.slug])
        return redirect(f"{url}?tab=marketing&broadcast={broadcast_id}")
    seen = request.GET.get("seen", "")
    shown = int(seen) if seen.isdecimal() and len(seen) < 10 else None
    later = 0 if shown is None else group.broadcast.people - shown
    return answer(request, "inbox/_figures.html", {"group": group, "seen": shown, "later": later})


@require_safe
@reads
def menu(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """The 3-dot menu: exactly what this member may do now. A page of its own where there is no script."""
    template = "inbox/_menu.html" if request.htmx else "inbox/menu.html"
    return answer(request, template, menu_context(request, found(request, conversation_id)))


@require_safe
@reads
def controls(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Header, composer and holder for this member; fetched again when state, holder or window change."""
    context = menu_context(request, found(request, conversation_id))
    context |= controls_context(request, context["conversation"], Draft())
    return answer(request, "inbox/_controls.html", context)


@require_safe
@reads
def older(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """The messages before a cursor; without a script, the thread as it was then."""
    before = queries.Cursor.parse(request.GET.get("before", ""))
    conversation = found(request, conversation_id)
    if before is None or not request.htmx:
        url = reverse("inbox:thread", args=[request.workspace.slug, conversation_id])
        return redirect(f"{url}?to={before}" if before else url)
    page = queries.thread(conversation, before)
    context = {
        "conversation": conversation,
        "days": days(page.items, conversation.workspace),
        "older": page.older,
    }
    return answer(request, "inbox/_older.html", context)
