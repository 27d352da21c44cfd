"""What the pages of campaigns read: the list, one campaign with its plan, and the preflight's facts.

Reads only, inside the caller's scope; a fixed number of questions, however many rows and recipients there are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import BusinessAccount
from campaigns.expansion import templates_of
from campaigns.figures import Figures
from campaigns.models import Campaign, Recipient
from inbox import outreach, pace
from phonebook.models import Contact, List
from templates_wa.definition import definition, shown
from templates_wa.models import Template

ROWS_PER_PAGE = 20
SAMPLES = 3


@dataclass
class Page:
    """Some campaigns, newest first, and the id to go on before, if there are more."""

    rows: list[Campaign]
    more: int | None = None


def campaigns() -> "QuerySet[Campaign]":
    """Campaigns with all that a row shows, in one question."""
    return Campaign.objects.select_related(
        "workspace", "broadcast", "number__business_account", "created_by__user", "launched_by__user"
    )


def page(workspace_id: int, *, before: int | None = None) -> Page:
    """One page of the list."""
    chosen = campaigns().filter(workspace_id=workspace_id)
    if before is not None:
        chosen = chosen.filter(pk__lt=before)
    found = list(chosen.order_by("-pk")[: ROWS_PER_PAGE + 1])
    shown_rows = found[:ROWS_PER_PAGE]
    return Page(shown_rows, shown_rows[-1].pk if len(found) > ROWS_PER_PAGE else None)


def campaign(workspace_id: int, campaign_id: int) -> Campaign:
    """One campaign. Raises Campaign.DoesNotExist, also for another workspace's."""
    return campaigns().get(workspace_id=workspace_id, pk=campaign_id)


@dataclass(frozen=True)
class Plan:
    """What a campaign is made of."""

    templates: list[Template]
    included: list[List]
    excluded: list[List]


def plan(wanted: Campaign) -> Plan:
    """Templates, the default first, and lists. Two questions."""
    audience = list(wanted.audience.select_related("list").order_by("pk"))
    return Plan(
        templates_of(wanted),
        [each.list for each in audience if not each.excluded],
        [each.list for each in audience if each.excluded],
    )


@dataclass(frozen=True)
class Sample:
    """What one real person would get."""

    contact: Contact
    template: Template
    shown: dict[str, Any]


def samples(wanted: Campaign, templates: Sequence[Template]) -> list[Sample]:
    """What three of the ready ones would get, in as many languages as there are. As many questions as languages, at
    most three."""
    ready = Recipient.objects.filter(campaign=wanted, state=Recipient.State.READY, message=None)
    ready = ready.select_related("contact").order_by("due", "pk")
    found: list[Sample] = []
    languages = templates[:SAMPLES]
    for place, template in enumerate(languages):
        # The first languages show one more where three cannot be shared evenly.
        share = SAMPLES // len(languages) + (place < SAMPLES % len(languages))
        made = definition(template)
        rows = ready.filter(template=template)[:share]
        found += [Sample(row.contact, template, shown(made, row.values)) for row in rows]
    return found


@dataclass(frozen=True)
class Pace:
    """How long the sending takes. `allowance` is how many people may still be written to today, None: no limit known;
    `today` how many of the ready fit; `days` how many more days the others need."""

    per_second: int
    spread: timedelta
    seconds: int
    starts: datetime
    ends: datetime
    allowance: int | None
    limit: int | None
    today: int
    days: int

    @property
    def waits(self) -> bool:
        """Whether WhatsApp's limit holds some up until another day."""
        return self.days > 0


def expected(wanted: Campaign, figures: Figures) -> Pace:
    """When a campaign that is launched at its time, or now, will have sent to everybody who is ready. One question."""
    account: BusinessAccount = wanted.number.business_account
    limit, allowance = outreach.limit(account), outreach.allowance(account)
    people = figures.waiting
    today = people if allowance is None else min(people, allowance)
    days = math.ceil((people - today) / limit) if limit and people > today else 0
    per_second, now = wanted.number.per_second, timezone.now()
    starts = wanted.starts if wanted.starts and wanted.starts > now else now
    # What is spread is spread from the launch on, whatever has been sent since.
    spread = (wanted.launched or starts) + timedelta(seconds=wanted.spread_seconds) - starts
    seconds = max(math.ceil(spread.total_seconds()), math.ceil(people / (per_second * pace.FOR_CAMPAIGNS)))
    return Pace(
        per_second=per_second,
        spread=timedelta(seconds=wanted.spread_seconds),
        seconds=seconds,
        starts=starts,
        ends=starts + timedelta(days=days, seconds=seconds),
        allowance=allowance,
        limit=limit,
        today=today,
        days=days,
    )
