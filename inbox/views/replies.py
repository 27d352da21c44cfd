"""The agent's words: reply, send again, and having read."""

from functools import partial

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.middleware import WorkspaceRequest
from inbox import actions
from inbox.actions import NotYours, Refused, Stale
from inbox.forms import ReplyForm
from inbox.models import Conversation, Message
from inbox.views.answers import CONFLICT, INVALID, once_more, sent
from inbox.views.composer import Draft


@require_POST
def reply(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Queues a reply, or gives it back with the reason; one from an outdated screen is held and shows what changed."""
    form = ReplyForm(request.POST)
    valid = form.is_valid()
    draft = partial(
        Draft, text=request.POST.get("text", ""), quoted=form.cleaned_data.get("quoted"), refused=True
    )
    if not valid:
        error = _("This form is incomplete. Load the page again; your text is kept here.")
        return once_more(request, conversation_id, draft(error=error), INVALID)
    try:
        message = actions.reply(
            member=request.membership, conversation_id=conversation_id, **form.arguments()
        )
    except Conversation.DoesNotExist:
        raise Http404 from None
    except Stale as stale:
        return once_more(request, conversation_id, draft(changes=stale.changes, seen=stale.seen), CONFLICT)
    except Refused as refused:
        status = CONFLICT if isinstance(refused, NotYours) else INVALID
        return once_more(request, conversation_id, draft(error=refused.message), status)
    return sent(request, message, Draft())


@require_POST
def again(request: WorkspaceRequest, conversation_id: int, message_id: int) -> HttpResponse:
    """Sends a failed or unconfirmed message once more, as a new one. What is being typed stays."""
    typed = request.POST.get("text", "")
    try:
        message = actions.send_again(member=request.membership, message_id=message_id)
    except Message.DoesNotExist:
        raise Http404 from None
    except Refused as refused:
        return once_more(
            request, conversation_id, Draft(text=typed, error=refused.message, refused=True), CONFLICT
        )
    return sent(request, message, Draft(text=typed))


@require_POST
def read(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """The holder has it on the screen; anybody else's look changes nothing."""
    try:
        actions.mark_read(member=request.membership, conversation_id=conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None
    return HttpResponse(status=204)
