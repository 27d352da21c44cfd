"""Who stands behind a figure of a campaign: pages of people by keyset, and all of them at once for a list.

Reads only, inside the caller's scope. Each figure is walked along an index, never by OFFSET.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan  # type: ignore[import-untyped]

from campaigns.models import Campaign, Recipient
from inbox.models import Message
from inbox.queries import EPOCH, microseconds

ROWS_PER_PAGE = 50
_LONGEST = 19  # digits of a number in a URL
_MOST = 2**63 - 1
_LAST_MICROSECOND = 10**17  # some time in the year 5138: no date of ours is later
Status = Message.Status

_REACHED = {
    "held": [Status.HELD],
    "sent": [Status.SENT, Status.DELIVERED, Status.READ, Status.PLAYED],
    "delivered": [Status.DELIVERED, Status.READ, Status.PLAYED],
    "read": [Status.READ, Status.PLAYED],
    "unanswered": [Status.READ, Status.PLAYED],
    "failed": [Status.FAILED],
    "unconfirmed": [Status.UNCONFIRMED],
}
NAMES = ("recipients", "waiting", "skipped", "replied", *_REACHED)


@dataclass(frozen=True)
class Figure:
    """Which people: a name of NAMES, and of the failed those with one code (or our own words), of the skipped those
    with one reason."""

    name: str = "recipients"
    code: int | None = None
    said: str | None = None
    reason: int | None = None

    @classmethod
    def read(cls, query: Mapping[str, Any]) -> Self | None:
        """From a query string; None if it names nothing we know."""
        name = str(query.get("figure", "recipients"))
        code, reason = (_number(str(query.get(key, ""))) for key in ("code", "reason"))
        if name not in NAMES or (code or 0) > 2**31 - 1 or (reason or 0) > 2**15 - 1:
            return None
        said = query.get("said")
        return cls(name, code, None if said is None else str(said).replace("\0", "")[:500], reason)

    @property
    def query(self) -> str:
        """The query string without its question mark."""
        parts = {"figure": self.name, "code": self.code, "said": self.said, "reason": self.reason}
        return urlencode({name: value for name, value in parts.items() if value is not None})


@dataclass
class People:
    """Some recipients with contact, template and message, and the cursor of what comes after them."""

    rows: list[Recipient]
    more: str = ""


def everybody(campaign: Campaign, figure: Figure) -> "QuerySet[Recipient]":
    """All recipients behind a figure."""
    chosen = Recipient.objects.filter(campaign=campaign)
    if figure.name == "waiting":
        # Those in a slice have a message on its way; they are few, and found among the messages.
        in_hand = Message.objects.filter(broadcast=campaign.broadcast_id, outbox__isnull=False).values("pk")
        return chosen.filter(Q(state=Recipient.State.READY) | Q(message__in=in_hand))
    if figure.name == "skipped":
        chosen = chosen.filter(state=Recipient.State.SKIPPED)
        return chosen if figure.reason is None else chosen.filter(skip=figure.reason)
    if figure.name == "recipients":
        return chosen
    # By the messages of the mass message, which an index lists; not by looking at each recipient's.
    chosen = chosen.filter(state=Recipient.State.HANDED, message__broadcast=campaign.broadcast_id)
    answers = Message.objects.filter(
        broadcast=campaign.broadcast_id, outgoing=False, conversation=OuterRef("message__conversation")
    )
    if figure.name == "replied":
        return chosen.filter(Exists(answers))
    chosen = chosen.filter(message__status__in=_REACHED[figure.name])
    if figure.name in {"unanswered", "failed", "unconfirmed", "held"}:
        chosen = chosen.filter(~Exists(answers))  # who answered has got it, whatever the receipts say
    if figure.code is not None:
        chosen = chosen.filter(message__error_code=figure.code)
    elif figure.said is not None:
        chosen = chosen.filter(message__error_code=None, message__error_details=figure.said)
    return chosen


def people(campaign: Campaign, figure: Figure, after: str = "", *, at_most: int = ROWS_PER_PAGE) -> People:
    """One page, from the cursor on; a cursor that makes no sense is the beginning. One question."""
    rows = everybody(campaign, figure).select_related("contact", "template", "message")
    order = _ORDERS.get(figure.name, _BY_MESSAGE)
    rows = rows.order_by(*order.fields)
    place = _place(after)
    if place is not None:
        rows = rows.filter(order.after(place))
    found = list(rows[: at_most + 1])
    shown = found[:at_most]
    return People(shown, _cursor(order, shown[-1]) if len(found) > at_most else "")


@dataclass(frozen=True)
class _Order:
    """The way along an index: order_by, the condition for what comes later, and where a row stands on it."""

    fields: tuple[str, ...]
    after: Callable[[tuple[int, int]], Any]
    place: Callable[[Recipient], tuple[int, int]]


_BY_MESSAGE = _Order(
    ("-message_id",), lambda place: Q(message_id__lt=place[1]), lambda row: (0, row.message_id or 0)
)
_ORDERS = {
    "recipients": _Order(
        ("contact_id",), lambda place: Q(contact_id__gt=place[1]), lambda row: (0, row.contact_id)
    ),
    "skipped": _Order(
        ("skip", "id"),
        lambda place: TupleGreaterThan(Tuple(F("skip"), F("id")), place),
        lambda row: (row.skip or 0, row.pk),
    ),
    "waiting": _Order(
        ("due", "id"),
        lambda place: TupleGreaterThan(Tuple(F("due"), F("id")), (_moment(place[0]), place[1])),
        lambda row: (microseconds(row.due), row.pk),
    ),
}


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=min(micros, _LAST_MICROSECOND))


def _cursor(order: _Order, row: Recipient) -> str:
    first, second = order.place(row)
    return f"{first}_{second}"


def _place(text: str) -> tuple[int, int] | None:
    first, _sign, second = text.partition("_")
    a, b = _number(first), _number(second)
    return None if a is None or b is None else (a, b)


def _number(text: str) -> int | None:
    return min(int(text), _MOST) if len(text) <= _LONGEST and text.isascii() and text.isdigit() else None
