"""How fast a number may send: one token bucket per number in Redis, whose clock all workers share.

Replies take their token and never wait, below zero if need be; campaigns lease what is left, a tenth of a second at a
time, and a tenth of the rate is never theirs. Without Redis everything goes on, slowly. Must never raise.
"""

import threading
import time
from functools import cache
from typing import Any, NamedTuple

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

LEASE_SECONDS = 0.1  # of the rate, at most, in one lease: 8 at 80/s, 100 at 1,000/s
SPREAD_SECONDS = 2.0  # the same of a campaign that takes its time: a few people every now and then
FOR_CAMPAIGNS = 0.9  # of the rate
DEBT_SECONDS = 1.0  # of the rate that replies may borrow from what campaigns get next
SLOWER, SLOWEST = 0.7, 0.1  # of the rate, after each refusal, and at least
FASTER_PER_SECOND = 0.02  # of the rate, added back
ONE_REFUSAL_SECONDS = 1.0  # what is refused within it was sent at one pace, and is one refusal
WITHOUT_REDIS = 0.1  # of the rate, in each process
REDIS_REST_SECONDS = 1.0  # after a failure Redis is not asked again for so long
FORGOTTEN_SECONDS = 120  # at least: longer than it takes from the slowest pace to the full one

# all: tokens of the number; bulk: those campaigns may have of it; pace: the share of the rate that is used.
# An empty Redis starts with one lease. ARGV: rate, tokens wanted, 1 for a reply or 0 for a campaign, a lease's seconds.
_TAKE = f"""
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local rate, wanted, reply, span = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1', tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'all', 'bulk', 'at', 'pace')
local size = math.max(1, rate * span)
local all, bulk, pace = tonumber(kept[1]) or size, tonumber(kept[2]) or size, tonumber(kept[4]) or 1
local passed = math.max(0, now - (tonumber(kept[3]) or now))
pace = math.min(1, pace + passed * {FASTER_PER_SECOND})
size = math.max(1, rate * pace * span)
all = math.min(size, all + passed * rate * pace)
bulk = math.min(size, bulk + passed * rate * pace * {FOR_CAMPAIGNS})
local granted, wait = 0, 0
if reply then
  all = math.max(all - wanted, -rate * pace * {DEBT_SECONDS})
  granted = wanted
else
  granted = math.max(0, math.floor(math.min(wanted, size, all, bulk) + 0.000001))
  all, bulk = all - granted, bulk - granted
  local more = math.max(1, math.min(wanted - granted, size))
  wait = math.max(0, (more - all) / (rate * pace), (more - bulk) / (rate * pace * {FOR_CAMPAIGNS}))
end
redis.call('HSET', KEYS[1], 'all', all, 'bulk', bulk, 'at', string.format('%.6f', now), 'pace', pace)
redis.call('EXPIRE', KEYS[1], math.ceil(math.max({FORGOTTEN_SECONDS}, 2 / (rate * pace))))
return {{granted, string.format('%.6f', wait)}}
"""
_SLOW_DOWN = f"""
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'at', 'pace', 'refused')
if tonumber(kept[3]) and now - tonumber(kept[3]) < {ONE_REFUSAL_SECONDS} then return end
local passed = math.max(0, now - (tonumber(kept[1]) or now))
local pace = math.min(1, (tonumber(kept[2]) or 1) + passed * {FASTER_PER_SECOND})
redis.call('HSET', KEYS[1], 'pace', math.max({SLOWEST}, pace * {SLOWER}), 'at', string.format('%.6f', now),
  'bulk', 0, 'refused', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], {FORGOTTEN_SECONDS})
"""


class Lease(NamedTuple):
    """`granted` messages may leave now; more are worth asking for after `wait_seconds`."""

    granted: int
    wait_seconds: float


def spend(number_id: int, per_second: int) -> None:
    """Notes one message that leaves outside campaigns. Never waits for a token: people come first."""
    _ask(_take(), f"inbox:pace:{number_id}", per_second, 1, 1, LEASE_SECONDS)


def lease(number_id: int, per_second: int, want: int) -> Lease:
    """Asks for `want` messages at a number that takes `per_second`; gets at most a tenth of a second's."""
    return _lease(f"inbox:pace:{number_id}", per_second, want, LEASE_SECONDS)


def spread(campaign_id: int, per_second: float, want: int) -> Lease:
    """The same for one campaign that is to take its time; `per_second` may be far below one."""
    return _lease(f"inbox:spread:{campaign_id}", per_second / FOR_CAMPAIGNS, want, SPREAD_SECONDS)


def slow_down(number_id: int) -> None:
    """WhatsApp said 130429: seven tenths of the pace from now on, which comes back by a fiftieth of the rate a second.

    Several refusals within a second are one.
    """
    _ask(_slow_down(), f"inbox:pace:{number_id}")


def _lease(key: str, per_second: float, want: int, seconds: float) -> Lease:
    answer = _ask(_take(), key, per_second, want, 0, seconds)
    if answer is None:
        return _alone.lease(key, per_second, want)
    return Lease(int(answer[0]), float(answer[1]))


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)


@cache
def _take() -> Any:
    return _redis().register_script(_TAKE)


@cache
def _slow_down() -> Any:
    return _redis().register_script(_SLOW_DOWN)


class _Alone:
    """What a process allows itself while Redis is away: a tenth of the rate, by its own clock."""

    def __init__(self) -> None:
        self.rests_until = 0.0
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def lease(self, key: str, per_second: float, want: int) -> Lease:
        """One message at a time, and the next one not before its time has come."""
        seconds = 1 / (per_second * WITHOUT_REDIS)
        with self._lock:
            now = time.monotonic()
            wait = self._free_at.get(key, now) - now
            if wait > 0 or want < 1:
                return Lease(0, max(wait, 0.0))
            self._free_at[key] = now + seconds
            return Lease(1, seconds)


_alone = _Alone()


def _ask(script: Any, key: str, *args: float) -> Any:
    """What Redis answers; None while it is away."""
    if time.monotonic() < _alone.rests_until:
        return None
    try:
        return script(keys=[key], args=args)
    except redis.RedisError as error:
        _alone.rests_until = time.monotonic() + REDIS_REST_SECONDS
        log.warning("pace.redis_lost", error=str(error))
        return None
