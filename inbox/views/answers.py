"""How a verb is answered: the action has committed or refused, and what follows renders in a new reading scope.

With a script, the pieces of the open thread that depend on who is looking; without one, a redirect (303), or the
whole page again when the answer is no, with what had been typed.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseLocation

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from inbox.actions import Refused
from inbox.models import Conversation, Message
from inbox.views import drafts
from inbox.views.composer import Draft
from inbox.views.pages import answer, controls_context, found, menu_context, show_thread

CONFLICT, INVALID = 409, 422


class SeeOther(HttpResponseRedirect):
    """What a form that was carried out answers a browser without a script."""

    status_code = 303


def carry_out(
    request: WorkspaceRequest,
    conversation_id: int,
    action: Callable[..., object],
    said: str,
    *,
    opens: bool = False,
) -> HttpResponse:
    """Runs a verb on a conversation and answers. `opens`: on a row, the thread is what comes next.

    What had been typed comes back with the composer, whatever the verb and its outcome.
    """
    text = request.POST.get("text", "")
    try:
        action(member=request.membership, conversation_id=conversation_id)
    except (Conversation.DoesNotExist, Message.DoesNotExist):
        raise Http404 from None
    except Refused as refused:
        messages.error(request, str(refused.message))
        return once_more(request, conversation_id, Draft(text=text, refused=True), CONFLICT)
    messages.success(request, said)
    if request.POST.get("from") == "row":
        return _from_row(request, conversation_id, opens=opens)
    if request.htmx:
        return controls(request, conversation_id, Draft(text=text))
    drafts.keep(request, conversation_id, text)
    return SeeOther(thread_url(request, conversation_id))


def once_more(request: WorkspaceRequest, conversation_id: int, draft: Draft, status: int) -> HttpResponse:
    """What was refused, as things are now, with what had been typed."""
    if request.htmx and request.POST.get("from") == "row":
        return answer(request, "inbox/_said.html", {}, status=status)
    if request.htmx:
        return controls(request, conversation_id, draft, status=status)
    with reading(request.workspace.pk):
        return show_thread(request, conversation_id, draft, status=status)


def controls(
    request: WorkspaceRequest, conversation_id: int, draft: Draft, *, status: int = 200
) -> HttpResponse:
    """The composer, and around it header, holder and toasts. Messages and lines follow by the live frame."""
    with reading(request.workspace.pk):
        conversation = found(request, conversation_id)
        context = menu_context(request, conversation) | controls_context(request, conversation, draft)
        return answer(request, "inbox/_answer.html", context, status=status)


def sent(request: WorkspaceRequest, message: Message, draft: Draft) -> HttpResponse:
    """What follows a message that was queued: the composer with what is still to be said, or the thread's page."""
    if request.htmx:
        return controls(request, message.conversation_id, draft)
    return SeeOther(thread_url(request, message.conversation_id, f"#message-{message.pk}"))


def thread_url(request: WorkspaceRequest, conversation_id: int, anchor: str = "") -> str:
    """The thread's page, with the list as it was beside it."""
    query = request.GET.copy()
    for name in ("from", "quote", "to", "template", "find"):
        query.pop(name, None)
    path = reverse("inbox:thread", args=[request.workspace.slug, conversation_id])
    return path + (f"?{query.urlencode()}" if query else "") + anchor


def _from_row(request: WorkspaceRequest, conversation_id: int, *, opens: bool) -> HttpResponse:
    """The row itself follows by the live frame."""
    url = thread_url(request, conversation_id)
    if not opens:
        url = url.replace(f"/inbox/{conversation_id}/", "/inbox/", 1)
    if not request.htmx:
        return SeeOther(url)
    if opens:
        return HttpResponseLocation(url, target="#main", swap="outerHTML")
    return answer(request, "inbox/_said.html", {})
