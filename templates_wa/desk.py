"""The platform's support desk: answers requests for templates, asks back, hands them in.

For staff in /admin/, whose request is one crossing already: everything here is written in the caller's transaction.
Talks to WhatsApp by a Submission only, which a worker carries out.
"""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from templates_wa import draft_samples, tasks
from templates_wa.models import HeaderFile, Note, Request, Submission

State = Request.State
_OPEN = {State.OPEN, State.ASKED}


class NotPossible(Exception):  # noqa: N818 - a plain no
    """The desk cannot do this now; the message says why."""


def ask_back(request: Request, text: str) -> None:
    """Asks the requester something. Raises NotPossible."""
    _say(request, text)
    _move(request, State.ASKED)


def close(request: Request, text: str) -> None:
    """Answers without a template. Raises NotPossible."""
    _say(request, text)
    _move(request, State.ANSWERED)


def hand_in(request: Request, text: str = "") -> Submission:
    """Hands the request's draft in for review, as it stands. Pressed twice, it is one. Raises NotPossible."""
    Request.objects.select_for_update().get(pk=request.pk)
    if request.state not in _OPEN:
        raise NotPossible(_("This request is closed."))
    if not request.components:
        raise NotPossible(_("There is no draft yet: write its components first."))
    kept = set(draft_samples.numbers(request.components))
    there = HeaderFile.objects.filter(workspace_id=request.workspace_id, pk__in=kept)
    if not draft_samples.are_all_there(request.components) or there.count() < len(kept):
        raise NotPossible(_("A header needs a sample file, which the request does not have."))
    waiting = Submission.objects.filter(support_request=request, state=Submission.State.WAITING).first()
    if waiting is not None:
        return waiting
    if text:
        _say(request, text)
    body: dict[str, Any] = {
        "name": request.name,
        "language": request.language,
        "category": request.category,
        "components": request.components,
    }
    if "_named_params" in str(request.components):
        body["parameter_format"] = "NAMED"
    wish = Submission.objects.create(
        workspace_id=request.workspace_id,
        account_id=request.account_id,
        support_request=request,
        verb=Submission.Verb.CREATE,
        body=body,
    )
    tasks.enqueue_submission(workspace_id=request.workspace_id, submission_id=wish.pk)
    return wish


def _say(request: Request, text: str) -> None:
    if request.state not in _OPEN:
        raise NotPossible(_("This request is closed."))
    if not text.strip():
        raise NotPossible(_("Write something to the requester."))
    Note.objects.create(workspace_id=request.workspace_id, request=request, text=text.strip())


def _move(request: Request, state: str) -> None:
    request.state, request.changed = state, timezone.now()
    request.save(update_fields=["state", "changed"])
