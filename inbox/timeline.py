"""A thread as it is drawn: days, runs by one sender, and the line above what has not been read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from accounts.models import Workspace
from inbox.models import Message, SystemLine
from inbox.wording import day_label, local


@dataclass
class Day:
    """One day of a thread, on the workspace's clock: `key` is 2026-11-22, `label` what the pill says."""

    key: str
    label: str
    items: list[Message | SystemLine] = field(default_factory=list)


def days(items: Sequence[Message | SystemLine], workspace: Workspace) -> list[Day]:
    """The items (oldest first) by day; marks the messages that start a run."""
    result = []
    for date, group in groupby(items, key=lambda item: local(item.at, workspace).date()):
        day = Day(date.isoformat(), day_label(date, workspace), list(group))
        before: Message | None = None
        for item in day.items:
            if isinstance(item, Message):
                item.starts_run = before is None or not _continues(before, item)
                before = item
            else:
                before = None
        result.append(day)
    return result


def _continues(before: Message, message: Message) -> bool:
    return (before.outgoing, before.sender_id) == (message.outgoing, message.sender_id)


def first_unread(items: Sequence[Message | SystemLine], unread: int) -> int | None:
    """The id of the first of the last `unread` messages of the customer, among those at hand; None if all is read."""
    incoming = [item.pk for item in items if isinstance(item, Message) and not item.outgoing]
    return incoming[-unread:][0] if unread > 0 and incoming else None
