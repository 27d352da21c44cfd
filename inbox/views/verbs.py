"""Claim, unclaim, close, transfer: each calls its action, and only the action decides."""

from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from inbox import actions, queries, rules
from inbox.forms import TransferForm
from inbox.models import Conversation
from inbox.views.answers import INVALID, carry_out
from inbox.views.pages import answer, found, menu_context


@require_POST
def claim(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Makes the member the holder. Text typed beside "Claim and reply" stays in the composer, also for the loser."""
    return carry_out(request, conversation_id, actions.claim, _("Claimed. It is yours now."), opens=True)


@require_POST
def unclaim(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Returns the conversation to Unclaimed."""
    return carry_out(request, conversation_id, actions.unclaim, _("Returned to Unclaimed."))


@require_POST
def close(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Marks the conversation as completed."""
    return carry_out(request, conversation_id, actions.close, _("Closed."))


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: WorkspaceRequest, conversation_id: int) -> HttpResponse:
    """Admins only: gives a claimed conversation to a colleague. A dialog; a page without a script."""
    with reading(request.workspace.pk):
        conversation = found(request, conversation_id)
        form = _transfer_form(request, conversation)
        if not request.membership.is_admin:
            raise PermissionDenied(_("Only an admin may transfer a conversation."))
        if request.method != "POST" or not form.is_valid():
            return _ask(request, conversation, form)
    to = form.cleaned_data["to"]
    action = partial(actions.transfer, to_id=to.pk, note=form.cleaned_data["note"])
    return carry_out(request, conversation_id, action, _("Transferred to %(name)s.") % {"name": to.name})


def _transfer_form(request: WorkspaceRequest, conversation: Conversation) -> TransferForm:
    data = request.POST if request.method == "POST" else None
    return TransferForm(data, workspace_id=request.workspace.pk, holder_id=conversation.holder_id)


def _ask(request: WorkspaceRequest, conversation: Conversation, form: TransferForm) -> HttpResponse:
    template = "inbox/_transfer.html" if request.htmx else "inbox/transfer.html"
    context = {
        **menu_context(request, conversation),
        "form": form,
        "held": queries.counts(request.workspace.pk)["all"]["holders"],
        "possible": rules.allowed(rules.Verb.TRANSFER, conversation, request.membership),
    }
    return answer(request, template, context, status=INVALID if form.is_bound else 200)
