"""The kept files in a campaign's templates, at WhatsApp before its messages name them.

A worker's work, outside any transaction. A file is the same for everybody, and its plan is frozen.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone

from accounts.tenancy import scope
from campaigns import reasons
from campaigns.halts import UNAVAILABLE, Halt
from campaigns.models import Campaign
from inbox import aftermath, failures
from inbox.verdicts import TROUBLE_SECONDS
from templates_wa.media import media_of
from whatsapp.errors import CallFailed, GraphError, Kind

Media = Mapping[str, Mapping[str, Any]]
# These pass; anything else that is said about a file is said again next time.
_PASSING = frozenset({Kind.RETRY, Kind.THROTTLE, Kind.DEFER})


def uploaded(campaign_id: int, workspace_id: int) -> Media | Halt:
    """What WhatsApp takes for the campaign's files, uploaded where that was not done lately; or why that failed."""
    values = _files(campaign_id, workspace_id)
    if not values:
        return {}
    with scope(workspace_id):
        number_id = Campaign.objects.values_list("number_id", flat=True).get(pk=campaign_id)
    try:
        return media_of(workspace_id=workspace_id, number_id=number_id, values=dict(values))
    except ValueError:
        return Halt(reasons.TOKEN)
    except LookupError:
        return Halt(reasons.TEMPLATE, failures.BAD_FILE)
    except GraphError as error:
        return _refused(error, workspace_id, number_id)
    except CallFailed:
        return _wait(UNAVAILABLE, TROUBLE_SECONDS)


@lru_cache(maxsize=1000)
def _files(campaign_id: int, workspace_id: int) -> tuple[tuple[str, str], ...]:
    with scope(workspace_id):
        campaign = Campaign.objects.filter(pk=campaign_id).first()
    variables = campaign.variables if campaign else {}
    said = ((key, str(variable.get("value", ""))) for key, variable in variables.items())
    return tuple((key, value) for key, value in said if value.startswith("file:"))


def _refused(error: GraphError, workspace_id: int, number_id: int) -> Halt:
    if error.kind in _PASSING:
        return _wait(error.meaning, max(TROUBLE_SECONDS, error.rule.wait_seconds))
    if error.kind is not Kind.STOP_CHANNEL:
        return Halt(reasons.TEMPLATE, failures.BAD_FILE)
    with scope(workspace_id, durable=True):
        details = error.details or error.message
        aftermath.settle(
            [aftermath.Failure(workspace_id, 0, number_id, error.meaning, timezone.now(), details)]
        )
    return Halt(reasons.NUMBER, str(error.meaning))


def _wait(code: int, seconds: int) -> Halt:
    return Halt(f"{reasons.WHATSAPP}:{code}", until=timezone.now() + timedelta(seconds=seconds))
