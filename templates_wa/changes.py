"""What the template webhooks say, applied to our copy at once: status, quality, category.

Set-based, idempotent, in any order: what cannot be decided from the webhook alone (an unknown template, an older
message, changed components) makes a wish for a newer copy. Runs inside the caller's crossing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from templates_wa import sync
from templates_wa.models import Template

FIELDS = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
        "template_correct_category_detection",
    }
)
# Events that are no status of a template's own (Meta, message_template_status_update, 2026-09).
_STATUS_OF = {"REINSTATED": Template.APPROVED, "UNARCHIVED": "", "DELETED": "DELETED"}
_ONE_SECOND = timedelta(seconds=1)


class TemplateChange(NamedTuple):
    """One change of one of FIELDS, as it came; `at` is the webhook's own time."""

    waba_id: str
    field: str
    value: Mapping[str, Any]
    at: datetime


@dataclass
class _Row:
    """A template as it is becoming."""

    pk: int
    account_id: int
    template_id: str
    status: str
    reason: str
    quality: str
    category: str
    correct_category: str
    told: datetime
    gone: datetime | None
    changed: bool = field(default=False)


def apply(items: Sequence[TemplateChange]) -> None:
    """Applies the changes, oldest first. Accounts that nobody has connected are left alone."""
    accounts = _accounts({item.waba_id for item in items})
    rows = _locked(set(accounts.values()), {_name_of(item.value) for item in items})
    unclear: set[int] = set()
    for item in sorted(items, key=lambda one: one.at):
        account_id = accounts.get(item.waba_id)
        if account_id is None:
            continue
        row = rows.get((account_id, _name_of(item.value), _language_of(item.value)))
        if row is None or not _is_about(row, item) or not _change(row, item):
            unclear.add(account_id)
    _write([row for row in rows.values() if row.changed])
    if unclear:
        sync.want(unclear, after=sync.WEBHOOKS_SETTLE)


def _change(row: _Row, item: TemplateChange) -> bool:
    """Changes the row; False when WhatsApp has to be asked. Read by its keys: Meta's own pages have mixed up the names
    of the fields before (2025-12)."""
    value = item.value
    if isinstance(value.get("event"), str):
        understood = _change_status(row, value, item.at)
    elif isinstance(value.get("new_quality_score"), str):
        row.quality, understood = value["new_quality_score"][:16].upper(), True
    elif isinstance(value.get("correct_category"), str) or isinstance(value.get("new_category"), str):
        understood = _change_category(row, value)
    else:
        return False
    row.told = max(row.told, item.at + _ONE_SECOND)
    row.changed = True
    return understood


def _change_status(row: _Row, value: Mapping[str, Any], at: datetime) -> bool:
    event = value["event"][:32].upper()
    row.status = _STATUS_OF.get(event, event) or row.status
    row.reason = _reason(value)
    row.gone = at if event == "DELETED" else None
    category = value.get("message_template_category")
    if isinstance(category, str) and category:
        row.category = category[:32].upper()
    # A template that came back may be another one than before.
    return event not in {"UNARCHIVED", "REINSTATED"}


def _change_category(row: _Row, value: Mapping[str, Any]) -> bool:
    """Meta announces a change as `correct_category` and reports it with `previous_category`."""
    new, announced = value.get("new_category"), value.get("correct_category")
    if isinstance(new, str) and new:
        row.category = new[:32].upper()
    row.correct_category = announced[:32].upper() if isinstance(announced, str) else ""
    if row.correct_category == row.category:
        row.correct_category = ""
    return True


def _reason(value: Mapping[str, Any]) -> str:
    """What is kept of it: CODE, a colon, and what Meta writes; wording.py puts it into words when it is shown."""
    other, rejection = value.get("other_info"), value.get("rejection_info")
    other = other if isinstance(other, Mapping) else {}
    rejection = rejection if isinstance(rejection, Mapping) else {}
    code = value.get("reason")
    if not isinstance(code, str) or code.upper() in {"", "NONE"}:
        code = other.get("title") or ""
    texts = [other.get("description"), rejection.get("reason"), rejection.get("recommendation")]
    words = " ".join(text.strip() for text in texts if isinstance(text, str) and text.strip())
    code = "" if str(code).upper() == "UNPAUSE" else str(code)
    return (f"{code}: {words}" if words else code)[:500]


def _is_about(row: _Row, item: TemplateChange) -> bool:
    """Whether it is news about this very template: not about a deleted one of the same name, nor older than what we
    know. WhatsApp's clock counts whole seconds, so what it says holds until the end of the second."""
    told = item.value.get("message_template_id")
    same = told is None or not row.template_id or str(told) == row.template_id
    return same and item.at + _ONE_SECOND >= row.told


def _name_of(value: Mapping[str, Any]) -> str:
    return str(value.get("message_template_name") or "")


def _language_of(value: Mapping[str, Any]) -> str:
    """Webhooks write en-US where everything else writes en_US."""
    return str(value.get("message_template_language") or "").replace("-", "_")


def _accounts(waba_ids: set[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT waba_id, id FROM accounts_businessaccount WHERE waba_id = ANY(%s)", [sorted(waba_ids)]
        )
        return dict(cursor.fetchall())


def _locked(account_ids: set[int], names: set[str]) -> dict[tuple[int, str, str], _Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, language, id, account_id, template_id, status, reason, quality, category, correct_category,"
            " told, gone FROM templates_wa_template WHERE account_id = ANY(%s) AND name = ANY(%s)"
            " ORDER BY id FOR NO KEY UPDATE",
            [sorted(account_ids), sorted(names)],
        )
        return {(row[3], row[0], row[1]): _Row(*row[2:]) for row in cursor.fetchall()}


def _write(rows: Sequence[_Row]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE templates_wa_template AS t SET status = new.status, reason = new.reason, quality = new.quality,"
            " category = new.category, correct_category = new.correct_category, told = new.told, gone = new.gone"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],"
            " %s::timestamptz[], %s::timestamptz[])"
            " AS new (id, status, reason, quality, category, correct_category, told, gone) WHERE t.id = new.id",
            [
                [row.pk for row in rows],
                [row.status for row in rows],
                [row.reason for row in rows],
                [row.quality for row in rows],
                [row.category for row in rows],
                [row.correct_category for row in rows],
                [row.told for row in rows],
                [row.gone for row in rows],
            ],
        )
