"""The rule of a dynamic list in a form: rows of three inputs, read as they were sent, shown again with what is wrong.

Without a script, one row more or less, and the right inputs for another subject, are a press of a button that sends the
form to itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from phonebook import countries, languages
from phonebook.models import Label
from phonebook.rules import (
    ABOUT,
    CONDITIONS_AT_MOST,
    CONSENTS,
    FIELD,
    MATCHES,
    OPERATORS,
    BadRule,
    Condition,
    checked,
    conditions,
    operators,
)

Choices = Sequence[tuple[str, str]]


@dataclass
class Line:
    """One condition as the page shows it."""

    condition: Condition
    abouts: Choices
    error: str = ""
    values: Choices = ()  # to choose from; empty: the value is written

    @property
    def operators(self) -> Choices:
        """How it may compare."""
        return [(operator, str(OPERATORS[operator])) for operator in operators(self.condition.about)]

    @property
    def kind(self) -> str:
        """Which input the value has: "choice", "date", "number", "text", or "" for none."""
        if self.condition.operator in {"empty", "filled"} or not self.condition.about:
            return ""
        if self.condition.operator in {"since", "before"}:
            return "date"
        if self.condition.operator == "days":
            return "number"
        return "choice" if self.condition.about in {"label", "country", "consent", "language"} else "text"


@dataclass
class RuleForm:
    """All conditions and how they combine."""

    match: str
    rows: list[Condition]
    labels: Sequence[Label] = ()
    fields: Sequence[str] = ()
    problem: str = ""
    problems: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rule: Mapping[str, Any] | None) -> Self:
        """The form of a stored rule; of none, one empty row."""
        if rule is None:
            return cls("all", [Condition("", "")])
        return cls(str(rule["match"]), conditions(rule))

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """The rows as they were sent, after the pressed button: `rows` is "add" or "remove-<place>"."""
        sent = zip(data.getlist("about"), data.getlist("operator"), data.getlist("value"), strict=False)
        rows = [_fitting(Condition(*(part.replace("\x00", "").strip() for part in row))) for row in sent]
        verb, _dash, place = data.get("rows", "").partition("-")
        if verb == "remove" and place.isascii() and place.isdigit() and int(place) < len(rows):
            del rows[int(place)]
        if verb == "add" or not rows:
            rows.append(Condition("", ""))
        match = data.get("match", "")
        return cls(match if match in MATCHES else "all", rows[:CONDITIONS_AT_MOST])

    @property
    def matches(self) -> Choices:
        """How the conditions may combine."""
        return [(key, str(words)) for key, words in MATCHES.items()]

    @property
    def rule(self) -> dict[str, Any]:
        """As it was sent, whether it can be used or not."""
        return {"match": self.match, "conditions": [vars(condition) for condition in self.rows]}

    def check(self) -> dict[str, Any] | None:
        """The rule that can be used; else None, and the problems stand beside their rows."""
        try:
            return checked(self.rule)
        except BadRule as bad:
            self.problems = {place: str(words) for place, words in bad.problems}
            self.problem = self.problems.pop(-1, "")
            return None

    @property
    def lines(self) -> list[Line]:
        """The rows for the page."""
        abouts = [(about, str(words)) for about, (words, _operators) in ABOUT.items()]
        used = [row.about.removeprefix(FIELD) for row in self.rows if row.about.startswith(FIELD)]
        abouts += [
            (FIELD + name, _("Field: %(name)s") % {"name": name}) for name in sorted({*self.fields, *used})
        ]
        return [
            Line(row, abouts, self.problems.get(place, ""), self._values(row))
            for place, row in enumerate(self.rows)
        ]

    def _values(self, row: Condition) -> Choices:
        if row.about == "label":
            return [(str(label.pk), label.name) for label in self.labels]
        if row.about == "country":
            return countries.codes()
        if row.about == "consent":
            return [(key, str(words)) for key, (_choice, words) in CONSENTS.items()]
        return languages.choices(row.value) if row.about == "language" else ()


def words(rule: Mapping[str, Any], labels: Mapping[int, str]) -> str:
    """The rule in one line: "Language is Arabic and Label is VIP"."""
    said = [_said(condition, labels) for condition in conditions(rule)]
    return (_(" and ") if rule.get("match") == "all" else _(" or ")).join(said)


def _said(condition: Condition, labels: Mapping[int, str]) -> str:
    about = condition.about
    name = about.removeprefix(FIELD) if about.startswith(FIELD) else str(ABOUT[about][0])
    value = condition.value
    if condition.operator == "days":
        days = int(value)
        return ngettext("%(what)s in the last %(n)s day", "%(what)s in the last %(n)s days", days) % {
            "what": name,
            "n": days,
        }
    if about == "label":
        value = labels.get(int(value), _("a label that was deleted"))
    elif about == "country":
        value = countries.of_code(value)
    elif about == "consent":
        value = str(CONSENTS[value][1])
    elif about == "language" and value:
        value = languages.name(value)
    return " ".join(part for part in (name, str(OPERATORS[condition.operator]), value) if part)


def _fitting(condition: Condition) -> Condition:
    """With the first operator its subject has, where the one that was sent belongs to another subject."""
    possible = operators(condition.about)
    if not possible or condition.operator in possible:
        return condition
    return Condition(condition.about, possible[0], "")
