"""The two steps before anything changes: reading the file, and the dry run over its rows."""

import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec
from django.db import connection

from accounts.tenancy import scope
from phonebook.importing import files, verdicts
from phonebook.importing.judging import Judge
from phonebook.importing.mapping import guess
from phonebook.importing.refusal import BadFile
from phonebook.importing.work import Job, fail, repeatable
from phonebook.models import Import, ImportRow

ROWS_PER_CHUNK = 5_000
ROWS_SHOWN = 10
CELL_SHOWN = 200  # characters

Odd = tuple[int, str, Sequence[str]]  # line, verdict, cells


def read(job: Job) -> None:
    """READING → MAPPING: the headings, the first rows, and a guess what the columns are; or FAILED."""
    try:
        rows = files.read(job.content)
    except BadFile as bad:
        fail(job, bad.code)
        return
    width = max(map(len, rows))
    mapping = guess(rows[: ROWS_SHOWN + 1])
    with scope(job.workspace_id):
        job.write(
            state=Import.State.MAPPING,
            columns=[cell[:CELL_SHOWN] for cell in rows[0]] + [""] * (width - len(rows[0])),
            sample=[[cell[:CELL_SHOWN] for cell in row] for row in rows[: ROWS_SHOWN + 1]],
            mapping=mapping.kept(),
            rows=len(rows) - mapping.headings,
            tries=0,
            lease=None,
        )


def check(job: Job) -> None:
    """CHECKING → CHECKED: a verdict on every row, and the good ones as they will be written."""
    with repeatable(job):
        ImportRow.objects.filter(file_id=job.id).delete()  # of an attempt that was cut short
    rows = files.read(job.content)[job.mapping.headings :]
    judge = Judge(job.mapping, job.country, job.zone, job.created)
    good: list[tuple[str, str]] = []
    counts: Counter[str] = Counter()
    noted = []
    # The database is told of a chunk in a thread of its own while the next one is being judged.
    with ThreadPoolExecutor(1, thread_name_prefix="import") as writer:
        for start in range(0, len(rows), ROWS_PER_CHUNK):
            chunk = _judge(judge, start + 1 + job.mapping.headings, rows[start : start + ROWS_PER_CHUNK])
            good += zip(chunk.values, chunk.prepared, strict=True)
            counts.update(verdict.partition(":")[0] for _line, verdict, _row in chunk.odd)
            noted.append(writer.submit(_note, job, chunk, start + ROWS_PER_CHUNK))
        known = {value for found in noted for value in found.result()}
    counts.update({verdicts.UPDATED: len(known), verdicts.NEW: len(good) - len(known)})
    prepared = "\n".join(f"{line}\t{'t' if value in known else 'f'}" for value, line in good)
    with scope(job.workspace_id):
        job.write(
            state=Import.State.CHECKED,
            counts={verdict: n for verdict, n in counts.items() if n},
            prepared=zlib.compress(prepared.encode(), level=1),
            at_row=0,
            tries=0,
            lease=None,
        )


class _Chunk(NamedTuple):
    """Rows that were judged: the canonical numbers of the good ones and their prepared lines, and the odd ones."""

    values: list[str]
    prepared: list[str]
    odd: list[Odd]


def _judge(judge: Judge, first: int, rows: Sequence[Sequence[str]]) -> _Chunk:
    chunk = _Chunk([], [], [])
    for line, row in enumerate(rows, first):
        judged = judge.judge(line, row)
        if judged.prepared:
            chunk.values.append(judged.value)
            chunk.prepared.append(judged.prepared)
        else:
            chunk.odd.append((line, judged.verdict, row))
    return chunk


def _note(job: Job, chunk: _Chunk, at_row: int) -> list[str]:
    """Keeps the odd rows and how far the work is; returns which of the other numbers are in the phonebook already."""
    try:
        with repeatable(job):
            known = _known(job.workspace_id, chunk.values)
            _keep(job, [odd for odd in chunk.odd if odd[1] != verdicts.EMPTY])
            job.write(at_row=at_row)
        return known
    finally:
        connection.close()  # this thread's own


def _known(workspace_id: int, values: Sequence[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n FROM json_array_elements_text(%s::json) AS n JOIN phonebook_identity i"
            " ON (i.workspace_id, i.portfolio_id, i.kind, i.value) = (%s, '', 'wa_id', n)",
            [msgspec.json.encode(values).decode(), workspace_id],
        )
        return [value for (value,) in cursor.fetchall()]


def _keep(job: Job, odd: Sequence[Odd]) -> None:
    """Keeps the rows that will not be taken over, as they are."""
    rows = [{"line": line, "verdict": verdict, "cells": cells} for line, verdict, cells in odd]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_importrow (workspace_id, file_id, line, verdict, cells)"
            " SELECT %s, %s, r.line, r.verdict, r.cells"
            " FROM json_to_recordset(%s::json) AS r (line int, verdict text, cells jsonb)",
            [job.workspace_id, job.id, msgspec.json.encode(rows).decode()],
        )
