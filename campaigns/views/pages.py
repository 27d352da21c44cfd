"""What the pages of campaigns show, as contexts of their templates. Called inside a reading scope."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.http import Http404
from django.utils import timezone

from accounts.middleware import WorkspaceRequest
from campaigns import funnel, queries
from campaigns.figures import Figures, lately
from campaigns.models import Campaign, Skip
from campaigns.people import Figure
from campaigns.reasons import NUMBER, TEMPLATE, Reason, words
from inbox.wording import local

State = Campaign.State
PREFLIGHT = {State.READY, State.SCHEDULED}
# While one of these changes by itself, its page looks again without being told.
AT_WORK = {State.CHECKING, State.RUNNING}
# A list shows what was counted lately; what sends nothing hardly changes, and after some days not at all.
LIST_SECONDS, LIST_SECONDS_AT_REST, LIST_SECONDS_OLD = 2.0, 60.0, 3600.0
OLD = timedelta(days=3)


def list_context(page: queries.Page) -> dict[str, Any]:
    """The list's rows, each with its figures and bar. One more question, for all that were not counted lately."""
    counted = lately(page.rows, age=_may_be_old)
    rows = [
        {
            "campaign": each,
            "at": each.launched or each.starts or each.created,
            "figures": counted[each.pk],
            "bar": funnel.bar(each, counted[each.pk]),
        }
        for each in page.rows
    ]
    return {"rows": rows, "more": page.more}


def _may_be_old(campaign: Campaign) -> float:
    if campaign.state in AT_WORK:
        return LIST_SECONDS
    is_old = campaign.finished is not None and campaign.finished < timezone.now() - OLD
    return LIST_SECONDS_OLD if is_old else LIST_SECONDS_AT_REST


def found(request: WorkspaceRequest, campaign_id: int) -> Campaign:
    """The campaign of the URL, or 404."""
    try:
        return queries.campaign(request.workspace.pk, campaign_id)
    except Campaign.DoesNotExist:
        raise Http404 from None


def context(request: WorkspaceRequest, campaign_id: int, **more: Any) -> dict[str, Any]:
    """All of a campaign's page."""
    campaign = found(request, campaign_id)
    plan, figures = queries.plan(campaign), lately([campaign])[campaign.pk]
    shown: dict[str, Any] = {
        "campaign": campaign,
        "plan": plan,
        "figures": figures,
        "may_act": request.membership.may_send_to_lists,
        "at_work": campaign.state in AT_WORK,
        "reason": words(campaign.reason, campaign.reason_detail),
        "hold": _hold(campaign),
        "skips": _skips(figures),
        "failures": _failures(figures),
        "bar": funnel.bar(campaign, figures),
        "rows": funnel.rows(campaign, figures),
        "duplicate_id": uuid4(),
        "starts_value": _starts(campaign),
    }
    if campaign.state in PREFLIGHT:
        shown |= {
            "pace": queries.expected(campaign, figures),
            "samples": queries.samples(campaign, plan.templates),
            "blocked_by": _blocked_by(campaign, plan),
        }
    elif campaign.state == State.RUNNING:
        shown["pace"] = queries.expected(campaign, figures)
    return shown | more


def _hold(campaign: Campaign) -> Reason | None:
    """Why a campaign that runs does not send just now; None if it does."""
    if (
        campaign.state != State.RUNNING
        or campaign.hold_until is None
        or campaign.hold_until <= timezone.now()
    ):
        return None
    return words(campaign.hold_reason)


def _skips(figures: Figures) -> list[dict[str, Any]]:
    return [
        {"label": Skip(reason).label, "n": n, "query": Figure("skipped", reason=reason).query}
        for reason, n in figures.skips.items()
    ]


def _failures(figures: Figures) -> list[dict[str, Any]]:
    return [
        {
            "code": group.code,
            "n": group.n,
            "reason": group.reason,
            "query": Figure(
                "failed", code=group.code, said=group.details if group.code is None else None
            ).query,
        }
        for group in figures.failures
    ]


def _starts(campaign: Campaign) -> str:
    """The wish of the form it came from, as an input of a date and a time takes it."""
    return f"{local(campaign.starts, campaign.workspace):%Y-%m-%dT%H:%M}" if campaign.starts else ""


def _blocked_by(campaign: Campaign, plan: queries.Plan) -> Reason | None:
    """What would stop the campaign at once, as a Reason; None if nothing would."""
    number = campaign.number
    if number.stopped is not None:
        return words(NUMBER, str(number.stopped_code or ""))
    for template in plan.templates:
        if not template.is_sendable:
            return words(TEMPLATE, f"{template}: {template.status}")
    return None
