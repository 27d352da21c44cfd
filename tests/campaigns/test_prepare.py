"""From the form to a campaign: once, with what belongs to the workspace, by those who may."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.tenancy import scope
from campaigns import actions
from campaigns.actions import Refused
from campaigns.models import Audience, Campaign, Language
from inbox.models import Broadcast
from tests.campaigns.plans import FIXED, fresh, plan, prepared
from tests.inbox.together import together
from tests.worlds import make_contact, make_list, make_template


@pytest.fixture
def listed(demo):
    return make_list(demo, [make_contact(demo), make_contact(demo)])


@pytest.fixture
def template(demo):
    return make_template(demo)


def campaigns(world):
    with scope(world.id):
        return list(Campaign.objects.order_by("pk"))


def test_a_plan_becomes_a_campaign_that_is_being_checked(demo, listed, template):
    left_out = make_list(demo, [], name="Staff")
    arabic = make_template(demo, language="ar")
    starts = timezone.now() + timedelta(days=1)

    campaign = actions.prepare(
        member=demo.marketer,
        plan=plan(
            demo, [listed], [template, arabic], excluded_ids=[left_out.pk], starts=starts, spread_seconds=7200
        ),
    )

    campaign = fresh(demo, campaign)
    assert (campaign.state, campaign.created_by_id, campaign.number_id) == (
        "checking",
        demo.marketer.pk,
        demo.number.pk,
    )
    assert (campaign.starts, campaign.spread_seconds, campaign.launched) == (starts, 7200, None)
    assert campaign.variables == FIXED
    assert (campaign.broadcast.name, campaign.broadcast.template_name, campaign.broadcast.started) == (
        "Weekend opening",
        "showroom_weekend",
        None,
    )
    with scope(demo.id):
        assert list(Language.objects.order_by("position").values_list("template_id", flat=True)) == [
            template.pk,
            arabic.pk,
        ]
        assert set(Audience.objects.values_list("list_id", "excluded")) == {
            (listed.pk, False),
            (left_out.pk, True),
        }


def test_a_double_click_and_two_tabs_make_one_campaign(demo, listed, template):
    wanted = plan(demo, [listed], [template])

    made = together(*[lambda: actions.prepare(member=demo.marketer, plan=wanted)] * 8)

    assert len({campaign.pk for campaign in made}) == 1
    assert len(campaigns(demo)) == 1
    with scope(demo.id):
        assert (Broadcast.objects.count(), Language.objects.count(), Audience.objects.count()) == (1, 1, 1)


def test_two_forms_make_two_campaigns(demo, listed, template):
    for _ in range(2):
        actions.prepare(member=demo.marketer, plan=plan(demo, [listed], [template]))

    assert len(campaigns(demo)) == 2


def test_an_agent_may_not_unless_it_was_granted(demo, listed, template):
    with pytest.raises(Refused, match="permission"):
        actions.prepare(member=demo.agent1, plan=plan(demo, [listed], [template]))
    assert campaigns(demo) == []

    demo.agent1.sends_to_lists = True
    demo.agent1.save()
    actions.prepare(member=demo.agent1, plan=plan(demo, [listed], [template]))
    assert len(campaigns(demo)) == 1


def test_the_right_is_that_of_now_and_not_of_when_the_page_was_loaded(demo, listed, template):
    stale = demo.marketer
    type(stale).objects.filter(pk=stale.pk).update(role="agent")

    with pytest.raises(Refused, match="permission"):
        actions.prepare(member=stale, plan=plan(demo, [listed], [template]))
    assert campaigns(demo) == []


def test_ids_of_another_workspace_are_not_there(demo, rival, listed, template):
    theirs = {
        "number": plan(demo, [listed], [template], number_id=rival.number.pk),
        "lists": plan(demo, [make_list(rival, [make_contact(rival)])], [template]),
        "leave_out": plan(demo, [listed], [template], excluded_ids=[make_list(rival, [], name="x").pk]),
        "template": plan(demo, [listed], [make_template(rival)]),
    }
    for field, wanted in theirs.items():
        with pytest.raises(Refused) as refused:
            actions.prepare(member=demo.marketer, plan=wanted)
        assert refused.value.field == field
    assert campaigns(demo) == campaigns(rival) == []


def test_an_outsider_gets_nothing_done_in_our_workspace(demo, rival, listed, template):
    campaign = prepared(demo, [make_contact(demo)])
    for verb in (actions.launch, actions.pause, actions.resume, actions.cancel, actions.unschedule):
        with pytest.raises(Campaign.DoesNotExist):
            verb(member=rival.admin, campaign_id=campaign.pk)
    with pytest.raises(Campaign.DoesNotExist):
        actions.retry_failed(member=rival.admin, campaign_id=campaign.pk)
    with pytest.raises(Campaign.DoesNotExist):
        actions.duplicate(member=rival.admin, campaign_id=campaign.pk, request_id=uuid4())
    assert fresh(demo, campaign).state == "ready"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"name": "   "}, "title", "Give the campaign a name"),
        ({"name": "x" * 121}, "title", "120 characters"),
        ({"starts": timedelta(hours=-1)}, "starts", "has passed"),
        ({"starts": timedelta(days=181)}, "starts", "180 days"),
        ({"spread_seconds": 8 * 24 * 3600}, "spread", "a week"),
        ({"variables": {}}, "body.1", "Fill this in"),
        ({"variables": {**FIXED, "body.2": {"kind": "text", "value": "a\nb"}}}, "body.2", "line break"),
        ({"variables": {**FIXED, "body.2": {"kind": "field", "value": ""}}}, "body.2", "taken from"),
        (
            {"variables": {**FIXED, "body.1": {"kind": "field", "value": "name", "otherwise": "a\tb"}}},
            "body.1",
            "tab",
        ),
        ({"variables": {**FIXED, "body.2": {"kind": "sql", "value": "1"}}}, "body.2", "same for everybody"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_at_its_field(demo, listed, template, changes, field, words):
    if "starts" in changes:
        changes["starts"] = timezone.now() + changes["starts"]
    with pytest.raises(Refused, match=words) as refused:
        actions.prepare(member=demo.marketer, plan=plan(demo, [listed], [template], **changes))
    assert refused.value.field == field
    assert campaigns(demo) == []


def test_lists_and_templates_must_fit_together(demo, listed, template):
    def refusal(lists, templates, **fields):
        with pytest.raises(Refused) as refused:
            actions.prepare(member=demo.marketer, plan=plan(demo, lists, templates, **fields))
        return refused.value.field

    assert refusal([], [template]) == "lists"
    assert refusal([listed], []) == "template"
    assert refusal([listed], [template], excluded_ids=[listed.pk]) == "leave_out"
    assert refusal([listed], [template, make_template(demo, name="another", language="ar")]) == "languages"
    assert refusal([listed], [make_template(demo, name="paused", status="PAUSED")]) == "template"
    catalog = [{"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "x"}]}]
    assert refusal([listed], [make_template(demo, name="odd", components=catalog)]) == "template"


def test_a_picture_is_the_same_for_everybody(demo, listed):
    header = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look"}]
    template = make_template(demo, components=header)

    with pytest.raises(Refused) as refused:
        actions.prepare(
            member=demo.marketer,
            plan=plan(
                demo, [listed], [template], variables={"header.media": {"kind": "column", "value": "x"}}
            ),
        )
    assert refused.value.field == "header.media"

    link = {"kind": "text", "value": "https://cdn.example.com/coffee.jpg"}
    actions.prepare(
        member=demo.marketer, plan=plan(demo, [listed], [template], variables={"header.media": link})
    )
    assert len(campaigns(demo)) == 1


def test_a_duplicate_is_the_same_plan_with_the_people_of_now(demo):
    first = prepared(demo, [make_contact(demo)])
    request_id = uuid4()

    copies = together(
        *[lambda: actions.duplicate(member=demo.admin, campaign_id=first.pk, request_id=request_id)] * 4
    )

    assert len({copy.pk for copy in copies}) == 1
    copy = fresh(demo, copies[0])
    assert (copy.state, copy.created_by_id, copy.broadcast.name) == (
        "checking",
        demo.admin.pk,
        "Weekend opening (copy)",
    )
    assert (copy.variables, copy.number_id, copy.launched_by_id) == (first.variables, first.number_id, None)
    with scope(demo.id):
        assert Audience.objects.get(campaign=copy).list_id == Audience.objects.get(campaign=first).list_id
        assert (
            Language.objects.get(campaign=copy).template_id
            == Language.objects.get(campaign=first).template_id
        )
