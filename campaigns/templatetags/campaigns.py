"""Filters for the pages of campaigns: moments on the workspace's clock, and how long something takes. Words only."""

from datetime import datetime, timedelta

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Workspace
from campaigns.models import Campaign
from inbox.wording import local

register = template.Library()

_TONES = {
    Campaign.State.RUNNING: "brand",
    Campaign.State.CHECKING: "brand",
    Campaign.State.SCHEDULED: "brand",
    Campaign.State.PAUSED: "warn",
    Campaign.State.READY: "warn",
    Campaign.State.DONE: "ok",
    Campaign.State.FAILED: "danger",
}


@register.filter
def moment(at: datetime, workspace: Workspace) -> str:
    """22 November 2026, 17:00 on the workspace's clock."""
    return date_format(local(at, workspace), _("j F Y, H:i"))


@register.filter
def duration(taken: float | timedelta) -> str:
    """How long so many seconds are: about 4 minutes."""
    seconds = taken.total_seconds() if isinstance(taken, timedelta) else float(taken)
    minutes = round(seconds / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 90:
        return ngettext("about %(n)s minute", "about %(n)s minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(n)s hour", "about %(n)s hours", hours) % {"n": hours}


@register.filter
def tone(campaign: Campaign) -> str:
    """How the chip of its state is coloured."""
    return _TONES.get(Campaign.State(campaign.state), "plain")
