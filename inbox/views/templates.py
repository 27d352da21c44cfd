"""The composer as a template picker: choose one, fill it in, look at it, send it. Works as pages without a script."""

from dataclasses import replace
from functools import partial

from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from inbox import actions
from inbox.actions import BadValues, NotYours, Refused, Stale
from inbox.forms import TemplateForm
from inbox.models import Conversation
from inbox.views import drafts
from inbox.views.answers import CONFLICT, INVALID, once_more, sent
from inbox.views.composer import Draft
from inbox.views.pages import answer, controls_context, found, menu_context, show_thread
from inbox.views.picking import WORDS_AT_MOST, Wish
from templates_wa.actions import keep_files
from templates_wa.forms import values_from
from templates_wa.models import Template

_ID_DIGITS = 18


@require_http_methods(["GET", "HEAD", "POST"])
def template(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Shows the templates that may be sent (?find=), or the one of ?template= to be filled in; a POST sends it.

    A POST that names none comes from the composer: what was typed there is shown again beside the templates.
    """
    if request.method != "POST":
        return _show(request, conversation_id, drafts.opened(request, conversation_id), request.GET)
    if not request.POST.get("template"):
        return _show(request, conversation_id, Draft(text=request.POST.get("text", "")), request.POST)
    return _send(request, conversation_id)


def _show(request: WorkspaceRequest, conversation_id: int, draft: Draft, asked: QueryDict) -> HttpResponse:
    words = " ".join(asked.get("find", "").replace("\0", " ").split())[:WORDS_AT_MOST]
    draft = replace(draft, wish=Wish(words=words, template_id=_template_id(asked)))
    if not request.htmx:
        drafts.keep(request, conversation_id, draft.text)  # for the page after this one
    with reading(request.workspace.pk):
        if not request.htmx:
            return show_thread(request, conversation_id, draft)
        conversation = found(request, conversation_id)
        context = menu_context(request, conversation) | controls_context(request, conversation, draft)
        return answer(request, "inbox/_composer.html", context)


def _send(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Queues it, or gives it back with the reason and all that was filled in."""
    form = TemplateForm(request.POST)
    wish = _with_files(request, _typed(request))
    draft = partial(Draft, text=request.POST.get("text", ""), refused=True, wish=wish)
    if not form.is_valid():
        error = _("This form is incomplete. Load the page again and choose the template once more.")
        return once_more(request, conversation_id, draft(error=error), INVALID)
    if wish.problems:
        return once_more(request, conversation_id, draft(), INVALID)
    try:
        message = actions.send_template(
            member=request.membership,
            conversation_id=conversation_id,
            values=wish.values,
            **form.arguments(),
        )
    except (Conversation.DoesNotExist, Template.DoesNotExist):
        raise Http404 from None
    except Stale as stale:
        return once_more(request, conversation_id, draft(changes=stale.changes, seen=stale.seen), CONFLICT)
    except Refused as refused:
        return _refused(request, conversation_id, refused, wish)
    return sent(request, message, Draft())


def _refused(request: WorkspaceRequest, conversation_id: int, refused: Refused, wish: Wish) -> HttpResponse:
    if isinstance(refused, BadValues):
        wish = replace(wish, problems=refused.problems)
    # Who may not send it at all gets no form back: what they had filled in is kept as a text.
    text = "\n".join(filter(None, wish.values.values())) if isinstance(refused, NotYours) else ""
    status = CONFLICT if isinstance(refused, NotYours) else INVALID
    draft = Draft(text=text, error=refused.message, refused=True, wish=wish)
    return once_more(request, conversation_id, draft, status)


def _with_files(request: WorkspaceRequest, wish: Wish) -> Wish:
    """A file that was chosen for the header is kept first: it is there again when something else has to be mended."""
    values, problems = keep_files(member=request.membership, uploads=request.FILES)
    return replace(wish, values={**wish.values, **values}, problems=problems)


def _typed(request: WorkspaceRequest) -> Wish:
    return Wish(template_id=_template_id(request.POST), values=values_from(request.POST))


def _template_id(asked: QueryDict) -> int | None:
    text = asked.get("template", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS else None
