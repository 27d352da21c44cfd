"""The limits that hold for a number or a portfolio: messages a second, people a day. Off unless switched on.

Counts only while its switch is on, so that an unlimited simulator pays nothing. The limit per person is the
thread's own.
"""

import time
from collections import OrderedDict

import msgspec

from simulator.errors import GraphError
from simulator.state import Number

DAY_S = 24 * 3600
# Messages a second by `throughput.level` (Meta, Throughput, 2026-09).
PER_SECOND = {"STANDARD": 80, "HIGH": 1_000}
# People outside windows in 24 hours, by tier (Meta, Messaging limits, 2026-09).
PER_DAY = {"TIER_250": 250, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}
TOO_FAST, SPAM, TOO_MANY_CALLS = 130429, 131048, 80007
CALLS_PER_HOUR = 5_000  # of an account with a registered number (Meta, About the platform, 2026-09)
HOUR_S = 3600


class Bucket(msgspec.Struct):
    """Tokens for one second at most, refilled all the time."""

    per_second: int
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        self.tokens = min(self.per_second, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Limits:
    """The meters of one run."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.people: dict[str, OrderedDict[str, float]] = {}  # portfolio → wa_id → last written to
        self.calls: dict[str, tuple[int, int]] = {}  # account → hour, management calls in it

    def take_throughput(self, number: Number, *, switch: bool | int) -> None:
        """Spend one message of the number's second. Raises GraphError 130429 when it is used up.

        `switch` is a rate, or True for the one that goes with the number's throughput.
        """
        per_second = PER_SECOND.get(number.throughput, 80) if switch is True else int(switch)
        now = time.monotonic()
        bucket = self.buckets.get(number.phone_number_id)
        if bucket is None or bucket.per_second != per_second:
            bucket = self.buckets[number.phone_number_id] = Bucket(per_second, per_second, now)
        if not bucket.take(now):
            raise GraphError(TOO_FAST)

    def take_person(self, number: Number, wa_id: str, *, switch: bool | int) -> None:
        """Count a person who is written to outside a window. Raises GraphError 131048 over the limit.

        `switch` is a number of people, or True for the one that goes with the portfolio's tier.
        """
        most = PER_DAY.get(number.messaging_limit) if switch is True else int(switch)
        people = self.people.setdefault(number.portfolio_id, OrderedDict())
        now = time.time()
        while people and now - next(iter(people.values())) > DAY_S:
            people.popitem(last=False)
        if most is not None and wa_id not in people and len(people) >= most:
            raise GraphError(SPAM, f"The portfolio has reached its limit of {most} people in 24 hours.")
        people[wa_id] = now
        people.move_to_end(wa_id)

    def count_call(self, waba_id: str, rate: int) -> int:
        """Count a management call and return the used share of the hour's calls, in percent."""
        hour = int(time.time() // HOUR_S)
        before, calls = self.calls.get(waba_id, (hour, 0))
        calls = calls + 1 if before == hour else 1
        self.calls[waba_id] = (hour, calls)
        return calls * 100 // (rate or CALLS_PER_HOUR)
