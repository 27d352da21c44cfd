"""Every error code of the Cloud API as data: what a sender does about it.

Codes and meanings: Meta, Error codes, 2026-09, unless a line says otherwise; what to do is our decision,
except where Meta says it. Must hold no logic. The words for people are in `whatsapp.error_words`, for the
same codes.
"""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a sender does about an error."""

    RETRY = "retry"  # WhatsApp's own trouble: again with growing pauses, at most `Rule.retries` times
    THROTTLE = "throttle"  # the business number sends too fast: slow the whole number down, then again
    PAIR = "pair"  # too fast for this one customer: again after 4^n seconds, everybody else goes on
    DEFER = "defer"  # not before `Rule.wait_seconds` have passed
    NEVER = "never"  # the same message would fail again
    STOP_CHANNEL = "stop_channel"  # nothing can leave this number until a person has acted
    STOP_TEMPLATE = "stop_template"  # no message of this template can leave now


class Rule(NamedTuple):
    """What a sender does about a code: how long to wait at least before trying again, how often to try by
    itself."""

    kind: Kind
    wait_seconds: int = 0
    retries: int = 0


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

_ROWS: list[tuple[Rule, Iterable[int]]] = [
    # The token, the permission, the number, the account, its money. 803 is in Meta's OpenAPI description
    # (2025-11).
    (Rule(Kind.STOP_CHANNEL), [0, 10, 33, 190, 368, 803]),
    (Rule(Kind.STOP_CHANNEL), [131031, 131037, 131042, 131044, 133006, 133010]),
    (Rule(Kind.STOP_TEMPLATE), [132015, 132016]),
    # WhatsApp's own trouble
    (Rule(Kind.RETRY, retries=5), [2, 131016, 133004]),
    (Rule(Kind.RETRY, retries=3), [1, 131000, 139102, 139103]),
    (Rule(Kind.RETRY, retries=1), [135000]),
    (Rule(Kind.RETRY, retries=5, wait_seconds=_MINUTE), [131057, 2494100]),
    # Too much
    (Rule(Kind.THROTTLE, wait_seconds=1), [130429]),
    (Rule(Kind.PAIR, wait_seconds=1), [131056]),
    (Rule(Kind.DEFER, wait_seconds=5 * _MINUTE), [4, 17, 613, 80007]),
    (Rule(Kind.DEFER, wait_seconds=4 * _HOUR), [131048]),
    (Rule(Kind.DEFER, wait_seconds=6 * _HOUR), [131064]),
    (Rule(Kind.DEFER, wait_seconds=_DAY), [131049]),  # "wait at least 24 hours"
    # Not yet
    (Rule(Kind.DEFER, wait_seconds=5 * _MINUTE), [133015]),
    (Rule(Kind.DEFER, wait_seconds=10 * _MINUTE), [134101]),
    (Rule(Kind.DEFER, wait_seconds=_HOUR), [131208, 132069, 133008, 133009, 2388039]),
    (Rule(Kind.DEFER, wait_seconds=3 * _DAY), [133016]),
    # This person
    (Rule(Kind.NEVER), [130403, 130472, 130497, 131021, 131026, 131030, 131047, 131050, 131062, 137000]),
    # This request, this content
    (Rule(Kind.NEVER), [3, 100, 104, 131005, 131008, 131009, 131045]),
    (Rule(Kind.NEVER), [131051, 131052, 131053, 131055, 131063, 134100, 134102]),
    (Rule(Kind.NEVER), [132000, 132001, 132005, 132007, 132008, 132012, 132018, 132068]),
    (Rule(Kind.NEVER), [2388019, 2388024, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299]),
    # Groups, calls and forms (2025-12 and SDK sources of 2026), blocking, usernames, setting up
    (Rule(Kind.NEVER), [131020, 131041, 131059, *range(131201, 131208), *range(131209, 131216)]),
    (Rule(Kind.NEVER), [*range(138000, 138019), *range(139000, 139005), 139100, 139101]),
    (Rule(Kind.NEVER), [*range(147001, 147006), *range(200005, 200008), *range(2494164, 2494180)]),
    (Rule(Kind.NEVER), [133000, 133005, 134011, 136024, 136025, 1752041]),
    (Rule(Kind.NEVER), [2388012, 2388091, 2388093, 2388103, 2593107, 2593108, 2593109]),
]

RULES: dict[int, Rule] = {code: rule for rule, codes in _ROWS for code in codes}

# Permissions of any kind, most of them without a row of their own.
PERMISSION_CODES = range(200, 300)

# Ordinary when writing to many people: these say nothing about the number, the template or the campaign.
ABOUT_ONE_PERSON = frozenset({130403, 130472, 131026, 131049, 131050, 131056})
