"""Keeps our copy of each account's templates: asks WhatsApp for the list and writes down what it says.

Runs in a worker. A `Sync` row in state waiting is the wish; its `requested` is when it is due, and while somebody carries
it out, when that one is given up. Never holds a transaction while it waits for the network, never stores a token.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.tenancy import crossing, retrying_deadlocks, scope
from templates_wa.models import Sync
from whatsapp.errors import Ambiguous, GraphError, NotSent
from whatsapp.management import Management, TemplateInfo

log = structlog.get_logger(__name__)

# Three pages that each take as long as a call can.
LEASE = timedelta(minutes=5)
# Several webhooks about one template arrive within a second or two: one list answers them all.
WEBHOOKS_SETTLE = timedelta(seconds=4)
# A wish this old has lost its task.
OVERDUE = timedelta(seconds=5)
TRY_AGAIN = timedelta(minutes=15)  # after WhatsApp could not be reached
AT_ONCE = 50  # wishes per sweep, so that a night's work does not hold up what people ask for
_BAD_TOKEN = 190
_PASSING = ("unreachable", "unclear")


@dataclass(frozen=True)
class _Wanted:
    waba_id: str
    token: str = field(repr=False)
    started: datetime
    lease: datetime


def run(*, workspace_id: int, account_id: int) -> None:
    """Carries out the wish for a newer copy, if there is one and nobody is at it."""
    wanted = _take(workspace_id, account_id)
    if wanted is None:
        return
    templates, detail = _ask(wanted)
    _record(workspace_id, account_id, wanted, templates, detail)
    log.info("templates.synced", account=account_id, count=len(templates or ()), detail=detail[:9])


def want(account_ids: Iterable[int], *, after: timedelta = timedelta()) -> None:
    """Wishes for newer copies, in the caller's scope or crossing. An earlier wish that nobody began stays as it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO templates_wa_sync (workspace_id, account_id, state, requested, detail)"
            " SELECT workspace_id, id, 'waiting', now() + make_interval(secs => %s), '' FROM accounts_businessaccount"
            " WHERE id = ANY(%s) AND access_token <> '' ORDER BY id"
            " ON CONFLICT (account_id) DO UPDATE SET state = 'waiting', detail = '', requested ="
            " CASE WHEN templates_wa_sync.state = 'waiting'"
            " THEN least(templates_wa_sync.requested, excluded.requested) ELSE excluded.requested END",
            [after.total_seconds(), sorted(account_ids)],
        )


@retrying_deadlocks
def due() -> list[tuple[int, int]]:
    """(workspace id, account id) of wishes without a task, in all workspaces; the newest first.

    Makes the first wish of every account that has a token, and another one where WhatsApp could not be reached.
    """
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM accounts_businessaccount a LEFT JOIN templates_wa_sync s ON s.account_id = a.id"
            " WHERE a.access_token <> '' AND (s.id IS NULL"
            " OR (s.state = 'failed' AND s.detail = ANY(%s) AND s.requested < now() - make_interval(secs => %s)))"
            " ORDER BY a.id LIMIT %s",
            [list(_PASSING), TRY_AGAIN.total_seconds(), AT_ONCE],
        )
        want([account_id for (account_id,) in cursor.fetchall()], after=-OVERDUE)
        cursor.execute(
            "SELECT workspace_id, account_id FROM templates_wa_sync"
            " WHERE state = 'waiting' AND requested <= now() - make_interval(secs => %s) ORDER BY requested DESC, id LIMIT %s",
            [OVERDUE.total_seconds(), AT_ONCE],
        )
        return list(cursor.fetchall())


@retrying_deadlocks
def want_all() -> None:
    """The nightly wish: a newer copy of everything."""
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE templates_wa_sync SET state = 'waiting', requested = now(), detail = '' WHERE state <> 'waiting'"
        )


def _take(workspace_id: int, account_id: int) -> _Wanted | None:
    now = timezone.now()
    with scope(workspace_id):
        sync = (
            Sync.objects.select_related("account")
            .select_for_update(of=("self",))
            .filter(account_id=account_id, state=Sync.State.WAITING, requested__lte=now)
            .first()
        )
        if sync is None:
            return None
        sync.requested = now + LEASE
        sync.save(update_fields=["requested"])
        return _Wanted(sync.account.waba_id, sync.account.access_token, now, sync.requested)


def _ask(wanted: _Wanted) -> tuple[list[TemplateInfo] | None, str]:
    """The whole list, or None and why not: a reason and its argument, put into words only when shown."""
    try:
        with Management(
            settings.WHATSAPP_GRAPH_URL,
            settings.WHATSAPP_GRAPH_VERSION,
            wanted.token,
            settings.WHATSAPP_APP_SECRETS[0],
        ) as calls:
            return calls.list_templates(wanted.waba_id), ""
    except ValueError:
        return None, "token"
    except NotSent:
        return None, "unreachable"
    except Ambiguous:
        return None, "unclear"
    except GraphError as error:
        # Complaints about a token quote it, and this text is shown.
        details = "" if error.code == _BAD_TOKEN else (error.details or error.message)
        return None, f"graph {error.code} {details.replace(wanted.token, '…')}"[:500]


@retrying_deadlocks
def _record(
    workspace_id: int,
    account_id: int,
    wanted: _Wanted,
    templates: Sequence[TemplateInfo] | None,
    detail: str,
) -> None:
    """Templates before the wish: in this order webhooks lock them too."""
    with scope(workspace_id):
        if not Sync.objects.filter(account_id=account_id).exists():
            return  # the account has gone meanwhile
        if templates is not None:
            _write(workspace_id, account_id, templates, wanted.started)
        _finish(account_id, wanted, detail, worked=templates is not None)


def _write(workspace_id: int, account_id: int, templates: Sequence[TemplateInfo], started: datetime) -> None:
    """Only over what is older than the question: a webhook that came meanwhile knows better."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM templates_wa_template WHERE account_id = %s ORDER BY id FOR NO KEY UPDATE",
            [account_id],
        )
        cursor.execute(
            "INSERT INTO templates_wa_template AS t (workspace_id, account_id, template_id, name, language, category,"
            " correct_category, status, reason, quality, parameter_format, components, told, created)"
            " SELECT %(workspace)s, %(account)s, new.id, new.name, new.language, new.category, new.correct_category,"
            " new.status, new.reason, new.quality, new.parameter_format, new.components, %(started)s, now()"
            " FROM (SELECT DISTINCT ON (name, language) * FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (id text,"
            " name text, language text, category text, correct_category text, status text, reason text, quality text,"
            " parameter_format text, components jsonb) ORDER BY name, language, id DESC) AS new"
            " ON CONFLICT (account_id, name, language) DO UPDATE SET template_id = excluded.template_id,"
            " category = excluded.category, correct_category = excluded.correct_category, status = excluded.status,"
            # The list says why a template was rejected, and only the webhook why it was paused.
            " reason = CASE WHEN excluded.reason = '' AND t.status = excluded.status AND t.status <> 'APPROVED'"
            " THEN t.reason ELSE excluded.reason END, quality = excluded.quality,"
            " parameter_format = excluded.parameter_format, components = excluded.components, gone = NULL,"
            " told = excluded.told WHERE t.told < excluded.told",
            {
                "workspace": workspace_id,
                "account": account_id,
                "started": started,
                "rows": msgspec.json.encode(templates).decode(),
            },
        )
        cursor.execute(
            "UPDATE templates_wa_template SET gone = %(started)s, told = %(started)s"
            " WHERE account_id = %(account)s AND gone IS NULL AND told < %(started)s",
            {"account": account_id, "started": started},
        )


def _finish(account_id: int, wanted: _Wanted, detail: str, *, worked: bool) -> None:
    """Settles the wish, unless a newer one came while it was carried out; the age of the copy counts in any case."""
    sync = Sync.objects.select_for_update().get(account_id=account_id)
    if worked:
        sync.finished = wanted.started
    if sync.requested == wanted.lease:
        sync.state = Sync.State.OK if worked else Sync.State.FAILED
        sync.requested, sync.detail = wanted.started, detail
    sync.save()
