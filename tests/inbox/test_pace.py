"""How fast a number may send: counted against the Redis server's own clock, never by sleeping and hoping."""

from threading import Event, Thread

import pytest
import redis
from django.conf import settings

from inbox import pace

NUMBER = 7_000_001
OTHER = 7_000_002


@pytest.fixture
def server(monkeypatch):
    """The real Valkey, without what other tests left of these numbers; asked again even if it was away before."""
    client = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
    for number in (NUMBER, OTHER):
        client.delete(f"inbox:pace:{number}", f"inbox:spread:{number}")
    monkeypatch.setattr(pace, "_alone", pace._Alone())
    yield client
    client.close()


def clock(server):
    """The server's time in seconds."""
    seconds, micros = server.time()
    return seconds + micros / 1e6


def wait(seconds):
    Event().wait(seconds)


def take(server, number, rate, seconds, *, want=1000, replies=0):
    """Leases as a campaign does for so long by the server's clock. Returns (server time, tokens) of each lease."""
    started, taken = clock(server), []
    while (now := clock(server)) < started + seconds:
        for _ in range(replies):
            pace.spend(number, rate)
        lease = pace.lease(number, rate, want)
        if lease.granted:
            taken.append((clock(server), lease.granted))
        wait(min(lease.wait_seconds, started + seconds - now))
    return taken


def most_within(taken, seconds):
    """The most tokens of any stretch of time that long."""
    return max(sum(n for at, n in taken if start <= at < start + seconds) for start, _ in taken)


def passed(taken):
    return taken[-1][0] - taken[0][0]


@pytest.mark.parametrize(("rate", "size"), [(80, 8), (1000, 100), (20, 2), (5, 1)])
def test_a_lease_is_a_tenth_of_a_second_at_most_and_an_empty_redis_starts_with_one(server, rate, size):
    first = pace.lease(NUMBER, rate, 1000)
    assert first.granted == size
    assert 0 < first.wait_seconds <= max(0.13, 1.2 / rate)
    assert pace.lease(NUMBER, rate, 1000).granted < size


def test_no_more_is_granted_than_wanted(server):
    assert pace.lease(NUMBER, 80, 3) == (3, 0.0)
    assert pace.lease(NUMBER, 80, 0).granted == 0


@pytest.mark.parametrize("rate", [80, 1000])
def test_a_campaign_alone_gets_nine_tenths_of_the_rate_and_never_more_than_the_rate_in_a_second(server, rate):
    taken = take(server, NUMBER, rate, 2.5)

    # The first lease came out of a full bucket; from then on every token was refilled by the server's clock.
    assert sum(n for _, n in taken[1:]) <= 0.9 * rate * passed(taken) + 0.11 * rate
    assert most_within(taken, 1.0) <= rate
    assert sum(n for _, n in taken) >= 0.7 * rate * passed(taken)


def test_workers_share_a_number(server):
    taken = []

    def work():
        taken.extend(take(server, NUMBER, 200, 1.5))

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    taken.sort()
    assert sum(n for _, n in taken) <= 0.9 * 200 * passed(taken) + 20
    assert most_within(taken, 1.0) <= 200


def test_two_numbers_do_not_know_of_each_other(server):
    pace.lease(NUMBER, 80, 1000)
    assert pace.lease(NUMBER, 80, 1000).granted < 8
    pace.slow_down(NUMBER)
    assert pace.lease(OTHER, 80, 1000).granted == 8


def test_replies_take_their_tenth_without_costing_campaigns_anything(server):
    pace.lease(NUMBER, 1000, 1000)
    before = float(server.hget(f"inbox:pace:{NUMBER}", "bulk"))
    pace.spend(NUMBER, 1000)
    assert float(server.hget(f"inbox:pace:{NUMBER}", "bulk")) >= before


def test_replies_go_below_zero_and_campaigns_wait_until_it_is_paid(server):
    for _ in range(40):
        pace.spend(NUMBER, 80)

    lease = pace.lease(NUMBER, 80, 8)
    assert lease.granted == 0
    owed = -float(server.hget(f"inbox:pace:{NUMBER}", "all"))
    assert 0 < owed <= 32
    assert lease.wait_seconds == pytest.approx((8 + owed) / 80, abs=0.002)


def test_replies_never_owe_more_than_a_second(server):
    for _ in range(300):
        pace.spend(NUMBER, 80)
    assert float(server.hget(f"inbox:pace:{NUMBER}", "all")) == -80


def test_what_replies_use_beyond_their_tenth_is_taken_from_campaigns(server):
    started = clock(server)
    taken, spent = [], 0
    while (now := clock(server)) < started + 2:
        while spent < (now - started) * 200:  # half of the rate
            pace.spend(NUMBER, 400)
            spent += 1
        lease = pace.lease(NUMBER, 400, 1000)
        taken.append((now, lease.granted))
        wait(min(lease.wait_seconds, 0.01))
    total = sum(n for _, n in taken)
    assert total + spent <= 400 * passed(taken) + 41
    assert total >= 0.3 * 400 * passed(taken)


def test_a_refusal_takes_three_tenths_once_a_second_down_to_a_tenth(server):
    key = f"inbox:pace:{NUMBER}"
    pace.lease(NUMBER, 80, 1)
    pace.slow_down(NUMBER)
    pace.slow_down(NUMBER)
    assert float(server.hget(key, "pace")) == pytest.approx(0.7, abs=0.01)
    for _ in range(10):
        server.hset(key, "refused", 0)
        pace.slow_down(NUMBER)
    assert float(server.hget(key, "pace")) == pytest.approx(0.1, abs=0.01)


def test_a_slowed_number_sends_less_and_comes_back_by_a_fiftieth_a_second(server):
    key = f"inbox:pace:{NUMBER}"
    pace.lease(NUMBER, 1000, 1)
    server.hset(key, "pace", 0.1)
    taken = take(server, NUMBER, 1000, 1.0)
    assert sum(n for _, n in taken[1:]) <= 0.9 * 130 * passed(taken) + 13

    # Ten seconds pass: the bucket's last time is put back by as much.
    before = float(server.hget(key, "pace"))
    server.hset(key, "at", float(server.hget(key, "at")) - 10)
    pace.lease(NUMBER, 1000, 1)
    assert float(server.hget(key, "pace")) == pytest.approx(before + 0.2, abs=0.02)
    server.hset(key, "at", float(server.hget(key, "at")) - 100)
    pace.lease(NUMBER, 1000, 1)
    assert float(server.hget(key, "pace")) == 1


def test_a_redis_that_was_emptied_costs_one_lease(server):
    pace.lease(NUMBER, 80, 1000)
    server.delete(f"inbox:pace:{NUMBER}")
    assert pace.lease(NUMBER, 80, 1000).granted == 8
    assert pace.lease(NUMBER, 80, 1000).granted == 0


def test_a_clock_that_was_set_back_neither_blocks_nor_refills(server):
    key = f"inbox:pace:{NUMBER}"
    pace.lease(NUMBER, 80, 1000)
    server.hset(key, "at", clock(server) + 3600)
    assert pace.lease(NUMBER, 80, 8).granted == 0
    assert float(server.hget(key, "at")) <= clock(server)


def test_a_campaign_that_takes_its_time_gets_one_after_the_other(server):
    assert pace.spread(NUMBER, 0.01, 50) == (1, 100)
    assert server.ttl(f"inbox:spread:{NUMBER}") > 150
    assert pace.spread(NUMBER, 0.01, 50).granted == 0
    assert pace.lease(NUMBER, 80, 8).granted == 8


def test_without_redis_campaigns_go_on_slowly_and_replies_at_once(server, monkeypatch):
    nobody = redis.Redis.from_url("redis://127.0.0.1:9/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(pace, "_take", lambda: nobody.register_script(pace._TAKE))
    monkeypatch.setattr(pace, "_slow_down", lambda: nobody.register_script(pace._SLOW_DOWN))

    first, second = pace.lease(NUMBER, 80, 100), pace.lease(NUMBER, 80, 100)
    assert (first.granted, first.wait_seconds) == (1, pytest.approx(1 / 8))
    assert (second.granted, second.wait_seconds) == (0, pytest.approx(1 / 8, abs=0.05))
    wait(second.wait_seconds)
    assert pace.lease(NUMBER, 80, 100).granted == 1
    pace.spend(NUMBER, 80)
    pace.slow_down(NUMBER)


def test_a_redis_that_came_back_is_asked_again_after_a_moment(server, monkeypatch):
    monkeypatch.setattr(pace, "REDIS_REST_SECONDS", 0.05)
    real = pace._take()
    nobody = redis.Redis.from_url("redis://127.0.0.1:9/0", socket_connect_timeout=0.2)
    monkeypatch.setattr(pace, "_take", lambda: nobody.register_script(pace._TAKE))
    assert pace.lease(NUMBER, 80, 100).granted == 1
    monkeypatch.setattr(pace, "_take", lambda: real)
    wait(0.06)
    assert pace.lease(NUMBER, 80, 100).granted == 8
