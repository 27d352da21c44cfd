"""Who may act on campaigns, and the lock every verb begins with."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actions.refusals import Refused
from accounts.models import Membership, PhoneNumber
from accounts.tenancy import scope
from campaigns.expansion import templates_of
from campaigns.models import Campaign, Recipient
from campaigns.reasons import explained
from inbox.actions.holding import present

State = Campaign.State


@contextmanager
def planning(member: Membership) -> Iterator[Membership]:
    """The durable transaction of a verb; yields the member as they are now. Raises Refused without the right."""
    with scope(member.workspace_id, durable=True):
        actor = present(member.workspace_id, [member.pk]).get(member.pk)
        if actor is None or not actor.may_send_to_lists:
            raise Refused(_("Sending to lists needs a permission that you do not have. Ask an admin."))
        yield actor


def locked(campaign_id: int) -> Campaign:
    """The campaign, locked until COMMIT. Raises Campaign.DoesNotExist, also for another workspace's."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def must_be(campaign: Campaign, states: Iterable[str]) -> None:
    """Raises Refused, saying what the campaign is instead."""
    if campaign.state not in set(states):
        raise Refused(
            format_lazy(_("This is not possible now: {state}."), state=campaign.get_state_display())
        )


def must_be_sendable(campaign: Campaign) -> None:
    """Raises Refused when the number or a template would make the campaign stop at once."""
    number = PhoneNumber.objects.select_related("business_account").get(pk=campaign.number_id)
    if number.stopped is not None:
        raise Refused(explained(number.stopped_code, number.stopped_detail).what)
    if not number.business_account.access_token:
        raise Refused(_("This number has no access token. An admin can enter one in the settings."))
    for template in templates_of(campaign):
        if not template.is_sendable:
            raise Refused(
                format_lazy(_("{template} cannot be sent: {why}."), template=template, why=template.status)
            )


def must_have_recipients(campaign: Campaign) -> None:
    """Raises Refused when everybody was skipped."""
    if not Recipient.objects.filter(campaign=campaign, state=Recipient.State.READY).exists():
        raise Refused(_("Nobody on these lists can get this message. Look at the reasons."))
