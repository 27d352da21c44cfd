"""The HTTP half of sending one message: the call, and what every way it can end means for the message.

Outside any transaction. Must never send twice by itself, and never read or write a message's row.
"""

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from django.conf import settings

from inbox import failures, pace
from inbox.departures import Departure
from inbox.models import Message
from templates_wa import media
from templates_wa.definition import components
from whatsapp.client import Accepted, Client, new_http
from whatsapp.errors import Ambiguous, GraphError, Kind, NotSent

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 5
# Accepted, but WhatsApp waits for how the first receivers like the template (Meta, Send messages, 2026-09).
HELD = {"held_for_quality_assessment", "paused"}

# One pool of connections per process, made on first use: a forked worker must not share its parent's.
http = cache(new_http)


@dataclass(frozen=True)
class Answer:
    """What became of a letter. `pause` is given with QUEUED: seconds until the next attempt."""

    status: Message.Status
    wamid: str | None = None
    code: int | None = None
    details: str = ""
    pause: float = 0.0


def post(letter: Departure) -> Answer:
    """Makes the call; a kept file of a template's header is uploaded before, if this number does not have it yet.

    Anything but an Answer is a bug and raises, which leaves the row to its lease.
    """
    files = _files(letter)
    if isinstance(files, Answer):
        return files
    try:
        accepted = _call(letter, files)
    except Ambiguous as error:
        return Answer(Message.Status.UNCONFIRMED, details=str(error))
    except NotSent as error:
        return _not_sent(letter, error)
    except GraphError as error:
        return _refused(letter, error)
    except ValueError as error:
        # In words for developers, so for the log; the client's errors quote neither a token nor an address.
        log.error("delivery.unsendable", message=letter.message_id, error=str(error))
        return Answer(Message.Status.FAILED, details=failures.UNSENDABLE)
    held = accepted.message_status in HELD
    return Answer(Message.Status.HELD if held else Message.Status.SENT, wamid=accepted.wamid)


def _files(letter: Departure) -> dict[str, dict[str, Any]] | Answer:
    """What WhatsApp takes for the kept files among the values; or the answer, when there is no way to get that."""
    if letter.template is None or not letter.template.made.has_media:
        return {}
    try:
        return media.media_of(
            workspace_id=letter.workspace_id,
            number_id=letter.number_id,
            values=letter.template.values,
            http=http(),
        )
    except (NotSent, Ambiguous) as error:
        # Of the message itself nothing has left, so an upload that may have arrived is simply done again.
        return _not_sent(letter, error)
    except GraphError as error:
        return _refused(letter, error)
    except (LookupError, ValueError) as error:
        log.error("delivery.no_file", message=letter.message_id, error=str(error))
        return Answer(Message.Status.FAILED, details=failures.BAD_FILE)


def _call(letter: Departure, files: dict[str, dict[str, Any]]) -> Accepted:
    client = Client(
        settings.WHATSAPP_GRAPH_URL,
        settings.WHATSAPP_GRAPH_VERSION,
        letter.token,
        settings.WHATSAPP_APP_SECRETS[0],
        http=http(),
    )
    opaque = f"{letter.message_id}.{letter.attempt}"
    filled = letter.template
    if filled is None:
        pace.spend(letter.number_id, letter.per_second)
        return client.send_text(
            letter.phone_number_id,
            to=letter.to,
            recipient=letter.recipient,
            body=letter.body,
            context_wamid=letter.context_wamid,
            opaque=opaque,
        )
    # The mark comes back with a tap on one of the buttons (receiving.py).
    parts = components(filled.made, filled.values, mark=f"m{letter.message_id}", media=files)
    pace.spend(letter.number_id, letter.per_second)
    return client.send_template(
        letter.phone_number_id,
        to=letter.to,
        recipient=letter.recipient,
        name=filled.name,
        language=filled.language,
        components=parts,
        opaque=opaque,
    )


def _not_sent(letter: Departure, error: Exception) -> Answer:
    log.warning("delivery.not_sent", message=letter.message_id, attempt=letter.attempt, error=str(error))
    return _again_or_failed(letter.attempt, MOST_ATTEMPTS, _pause(letter.attempt), None, failures.UNREACHABLE)


def _refused(letter: Departure, error: GraphError) -> Answer:
    """WhatsApp's no, which is definite. Waits seconds, not hours: an agent is told rather than kept waiting."""
    attempt, code, details = letter.attempt, error.meaning, error.details or error.message
    log.info(
        "delivery.refused", message=letter.message_id, attempt=attempt, code=code, trace=error.fbtrace_id
    )
    if error.kind is Kind.THROTTLE:
        pace.slow_down(letter.number_id)
    if error.kind is Kind.PAIR:
        # Meta, About the platform, 2026-09: wait 4^X seconds, X = 0, 1, 2 …
        return _again_or_failed(attempt, MOST_ATTEMPTS, 4.0 ** (attempt - 1), code, details)
    if error.kind in {Kind.RETRY, Kind.THROTTLE}:
        most = min(MOST_ATTEMPTS, 1 + error.rule.retries) if error.kind is Kind.RETRY else MOST_ATTEMPTS
        pause = max(_pause(attempt), float(error.rule.wait_seconds))
        return _again_or_failed(attempt, most, pause, code, details)
    return Answer(Message.Status.FAILED, code=code, details=details)


def _again_or_failed(attempt: int, most: int, pause: float, code: int | None, details: str) -> Answer:
    status = Message.Status.QUEUED if attempt < most else Message.Status.FAILED
    return Answer(status, code=code, details=details, pause=pause)


def _pause(attempt: int) -> float:
    """Seconds: about 2, 4, 8, 16, spread so that what failed together does not return together."""
    return 2.0**attempt * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
