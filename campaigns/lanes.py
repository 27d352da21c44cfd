"""Which slices of a campaign are under way: a campaign has three lanes, and each has one slice after the other.

Kept in Redis and nothing but a hint: a lane that is lost begins again after some seconds of silence, one too many ends
by itself, and what may be sent is decided by rows. Must never raise.
"""

from functools import cache
from typing import Any
from uuid import uuid4

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

LANES = 3
# A slice takes about a second. What is silent for longer lost its worker, its message or its Redis.
SILENT_SECONDS = 10
KEPT_SECONDS = 3600

# KEYS: the turn that is awaited, and a mark that somebody was heard of.
_BEGIN = f"""
if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', {SILENT_SECONDS}) and ARGV[2] == '0' then return false end
local turn = redis.call('GET', KEYS[1]) or ARGV[1]
redis.call('SET', KEYS[1], turn, 'EX', {KEPT_SECONDS})
return turn
"""
_TAKE = f"""
local awaited = redis.call('GET', KEYS[1])
if awaited and awaited ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', {KEPT_SECONDS})
redis.call('SET', KEYS[2], 1, 'EX', {SILENT_SECONDS})
return 1
"""
_END = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1], KEYS[2]) end
"""


def begin(campaign_id: int, lane: int, *, at_once: bool = False) -> str | None:
    """The turn to send a message for, so that the lane begins or goes on; None while it is heard of.

    `at_once` asks in any case: a turn that is sent for twice is taken once.
    """
    turn = _ask(_begin(), campaign_id, lane, _new(), "1" if at_once else "0")
    return turn.decode() if turn else None


def take(campaign_id: int, lane: int, turn: str) -> str | None:
    """Takes the turn and returns the lane's next one; None when somebody else has taken it."""
    following = _new()
    return following if _ask(_take(), campaign_id, lane, turn, following) in {1, None} else None


def end(campaign_id: int, lane: int, turn: str) -> None:
    """Nothing is left to do in the lane for now: `turn`, its next one, will not be sent for."""
    _ask(_end(), campaign_id, lane, turn)


def _new() -> str:
    return uuid4().hex


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


@cache
def _begin() -> Any:
    return _redis().register_script(_BEGIN)


@cache
def _take() -> Any:
    return _redis().register_script(_TAKE)


@cache
def _end() -> Any:
    return _redis().register_script(_END)


def _ask(script: Any, campaign_id: int, lane: int, *args: str) -> Any:
    key = f"inbox:lane:{campaign_id}:{lane}"
    try:
        return script(keys=[key, f"{key}:heard"], args=args)
    except redis.RedisError as error:
        log.warning("lanes.redis_lost", campaign=campaign_id, error=str(error))
        return None
