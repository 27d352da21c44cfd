"""Makes the snapshot of a campaign's recipients, in one statement and one transaction: all of it or nothing.

A worker's work, asked for by `actions.prepare`. Whatever happens to lists, contacts and templates afterwards, the
snapshot stays; a worker that dies leaves none, and the next one starts clean.
"""

from datetime import timedelta
from typing import Any

import structlog
from django.db import DataError, OperationalError, connection
from django.db.models import Q
from django.db.models.functions import Now
from psycopg.errors import QueryCanceled

from accounts import stream
from accounts.models import BusinessAccount
from accounts.tenancy import crossing, retrying_deadlocks, scope
from campaigns import reasons
from campaigns.models import Audience, Campaign, Recipient
from campaigns.snapshot import insert_sql
from phonebook.models import List
from phonebook.rules import BadRule
from templates_wa.models import Template

log = structlog.get_logger(__name__)

# Only how often a lost task is asked for again: who is at work holds a lock that ends with their connection.
LEASE = timedelta(seconds=30)
STATEMENT_TIMEOUT = "15min"
OVERDUE_AT_MOST = 100


def expand(campaign_id: int, workspace_id: int) -> bool:
    """Freezes the recipients of a campaign that is CHECKING, which makes it READY. False: nothing to do, or somebody
    else is at it. A plan that cannot be carried out makes it FAILED, with the reason. Safe to call at any time."""
    if not _leased(campaign_id, workspace_id):
        return False
    try:
        return _expand(campaign_id, workspace_id)
    except (BadRule, DataError, OperationalError) as error:
        # A snapshot that took too long would take as long the next time; anything else of this kind passes.
        if isinstance(error, OperationalError) and not isinstance(error.__cause__, QueryCanceled):
            raise
        log.error(
            "campaign.expansion_failed",
            workspace=workspace_id,
            campaign=campaign_id,
            kind=type(error).__name__,
        )
        _fail(campaign_id, workspace_id)
        return False


def overdue() -> list[tuple[int, int]]:
    """(workspace_id, campaign_id) of the campaigns that still wait for their snapshot, and whose task may be lost."""
    with crossing():
        waiting = Campaign.objects.filter(Q(lease=None) | Q(lease__lt=Now()), state=Campaign.State.CHECKING)
        return list(
            waiting.filter(created__lt=Now() - timedelta(seconds=2))
            .order_by("pk")
            .values_list("workspace_id", "pk")[:OVERDUE_AT_MOST]
        )


def _leased(campaign_id: int, workspace_id: int) -> bool:
    with scope(workspace_id, durable=True):
        free = Campaign.objects.filter(
            Q(lease=None) | Q(lease__lt=Now()), pk=campaign_id, state=Campaign.State.CHECKING
        )
        return bool(free.update(lease=Now() + LEASE))


@retrying_deadlocks
def _expand(campaign_id: int, workspace_id: int) -> bool:
    with scope(workspace_id, durable=True), connection.cursor() as cursor:
        # Until COMMIT, or until the worker's connection dies: unlike a lease it neither runs out nor outlives it.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('campaigns.expansion'), %s)", [campaign_id])
        if not cursor.fetchone()[0]:
            return False
        campaign = Campaign.objects.filter(pk=campaign_id, state=Campaign.State.CHECKING).first()
        if campaign is None:
            return False
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [STATEMENT_TIMEOUT])
        Recipient.objects.filter(campaign=campaign).delete()
        cursor.execute(*_statement(campaign))
        # The row is not locked meanwhile, so that somebody can cancel; then all of this must not have been.
        ready = Campaign.objects.filter(pk=campaign_id, state=Campaign.State.CHECKING)
        if not ready.update(state=Campaign.State.READY, lease=None):
            Recipient.objects.filter(campaign=campaign).delete()
            return False
        stream.broadcast_changed(workspace_id, campaign.broadcast_id)
        log.info(
            "campaign.expanded", workspace=workspace_id, campaign=campaign_id, recipients=cursor.rowcount
        )
        return True


def _statement(campaign: Campaign) -> tuple[str, list[Any]]:
    audience = Audience.objects.filter(campaign=campaign).order_by("pk").values_list("list_id", "excluded")
    lists = List.objects.in_bulk([list_id for list_id, _excluded in audience])
    account = BusinessAccount.objects.get(numbers=campaign.number_id)
    return insert_sql(
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.pk,
        portfolio_id=account.portfolio_id,
        included=[lists[list_id] for list_id, excluded in audience if not excluded],
        excluded=[lists[list_id] for list_id, excluded in audience if excluded],
        templates=templates_of(campaign),
        variables=campaign.variables,
    )


def templates_of(campaign: Campaign) -> list[Template]:
    """The campaign's template in each of its languages, the default first. One query."""
    found = campaign.languages.select_related("template").order_by("position")
    return [language.template for language in found]


def _fail(campaign_id: int, workspace_id: int) -> None:
    with scope(workspace_id, durable=True):
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
        if campaign.state == Campaign.State.CHECKING:
            campaign.state, campaign.reason, campaign.lease = Campaign.State.FAILED, reasons.SNAPSHOT, None
            campaign.save(update_fields=["state", "reason", "lease"])
            stream.broadcast_changed(workspace_id, campaign.broadcast_id)
