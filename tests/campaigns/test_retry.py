"""Trying again those whose message failed: only who may be, when they may, each once."""

from datetime import timedelta

from django.utils import timezone

from accounts.tenancy import scope
from campaigns import actions
from campaigns.models import Recipient
from inbox import failures
from inbox.models import Broadcast, Message, Receipt
from tests.campaigns.plans import answer, fresh, refusal, sent, states
from tests.inbox.together import together

Status = Message.Status


def test_only_those_are_tried_again_who_may_be_and_when_they_may(demo, queue):
    codes = [131026, 131000, 131049, 131049, 130429, 131050, None, None, 132015, 2147483000]
    campaign, messages = sent(demo, [Status.FAILED] * len(codes))
    long_ago, lately = timezone.now() - timedelta(hours=25), timezone.now() - timedelta(hours=23)
    with scope(demo.id):
        for message, code in zip(messages, codes, strict=True):
            Message.objects.filter(pk=message.pk).update(error_code=code)
        for message, at in ((messages[2], long_ago), (messages[3], lately)):
            Receipt.objects.create(workspace=demo.workspace, message=message, status=Status.FAILED, at=at)
        Message.objects.filter(pk=messages[6].pk).update(error_details=failures.UNREACHABLE)
        Message.objects.filter(pk=messages[7].pk).update(error_details=failures.NO_ADDRESS)

    queue()
    assert actions.retry_failed(member=demo.marketer, campaign_id=campaign.pk) == 5

    with scope(demo.id):
        again = set(
            Recipient.objects.filter(state=Recipient.State.READY).values_list("message_id", flat=True)
        )
    assert again == {messages[place].pk for place in (1, 2, 4, 6, 8)}
    campaign = fresh(demo, campaign)
    assert (campaign.state, campaign.finished) == ("running", None)
    assert [task for task, *_ in queue()] == ["campaigns.tasks.send_slice"]
    assert refusal(actions.retry_failed, demo, campaign).startswith("Nobody can be sent to again")


def test_the_time_of_a_failure_without_a_receipt_is_when_it_was_written_down(demo):
    campaign, messages = sent(demo, [Status.FAILED, Status.FAILED], error_code=131049)
    with scope(demo.id):
        Message.objects.filter(pk=messages[0].pk).update(due=timezone.now() - timedelta(hours=25))

    assert actions.retry_failed(member=demo.marketer, campaign_id=campaign.pk) == 1


def test_nobody_who_may_have_got_it_is_tried_again(demo):
    fine = [Status.UNCONFIRMED, Status.HELD, Status.SENT, Status.DELIVERED, Status.READ]
    campaign, messages = sent(demo, [*fine, Status.FAILED, Status.FAILED], error_code=131000)
    answer(demo, campaign, messages[5].conversation.contact)

    assert actions.retry_failed(member=demo.marketer, campaign_id=campaign.pk) == 1

    with scope(demo.id):
        assert Recipient.objects.get(state=Recipient.State.READY).message_id == messages[6].pk
    assert refusal(actions.retry_failed, demo, campaign).startswith("Nobody can be sent to again")


def test_a_paused_campaign_stays_paused_when_some_are_put_back(demo):
    campaign, _ = sent(demo, [Status.FAILED], state="paused", error_code=131000)
    assert actions.retry_failed(member=demo.marketer, campaign_id=campaign.pk) == 1
    assert fresh(demo, campaign).state == "paused"


def test_trying_again_twice_at_once_puts_each_back_once(demo, queue):
    campaign, _ = sent(demo, [Status.FAILED] * 5, error_code=131000)
    queue()

    answers = together(*[lambda: actions.retry_failed(member=demo.marketer, campaign_id=campaign.pk)] * 4)

    assert sorted(answer if isinstance(answer, int) else 0 for answer in answers) == [0, 0, 0, 5]
    assert [task for task, *_ in queue()] == ["campaigns.tasks.send_slice"]


def test_a_retry_of_another_workspace_is_not_touched(demo, rival):
    theirs, _ = sent(rival, [Status.FAILED], error_code=131000)
    ours, _ = sent(demo, [Status.FAILED], error_code=131000)

    actions.retry_failed(member=demo.marketer, campaign_id=ours.pk)

    assert states(rival, theirs) == [(1, Status.FAILED)]
    with scope(rival.id):
        assert Broadcast.objects.count() == 1
