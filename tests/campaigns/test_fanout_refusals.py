"""What a campaign makes of WhatsApp's refusals: who waits, who has failed, what stops it and what it says about that."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import BusinessAccount, PhoneNumber
from accounts.tenancy import scope
from campaigns import actions, fanout, reasons
from campaigns.models import Recipient
from inbox import failures, outreach, pace
from inbox.models import Message, Outreach
from phonebook.models import Contact, Marketing
from templates_wa.models import HeaderFile, Template
from tests.campaigns.crowd import lose, refuse
from tests.campaigns.plans import fresh
from tests.campaigns.sending import (
    drive,
    make_campaign,
    make_people,
    message_to,
    now_due,
    recipient,
    shown,
    waiting,
)
from tests.worlds import make_conversation, make_template

Status = Message.Status
State = Recipient.State


@pytest.fixture(autouse=True)
def unhurried(monkeypatch, brisk):
    """The pace of these tests is not what they are about."""
    slowed = []
    monkeypatch.setattr(pace, "slow_down", slowed.append)
    return slowed


def outcome(world, campaign, contact):
    """(status, code, attempt) of the message, state of the recipient, seconds until their turn."""
    message, row = message_to(world, campaign, contact), recipient(world, campaign, contact)
    return (
        Status(message.status).name,
        message.error_code,
        message.attempt,
        State(row.state).name,
        (row.due - timezone.now()).total_seconds() if row.state == State.READY else None,
    )


def test_too_fast_for_one_person_puts_off_only_that_person_longer_each_time(brisk, graph):
    slow, *others = people = make_people(brisk, 30)
    graph.answers[slow.phone] = refuse(131056)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 29, "PUT_OFF": 1}
    pauses = []
    for attempt in range(1, 6):
        assert outcome(brisk, campaign, slow)[:4] == ("PUT_OFF", 131056, attempt, "READY")
        pauses.append(outcome(brisk, campaign, slow)[4])
        now_due(brisk, campaign)
        drive(brisk, campaign)
    assert [round(pause) for pause in pauses] in ([1, 4, 16, 64, 256], [0, 4, 16, 64, 256])
    assert outcome(brisk, campaign, slow)[:4] == ("FAILED", 131056, 6, "HANDED")
    assert graph.reached == {each.phone: 1 for each in others} | {slow.phone: 6}
    assert fresh(brisk, campaign).state == "done"
    assert [
        call.body["biz_opaque_callback_data"].split(".")[1] for call in graph.calls if call.to == slow.phone
    ] == list("123456")


def test_put_off_is_the_same_message_and_arrives(brisk, graph):
    slow, *_ = people = make_people(brisk, 2)
    graph.answers[slow.phone] = refuse(131056)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    before = message_to(brisk, campaign, slow)
    del graph.answers[slow.phone]
    now_due(brisk, campaign)
    drive(brisk, campaign)
    after = message_to(brisk, campaign, slow)
    assert (after.pk, after.status, after.attempt) == (before.pk, Status.SENT, 2)
    assert (after.error_code, after.error_details) == (None, "")
    assert shown(brisk, campaign) == {"SENT": 2}


def test_somebody_put_off_who_opts_out_meanwhile_gets_nothing_and_the_message_says_why(brisk, graph):
    slow, *_ = people = make_people(brisk, 2)
    graph.answers[slow.phone] = refuse(131056)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    with scope(brisk.id):
        Contact.objects.filter(pk=slow.pk).update(marketing=Marketing.OPTED_OUT)
    now_due(brisk, campaign)
    drive(brisk, campaign)
    message = message_to(brisk, campaign, slow)
    assert (message.status, message.error_details) == (Status.FAILED, failures.OPTED_OUT)
    assert recipient(brisk, campaign, slow).state == State.HANDED
    assert graph.reached[slow.phone] == 1
    assert fresh(brisk, campaign).state == "done"


def test_too_fast_for_the_number_shrinks_its_pace_and_costs_nobody_a_try(brisk, graph, unhurried):
    people = make_people(brisk, 40)
    for each in people[:30]:
        graph.answers[each.phone] = refuse(130429, http_status=429)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 10, "PUT_OFF": 30}
    assert unhurried == [brisk.number.pk]  # however many: it is one pace that was too fast
    status, code, attempt, state, pause = outcome(brisk, campaign, people[0])
    assert (status, code, attempt, state) == ("PUT_OFF", 130429, 0, "READY")
    assert 0 < pause < 3
    graph.answers.clear()
    now_due(brisk, campaign)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 40}
    assert fresh(brisk, campaign).state == "done"


def test_the_number_really_becomes_slower(brisk, graph, monkeypatch):
    monkeypatch.undo()
    [rania] = people = make_people(brisk, 1)
    graph.answers[rania.phone] = refuse(130429)
    drive(brisk, make_campaign(brisk, people))
    assert float(pace._redis().hget(f"inbox:pace:{brisk.number.pk}", "pace")) == pytest.approx(0.7, abs=0.02)


def test_a_person_who_gets_too_much_marketing_is_left_alone_for_a_day(brisk, graph):
    full, *_ = people = make_people(brisk, 12)
    graph.answers[full.phone] = refuse(131049)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert outcome(brisk, campaign, full)[:4] == ("FAILED", 131049, 1, "HANDED")
    with scope(brisk.id):
        until = Contact.objects.get(pk=full.pk).marketing_not_before
    assert timedelta(hours=24) <= until - timezone.now() < timedelta(hours=24, minutes=2)
    assert fresh(brisk, campaign).state == "done"
    again = make_campaign(brisk, people)
    drive(brisk, again)
    assert graph.reached[full.phone] == 1


def test_a_person_who_switched_marketing_off_is_opted_out(brisk, graph):
    out, *_ = people = make_people(brisk, 3)
    graph.answers[out.phone] = refuse(131050)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert outcome(brisk, campaign, out)[:4] == ("FAILED", 131050, 1, "HANDED")
    with scope(brisk.id):
        assert Contact.objects.get(pk=out.pk).marketing == Marketing.OPTED_OUT
    assert shown(brisk, campaign) == {"SENT": 2, "FAILED": 1}


@pytest.mark.parametrize("code", [131026, 130472, 130403])
def test_what_is_ordinary_in_a_crowd_stops_nothing_even_if_it_is_everybody(brisk, graph, code):
    people = make_people(brisk, 30)
    graph.answer = refuse(code)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"FAILED": 30}
    assert fresh(brisk, campaign).state == "done"


@pytest.mark.parametrize(("code", "status"), [(132015, "PAUSED"), (132016, "DISABLED")])
def test_a_template_that_whatsapp_refuses_pauses_the_campaign_and_everybody_waits(brisk, graph, code, status):
    people = make_people(brisk, 400)
    graph.answer = refuse(code)
    template = make_template(brisk, name="weekend")
    campaign = make_campaign(brisk, people, template=template)
    drive(brisk, campaign)
    assert len(graph.calls) <= fanout.MOST
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.reason, campaign.reason_detail) == (
        "paused",
        reasons.TEMPLATE,
        f"weekend (en): {status}",
    )
    assert set(shown(brisk, campaign)) == {"PUT_OFF"}
    assert waiting(brisk, campaign) == 400
    graph.answer = graph.accept
    actions.resume(member=brisk.marketer, campaign_id=campaign.pk)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 400}


def test_a_template_paused_by_webhook_pauses_the_campaign_and_the_rest_waits(brisk, graph, monkeypatch):
    monkeypatch.setattr(fanout, "MOST", 50)
    people = make_people(brisk, 120)
    campaign = make_campaign(brisk, people, template=make_template(brisk, name="weekend"))
    fanout.run_slice(campaign.pk, brisk.id)
    with scope(brisk.id):
        Template.objects.update(status="PAUSED")
    drive(brisk, campaign)
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.reason, campaign.reason_detail) == (
        "paused",
        reasons.TEMPLATE,
        "weekend (en): PAUSED",
    )
    assert (len(graph.calls), shown(brisk, campaign), waiting(brisk, campaign)) == (50, {"SENT": 50}, 70)


@pytest.mark.parametrize("code", [190, 368, 131042, 131031, 10])
def test_a_number_that_is_refused_stops_at_once_with_a_visible_reason(brisk, graph, code):
    people = make_people(brisk, 400)
    graph.answer = refuse(code, "Something about the account.")
    campaign, other = make_campaign(brisk, people), make_campaign(brisk, people[:1])
    drive(brisk, campaign)
    assert 1 <= len(graph.calls) <= fanout.MOST
    with scope(brisk.id):
        number = PhoneNumber.objects.get(pk=brisk.number.pk)
    assert number.stopped is not None
    assert number.stopped_code == code
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.reason, campaign.reason_detail) == ("paused", reasons.NUMBER, str(code))
    assert reasons.words(campaign.reason, campaign.reason_detail).what
    assert set(shown(brisk, campaign)) == {"PUT_OFF"}
    assert waiting(brisk, campaign) == 400
    # Another campaign of the number does not even try.
    calls = len(graph.calls)
    drive(brisk, other)
    assert len(graph.calls) == calls
    assert (fresh(brisk, other).state, fresh(brisk, other).reason_detail) == ("paused", str(code))
    # A good connection check lifts it, and a person goes on.
    with scope(brisk.id):
        PhoneNumber.objects.update(stopped=None, stopped_code=None, stopped_detail="")
    graph.answer = graph.accept
    actions.resume(member=brisk.marketer, campaign_id=campaign.pk)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 400}


def test_the_account_being_too_fast_holds_the_campaign_for_as_long_as_the_code_says(brisk, graph):
    people = make_people(brisk, 20)
    graph.answer = refuse(131048)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.hold_reason) == ("running", "whatsapp:131048")
    assert timedelta(hours=3, minutes=59) < campaign.hold_until - timezone.now() <= timedelta(hours=4)
    assert waiting(brisk, campaign) == 20
    calls = len(graph.calls)
    assert fanout.due() == []
    drive(brisk, campaign)
    assert len(graph.calls) == calls


def test_a_hold_that_is_over_is_taken_off_and_the_campaign_goes_on(brisk, graph):
    campaign = make_campaign(
        brisk,
        make_people(brisk, 3),
        hold_until=timezone.now() - timedelta(seconds=1),
        hold_reason="whatsapp:131048",
    )
    assert fanout.due() == [(brisk.id, campaign.pk)]
    drive(brisk, campaign)
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.hold_until, campaign.hold_reason) == ("done", None, "")


@pytest.mark.parametrize(
    "answer", [refuse(131016), lambda _call: (503, {"error": {"code": 2, "message": "x"}})]
)
def test_whatsapps_own_trouble_holds_the_campaign_and_passes(brisk, graph, answer):
    people = make_people(brisk, 10)
    graph.answer = answer
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"PUT_OFF": 10}
    campaign = fresh(brisk, campaign)
    assert campaign.hold_reason.startswith("whatsapp:")
    assert timedelta(seconds=10) < campaign.hold_until - timezone.now() <= timedelta(seconds=15)
    graph.answer = graph.accept
    with scope(brisk.id):
        type(campaign).objects.update(hold_until=Now())
    now_due(brisk, campaign)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 10}


def test_one_persons_server_error_is_tried_again_but_not_for_ever(brisk, graph):
    one, *_ = people = make_people(brisk, 10)
    graph.answers[one.phone] = refuse(131000)  # three tries by its rule
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    for attempt in range(1, 4):
        assert outcome(brisk, campaign, one)[:4] == ("PUT_OFF", 131000, attempt, "READY")
        now_due(brisk, campaign)
        with scope(brisk.id):
            type(campaign).objects.update(hold_until=None)
        drive(brisk, campaign)
    assert outcome(brisk, campaign, one)[:4] == ("FAILED", 131000, 4, "HANDED")


def test_an_unreachable_whatsapp_costs_nobody_a_try(brisk, graph, settings):
    people = make_people(brisk, 5)
    campaign = make_campaign(brisk, people)
    real, settings.WHATSAPP_GRAPH_URL = settings.WHATSAPP_GRAPH_URL, "http://127.0.0.1:9"
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"PUT_OFF": 5}
    assert outcome(brisk, campaign, people[0])[2:4] == (0, "READY")
    assert message_to(brisk, campaign, people[0]).error_details == failures.UNREACHABLE
    assert fresh(brisk, campaign).hold_reason == "whatsapp:131016"
    settings.WHATSAPP_GRAPH_URL = real
    with scope(brisk.id):
        type(campaign).objects.update(hold_until=Now())
    now_due(brisk, campaign)
    drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people}
    assert shown(brisk, campaign) == {"SENT": 5}


def test_an_answer_that_is_lost_leaves_the_person_unconfirmed_and_is_never_tried_again(brisk, graph):
    lost, *_others = people = make_people(brisk, 5)
    graph.answers[lost.phone] = lose
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert outcome(brisk, campaign, lost)[:4] == ("UNCONFIRMED", None, 1, "HANDED")
    assert graph.reached == {each.phone: 1 for each in people}
    assert shown(brisk, campaign) == {"SENT": 4, "UNCONFIRMED": 1}
    assert fresh(brisk, campaign).state == "done"


@pytest.mark.parametrize("said", ["held_for_quality_assessment", "paused"])
def test_what_whatsapp_holds_back_shows_as_held(brisk, graph, said):
    [rania] = people = make_people(brisk, 1)
    graph.answer = lambda _call: (200, {"messages": [{"id": "wamid.h", "message_status": said}]})
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    message = message_to(brisk, campaign, rania)
    assert (message.status, message.wamid) == (Status.HELD, "wamid.h")


def test_when_everybody_is_refused_for_a_fault_of_the_template_the_rest_is_spared(brisk, graph):
    people = make_people(brisk, 500)
    graph.answer = refuse(132001)
    campaign = make_campaign(brisk, people, template=make_template(brisk, name="weekend"))
    drive(brisk, campaign)
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.reason, campaign.reason_detail) == (
        "paused",
        reasons.TEMPLATE,
        "weekend (en): 132001",
    )
    assert len(graph.calls) == fanout.MOST
    assert waiting(brisk, campaign) == 500 - fanout.MOST


@pytest.mark.parametrize("token", ["", "two words"])
def test_a_token_that_cannot_be_one_pauses_before_anything_is_written_down(brisk, graph, token):
    with scope(brisk.id):
        brisk.account.access_token = token
        brisk.account.save()
    campaign = make_campaign(brisk, make_people(brisk, 3))
    drive(brisk, campaign)
    assert (fresh(brisk, campaign).state, fresh(brisk, campaign).reason) == ("paused", reasons.TOKEN)
    assert (shown(brisk, campaign), graph.calls) == ({}, [])


def limit(world, tier):
    with scope(world.id):
        BusinessAccount.objects.update(messaging_limit=tier)


def test_an_allowance_that_is_used_up_holds_the_campaign_until_there_is_room(brisk, graph):
    limit(brisk, "TIER_250")
    people = make_people(brisk, 300)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert len(graph.calls) == 250
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.hold_reason) == ("running", reasons.ALLOWANCE)
    assert timedelta(hours=23) < campaign.hold_until - timezone.now() <= timedelta(hours=24)
    assert waiting(brisk, campaign) == 50
    with scope(brisk.id):
        Outreach.objects.filter(contact__in=people[:30]).update(at=timezone.now() - timedelta(hours=25))
        type(campaign).objects.update(hold_until=Now())
    drive(brisk, campaign)
    assert len(graph.calls) == 280
    assert graph.reached == {each.phone: 1 for each in people[:280]}


def test_who_wrote_lately_or_was_written_to_today_uses_nothing_up(brisk, graph):
    limit(brisk, "TIER_250")
    people = make_people(brisk, 254)
    with scope(brisk.id):
        outreach.record(brisk.id, "p-demo", [each.pk for each in people[:248]])
    for each in people[252:]:
        make_conversation(brisk, contact=each)  # their window is open
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    reached = set(graph.reached)
    assert {each.phone for each in [*people[:248], *people[252:]]} <= reached
    assert len(reached) == 252
    with scope(brisk.id):
        assert outreach.used(brisk.id, "p-demo") == 250


def test_two_campaigns_of_a_portfolio_share_its_allowance(brisk, graph):
    limit(brisk, "TIER_250")
    first = make_campaign(brisk, make_people(brisk, 200))
    second = make_campaign(brisk, make_people(brisk, 200, prefix="96278"))
    drive(brisk, first)
    drive(brisk, second)
    assert len(graph.calls) == 250
    assert fresh(brisk, second).hold_reason == reasons.ALLOWANCE


def test_without_a_known_limit_nothing_holds_the_campaign_but_people_are_counted(brisk, graph):
    people = make_people(brisk, 300)
    drive(brisk, make_campaign(brisk, people))
    assert len(graph.calls) == 300
    with scope(brisk.id):
        assert outreach.used(brisk.id, "p-demo") == 300


def test_who_failed_and_is_to_be_tried_again_gets_a_new_message(brisk, graph):
    one, *_ = people = make_people(brisk, 3)
    graph.answers[one.phone] = refuse(131042)
    campaign = make_campaign(brisk, people)
    graph.answers[one.phone] = refuse(135000)
    drive(brisk, campaign)
    now_due(brisk, campaign)
    drive(brisk, campaign)
    first = message_to(brisk, campaign, one)
    assert (first.status, first.attempt) == (Status.FAILED, 2)
    del graph.answers[one.phone]
    assert actions.retry_failed(member=brisk.marketer, campaign_id=campaign.pk) == 1
    drive(brisk, campaign)
    second = message_to(brisk, campaign, one)
    assert (second.retry_of_id, second.status, second.attempt) == (first.pk, Status.SENT, 1)
    assert recipient(brisk, campaign, one).message_id == second.pk
    assert fresh(brisk, campaign).state == "done"


def test_who_got_it_after_all_is_not_written_to_again(brisk, graph):
    one, *_ = people = make_people(brisk, 2)
    graph.answers[one.phone] = refuse(135000)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    now_due(brisk, campaign)
    drive(brisk, campaign)
    actions.retry_failed(member=brisk.marketer, campaign_id=campaign.pk)
    with scope(brisk.id):
        Message.objects.filter(pk=message_to(brisk, campaign, one).pk).update(status=Status.DELIVERED)
    calls = len(graph.calls)
    drive(brisk, campaign)
    assert len(graph.calls) == calls
    assert recipient(brisk, campaign, one).state == State.HANDED


PICTURE = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://example.test/a.png"]}},
    {"type": "BODY", "text": "We are open."},
]


def with_picture(world, people):
    with scope(world.id):
        file = HeaderFile.objects.create(
            workspace=world.workspace, name="a.png", mime="image/png", sha256="0" * 64, content=b"png"
        )
    template = make_template(world, components=PICTURE)
    variables = {"header.media": {"kind": "text", "value": f"file:{file.pk}", "otherwise": ""}}
    campaign = make_campaign(world, people, template=template, variables=variables)
    with scope(world.id):
        Recipient.objects.filter(campaign=campaign).update(values={"header.media": f"file:{file.pk}"})
    return campaign, file


def test_a_kept_picture_is_uploaded_once_and_named_in_every_message(brisk, graph):
    people = make_people(brisk, 5)
    campaign, _file = with_picture(brisk, people)
    graph.uploads = lambda: (200, {"id": "media.7"})
    drive(brisk, campaign)
    assert graph.uploaded == 1
    parameters = [call.body["template"]["components"][0]["parameters"] for call in graph.calls]
    assert parameters == [[{"type": "image", "image": {"id": "media.7"}}]] * 5


@pytest.mark.parametrize(
    ("answer", "state", "reason", "detail"),
    [
        (refuse(131053), "paused", reasons.TEMPLATE, failures.BAD_FILE),
        (refuse(190), "paused", reasons.NUMBER, "190"),
        (refuse(131016), "running", "", ""),
        (lambda _call: (502, {}), "running", "", ""),
    ],
)
def test_a_picture_that_cannot_be_uploaded_stops_the_campaign_before_anybody_is_written_to(
    brisk, graph, answer, state, reason, detail
):
    campaign, _file = with_picture(brisk, make_people(brisk, 5))
    graph.uploads = lambda: answer(None)
    drive(brisk, campaign)
    campaign = fresh(brisk, campaign)
    assert (campaign.state, campaign.reason, campaign.reason_detail) == (state, reason, detail)
    assert (campaign.hold_reason == "whatsapp:131016") == (state == "running")
    assert (graph.calls, shown(brisk, campaign)) == ([], {})


def test_plenty_of_one_workspace_is_not_anothers(brisk, rival, graph):
    for world, limit in ((brisk, "TIER_100K"), (rival, "TIER_250")):
        with scope(world.id):
            BusinessAccount.objects.update(portfolio_id="shared", messaging_limit=limit)
    ours = make_campaign(brisk, make_people(brisk, 5))
    theirs = make_campaign(rival, make_people(rival, 300, prefix="96278"))
    fanout.run_slice(ours.pk, brisk.id)
    drive(rival, theirs)
    assert shown(brisk, ours) == {"SENT": 5}
    assert (shown(rival, theirs), waiting(rival, theirs)) == ({"SENT": 250}, 50)
