"""One message of a mass message on its way: who gets what, the request it becomes, and what became of it.

Plain values. Must never touch the database or the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from accounts.models import PhoneNumber
from inbox.models import Message
from templates_wa.definition import Definition, components
from templates_wa.models import Template
from whatsapp.errors import Kind
from whatsapp.outgoing import template_message

Status = Message.Status
_TO_BE_TRIED = (None, Status.PUT_OFF, Status.FAILED, Status.UNCONFIRMED)


@dataclass(frozen=True)
class Mailing:
    """What all letters of a batch have in common."""

    number: PhoneNumber
    broadcast_id: int
    sender_id: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A template as it is now, compiled, and what WhatsApp takes for the files in its header."""

    template: Template
    made: Definition
    media: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose turn it is. `key` is the caller's; `before` is their message of an earlier try, if any."""

    key: int
    contact_id: int
    to: str | None
    recipient: str | None
    sheet: Sheet
    values: Mapping[str, str]
    before: int | None = None
    before_status: int | None = None
    before_attempt: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether the same row goes again: it was put off."""
        return self.before_status == Status.PUT_OFF

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do: an earlier try arrived, or is on its way."""
        return self.before_status not in _TO_BE_TRIED


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that may leave as soon as its row is committed. No `body`: it cannot be sent, and its row says so."""

    key: int
    contact_id: int
    conversation_id: int
    message_id: int
    attempt: int
    body: bytes | None


class Result(NamedTuple):
    """What became of a letter. With PUT_OFF: `pause` seconds until the next try, and `tried`, whether this was one.

    `kind` says what it means beyond this one person (see verdicts.py); None: nothing.
    """

    letter: Letter
    status: Status
    wamid: str | None = None
    code: int | None = None
    details: str = ""
    pause: float = 0.0
    tried: bool = True
    kind: Kind | None = None


def write(person: Person, message_id: int, conversation_id: int) -> Letter:
    """The person's letter, as the next attempt of its row."""
    attempt = person.before_attempt + 1 if person.goes_on else 1
    body = _body(person, message_id, attempt)
    return Letter(person.key, person.contact_id, conversation_id, message_id, attempt, body)


def _body(person: Person, message_id: int, attempt: int) -> bytes | None:
    """The request, or None when this cannot be sent: the template is not any more what it was filled in for."""
    sheet = person.sheet
    try:
        message = template_message(
            to=person.to,
            recipient=person.recipient,
            name=sheet.template.name,
            language=sheet.template.language,
            components=components(sheet.made, person.values, mark=f"m{message_id}", media=sheet.media),
            opaque=f"{message_id}.{attempt}",
        )
    except ValueError:
        return None
    return msgspec.json.encode(message)
