"""Carries out wishes to create, change, delete or unpause a template: one call to WhatsApp, and what it said.

Runs in a worker, never inside a transaction while it waits. A wish whose worker died in the middle of a creation is not
tried again blindly: the template may be there already, so it becomes unclear and the list is fetched.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.tenancy import crossing, retrying_deadlocks, scope
from templates_wa import draft_samples, sync
from templates_wa.models import HeaderFile, Request, Submission, Template
from whatsapp.errors import Ambiguous, GraphError, NotSent
from whatsapp.management import Created, Management

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=3)  # longer than three calls can take: one about the template, two for a sample
MORE_LEASE = timedelta(minutes=2)  # for the two calls of every other sample
OVERDUE = timedelta(seconds=5)
AT_ONCE = 50
_BAD_TOKEN = 190
Verb, State = Submission.Verb, Submission.State


@dataclass(frozen=True)
class _Wanted:
    workspace_id: int
    verb: str
    token: str = field(repr=False)
    waba_id: str
    template_id: str
    body: dict[str, Any]


@dataclass(frozen=True)
class _Said:
    """What came of it; `state` WAITING: nothing left, try again later."""

    state: str
    code: int | None = None
    detail: str = ""
    made: Created | None = None


def carry_out(*, workspace_id: int, submission_id: int) -> None:
    """Carries out one wish, if it still waits and nobody is at it."""
    wanted = _take(workspace_id, submission_id)
    if wanted is not None:
        _record(workspace_id, submission_id, _call(wanted))


def due() -> list[tuple[int, int]]:
    """(workspace id, submission id) of wishes whose task was lost or whose worker died, in all workspaces."""
    now = timezone.now()
    with crossing():
        waiting = Submission.objects.filter(state=State.WAITING, created__lt=now - OVERDUE)
        free = waiting.filter(lease=None).values_list("workspace_id", "pk")[:AT_ONCE]
        expired = waiting.filter(lease__lt=now).values_list("workspace_id", "pk")[:AT_ONCE]
        return [*free, *expired]


@retrying_deadlocks
def _take(workspace_id: int, submission_id: int) -> _Wanted | None:
    now = timezone.now()
    with scope(workspace_id):
        row = (
            Submission.objects.select_related("account", "template")
            .select_for_update(of=("self",))
            .filter(pk=submission_id, state=State.WAITING)
            .first()
        )
        if row is None or (row.lease is not None and row.lease > now):
            return None
        if row.lease is not None and row.verb == Verb.CREATE:
            _finish(row, _Said(State.UNCLEAR, detail="unclear"))
            return None
        row.lease = now + _lease(row)
        row.save(update_fields=["lease"])
        return _Wanted(
            workspace_id=workspace_id,
            verb=row.verb,
            token=row.account.access_token,
            waba_id=row.account.waba_id,
            template_id=row.template.template_id if row.template else "",
            body=row.body,
        )


def _call(wanted: _Wanted) -> _Said:
    try:
        with Management(
            settings.WHATSAPP_GRAPH_URL,
            settings.WHATSAPP_GRAPH_VERSION,
            wanted.token,
            settings.WHATSAPP_APP_SECRETS[0],
        ) as calls:
            return _ask(calls, wanted)
    except ValueError:
        return _Said(State.REFUSED, detail="token")
    except HeaderFile.DoesNotExist:
        return _Said(State.REFUSED, detail="sample")
    except NotSent:
        return _Said(State.WAITING, detail="unreachable")
    except Ambiguous:
        return _Said(State.UNCLEAR, detail="unclear")
    except GraphError as error:
        details = (
            "" if error.code == _BAD_TOKEN else (error.details or error.message).replace(wanted.token, "…")
        )
        return _Said(State.REFUSED, error.code, details[:500])


def _ask(calls: Management, wanted: _Wanted) -> _Said:
    body = dict(wanted.body)
    listed = body.get("components", [])
    handles = {
        number: _upload(calls, wanted.workspace_id, number) for number in draft_samples.numbers(listed)
    }
    if handles:
        body["components"] = draft_samples.with_handles(listed, handles)
    if wanted.verb == Verb.CREATE:
        return _Said(State.DONE, made=calls.create_template(wanted.waba_id, body))
    if wanted.verb == Verb.EDIT:
        calls.edit_template(wanted.template_id, body)
    elif wanted.verb == Verb.DELETE:
        calls.delete_template(wanted.waba_id, body["name"], template_id=wanted.template_id)
    else:
        calls.unpause_template(wanted.template_id)
    return _Said(State.DONE)


def _upload(calls: Management, workspace_id: int, number: int) -> str:
    """The handle of one sample. One file at a time is held: ten videos would be much. Raises HeaderFile.DoesNotExist."""
    with scope(workspace_id):
        file = HeaderFile.objects.get(pk=number)
    return calls.upload_sample(settings.WHATSAPP_APP_ID, file.name, file.mime, bytes(file.content))


def _lease(row: Submission) -> timedelta:
    more = len(draft_samples.numbers(row.body.get("components", []))) - 1
    return LEASE + max(more, 0) * MORE_LEASE


@retrying_deadlocks
def _record(workspace_id: int, submission_id: int, said: _Said) -> None:
    with scope(workspace_id):
        row = Submission.objects.select_for_update().filter(pk=submission_id, state=State.WAITING).first()
        if row is not None:
            _finish(row, said)
    log.info("templates.submitted", submission=submission_id, state=said.state, code=said.code)


def _finish(row: Submission, said: _Said) -> None:
    """Templates before the wish for a sync, as a synchronisation locks them."""
    began = (row.lease or timezone.now()) - _lease(row)
    row.code, row.detail, row.lease = said.code, said.detail, None
    if said.state == State.DONE:
        _apply(row, said.made, began)
    if said.state != State.WAITING:
        row.state, row.finished = said.state, timezone.now()
        # What WhatsApp makes of it (a category, a status) is its to say; the webhook may take its time.
        sync.want([row.account_id], after=sync.WEBHOOKS_SETTLE)
    row.save(update_fields=["code", "detail", "lease", "state", "finished", "template"])


def _apply(row: Submission, made: Created | None, began: datetime) -> None:
    now = timezone.now()
    if row.verb == Verb.CREATE and made is not None:
        row.template_id = _insert(row, made)
        Request.objects.filter(pk=row.support_request_id or 0).update(
            template=row.template_id, state=Request.State.SUBMITTED, changed=now
        )
    changed = Template.objects.filter(pk=row.template_id or 0)
    if row.verb == Verb.EDIT:
        # A review may be over before the answer is written down: what was told since is newer.
        changed.filter(told__lt=began).update(told=now, status="PENDING")
    elif row.verb == Verb.DELETE:
        changed.update(told=now, gone=now)


def _insert(row: Submission, made: Created) -> int:
    """The new template's row, unless a webhook or a sync was faster."""
    body = row.body
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO templates_wa_template (workspace_id, account_id, template_id, name, language, category,"
            " correct_category, status, reason, quality, parameter_format, components, told, created)"
            " VALUES (%s, %s, %s, %s, %s, %s, '', %s, '', '', %s, %s::jsonb, now(), now())"
            " ON CONFLICT (account_id, name, language) DO UPDATE SET template_id = excluded.template_id, gone = NULL"
            " RETURNING id",
            [
                row.workspace_id,
                row.account_id,
                made.id,
                body["name"],
                body["language"],
                made.category or body["category"],
                made.status or "PENDING",
                body.get("parameter_format", "POSITIONAL"),
                json.dumps(body["components"]),
            ],
        )
        return int(cursor.fetchone()[0])
