"""What members ask for: a template from the support desk, or that WhatsApp create, change, delete or unpause one.

One verb, one transaction. Nothing here talks to WhatsApp: a wish is a row and a task, and pages show how far it is.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import Refused
from accounts.models import BusinessAccount, Membership
from accounts.tenancy import retrying_deadlocks, scope
from templates_wa import tasks
from templates_wa.drafting import Draft, components
from templates_wa.models import HeaderFile, Note, Request, Submission, Template

TEXT_CHARS = 4000
EDITABLE = {"APPROVED", "REJECTED", "PAUSED"}  # Meta, Template management, 2026-09
__all__ = [
    "Refused",
    "answer_support",
    "delete",
    "edit",
    "may_request",
    "may_submit",
    "request_template",
    "submit",
    "unpause",
    "withdraw",
]
_OPEN = {Request.State.OPEN, Request.State.ASKED}


def may_request(member: Membership) -> bool:
    """Marketers and admins, and agents who may send to lists."""
    return member.may_send_to_lists


def may_submit(member: Membership) -> bool:
    """Admins of workspaces that may hand in templates by themselves."""
    return member.is_admin and member.workspace.submits_templates


@retrying_deadlocks
def request_template(
    *, member: Membership, account_id: int, draft: Draft, description: str, request_id: UUID
) -> Request:
    """Asks the support desk for a template, described in words or drafted. Repeated, it returns the same request.

    Raises Refused, BusinessAccount.DoesNotExist.
    """
    if not may_request(member):
        raise Refused(_("Only marketers and admins may request templates."))
    if not description.strip() and not draft.body.strip():
        raise Refused(_("Describe what the template should say, or draft it."), "description")
    with scope(member.workspace_id, durable=True):
        account = BusinessAccount.objects.get(pk=account_id)
        _check_samples(draft)
        request, _made = Request.objects.get_or_create(
            workspace_id=member.workspace_id,
            request_id=request_id,
            defaults={
                "account": account,
                "requested_by": member,
                "name": draft.name,
                "language": draft.language,
                "category": draft.category,
                "description": description.replace("\0", "")[:TEXT_CHARS],
                "components": components(draft) if draft.body or draft.is_otp else [],
            },
        )
        return request


@retrying_deadlocks
def answer_support(*, member: Membership, request_id: int, text: str) -> Request:
    """Says something to the support desk; a request that was asked about is with support again.

    Raises Refused, Request.DoesNotExist.
    """
    text = text.replace("\0", "").strip()
    if not text or len(text) > TEXT_CHARS:
        raise Refused(_("Write something, at most 4,000 characters."), "text")
    with scope(member.workspace_id, durable=True):
        request = _open_request(member, request_id)
        Note.objects.create(workspace_id=member.workspace_id, request=request, member=member, text=text)
        request.state, request.changed = Request.State.OPEN, timezone.now()
        request.save(update_fields=["state", "changed"])
        return request


@retrying_deadlocks
def withdraw(*, member: Membership, request_id: int) -> Request:
    """Takes a request back before it was handed in. Raises Refused, Request.DoesNotExist."""
    with scope(member.workspace_id, durable=True):
        request = _open_request(member, request_id)
        request.state, request.changed = Request.State.WITHDRAWN, timezone.now()
        request.save(update_fields=["state", "changed"])
        return request


@retrying_deadlocks
def submit(*, member: Membership, account_id: int, draft: Draft, request_id: UUID) -> Submission:
    """Wishes that WhatsApp review a new template. The draft has passed `drafting.problems`.

    Repeated, it returns the same wish. Raises Refused, BusinessAccount.DoesNotExist.
    """
    _check_right(member)
    body: dict[str, Any] = {
        "name": draft.name,
        "language": draft.language,
        "category": draft.category,
        "components": components(draft),
    }
    if draft.is_named:
        body["parameter_format"] = "NAMED"
    with scope(member.workspace_id, durable=True):
        account = BusinessAccount.objects.get(pk=account_id)
        taken = Template.objects.filter(account=account, name=draft.name, language=draft.language, gone=None)
        if taken.exists():
            raise Refused(_("There is a template of this name in this language already."), "name")
        _check_app(draft)
        _check_samples(draft)
        return _wish(member, account, Submission.Verb.CREATE, body, request_id=request_id)


@retrying_deadlocks
def edit(*, member: Membership, template_id: int, draft: Draft, request_id: UUID) -> Submission:
    """Wishes that WhatsApp replace a template's text; it is reviewed again. An approved one keeps its category.

    Raises Refused, Template.DoesNotExist.
    """
    _check_right(member)
    with scope(member.workspace_id, durable=True):
        template = _there(template_id)
        if template.status not in EDITABLE:
            raise Refused(_("WhatsApp lets only approved, rejected and paused templates be changed."))
        body: dict[str, Any] = {"components": components(draft)}
        if template.status != Template.APPROVED:
            body["category"] = draft.category
        _check_app(draft)
        _check_samples(draft)
        return _wish(
            member, template.account, Submission.Verb.EDIT, body, template=template, request_id=request_id
        )


@retrying_deadlocks
def delete(*, member: Membership, template_id: int) -> Submission:
    """Wishes that WhatsApp delete a template in its language. Raises Refused, Template.DoesNotExist."""
    _check_right(member)
    with scope(member.workspace_id, durable=True):
        template = _there(template_id)
        if template.status == "DISABLED":
            raise Refused(_("WhatsApp does not delete templates that it has switched off."))
        return _wish(
            member, template.account, Submission.Verb.DELETE, {"name": template.name}, template=template
        )


@retrying_deadlocks
def unpause(*, member: Membership, template_id: int) -> Submission:
    """Wishes that a paused template can be sent again. Raises Refused, Template.DoesNotExist."""
    _check_right(member)
    with scope(member.workspace_id, durable=True):
        template = _there(template_id)
        if template.status != "PAUSED":
            raise Refused(_("This template is not paused."))
        return _wish(member, template.account, Submission.Verb.UNPAUSE, {}, template=template)


def _check_right(member: Membership) -> None:
    if not may_submit(member):
        raise Refused(
            _("Only an admin may hand in templates, where the platform allows it. Ask support instead.")
        )


def _there(template_id: int) -> Template:
    """The template, locked, so that two wishes about it come one after the other."""
    return (
        Template.objects.select_related("account")
        .select_for_update(of=("self",))
        .get(pk=template_id, gone=None)
    )


def _open_request(member: Membership, request_id: int) -> Request:
    if not may_request(member):
        raise Refused(_("Only marketers and admins may request templates."))
    request = Request.objects.select_for_update().get(pk=request_id)
    if request.state not in _OPEN:
        raise Refused(_("This request is closed. Make a new one."))
    return request


def _check_app(draft: Draft) -> None:
    wanted = draft.samples()
    if wanted and not settings.WHATSAPP_APP_ID:
        raise Refused(
            _("Samples cannot be uploaded: the platform's WHATSAPP_APP_ID is not set."), wanted[0].field
        )


def _check_samples(draft: Draft) -> None:
    """Every sample that was chosen is a file of this workspace, and of the kind that its header has now."""
    chosen = [sample for sample in draft.samples() if sample.file is not None]
    mimes = dict(HeaderFile.objects.filter(pk__in=[one.file for one in chosen]).values_list("pk", "mime"))
    for sample in chosen:
        sort, _slash, _type = mimes.get(sample.file or 0, "").partition("/")
        if {"application": "document"}.get(sort, sort) != sample.kind:
            raise Refused(_("This file is gone or of another kind. Choose the sample again."), sample.field)


def _wish(
    member: Membership,
    account: BusinessAccount,
    verb: Submission.Verb,
    body: dict[str, Any],
    *,
    template: Template | None = None,
    request_id: UUID | None = None,
) -> Submission:
    waiting = Submission.objects.filter(template=template, verb=verb, state=Submission.State.WAITING)
    sent = waiting.first() if template else None
    if sent is None and request_id is not None:
        sent = Submission.objects.filter(request_id=request_id).first()
    if sent is not None:
        return sent
    wish, _made = Submission.objects.get_or_create(
        workspace_id=member.workspace_id,
        request_id=request_id,
        **({} if request_id else {"template": template, "verb": verb, "state": Submission.State.WAITING}),
        defaults={"account": account, "verb": verb, "template": template, "member": member, "body": body},
    )
    tasks.enqueue_submission(workspace_id=member.workspace_id, submission_id=wish.pk)
    return wish
