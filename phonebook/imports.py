"""What the pages of imports read: the list, one import, its figures, the rows that were not taken over.

Never loads a file with a row. Every function runs inside a tenancy scope and asks a fixed number of questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from phonebook.importing import refusal, verdicts
from phonebook.importing.judging import Judge
from phonebook.importing.mapping import Mapping
from phonebook.importing.work import AT_WORK, zone_of
from phonebook.models import Import, ImportRow

IMPORTS_PER_PAGE = 30
ODD_SHOWN = 20
ODD_PER_BATCH = 1_000


@dataclass
class Page:
    """Some imports, newest first, and the id before which the next page begins."""

    rows: list[Import]
    more: int | None = None


@dataclass
class Report:
    """What an import's page says besides its row."""

    at_work: bool
    percent: int
    why: str  # it failed
    figures: list[tuple[str, str, int]]  # verdict, its name, how many rows
    good: int
    odd: int
    preview: list[tuple[int, Sequence[str], str, str]]  # line, cells, verdict, in words
    odd_rows: list[tuple[int, Sequence[str], str]]  # line, cells, reason


def page(workspace_id: int, before: int | None = None) -> Page:
    """IMPORTS_PER_PAGE imports. One question."""
    chosen = _rows(workspace_id).order_by("-id")
    if before is not None:
        chosen = chosen.filter(pk__lt=min(before, 2**63 - 1))
    found = list(chosen[: IMPORTS_PER_PAGE + 1])
    shown = found[:IMPORTS_PER_PAGE]
    return Page(shown, shown[-1].pk if len(found) > IMPORTS_PER_PAGE else None)


def found(workspace_id: int, import_id: int) -> Import | None:
    """The workspace's import, without its file."""
    return _rows(workspace_id).filter(pk=import_id).first()


def report(row: Import) -> Report:
    """Progress, figures, the first rows with their verdicts and the first odd ones. At most three questions."""
    counts = row.counts
    good = sum(counts.get(verdict, 0) for verdict in verdicts.GOOD)
    odd = sum(n for verdict, n in counts.items() if verdict not in {*verdicts.GOOD, verdicts.EMPTY})
    whole = good if row.state == Import.State.RUNNING else row.rows
    return Report(
        at_work=row.state in AT_WORK,
        percent=min(100, row.at_row * 100 // whole) if whole else 0,
        why=refusal.words(row.detail) if row.state == Import.State.FAILED else "",
        figures=[
            (code, str(name), counts[code]) for code, name in verdicts.NAMES.items() if counts.get(code)
        ],
        good=good,
        odd=odd,
        preview=_preview(row) if row.state == Import.State.CHECKED else [],
        odd_rows=[
            (each.line, each.cells, verdicts.words(each.verdict))
            for each in (odd_rows(row, 0, ODD_SHOWN) if odd else [])
        ],
    )


def odd_rows(row: Import, after: int, at_most: int = ODD_PER_BATCH) -> list[ImportRow]:
    """The rows that were not taken over, after a line. One question."""
    return list(ImportRow.objects.filter(file_id=row.pk, line__gt=after).order_by("line")[:at_most])


def _rows(workspace_id: int) -> "QuerySet[Import]":
    chosen = Import.objects.filter(workspace_id=workspace_id).select_related("list", "created_by__user")
    return chosen.defer("content", "prepared")


def _preview(row: Import) -> list[tuple[int, Sequence[str], str, str]]:
    """The first rows, judged once more: good ones leave no row of their own."""
    mapping = Mapping.load(row.mapping)
    judge = Judge(mapping, row.country, zone_of(row.workspace_id), row.created)
    lines = list(enumerate(row.sample, 1))[mapping.headings :]
    judged = [(line, cells, judge.judge(line, cells)) for line, cells in lines]
    known = _known(row.workspace_id, [each.value for _line, _cells, each in judged if each.value])
    shown = []
    for line, cells, each in judged:
        verdict = each.verdict or (verdicts.UPDATED if each.value in known else verdicts.NEW)
        shown.append((line, cells, verdict.partition(":")[0], verdicts.words(verdict)))
    return shown


def _known(workspace_id: int, values: Sequence[str]) -> set[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value FROM phonebook_identity"
            " WHERE workspace_id = %s AND portfolio_id = '' AND kind = 'wa_id' AND value = ANY(%s)",
            [workspace_id, list(values)],
        )
        return {value for (value,) in cursor.fetchall()}
