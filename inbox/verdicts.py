"""What WhatsApp's answer to a letter means: for its row, and for everybody who comes after it.

A campaign has time: what may pass is put off, not given up. Plain decisions, after whatsapp/error_table.py; must never
touch the database or the network.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from inbox import failures
from inbox.letters import Letter, Result, Status
from whatsapp.errors import ABOUT_ONE_PERSON, CallFailed, GraphError, Kind, NotSent
from whatsapp.graph import Accepted

MOST_TRIES = 5  # of one person at a time, after 131056
TROUBLE_SECONDS = 15  # until WhatsApp is tried again when it fails for most
# Of a batch: for fewer it may be chance. The second if it is everybody, and for one reason that is not about them.
FEWEST_IN_TROUBLE, FEWEST_REFUSED = 3, 10
HELD = frozenset({"held_for_quality_assessment", "paused"})  # Meta, Send messages, 2026-09

# Nothing is wrong with this person: the number, the template or the account has to wait, and all others with them.
_STOPS = frozenset({Kind.STOP_CHANNEL, Kind.STOP_TEMPLATE, Kind.DEFER})


@dataclass(frozen=True)
class Obstacle:
    """Why nobody else should be written to now. `letter` is one that met it.

    `kind` is STOP_CHANNEL, STOP_TEMPLATE, DEFER (for `wait_seconds`), or RETRY: WhatsApp itself is in trouble, or
    cannot be reached (`code` None); also for `wait_seconds`. NEVER: nobody at all is accepted.
    """

    kind: Kind
    letter: Letter
    code: int | None = None
    details: str = ""
    wait_seconds: int = 0


def judge(letter: Letter, outcome: Accepted | CallFailed) -> Result:
    """What one outcome means for the letter's row."""
    if isinstance(outcome, Accepted):
        status = Status.HELD if outcome.message_status in HELD else Status.SENT
        return Result(letter, status, wamid=outcome.wamid)
    if isinstance(outcome, GraphError):
        return _refused(letter, outcome)
    if isinstance(outcome, NotSent):
        pause = _about(TROUBLE_SECONDS)
        return Result(
            letter, Status.PUT_OFF, details=failures.UNREACHABLE, pause=pause, tried=False, kind=Kind.RETRY
        )
    return Result(letter, Status.UNCONFIRMED, details=str(outcome), kind=Kind.RETRY)


def obstacle(result: Result, outcome: Accepted | CallFailed) -> Obstacle | None:
    """What one outcome puts in everybody's way, if anything."""
    if not isinstance(outcome, GraphError) or result.kind not in _STOPS:
        return None
    return Obstacle(result.kind, result.letter, result.code, result.details, outcome.rule.wait_seconds)


def trouble(results: Sequence[Result]) -> Obstacle | None:
    """What most of a batch ran into: WhatsApp's own trouble, or a refusal of everybody for the same reason."""
    answered = [result for result in results if result.tried or result.kind is not None]
    failing = [result for result in answered if result.kind is Kind.RETRY]
    if len(failing) >= FEWEST_IN_TROUBLE and len(failing) * 2 > len(answered):
        return Obstacle(Kind.RETRY, failing[0].letter, failing[0].code, wait_seconds=TROUBLE_SECONDS)
    refused = {result.code if result.kind is Kind.NEVER else None for result in answered}
    if len(answered) >= FEWEST_REFUSED and len(refused) == 1 and None not in refused:
        return Obstacle(Kind.NEVER, answered[0].letter, answered[0].code, answered[0].details)
    return None


def _refused(letter: Letter, error: GraphError) -> Result:
    rule, code, details = error.rule, error.meaning, error.details or error.message
    if rule.kind is Kind.PAIR and letter.attempt <= MOST_TRIES:
        # Meta, About the platform, 2026-09: wait 4^X seconds, X = 0, 1, 2 …
        return Result(letter, Status.PUT_OFF, code=code, details=details, pause=4.0 ** (letter.attempt - 1))
    if code in ABOUT_ONE_PERSON or rule.kind is Kind.PAIR:
        return Result(letter, Status.FAILED, code=code, details=details)
    if rule.kind is Kind.RETRY and letter.attempt <= rule.retries:
        pause = max(float(rule.wait_seconds), _about(2.0**letter.attempt))
        return Result(letter, Status.PUT_OFF, code=code, details=details, pause=pause, kind=Kind.RETRY)
    if rule.kind is Kind.THROTTLE:
        pause = _about(1.0 + rule.wait_seconds)
        return Result(
            letter, Status.PUT_OFF, code=code, details=details, pause=pause, tried=False, kind=rule.kind
        )
    if rule.kind in _STOPS:
        return Result(letter, Status.PUT_OFF, code=code, details=details, tried=False, kind=rule.kind)
    return Result(letter, Status.FAILED, code=code, details=details, kind=rule.kind)


def _about(seconds: float) -> float:
    """Spread so that what failed together does not return together."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
