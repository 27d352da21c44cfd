"""Send, schedule, pause, resume, cancel, try again: each once, whoever presses and how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import PhoneNumber, StreamEvent
from accounts.tenancy import scope
from campaigns import actions, reasons, starting, tasks
from campaigns.models import Campaign, Recipient
from inbox.models import Message
from tests.campaigns.plans import fresh, hand_over, launched, prepared, put, refusal, sent, states
from tests.inbox.together import together
from tests.worlds import make_contact, make_template

Status = Message.Status


@pytest.fixture
def ready(demo):
    return prepared(demo, [make_contact(demo, name="Rania"), make_contact(demo, name="Omar")])


def test_launching_starts_the_sending_and_shows_it_under_marketing(demo, ready, queue):
    before = timezone.now()
    queue()
    actions.launch(member=demo.marketer, campaign_id=ready.pk)

    campaign = fresh(demo, ready)
    assert (campaign.state, campaign.launched_by_id, campaign.starts) == ("running", demo.marketer.pk, None)
    assert before <= campaign.launched <= timezone.now()
    assert (campaign.broadcast.started, campaign.broadcast.started_by_id) == (
        campaign.launched,
        demo.marketer.pk,
    )
    assert queue() == [("campaigns.tasks.send_slice", demo.id, ready.pk)]
    with scope(demo.id):
        event = StreamEvent.objects.order_by("-seq").first()
        assert (event.kind, event.object_id) == ("broadcast", campaign.broadcast_id)


def test_two_marketers_at_once_launch_once_and_the_slower_one_is_told(demo, ready, queue):
    presses = [demo.marketer] * 3 + [demo.admin] * 3
    queue()

    answers = together(
        *[lambda member=member: actions.launch(member=member, campaign_id=ready.pk) for member in presses]
    )

    winner = fresh(demo, ready).launched_by_id
    for member, answer in zip(presses, answers, strict=True):
        if member.pk == winner:
            assert isinstance(answer, Campaign)
        else:
            first = "Marketer" if winner == demo.marketer.pk else "Admin"
            assert str(answer.message) == f"{first} has sent or scheduled this campaign already."
    assert [task for task, *_ in queue()] == ["campaigns.tasks.send_slice"]


def test_an_agent_may_look_but_not_touch(demo, ready):
    for verb in (
        actions.launch,
        actions.pause,
        actions.resume,
        actions.cancel,
        actions.unschedule,
        actions.retry_failed,
    ):
        assert "permission" in refusal(verb, demo, ready, member=demo.agent1)
    soon = timezone.now() + timedelta(hours=1)
    assert "permission" in refusal(actions.schedule, demo, ready, member=demo.agent1, starts=soon)
    assert fresh(demo, ready).state == "ready"

    demo.agent1.sends_to_lists = True
    demo.agent1.save()
    actions.launch(member=demo.agent1, campaign_id=ready.pk)
    assert fresh(demo, ready).state == "running"


def test_nothing_is_launched_that_would_stop_at_once(demo, ready):
    with scope(demo.id):
        PhoneNumber.objects.update(stopped=timezone.now(), stopped_code=131042)
    assert refusal(actions.launch, demo, ready).startswith("WhatsApp cannot charge this account")
    with scope(demo.id):
        PhoneNumber.objects.update(stopped=None)
        template = ready.languages.get().template
        template.status = "PAUSED"
        template.save()
    assert refusal(actions.launch, demo, ready) == f"{template} cannot be sent: PAUSED."
    with scope(demo.id):
        template.status = "APPROVED"
        template.save()
        Recipient.objects.update(state=2, skip=1)
    assert refusal(actions.launch, demo, ready).startswith("Nobody on these lists")
    assert fresh(demo, ready).state == "ready"


def test_a_campaign_whose_recipients_are_still_listed_is_not_launched(demo, ready):
    put(demo, ready, state="checking")
    assert refusal(actions.launch, demo, ready) == "This is not possible now: Checking the recipients."


def test_a_scheduled_campaign_begins_by_itself_and_not_before(demo, ready, queue):
    at = timezone.now() + timedelta(hours=2)
    actions.schedule(member=demo.marketer, campaign_id=ready.pk, starts=at)
    actions.schedule(member=demo.marketer, campaign_id=ready.pk, starts=at)

    campaign = fresh(demo, ready)
    assert (campaign.state, campaign.starts, campaign.launched) == ("scheduled", at, None)
    assert campaign.launched_by_id == demo.marketer.pk
    assert campaign.broadcast.started is None
    queue()
    assert (starting.begin_due(), queue()) == ([], [])

    put(demo, ready, starts=timezone.now() - timedelta(seconds=1))
    tasks.sweep()

    campaign = fresh(demo, ready)
    assert campaign.state == "running"
    assert campaign.launched == campaign.broadcast.started
    assert campaign.broadcast.started_by_id == demo.marketer.pk
    assert queue() == [("campaigns.tasks.send_slice", demo.id, ready.pk)]
    assert starting.begin_due() == []


def test_two_sweeps_begin_a_campaign_once(demo, ready):
    actions.schedule(member=demo.marketer, campaign_id=ready.pk, starts=timezone.now() + timedelta(hours=2))
    put(demo, ready, starts=timezone.now() - timedelta(seconds=1))

    assert sum(map(len, together(*[starting.begin_due] * 5))) == 1


def test_a_schedule_can_be_taken_back_or_sent_at_once(demo, ready):
    at = timezone.now() + timedelta(hours=2)
    assert "has passed" in refusal(actions.schedule, demo, ready, starts=timezone.now() - timedelta(hours=1))
    actions.schedule(member=demo.marketer, campaign_id=ready.pk, starts=at)
    later = {"starts": at + timedelta(hours=1), "member": demo.admin}
    assert (
        refusal(actions.schedule, demo, ready, **later)
        == "Marketer has sent or scheduled this campaign already."
    )

    for _ in range(2):
        actions.unschedule(member=demo.admin, campaign_id=ready.pk)
    campaign = fresh(demo, ready)
    assert (campaign.state, campaign.launched_by_id) == ("ready", None)

    actions.schedule(member=demo.marketer, campaign_id=ready.pk, starts=at)
    actions.launch(member=demo.admin, campaign_id=ready.pk)
    campaign = fresh(demo, ready)
    assert (campaign.state, campaign.launched_by_id, campaign.starts) == ("running", demo.admin.pk, None)


def test_pause_says_who_and_resume_goes_on(demo, queue):
    campaign = launched(demo, [make_contact(demo)])
    for _ in range(2):
        actions.pause(member=demo.admin, campaign_id=campaign.pk)
    paused = fresh(demo, campaign)
    assert (paused.state, paused.reason, paused.reason_detail) == ("paused", "member", "Admin")
    assert reasons.words(paused.reason, paused.reason_detail).what == "Paused by Admin."

    put(demo, campaign, hold_until=timezone.now() + timedelta(hours=1), hold_reason="allowance")
    queue()
    for _ in range(2):
        actions.resume(member=demo.marketer, campaign_id=campaign.pk)
    resumed = fresh(demo, campaign)
    assert (resumed.state, resumed.reason, resumed.hold_until, resumed.hold_reason) == (
        "running",
        "",
        None,
        "",
    )
    assert [task for task, *_ in queue()] == ["campaigns.tasks.send_slice"]
    assert resumed.launched == campaign.launched


def test_what_cannot_be_sent_is_not_resumed(demo):
    campaign = launched(demo, [make_contact(demo)])
    actions.pause(member=demo.marketer, campaign_id=campaign.pk)
    with scope(demo.id):
        PhoneNumber.objects.update(stopped=timezone.now(), stopped_code=190)

    assert refusal(actions.resume, demo, campaign).startswith("The connection of this number has expired")
    assert fresh(demo, campaign).state == "paused"


def test_cancelling_ends_it_for_those_who_wait_and_tells_why(demo):
    campaign, messages = sent(demo, [Status.SENT, Status.PUT_OFF, Status.FAILED], state="running")
    with scope(demo.id):
        Recipient.objects.filter(message=messages[2]).update(
            state=Recipient.State.READY
        )  # about to be tried again

    for _ in range(2):
        actions.cancel(member=demo.marketer, campaign_id=campaign.pk)

    campaign = fresh(demo, campaign)
    assert campaign.state == "cancelled"
    assert campaign.finished is not None
    assert states(demo, campaign) == [(1, Status.SENT), (1, Status.FAILED), (1, Status.FAILED)]
    with scope(demo.id):
        put_off = Message.objects.get(pk=messages[1].pk)
    assert (put_off.error_code, put_off.error_details) == (None, reasons.CANCELLED_FIRST)


@pytest.mark.parametrize("state", ["checking", "ready", "scheduled", "running", "paused", "failed"])
def test_whatever_has_not_ended_can_be_cancelled(demo, ready, state):
    put(demo, ready, state=state)
    actions.cancel(member=demo.marketer, campaign_id=ready.pk)
    assert fresh(demo, ready).state == "cancelled"


def test_what_has_ended_stays_so(demo, ready):
    put(demo, ready, state="done", launched=timezone.now(), launched_by=demo.admin)
    for verb in (actions.pause, actions.resume, actions.cancel, actions.unschedule):
        assert refusal(verb, demo, ready) == "This is not possible now: Sent."
    assert refusal(actions.launch, demo, ready) == "Admin has sent or scheduled this campaign already."
    put(demo, ready, state="cancelled")
    for verb in (actions.pause, actions.resume, actions.unschedule, actions.retry_failed):
        assert refusal(verb, demo, ready) == "This is not possible now: Cancelled."


def test_cancel_and_launch_at_once_end_in_one_of_both(demo, ready):
    together(
        lambda: actions.launch(member=demo.marketer, campaign_id=ready.pk),
        lambda: actions.cancel(member=demo.admin, campaign_id=ready.pk),
    )
    campaign = fresh(demo, ready)
    assert campaign.state == "cancelled"  # a launch that was first is cancelled, a later one is refused


def test_redis_away_does_not_keep_anybody_from_launching(demo, ready, monkeypatch):
    from kombu.exceptions import OperationalError

    def away(*_args, **_fields):
        raise OperationalError("away")

    monkeypatch.setattr(tasks.send_slice, "apply_async", away)
    actions.launch(member=demo.marketer, campaign_id=ready.pk)
    assert fresh(demo, ready).state == "running"


def test_a_template_of_every_language_must_be_sendable(demo):
    english, arabic = (make_template(demo, name="news", language=code) for code in ("en", "ar"))
    campaign = prepared(demo, [make_contact(demo)], templates=[english, arabic])
    with scope(demo.id):
        type(arabic).objects.filter(pk=arabic.pk).update(status="DISABLED")

    assert refusal(actions.launch, demo, campaign) == "news (ar) cannot be sent: DISABLED."


def test_a_message_put_off_again_by_a_slice_in_hand_does_not_block_anything(demo):
    campaign = launched(demo, [make_contact(demo, name="A")])
    with scope(demo.id):
        contact = Recipient.objects.get().contact
    actions.pause(member=demo.marketer, campaign_id=campaign.pk)
    hand_over(demo, campaign, contact, Status.PUT_OFF)
    actions.cancel(member=demo.marketer, campaign_id=campaign.pk)
    assert states(demo, campaign) == [(1, Status.FAILED)]
