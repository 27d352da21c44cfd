"""How a campaign begins to send: at once when a person says so, or by the clock when it was scheduled.

Sending itself is fanout.py's. Must be called inside a scope of the campaign's workspace, with its row locked.
"""

from accounts import stream
from accounts.tenancy import crossing, retrying_deadlocks, scope
from campaigns.models import Campaign
from inbox.clock import database_now
from inbox.models import Broadcast

DUE_AT_MOST = 100


def begin(campaign: Campaign) -> None:
    """Makes a locked campaign RUNNING from now on, and its mass message one that is under Marketing.

    `launched_by` must be set. The caller enqueues the first slice after COMMIT.
    """
    now = database_now()
    campaign.state, campaign.launched = Campaign.State.RUNNING, now
    campaign.save(update_fields=["state", "launched", "launched_by", "starts"])
    # Not save(): a trigger counts in another column of that row.
    Broadcast.objects.filter(pk=campaign.broadcast_id).update(started=now, started_by=campaign.launched_by_id)
    stream.broadcast_changed(campaign.workspace_id, campaign.broadcast_id)


def begin_due() -> list[tuple[int, int]]:
    """Begins the scheduled campaigns whose time has come; returns (workspace_id, campaign_id) of those."""
    with crossing():
        due = list(
            Campaign.objects.filter(state=Campaign.State.SCHEDULED, starts__lte=database_now())
            .order_by("pk")
            .values_list("workspace_id", "pk")[:DUE_AT_MOST]
        )
    return [
        (workspace_id, campaign_id) for workspace_id, campaign_id in due if _begin(workspace_id, campaign_id)
    ]


@retrying_deadlocks
def _begin(workspace_id: int, campaign_id: int) -> bool:
    with scope(workspace_id, durable=True):
        campaign = (
            Campaign.objects.select_for_update(no_key=True)
            .filter(pk=campaign_id, state=Campaign.State.SCHEDULED, starts__lte=database_now())
            .first()
        )
        if campaign is None:
            return False
        begin(campaign)
        return True
