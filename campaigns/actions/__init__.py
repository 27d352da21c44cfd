"""Everything a person can do with a campaign: one verb, one function, one transaction.

Nothing else writes on behalf of a person, and nothing here talks to WhatsApp. All need the right to send to lists; a
verb that is repeated changes nothing, one that comes too late is refused with a `Refused` that can be shown as it is.
"""

from accounts.actions.refusals import Refused
from campaigns.actions.plans import Plan
from campaigns.actions.preparing import duplicate, prepare
from campaigns.actions.running import cancel, launch, pause, resume, retry_failed, schedule, unschedule

__all__ = [
    "Plan",
    "Refused",
    "cancel",
    "duplicate",
    "launch",
    "pause",
    "prepare",
    "resume",
    "retry_failed",
    "schedule",
    "unschedule",
]
