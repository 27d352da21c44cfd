"""Looks at one row after the other: what it says about a person, or what is wrong with it. Asks the database nothing.

A good row becomes one line in the form that PostgreSQL copies from, so that the import itself need not look at the file
again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from phonebook.importing import cells, numbers, verdicts
from phonebook.importing.mapping import COLUMN, FIELD, Mapping
from phonebook.models import Marketing
from phonebook.phones import BadNumber, canonical

# The columns of a prepared line, in order, and their types.
PREPARED = (
    "line int, value text, phone text, name text, language text, fields jsonb, columns jsonb, labels jsonb,"
    " choice smallint, at timestamptz, wording text, seen boolean"  # seen: known when the dry run was made
)
NAME_AT_MOST, CELL_AT_MOST, WORDING_AT_MOST = 200, 1000, 500  # characters
_NO_CONSENT = ("\\N", "\\N", "\\N")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

_encode = msgspec.json.Encoder().encode


class Wrong(Exception):  # noqa: N818 - a verdict, no error
    """A row that is not taken over; `args[0]` is the verdict."""


class Judged(NamedTuple):
    """A row: either `prepared` (but for its last column) with the canonical number, or the verdict on why not."""

    verdict: str
    value: str = ""
    prepared: str = ""


@dataclass
class Judge:
    """The dry run over a file. `now` is when the file came: nothing in it can have happened later."""

    mapping: Mapping
    country: str
    zone: ZoneInfo
    now: datetime
    seen: dict[str, int] = field(default_factory=dict)  # canonical number → the line that has it

    def __post_init__(self) -> None:
        place = self.mapping.place
        self._phone, self._name, self._language = place("phone"), place("name"), place("language")
        self._labels, self._opt_in = place("labels"), place("opt_in")
        self._at, self._wording = place("opt_in_at"), place("opt_in_wording")
        self._fields = list(self.mapping.named(FIELD).items())
        self._columns = list(self.mapping.named(COLUMN).items())
        self._asks_consent = self.mapping.everybody or self._opt_in is not None

    def judge(self, line: int, row: Sequence[str]) -> Judged:
        """The row as it is to be written, or the verdict on it. A number counts for the first row that has it."""
        text = _cell(row, self._phone)
        if not text:
            return Judged("no_number" if any(row) else verdicts.EMPTY)
        try:
            number = numbers.number(text, self.country)
            said = self._said(row)
        except BadNumber:
            return Judged(numbers.why_not(text, self.country))
        except Wrong as wrong:
            return Judged(str(wrong.args[0]))
        value = canonical(number)
        first = self.seen.setdefault(value, line)
        if first != line:
            return Judged(f"{verdicts.DUPLICATE}:{first}")
        return Judged("", value, f"{line}\t{value}\t{number}\t{said}")

    def _said(self, row: Sequence[str]) -> str:
        """What the row says besides its number, as the rest of the prepared line. Raises Wrong."""
        name = _cell(row, self._name)
        if len(name) > NAME_AT_MOST or max(map(len, row)) > CELL_AT_MOST:
            raise Wrong("too_long")
        language = cells.language(_cell(row, self._language))
        if language is None:
            raise Wrong("bad_language")
        labels = [] if self._labels is None else cells.labels(_cell(row, self._labels))
        if labels is None:
            raise Wrong("bad_labels")
        choice, at, wording = self._consent(row) if self._asks_consent else _NO_CONSENT
        return "\t".join(
            (
                _text(name),
                language,
                _json({name: cell for place, name in self._fields if (cell := _cell(row, place))}),
                _json({name: cell for place, name in self._columns if (cell := _cell(row, place))}),
                _json(labels) if labels else "\\N",
                choice,
                at,
                wording,
            )
        )

    def _consent(self, row: Sequence[str]) -> tuple[str, str, str]:
        """Yes or no, when, and in which words; the row's own answer, date and words come before the file's."""
        answer = _cell(row, self._opt_in)
        opt_in = cells.agreed(answer) if answer else (True if self.mapping.everybody else None)
        if answer and opt_in is None:
            raise Wrong("bad_answer")
        if opt_in is None:
            return _NO_CONSENT
        day = _cell(row, self._at) or self.mapping.at
        # Who wants nothing more needs no date for it.
        at = cells.moment(day, self.zone) if day or opt_in else self.now
        if at is None or at > self.now:
            raise Wrong("bad_date")
        wording = (_cell(row, self._wording) or self.mapping.wording)[:WORDING_AT_MOST]
        choice = Marketing.OPTED_IN if opt_in else Marketing.OPTED_OUT
        return str(int(choice)), at.isoformat(), _text(wording)


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _text(said: str) -> str:
    """As PostgreSQL copies it."""
    return said if said.isprintable() and "\\" not in said else said.translate(_ESCAPED)


def _json(said: object) -> str:
    # JSON has escaped tabs and line ends already, with the backslash that is escaped here.
    return _encode(said).decode().replace("\\", "\\\\") if said else "{}"
