"""The rules of dynamic lists: JSON that was checked, turned into one SQL condition with parameters.

`{"match": "all" | "any", "conditions": [{"about", "operator", "value"}, …]}`. Never builds SQL from what a person
typed: words go in as parameters, everything else comes from the tables below.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from phonebook.models import Marketing

CONDITIONS_AT_MOST = 20
VALUE_AT_MOST = 200  # characters
DAYS_AT_MOST = 3650
FIELD = "field:"  # about a free field of the contacts: "field:city"
MATCHES = {"all": _("all of these"), "any": _("any of these")}
CONSENTS = {
    "in": (Marketing.OPTED_IN, _("Opted in")),
    "out": (Marketing.OPTED_OUT, _("Opted out")),
    "unknown": (Marketing.UNKNOWN, _("Not asked")),
}
OPERATORS: dict[str, Promise] = {
    "is": _("is"),
    "is_not": _("is not"),
    "contains": _("contains"),
    "empty": _("is empty"),
    "filled": _("is filled in"),
    "since": _("since"),
    "before": _("before"),
    "days": _("in the last … days"),
}
_WORDS = ("is", "is_not", "contains", "empty", "filled")
ABOUT: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "label": (_("Label"), ("is", "is_not")),
    "name": (_("Name"), _WORDS),
    "language": (_("Language"), ("is", "is_not", "empty", "filled")),
    "country": (_("Country of the number"), ("is", "is_not")),
    "consent": (_("Marketing"), ("is", "is_not")),
    "added": (_("Added to the phonebook"), ("since", "before", "days")),
}

Sql = tuple[str, list[Any]]


class BadRule(ValueError):  # noqa: N818 - as BadNumber
    """A rule that cannot be used. `problems` is one (place of the condition, or -1 for the whole; words) per fault."""

    def __init__(self, problems: Sequence[tuple[int, str | Promise]]) -> None:
        super().__init__(problems)
        self.problems = list(problems)


@dataclass(frozen=True)
class Condition:
    """One row of a rule: what it is about, how it compares, and with what."""

    about: str
    operator: str
    value: str = ""

    @property
    def subject(self) -> str:
        """What it is about, with all free fields as one."""
        return FIELD if self.about.startswith(FIELD) else self.about

    @property
    def problem(self) -> str | Promise:
        """Why it cannot be used, or ""."""
        name = self.about.removeprefix(FIELD) if self.subject == FIELD else self.about
        if self.about not in ABOUT and not (self.subject == FIELD and 0 < len(name) <= VALUE_AT_MOST):
            return _("Choose what this is about.")
        if self.operator not in operators(self.about):
            return _("Choose how to compare.")
        if self.operator in {"empty", "filled"}:
            return ""
        if not self.value:
            return _("Fill in the value.")
        if len(self.value) > VALUE_AT_MOST or "\x00" in self.value + self.about:
            return _("This value is too long, or has characters that cannot be kept.")
        return _VALUE_PROBLEMS.get(self.operator, _VALUE_PROBLEMS.get(self.subject, _no_problem))(self.value)


def operators(about: str) -> tuple[str, ...]:
    """How a condition about this may compare."""
    return _WORDS if about.startswith(FIELD) else ABOUT[about][1] if about in ABOUT else ()


def checked(rule: object) -> dict[str, Any]:
    """The rule as it is kept, from JSON or a form that may be anything. Raises BadRule."""
    if not isinstance(rule, Mapping) or rule.get("match") not in MATCHES:
        raise BadRule([(-1, _("Choose whether all or any of the conditions must hold."))])
    found = conditions(rule)
    if not found:
        raise BadRule([(-1, _("Add at least one condition."))])
    if len(found) > CONDITIONS_AT_MOST:
        raise BadRule([(-1, _("A list can have 20 conditions at most."))])
    problems = [(place, condition.problem) for place, condition in enumerate(found) if condition.problem]
    if problems:
        raise BadRule(problems)
    kept = [{"about": c.about, "operator": c.operator, "value": c.value} for c in found]
    return {"match": rule["match"], "conditions": kept}


def conditions(rule: Mapping[str, Any]) -> list[Condition]:
    """The rows of a rule, whether they can be used or not; what is no row at all is left out."""
    rows = rule.get("conditions")
    return [
        Condition(*(str(row.get(part, "")).strip() for part in ("about", "operator", "value")))
        for row in (rows if isinstance(rows, list | tuple) else ())
        if isinstance(row, Mapping)
    ]


def condition_sql(rule: Mapping[str, Any], workspace_id: int) -> Sql:
    """A boolean SQL expression over alias c (phonebook_contact), never NULL, and its parameters. Raises BadRule."""
    rule = checked(rule)
    parts, values = [], []
    for condition in conditions(rule):
        sql, parameters = _SQL[condition.subject](condition, workspace_id)
        parts.append(f"({sql})")
        values += parameters
    return (" AND " if rule["match"] == "all" else " OR ").join(parts), values


def _no_problem(_value: str) -> str:
    return ""


def _bad_label(value: str) -> str | Promise:
    return "" if re.fullmatch(r"[0-9]{1,18}", value) else _("Choose a label.")


def _bad_country(value: str) -> str | Promise:
    return "" if re.fullmatch(r"[1-9][0-9]{0,2}", value) else _("Choose a country.")


def _bad_consent(value: str) -> str | Promise:
    return "" if value in CONSENTS else _("Choose one of the answers.")


def _bad_date(value: str) -> str | Promise:
    try:
        # Python also reads 2026-W01-1, which PostgreSQL does not.
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError(value)
        date.fromisoformat(value)
    except ValueError:
        return _("Write the date as 2026-01-31.")
    return ""


def _bad_days(value: str) -> str | Promise:
    good = re.fullmatch(r"[0-9]{1,4}", value) and 0 < int(value) <= DAYS_AT_MOST
    return "" if good else _("Write a number of days between 1 and 3650.")


_VALUE_PROBLEMS: dict[str, Callable[[str], str | Promise]] = {
    "label": _bad_label,
    "country": _bad_country,
    "consent": _bad_consent,
    "since": _bad_date,
    "before": _bad_date,
    "days": _bad_days,
}


def _label(condition: Condition, _workspace_id: int) -> Sql:
    # A set that is built once, and not a question per contact: with "any of these" only this can be hashed.
    within = "IN" if condition.operator == "is" else "NOT IN"
    return (
        f"c.id {within} (SELECT x.contact_id FROM phonebook_contactlabel x WHERE x.label_id = %s)",
        [int(condition.value)],
    )


def _name(condition: Condition, _workspace_id: int) -> Sql:
    return _text("coalesce(nullif(c.name, ''), c.profile_name)", [], condition)


def _language(condition: Condition, _workspace_id: int) -> Sql:
    # "pt" is also "pt_BR" and "pt-PT"; "pt_BR" is only itself.
    if condition.operator in {"empty", "filled"}:
        return _text("c.language", [], condition)
    said = condition.value.lower().replace("-", "_")
    negated = "NOT " if condition.operator == "is_not" else ""
    return f"{negated}starts_with(replace(lower(c.language), '-', '_') || '_', %s)", [said + "_"]


def _country(condition: Condition, _workspace_id: int) -> Sql:
    # By the code that is dialled. No code is the beginning of another one, so nothing else can start with it.
    negated = "NOT " if condition.operator == "is_not" else ""
    return f"{negated}starts_with(coalesce(c.phone, ''), %s)", [f"+{condition.value}"]


def _consent(condition: Condition, _workspace_id: int) -> Sql:
    compared = "=" if condition.operator == "is" else "<>"
    return f"c.marketing {compared} %s", [int(CONSENTS[condition.value][0])]


def _added(condition: Condition, workspace_id: int) -> Sql:
    zone = "(SELECT w.timezone FROM accounts_workspace w WHERE w.id = %s)"
    if condition.operator == "days":
        return "c.created >= now() - make_interval(days => %s)", [int(condition.value)]
    compared = ">=" if condition.operator == "since" else "<"
    # The day begins at midnight where the workspace is.
    return f"c.created {compared} (%s::date)::timestamp AT TIME ZONE {zone}", [condition.value, workspace_id]


def _field(condition: Condition, _workspace_id: int) -> Sql:
    return _text("coalesce(c.fields ->> %s, '')", [condition.about.removeprefix(FIELD)], condition)


def _text(expression: str, values: list[Any], condition: Condition) -> Sql:
    """Compares texts without regard to case and to blanks around them."""
    said = condition.value
    return {
        "is": (f"lower(btrim({expression})) = lower(%s)", [*values, said]),
        "is_not": (f"lower(btrim({expression})) <> lower(%s)", [*values, said]),
        "contains": (f"strpos(lower({expression}), lower(%s)) > 0", [*values, said]),
        "empty": (f"btrim({expression}) = ''", values),
        "filled": (f"btrim({expression}) <> ''", values),
    }[condition.operator]


_SQL: dict[str, Callable[[Condition, int], Sql]] = {
    "label": _label,
    "name": _name,
    "language": _language,
    "country": _country,
    "consent": _consent,
    "added": _added,
    FIELD: _field,
}
