"""What the demo starts with: fictional people, fictional numbers, believable conversations.

Only words and times; dev/seed.py turns them into rows.
"""

from dataclasses import dataclass
from typing import Any

from inbox.models import Message, SystemLine


@dataclass(frozen=True)
class Step:
    """Something in a thread, `after` minutes behind what came before."""

    after: float


@dataclass(frozen=True)
class Said(Step):
    """A message of the customer. `quotes` counts back: 1 is the message before this one."""

    text: str
    kind: str = "text"
    content: Any = None
    quotes: int = 0


@dataclass(frozen=True)
class Sent(Step):
    """An agent's reply and how far it got."""

    who: str
    text: str
    status: int = Message.Status.READ
    code: int | None = None
    details: str = ""
    quotes: int = 0


@dataclass(frozen=True)
class Line(Step):
    """A system line; the conversation's state and its claims follow from these."""

    kind: str
    who: str
    to: str = ""
    note: str = ""


@dataclass(frozen=True)
class Talk:
    """One conversation; its last step is `ago` minutes old. A customer with a username may hide their phone."""

    name: str
    wa_id: str
    ago: float
    steps: tuple[Step, ...]
    username: str = ""
    hidden: bool = False
    in_phonebook: bool = True
    unreachable: bool = False


HOUR, DAY = 60, 24 * 60


def talk(name: str, wa_id: str, ago: float, *steps: Step, **options: Any) -> Talk:
    """A conversation, written down."""
    return Talk(name, wa_id, ago, steps, **options)


def said(text: str, after: float = 3, *, quotes: int = 0) -> Said:
    """The customer writes."""
    return Said(after, text, quotes=quotes)


def other(kind: str, content: Any = None, after: float = 2, text: str = "") -> Said:
    """The customer sends something that is no text."""
    return Said(after, text, kind=kind, content=content)


def sent(who: str, text: str, after: float = 4, **options: Any) -> Sent:
    """An agent answers; read, unless a `status` says otherwise."""
    return Sent(after, who, text, **options)


def delivered(who: str, text: str, after: float = 4) -> Sent:
    """An answer that arrived and was not read."""
    return Sent(after, who, text, Message.Status.DELIVERED)


def failed(who: str, text: str, code: int, details: str, after: float = 4) -> Sent:
    """An answer that WhatsApp refused."""
    return Sent(after, who, text, Message.Status.FAILED, code, details)


def claimed(who: str, after: float = 4) -> Line:
    """An agent takes the conversation."""
    return Line(after, SystemLine.Kind.CLAIMED, who)


def unclaimed(who: str, after: float = 4) -> Line:
    """The holder gives it back."""
    return Line(after, SystemLine.Kind.UNCLAIMED, who)


def closed(who: str, after: float = 4) -> Line:
    """The holder marks it completed."""
    return Line(after, SystemLine.Kind.CLOSED, who)


def transferred(who: str, to: str, note: str = "", after: float = 4) -> Line:
    """An admin hands it to somebody else."""
    return Line(after, SystemLine.Kind.TRANSFERRED, who, to, note)
