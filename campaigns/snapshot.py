"""The one statement that freezes a campaign's recipients: who, in which language, with which values, or why not.

Builds SQL and runs nothing. What people typed (names of fields and columns, texts) is always a parameter. For one
contact, `variables.filled` says the same in Python; the rules for values are those of templates_wa/slots.py.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.models import Recipient, Skip
from campaigns.variables import COLUMN, FIELD
from phonebook.consent import MAY_MARKET_SQL
from phonebook.lists import members_sql
from phonebook.models import List, Marketing
from templates_wa.definition import Definition, definition
from templates_wa.models import Template

Sql = tuple[str, list[Any]]

# As str.strip() sees white space, for all that is found in names.
_BLANK = (
    " \t\n\r\f\v\x1c\x1d\x1e\x1f\x85\xa0\u2000\u2001\u2002\u2003\u2007\u2009\u200a\u2028\u2029\u202f\u3000"
)
_NAME = "coalesce(nullif(c.name, ''), c.profile_name)"
_FIELDS = {
    "name": _NAME,
    "first_name": rf"substring({_NAME} FROM '\S+')",
    "phone": "c.phone",
    "language": "c.language",
    "username": "c.username",
}
# A number is the same person in each of its spellings; the rules of phonebook.phones.canonical.
_CANONICAL = r"""CASE left(c.phone, 3)
            WHEN '+55' THEN regexp_replace(c.phone, '^\+55(\d\d)9([6-9]\d{7})$', '+55\1\2')
            WHEN '+52' THEN regexp_replace(c.phone, '^\+521(\d{10})$', '+52\1')
            WHEN '+54' THEN regexp_replace(c.phone, '^\+549(\d{10})$', '+54\1')
            ELSE c.phone END"""
# Delivery writes to the phone if there is one, else to the user id of the number's own portfolio.
_ADDRESS = f"""CASE WHEN c.merged_into_id IS NOT NULL THEN NULL
        WHEN coalesce(c.phone, '') = '' THEN (
            SELECT i.value FROM phonebook_identity i WHERE i.contact_id = c.id AND i.kind = 'bsuid' AND i.portfolio_id = %s
            ORDER BY i.first_seen DESC, i.id DESC LIMIT 1)
        WHEN c.phone ~ '^\\+[1-9][0-9]{{6,14}}$' THEN {_CANONICAL} END"""

_STATEMENT = """
INSERT INTO campaigns_recipient (workspace_id, campaign_id, contact_id, template_id, values, state, skip, due)
WITH people AS MATERIALIZED ({people}),
told AS (
    SELECT c.id, p.list_position, c.merged_into_id, c.blocked, c.marketing, w.marketing_needs_opt_in,
        {may_market} AS may_market, {template} AS template_id, ({address}) COLLATE "C" AS address{values}
    FROM people p JOIN phonebook_contact c ON c.id = p.contact_id
        CROSS JOIN (SELECT marketing_needs_opt_in FROM accounts_workspace WHERE id = %s) w
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY address ORDER BY list_position, id) AS place FROM told
),
judged AS (SELECT *, {skip} AS skip FROM placed)
SELECT %s, %s, id, template_id, {json},
    CASE WHEN skip IS NULL THEN {ready} ELSE {skipped} END, skip, now()
FROM judged ORDER BY id
"""


@dataclass(frozen=True)
class _Value:
    """A value of the template: its column in the statement, or the same text for everybody."""

    key: str
    name: str
    fixed: str | None
    sql: Sql


def insert_sql(
    *,
    workspace_id: int,
    campaign_id: int,
    portfolio_id: str,
    included: Sequence[List],
    excluded: Sequence[List],
    templates: Sequence[Template],
    variables: Mapping[str, Mapping[str, str]],
) -> Sql:
    """The INSERT … SELECT of all recipients with its parameters; the first template is everybody's default.

    Each contact on the lists comes once, skipped or ready, but those on an excluded list do not come at all. Two
    contacts with one address are one person: the first gets it. Raises rules.BadRule.
    """
    values = _values(templates, variables)
    people, people_values = _people(included, excluded)
    template, template_values = _language(templates)
    skip, skip_values = _skip(templates, {value.key: value for value in values})
    varying = [value for value in values if value.fixed is None]
    made, made_values = _json(values)
    statement = _STATEMENT.format(
        people=people,
        may_market=MAY_MARKET_SQL,
        template=template,
        address=_ADDRESS,
        values="".join(f", {value.sql[0]} AS {value.name}" for value in varying),
        skip=skip,
        json=made,
        ready=int(Recipient.State.READY),
        skipped=int(Recipient.State.SKIPPED),
    )
    parameters = [*people_values, *template_values, portfolio_id]
    parameters += [each for value in varying for each in value.sql[1]]
    return statement, [*parameters, workspace_id, *skip_values, workspace_id, campaign_id, *made_values]


def _people(included: Sequence[List], excluded: Sequence[List]) -> Sql:
    """Each contact once, with the columns of the first list that has them."""
    listed, values = members_sql(included)
    if len(included) > 1:
        listed = (
            f"SELECT DISTINCT ON (contact_id) * FROM ({listed}) AS listed ORDER BY contact_id, list_position"
        )
    if not excluded:
        return listed, values
    left_out, more = members_sql(excluded)
    return (
        f"SELECT * FROM ({listed}) AS chosen"
        f" WHERE NOT EXISTS (SELECT FROM ({left_out}) AS gone WHERE gone.contact_id = chosen.contact_id)",
        [*values, *more],
    )


def _language(templates: Sequence[Template]) -> Sql:
    """The template in the contact's language: ar_EG takes ar_EG, else ar, else any other ar, else the default."""
    default = templates[0].pk
    if len(templates) == 1:
        return "%s::bigint", [default]
    exact: dict[str, int] = {}
    near: dict[str, int] = {}
    for template in templates:
        code = template.language.lower()
        exact.setdefault(code, template.pk)
        near.setdefault(code.partition("_")[0], template.pk)
    near |= {code: pk for code, pk in exact.items() if "_" not in code}
    said = "replace(lower(c.language), '-', '_')"
    cases = [(said, exact), (f"split_part({said}, '_', 1)", near)]
    sql = ", ".join(
        f"CASE {subject} {' '.join('WHEN %s THEN %s::bigint' for _ in choices)} END"
        for subject, choices in cases
    )
    parameters = [each for _subject, choices in cases for pair in choices.items() for each in pair]
    return f"coalesce({sql}, %s::bigint)", [*parameters, default]


def _values(templates: Sequence[Template], variables: Mapping[str, Mapping[str, str]]) -> list[_Value]:
    """Every value that one of the languages wants, each once."""
    keys = dict.fromkeys(slot.key for template in templates for slot in definition(template).slots)
    return [_value(key, f"v{place}", variables.get(key, {})) for place, key in enumerate(keys)]


def _value(key: str, name: str, variable: Mapping[str, str]) -> _Value:
    kind, said = variable.get("kind"), variable.get("value", "")
    if kind not in {FIELD, COLUMN}:
        return _Value(key, name, said, ("%s::text", [said]))
    source: Sql = ("p.columns ->> %s", [said])
    if kind == FIELD:
        source = (_FIELDS[said], []) if said in _FIELDS else ("c.fields ->> %s", [said])
    otherwise = variable.get("otherwise", "") or None
    sql = f"coalesce(nullif(btrim({source[0]}, %s), ''), %s::text)"
    return _Value(key, name, None, (sql, [*source[1], _BLANK, otherwise]))


def _skip(templates: Sequence[Template], values: Mapping[str, _Value]) -> Sql:
    """Why this person gets nothing, the first reason that applies; NULL for those who get it."""
    sql = [
        f"CASE WHEN merged_into_id IS NOT NULL THEN {Skip.MERGED:d}",
        f"WHEN blocked IS NOT NULL THEN {Skip.BLOCKED:d}",
        f"WHEN template_id = ANY(%s) AND NOT may_market THEN CASE WHEN marketing = {Marketing.OPTED_OUT:d} THEN"
        f" {Skip.OPTED_OUT:d} WHEN marketing_needs_opt_in AND marketing <> {Marketing.OPTED_IN:d}"
        f" THEN {Skip.NO_CONSENT:d} ELSE {Skip.CAPPED:d} END",
        f"WHEN address IS NULL THEN {Skip.NO_ADDRESS:d}",
        f"WHEN place > 1 THEN {Skip.DUPLICATE:d}",
    ]
    parameters: list[Any] = [[template.pk for template in templates if template.is_marketing]]
    rules = [(Skip.MISSING, _missing), (Skip.CHARACTERS, _forbidden), (Skip.TOO_LONG, _too_long)]
    for reason, rule in rules:
        condition, more = _in_its_language(templates, values, rule)
        if condition:
            sql.append(f"WHEN {condition} THEN {reason:d}")
            parameters += more
    return " ".join([*sql, "END"]), parameters


Rule = Callable[[Definition, Mapping[str, _Value]], Sql]


def _in_its_language(templates: Sequence[Template], values: Mapping[str, _Value], rule: Rule) -> Sql:
    """What breaks a rule about values; languages with the same slots share it. Empty when nothing can."""
    groups: dict[str, tuple[Sql, list[int]]] = {}
    for template in templates:
        sql = rule(definition(template), values)
        groups.setdefault(repr(sql), (sql, []))[1].append(template.pk)
    parts: list[str] = []
    parameters: list[Any] = []
    for (condition, more), ids in groups.values():
        if condition and len(groups) == 1:
            return f"({condition})", more
        if condition:
            parts.append(f"template_id = ANY(%s) AND ({condition})")
            parameters += [ids, *more]
    return f"({' OR '.join(parts)})" if parts else "", parameters


def _missing(made: Definition, values: Mapping[str, _Value]) -> Sql:
    wanted = [values[slot.key] for slot in made.slots if slot.required]
    parts = [f"{value.name} IS NULL" for value in wanted if value.fixed is None]
    if any(value.fixed is not None and not value.fixed.strip() for value in wanted):
        parts.append("true")
    return " OR ".join(parts), []


def _forbidden(made: Definition, values: Mapping[str, _Value]) -> Sql:
    varying = [(slot, values[slot.key].name) for slot in made.slots if values[slot.key].fixed is None]
    parts = [(f"{name} ~ %s", slot.forbidden) for slot, name in varying if slot.forbidden]
    parts += [(f"{name} !~ %s", slot.pattern) for slot, name in varying if slot.pattern]
    return " OR ".join(part for part, _rule in parts), [rule for _part, rule in parts]


def _too_long(made: Definition, values: Mapping[str, _Value]) -> Sql:
    varying = [(slot, values[slot.key].name) for slot in made.slots if values[slot.key].fixed is None]
    parts = [f"char_length({name}) > {slot.limit:d}" for slot, name in varying if slot.forbidden]
    for budget in made.budgets:
        lengths = [_length(values[key]) for key in budget.keys]
        if any(not length.isdigit() for length in lengths):
            parts.append(f"{' + '.join(lengths)} > {budget.limit:d}")
    return " OR ".join(parts), []


def _length(value: _Value) -> str:
    return f"char_length({value.name})" if value.fixed is None else str(len(value.fixed))


def _json(values: Sequence[_Value]) -> Sql:
    """The values by slot, without those that are missing."""
    fixed = {value.key: value.fixed for value in values if value.fixed}
    varying = [value for value in values if value.fixed is None]
    if not varying:
        return "%s::jsonb", [json.dumps(fixed)]
    pairs = ", ".join(f"%s::text, {value.name}" for value in varying)
    return f"%s::jsonb || jsonb_strip_nulls(jsonb_build_object({pairs}))", [
        json.dumps(fixed),
        *(value.key for value in varying),
    ]
