"""Lanes of slices per campaign: each turn once, lost ones again, and none too many."""

import pytest
import redis

from campaigns import lanes

pytestmark = pytest.mark.usefixtures("broker")
CAMPAIGN = 7_000_001


def silent(broker, lane=0):
    """Nothing was heard of the lane for a while."""
    broker.delete(f"inbox:lane:{CAMPAIGN}:{lane}:heard")


def test_a_lane_begins_once_and_goes_from_turn_to_turn(broker):
    first = lanes.begin(CAMPAIGN, 0)
    assert first is not None
    assert lanes.begin(CAMPAIGN, 0) is None
    second = lanes.take(CAMPAIGN, 0, first)
    third = lanes.take(CAMPAIGN, 0, second)
    assert len({first, second, third}) == 3


def test_a_turn_that_comes_twice_is_taken_once(broker):
    turn = lanes.begin(CAMPAIGN, 0)
    assert lanes.take(CAMPAIGN, 0, turn) is not None
    assert lanes.take(CAMPAIGN, 0, turn) is None


def test_the_lanes_of_a_campaign_and_of_campaigns_are_their_own(broker):
    turn = lanes.begin(CAMPAIGN, 0)
    assert lanes.begin(CAMPAIGN, 1) not in {None, turn}
    assert lanes.begin(CAMPAIGN + 1, 0) not in {None, turn}


def test_a_lane_that_was_lost_is_sent_for_again_with_the_turn_that_is_awaited(broker):
    turn = lanes.begin(CAMPAIGN, 0)
    silent(broker)
    assert lanes.begin(CAMPAIGN, 0) == turn
    following = lanes.take(CAMPAIGN, 0, turn)
    silent(broker)  # the worker died with it
    assert lanes.begin(CAMPAIGN, 0) == following


def test_a_slice_that_took_too_long_and_was_replaced_ends_its_lane_and_not_the_new_one(broker):
    following = lanes.take(CAMPAIGN, 0, lanes.begin(CAMPAIGN, 0))
    silent(broker)
    replaced = lanes.take(CAMPAIGN, 0, lanes.begin(CAMPAIGN, 0))
    lanes.end(CAMPAIGN, 0, following)
    assert lanes.take(CAMPAIGN, 0, following) is None
    assert lanes.take(CAMPAIGN, 0, replaced) is not None


def test_a_lane_that_ended_begins_anew_at_once(broker):
    following = lanes.take(CAMPAIGN, 0, lanes.begin(CAMPAIGN, 0))
    lanes.end(CAMPAIGN, 0, following)
    assert lanes.begin(CAMPAIGN, 0) not in {None, following}


def test_a_person_who_resumes_is_heard_at_once(broker):
    turn = lanes.begin(CAMPAIGN, 0)
    assert lanes.begin(CAMPAIGN, 0, at_once=True) == turn


def test_an_emptied_redis_costs_no_running_lane_its_next_turn(broker):
    following = lanes.take(CAMPAIGN, 0, lanes.begin(CAMPAIGN, 0))
    broker.flushall()
    assert lanes.take(CAMPAIGN, 0, following) is not None


def test_an_emptied_redis_and_a_sweep_do_not_make_two_of_one_lane(broker):
    following = lanes.take(CAMPAIGN, 0, lanes.begin(CAMPAIGN, 0))
    broker.flushall()
    swept = lanes.begin(CAMPAIGN, 0)
    assert lanes.take(CAMPAIGN, 0, swept) is not None
    assert lanes.take(CAMPAIGN, 0, following) is None


def test_without_redis_a_slice_that_is_at_work_goes_on(monkeypatch):
    nobody = redis.Redis.from_url("redis://127.0.0.1:9/0", socket_connect_timeout=0.2)
    for name, script in [("_begin", lanes._BEGIN), ("_take", lanes._TAKE), ("_end", lanes._END)]:
        monkeypatch.setattr(lanes, name, lambda script=script: nobody.register_script(script))
    assert lanes.begin(CAMPAIGN, 0) is None
    following = lanes.take(CAMPAIGN, 0, "any")
    assert following is not None
    lanes.end(CAMPAIGN, 0, following)
