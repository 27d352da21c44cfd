"""Taking turns: tenants with each other, campaigns with agents, and lanes of one campaign; by order of arrival."""

import threading
from collections import deque

import pytest
from django.db import connection

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from campaigns import fanout, lanes, tasks
from campaigns.models import Campaign
from inbox import delivery, pace
from tests.campaigns.plans import fresh
from tests.campaigns.sending import drive, fast, make_campaign, make_people, now_due, shown
from tests.inbox.rows import reply
from tests.worlds import make_conversation

pytestmark = pytest.mark.usefixtures("broker")


class OneThread:
    """The queue of a worker with a single thread: first come, first served."""

    def __init__(self) -> None:
        self.waiting = deque()

    def publish(self, task, *, countdown=0.0, **ids):
        self.waiting.append((task, ids))

    def work(self, most=10**6):
        """Carries out what waits, and what that asks for."""
        while self.waiting and most:
            task, ids = self.waiting.popleft()
            task(**ids)
            most -= 1


@pytest.fixture
def queue(monkeypatch):
    made = OneThread()
    monkeypatch.setattr(tasks, "_publish", made.publish)
    return made


def test_one_tenants_thousands_hold_up_anothers_fifty_for_a_slice_in_each_lane_at_most(
    brisk, rival, graph, queue
):
    fast(rival)
    many = make_campaign(brisk, make_people(brisk, 5000))
    few = make_campaign(rival, make_people(rival, 50, prefix="96278"))
    tasks.enqueue_slice(brisk.id, many.pk)
    queue.work(1 + lanes.LANES)  # all lanes are under way
    before = len(graph.calls)
    assert before >= 2 * fanout.MOST
    tasks.enqueue_slice(rival.id, few.pk)
    while fresh(rival, few).state == Campaign.State.RUNNING:
        queue.work(1)
    theirs = [place for place, call in enumerate(graph.calls) if call.to.startswith("+96278")]
    assert len(theirs) == 50
    ours_meanwhile = theirs[-1] + 1 - before - 50
    assert ours_meanwhile <= lanes.LANES * fanout.MOST


def test_a_campaign_goes_by_its_lanes_to_the_end_through_the_queue_alone(brisk, graph, queue):
    campaign = make_campaign(brisk, make_people(brisk, 900))
    tasks.enqueue_slice(brisk.id, campaign.pk)
    assert [ids["lane"] for _task, ids in queue.waiting] == [0]
    queue.work(1)
    assert [ids["lane"] for _task, ids in queue.waiting] == list(range(lanes.LANES))
    queue.work()
    assert (shown(brisk, campaign), fresh(brisk, campaign).state) == ({"SENT": 900}, "done")


def test_the_sweep_starts_what_lost_its_messages_and_nothing_that_is_at_work(brisk, graph, queue, broker):
    campaign = make_campaign(brisk, make_people(brisk, 300))
    tasks.enqueue_slice(brisk.id, campaign.pk)
    tasks.sweep()
    assert len(queue.waiting) == 1
    queue.waiting.clear()
    broker.flushall()
    tasks.sweep()
    tasks.sweep()
    assert len(queue.waiting) == 1
    queue.work()
    assert fresh(brisk, campaign).state == "done"


def test_the_sweep_wakes_who_was_put_off_and_ends_what_has_nobody_left(brisk, graph, queue):
    campaign = make_campaign(brisk, make_people(brisk, 3))
    held = make_conversation(brisk, holder=brisk.agent1, contact=make_people(brisk, 1, prefix="96279")[0])
    queued = reply(brisk, held)
    busy = make_campaign(brisk, [held.contact])
    for each in (campaign, busy):
        tasks.enqueue_slice(brisk.id, each.pk)
    queue.work()
    assert (fresh(brisk, campaign).state, fresh(brisk, busy).state) == ("done", "running")
    tasks.sweep()
    assert not queue.waiting  # not their turn yet
    delivery.deliver_next(queued.conversation_id, brisk.id)
    now_due(brisk, busy)
    tasks.sweep()
    queue.work()
    assert fresh(brisk, busy).state == "done"


def test_slices_of_many_workers_at_once_write_to_everybody_once(brisk, graph):
    people = make_people(brisk, 900)
    campaign = make_campaign(brisk, people)

    def work():
        drive(brisk, campaign)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert graph.reached == {each.phone: 1 for each in people}
    assert shown(brisk, campaign) == {"SENT": 900}
    assert fresh(brisk, campaign).state == "done"


def test_an_agents_reply_leaves_before_the_rest_of_the_campaign(demo, graph):
    """At 80 a second the campaign has seconds to go; the reply is among the next eight, one lease."""
    people = make_people(demo, 120)
    campaign = make_campaign(demo, people)
    held = make_conversation(demo, holder=demo.agent1)

    def work():
        drive(demo, campaign)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    for _ in range(30):
        graph.arrived.get(timeout=30)
    reply(demo, held, "Of course.")
    before = len(graph.calls)
    delivery.deliver_next(held.pk, demo.id)
    after = len(graph.calls)
    worker.join()
    places = [place for place, call in enumerate(graph.calls) if call.body["type"] == "text"]
    assert len(places) == 1
    assert before <= places[0] <= after < 80
    assert graph.reached == {each.phone: 1 for each in people} | {held.contact.phone: 1}


def test_what_agents_send_is_taken_from_what_campaigns_may(demo, graph):
    held = make_conversation(demo, holder=demo.agent1)
    reply(demo, held)
    before = pace.lease(demo.number.pk, 80, 1)
    delivery.deliver_next(held.pk, demo.id)
    kept = {name: float(pace._redis().hget(f"inbox:pace:{demo.number.pk}", name)) for name in ("all", "bulk")}
    assert before.granted == 1
    assert kept["all"] < kept["bulk"]


def test_two_numbers_of_a_workspace_do_not_share_a_pace(demo, graph):
    with scope(demo.id):
        other = PhoneNumber.objects.create(
            workspace=demo.workspace, business_account=demo.account, phone_number_id="100000000000009"
        )
    first = make_campaign(demo, make_people(demo, 5))
    pace.lease(demo.number.pk, 80, 8)
    demo.number = other
    second = make_campaign(demo, make_people(demo, 5, prefix="96278"))
    fanout.run_slice(second.pk, demo.id)
    assert len(graph.calls) == 5
    drive(demo, first)
    assert {call.path.split("/")[2] for call in graph.calls} == {"100000000000001", "100000000000009"}
