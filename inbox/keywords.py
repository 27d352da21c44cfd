"""Customers who say that they want marketing, or no more of it: the whole message is such a word, or such a button.

Writes consent through phonebook.consent alone, and a quiet line into the thread. Runs inside the caller's crossing,
contacts before conversations.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from inbox.models import SystemLine
from phonebook import consent
from phonebook.models import Consent, Marketing

_SOURCES = {"text": Consent.Source.KEYWORD, "button": Consent.Source.BUTTON}
_LINES = {Marketing.OPTED_OUT: SystemLine.Kind.OPTED_OUT, Marketing.OPTED_IN: SystemLine.Kind.OPTED_IN}
_JUST_AFTER = timedelta(microseconds=1)


class Said(NamedTuple):
    """What a customer wrote, or the button they tapped."""

    workspace_id: int
    contact_id: int
    kind: str
    text: str
    at: datetime


def heed(said: Sequence[Said]) -> list[Marketing | None]:
    """Enters every wish into the consent ledger, and returns what each message wished."""
    heard = [index for index, each in enumerate(said) if each.kind in _SOURCES and each.text]
    wishes: list[Marketing | None] = [None] * len(said)
    if heard:
        found = consent.wanted([(said[index].workspace_id, said[index].text) for index in heard])
        for index, wish in zip(heard, found, strict=True):
            wishes[index] = wish
    entries = [_entry(each, wish) for each, wish in zip(said, wishes, strict=True) if wish is not None]
    if entries:
        consent.record(entries)
    return wishes


def draw_lines(wishes: Iterable[tuple[int, int, datetime, Marketing]]) -> None:
    """Says in the threads (workspace id, conversation id, when, what) what the customer wished, below their message."""
    SystemLine.objects.bulk_create(
        SystemLine(
            workspace_id=workspace_id, conversation_id=conversation_id, kind=_LINES[wish], at=at + _JUST_AFTER
        )
        for workspace_id, conversation_id, at, wish in wishes
    )


def _entry(said: Said, wish: Marketing) -> consent.Entry:
    return consent.Entry(
        workspace_id=said.workspace_id,
        contact_id=said.contact_id,
        choice=wish,
        source=_SOURCES[said.kind],
        wording=said.text,
        at=said.at,
    )
