"""What became of one recipient, in words. Words, never decisions."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.funnel import label
from campaigns.models import Campaign, Recipient, Skip
from campaigns.reasons import explained
from inbox.models import Message

_ON_ITS_WAY = {Message.Status.QUEUED, Message.Status.SENDING, Message.Status.PUT_OFF}


@dataclass(frozen=True)
class Outcome:
    """`label` is a state, `reason` why, where there is one; `tone` is "", ok, warn or danger."""

    label: str
    reason: str = ""
    tone: str = ""
    is_failure: bool = False


def outcome(campaign: Campaign, recipient: Recipient) -> Outcome:
    """State and reason of a recipient whose message is at hand. No question."""
    message = recipient.message
    if recipient.skip is not None:
        return Outcome(str(label(campaign, "skipped")), str(Skip(recipient.skip).label), "warn")
    if recipient.state == Recipient.State.READY or message is None or message.status in _ON_ITS_WAY:
        return Outcome(str(label(campaign, "waiting")))
    status = Message.Status(message.status or 0)
    if status == Message.Status.FAILED:
        why = explained(message.error_code, message.error_details)
        return Outcome(str(status.label), why.what, "danger", is_failure=True)
    if status == Message.Status.UNCONFIRMED:
        return Outcome(str(status.label), _("It may or may not have left; it is not sent again."), "warn")
    return Outcome(str(status.label), tone="ok" if status >= Message.Status.DELIVERED else "")
