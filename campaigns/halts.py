"""Why a running campaign pauses itself or waits: looked for before each slice, and made of what a slice met.

Must never start anything: a person resumes what is paused, the sweep goes on with what waits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from accounts import stream
from accounts.tenancy import retrying_deadlocks, scope
from campaigns import news, reasons
from campaigns.models import Campaign
from inbox.letters import Sheet
from inbox.verdicts import Obstacle
from templates_wa.models import Template
from whatsapp.errors import Kind
from whatsapp.graph import is_token

log = structlog.get_logger(__name__)

UNAVAILABLE = 131016  # what it is called when WhatsApp cannot be reached (Meta, Error codes, 2026-09)
# What WhatsApp says of a template when it is used (Meta, Error codes, 2026-09).
TEMPLATE_STATES = {132015: "PAUSED", 132016: "DISABLED"}
TEMPLATE_CODES = range(132000, 133000)


@dataclass(frozen=True)
class Halt:
    """A pause, or with `until` a wait that ends by itself. `reason` and `detail` as in reasons.py."""

    reason: str
    detail: str = ""
    until: datetime | None = None


def beforehand(campaign: Campaign, sheets: Iterable[Sheet]) -> Halt | None:
    """Why not even the next message may leave: the number, its token, a template as it is now."""
    number = campaign.number
    if number.stopped is not None:
        return Halt(reasons.NUMBER, "" if number.stopped_code is None else str(number.stopped_code))
    if not is_token(number.business_account.access_token):
        return Halt(reasons.TOKEN)
    for sheet in sheets:
        if not sheet.template.is_sendable:
            return _template(sheet.template, "gone" if sheet.template.gone else sheet.template.status)
        if sheet.made.unsupported:
            return _template(sheet.template, sheet.made.unsupported)
    return None


def met(obstacle: Obstacle, template: Template) -> Halt:
    """What WhatsApp's answer to a message of this template means for the whole campaign."""
    code = obstacle.code or UNAVAILABLE
    if obstacle.kind in {Kind.DEFER, Kind.RETRY}:
        until = timezone.now() + timedelta(seconds=obstacle.wait_seconds)
        return Halt(f"{reasons.WHATSAPP}:{code}", until=until)
    if obstacle.kind is Kind.STOP_TEMPLATE or code in TEMPLATE_CODES:
        return _template(template, TEMPLATE_STATES.get(code, str(code)))
    return Halt(reasons.NUMBER, str(code))


@retrying_deadlocks
def carry_out(halt: Halt, campaign_id: int, workspace_id: int) -> None:
    """Pauses the campaign, or has it wait, if it is still RUNNING."""
    with scope(workspace_id, durable=True):
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
        if campaign.state != Campaign.State.RUNNING:
            return
        if halt.until is None:
            campaign.state, campaign.reason, campaign.reason_detail = (
                Campaign.State.PAUSED,
                halt.reason,
                halt.detail[:500],
            )
        elif campaign.hold_until is None or campaign.hold_until < halt.until:
            campaign.hold_until, campaign.hold_reason = halt.until, halt.reason
        campaign.save(update_fields=["state", "reason", "reason_detail", "hold_until", "hold_reason"])
        news.changed(workspace_id, campaign.broadcast_id, (), last=True)
        stream.broadcast_changed(workspace_id, campaign.broadcast_id)
    log.warning("campaign.halted", workspace=workspace_id, campaign=campaign_id, reason=halt.reason)


def _template(template: Template, why: str) -> Halt:
    return Halt(reasons.TEMPLATE, f"{template}: {why}")
