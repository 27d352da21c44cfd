"""What a failure means beyond its message: for the customer's consent, and for the number it was sent from.

Idempotent and commutative, since failures are reported twice, late and in any order. Runs inside the caller's scope or
crossing; locks contacts, then numbers, so it comes before anything that locks messages.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from accounts.models import PhoneNumber
from phonebook import consent
from phonebook.models import Consent, Marketing
from whatsapp.errors import Kind, classify

log = structlog.get_logger(__name__)

OPTED_OUT = 131050  # the customer stopped this business's marketing
NOT_FOR_NOW = 131049  # "wait at least 24 hours" (both Meta, Error codes, 2026-09)
NOT_FOR = timedelta(hours=24)
# Complaints about a token quote it ("Malformed access token …"), and this text is shown.
QUOTE_TOKENS = {0, 190}
_DETAIL_CHARS = 500
_MINUTE_SECONDS = 60


class Failure(NamedTuple):
    """A message that WhatsApp refused or did not deliver. `at` is when, by the clock of whoever said so."""

    workspace_id: int
    contact_id: int
    number_id: int
    code: int
    at: datetime
    details: str = ""


def matters(code: int | None) -> bool:
    """Whether a failure with this code means anything beyond its message."""
    return code is not None and (code in {OPTED_OUT, NOT_FOR_NOW} or classify(code) is Kind.STOP_CHANNEL)


def settle(failures: Sequence[Failure]) -> None:
    """Opts out, puts off or stops what these failures say; others are passed over."""
    opted_out = [each for each in failures if each.code == OPTED_OUT]
    if opted_out:
        consent.record([_entry(each) for each in opted_out])
    _put_off(each for each in failures if each.code == NOT_FOR_NOW)
    _stop(each for each in failures if classify(each.code) is Kind.STOP_CHANNEL)


def _entry(failure: Failure) -> consent.Entry:
    return consent.Entry(
        workspace_id=failure.workspace_id,
        contact_id=failure.contact_id,
        choice=Marketing.OPTED_OUT,
        source=Consent.Source.REFUSED,
        wording=failure.details,
        at=failure.at,
    )


def _put_off(failures: Iterable[Failure]) -> None:
    """Up to a whole minute, so that a thousand at once are one or two updates."""
    until: dict[int, set[int]] = defaultdict(set)
    for failure in failures:
        minutes = int((failure.at + NOT_FOR).timestamp()) // _MINUTE_SECONDS + 1
        until[minutes].add(failure.contact_id)
    for minutes in sorted(until):
        consent.defer(until[minutes], datetime.fromtimestamp(minutes * _MINUTE_SECONDS, UTC))


def _stop(failures: Iterable[Failure]) -> None:
    """The first failure stops the number, and the others find it stopped. One from before the last good check says
    nothing new: it was mended since."""
    first: dict[int, Failure] = {}
    for failure in failures:
        known = first.setdefault(failure.number_id, failure)
        if failure.at < known.at:
            first[failure.number_id] = failure
    for number_id in sorted(first):
        failure = first[number_id]
        stopped = (
            PhoneNumber.objects.filter(pk=number_id, stopped=None)
            .exclude(check_state=PhoneNumber.Check.OK, check_finished__gte=failure.at)
            .update(
                stopped=failure.at,
                stopped_code=failure.code,
                stopped_detail="" if failure.code in QUOTE_TOKENS else failure.details[:_DETAIL_CHARS],
            )
        )
        if stopped:
            log.warning("number.stopped", number=number_id, code=failure.code)
