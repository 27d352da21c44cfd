"""Workers that die: SIGKILL of a real process that sends a campaign of 500, at three points, counted at WhatsApp's end.

Everybody ends up with exactly one accepted message, or visibly unconfirmed; nobody is lost, nobody gets it twice.
"""

from threading import Event

import pytest

from campaigns import fanout, tasks
from campaigns.models import Campaign
from inbox import dispatch
from inbox.models import Message
from tests.campaigns.killing import Worker, accounted, celery, finish, kill, settled
from tests.campaigns.plans import fresh
from tests.campaigns.sending import drive, make_campaign, make_people, message_to, shown
from tests.inbox.rows import receipt

PEOPLE = 500


@pytest.fixture
def people(brisk):
    return make_people(brisk, PEOPLE)


def test_killed_after_the_commit_and_before_anything_left(brisk, graph, people):
    campaign = make_campaign(brisk, people)
    with Worker(brisk, campaign, graph, stop_at="campaigns.fanout:dispatch") as worker:
        assert worker.stopped()
        assert shown(brisk, campaign) == {"SENDING": fanout.MOST}
        worker.kill()
    assert graph.calls == []
    assert fanout.due() == [(brisk.id, campaign.pk)]  # the sweep sees that somebody has to go on
    finish(brisk, campaign)
    assert len(accounted(brisk, campaign, graph, people)) == fanout.MOST
    assert len(graph.calls) == PEOPLE - fanout.MOST


def test_killed_in_the_middle_of_the_requests(brisk, graph, people):
    campaign = make_campaign(brisk, people)
    graph.shut_after(60)
    with Worker(brisk, campaign, graph) as worker:
        for _ in range(60 + dispatch.IN_FLIGHT):
            graph.arrived.get(timeout=60)
        worker.kill()
    graph.open()
    finish(brisk, campaign)
    unconfirmed = accounted(brisk, campaign, graph, people)
    assert len(unconfirmed) == fanout.MOST
    assert sum(graph.accepted[phone] for phone in unconfirmed) >= 60


def test_killed_after_the_answers_and_before_they_were_recorded(brisk, graph, people):
    campaign = make_campaign(brisk, people)
    with Worker(brisk, campaign, graph, stop_at="campaigns.fanout:_record") as worker:
        assert worker.stopped()
        assert len(graph.calls) == fanout.MOST
        worker.kill()
    finish(brisk, campaign)
    unconfirmed = accounted(brisk, campaign, graph, people)
    assert len(unconfirmed) == fanout.MOST
    assert all(graph.accepted[phone] == 1 for phone in unconfirmed)


def test_killed_between_two_slices_nobody_is_in_doubt(brisk, graph, people):
    campaign = make_campaign(brisk, people)
    with Worker(brisk, campaign, graph, stop_at="campaigns.fanout:_open", after=1) as worker:
        assert worker.stopped()
        worker.kill()
    assert shown(brisk, campaign) == {"SENT": fanout.MOST}
    finish(brisk, campaign)
    assert accounted(brisk, campaign, graph, people) == []
    assert graph.reached == {each.phone: 1 for each in people}


def test_a_receipt_settles_who_was_left_in_doubt(brisk, graph, people):
    campaign = make_campaign(brisk, people[:3])
    with Worker(brisk, campaign, graph, stop_at="campaigns.fanout:_record") as worker:
        assert worker.stopped()
        worker.kill()
    settled(brisk)
    message = message_to(brisk, campaign, people[0])
    assert message.status == Message.Status.UNCONFIRMED
    receipt(brisk, message, "delivered", wamid="wamid.late")
    message = message_to(brisk, campaign, people[0])
    assert (message.status, message.wamid) == (Message.Status.DELIVERED, "wamid.late")


def test_a_campaign_goes_on_while_a_dead_workers_leases_run(brisk, graph, people):
    """Whoever is left is not held up by those in doubt; only the end waits for them."""
    campaign = make_campaign(brisk, people)
    with Worker(brisk, campaign, graph, stop_at="campaigns.fanout:_record") as worker:
        assert worker.stopped()
        worker.kill()
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 500 - fanout.MOST, "SENDING": fanout.MOST}
    assert fresh(brisk, campaign).state == Campaign.State.RUNNING
    finish(brisk, campaign)


def test_real_workers_killed_and_an_emptied_redis_hold_nothing_up(brisk, graph, people, broker):
    """Celery as in production: the worker dies, Redis forgets the queue, and the sweep and a new worker do the rest."""
    campaign = make_campaign(brisk, people)
    tasks.enqueue_slice(brisk.id, campaign.pk)
    with celery(graph) as process:
        for _ in range(150):
            graph.arrived.get(timeout=90)
        kill(process)
    broker.flushall()
    settled(brisk)
    tasks.sweep()
    with celery(graph):
        for _ in range(500):
            if fresh(brisk, campaign).state == Campaign.State.DONE:
                break
            tasks.sweep()
            Event().wait(0.2)
    accounted(brisk, campaign, graph, people)
