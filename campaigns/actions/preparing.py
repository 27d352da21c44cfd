"""From a form to a campaign whose recipients are being listed. Nothing leaves before somebody launches it."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions.refusals import violated
from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks
from campaigns import tasks
from campaigns.actions.permits import locked, planning
from campaigns.actions.plans import NAME_CHARS, Checked, Plan, checked
from campaigns.models import Audience, Campaign, Language
from inbox.models import Broadcast

REQUEST = "campaigns_campaign_request"


@retrying_deadlocks
def prepare(*, member: Membership, plan: Plan) -> Campaign:
    """Writes the campaign down as CHECKING and asks a worker for its recipients, which returns at once.

    The same `request_id`, also at the same time, returns the same campaign. Raises Refused (with the field it is
    about).
    """
    with planning(member) as actor:
        made = _made_before(plan.request_id)
        return made or _write(actor, checked(plan))


@retrying_deadlocks
def duplicate(*, member: Membership, campaign_id: int, request_id: UUID) -> Campaign:
    """The same plan once more, with the people who are on its lists now; somebody launches it as any other.

    Raises Refused, Campaign.DoesNotExist.
    """
    with planning(member) as actor:
        made = _made_before(request_id)
        return made or _write(actor, checked(_plan_of(locked(campaign_id), request_id)))


def _made_before(request_id: UUID) -> Campaign | None:
    return Campaign.objects.filter(request_id=request_id).first()


def _write(actor: Membership, wanted: Checked) -> Campaign:
    try:
        with transaction.atomic():
            campaign = _campaign(actor, wanted)
    except IntegrityError as error:
        made = _made_before(wanted.plan.request_id)  # by the other tab, which has committed by now
        if violated(error) != REQUEST or made is None:
            raise
        return made
    Language.objects.bulk_create(
        Language(workspace_id=actor.workspace_id, campaign=campaign, template=template, position=position)
        for position, template in enumerate(wanted.templates)
    )
    Audience.objects.bulk_create(
        Audience(workspace_id=actor.workspace_id, campaign=campaign, list=each, excluded=excluded)
        for lists, excluded in ((wanted.included, False), (wanted.excluded, True))
        for each in lists
    )
    tasks.enqueue_expand(actor.workspace_id, campaign.pk)
    return campaign


def _campaign(actor: Membership, wanted: Checked) -> Campaign:
    broadcast = Broadcast.objects.create(
        workspace_id=actor.workspace_id,
        number=wanted.number,
        name=wanted.name,
        template_name=wanted.templates[0].name,
    )
    return Campaign.objects.create(
        workspace_id=actor.workspace_id,
        broadcast=broadcast,
        number=wanted.number,
        created_by=actor,
        request_id=wanted.plan.request_id,
        variables=wanted.variables,
        starts=wanted.plan.starts,
        spread_seconds=wanted.plan.spread_seconds,
    )


def _plan_of(campaign: Campaign, request_id: UUID) -> Plan:
    audience = list(campaign.audience.order_by("pk").values_list("list_id", "excluded"))
    name = Broadcast.objects.values_list("name", flat=True).get(pk=campaign.broadcast_id)
    suffix = _(" (copy)")
    return Plan(
        request_id=request_id,
        name=name.removesuffix(suffix)[: NAME_CHARS - len(suffix)] + suffix,
        number_id=campaign.number_id,
        list_ids=[list_id for list_id, excluded in audience if not excluded],
        excluded_ids=[list_id for list_id, excluded in audience if excluded],
        template_ids=list(campaign.languages.order_by("position").values_list("template_id", flat=True)),
        variables=campaign.variables,
        spread_seconds=campaign.spread_seconds,
    )
