"""The import itself: chunk by chunk, each one transaction that also says that it is done, so a crash repeats nothing.

Set-based and safe against itself, other imports and inbound messages: whoever inserts the address of a person decides
their contact, as in phonebook/resolve.py. Nothing that is known of a contact is taken away, empty cells say nothing.
"""

import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Func, JSONField, Value
from django.utils import timezone

from accounts.tenancy import retrying_deadlocks, scope
from phonebook import consent
from phonebook.importing import verdicts
from phonebook.importing.judging import PREPARED
from phonebook.importing.work import Job, repeatable
from phonebook.models import Consent, Import, Marketing

ROWS_PER_CHUNK = 5_000
# PostgreSQL works on a chunk for a fifth of a second, most of it on indexes and references. Two keep it busy while
# the other one's transaction is being written out; more would be felt by those who answer customers.
WRITERS = 2

# `owner_id` is the contact's id. One is drawn for everybody before it is known who is new: a gap costs nothing.
_TABLE = f"""
    CREATE TEMP TABLE incoming (
        {PREPARED}, owner_id bigint DEFAULT nextval('phonebook_contact_id_seq'), known boolean DEFAULT false
    ) ON COMMIT DROP
"""
_COPY = f"COPY incoming ({', '.join(column.split()[0] for column in PREPARED.split(', '))}) FROM STDIN"
# Asked one by one, and the contacts by an array of ids: the planner takes a workspace whose statistics are old for a
# small one, and would rather look at all of its people. First for those whom the dry run saw; what somebody else was
# faster to insert is found by asking again for everybody.
_KNOWN = """
    UPDATE incoming n SET owner_id = i.contact_id, known = true FROM (
        SELECT line, (
            SELECT contact_id FROM phonebook_identity
            WHERE (workspace_id, portfolio_id, kind, value) = (%(workspace)s, '', 'wa_id', m.value)
        ) AS contact_id FROM incoming m WHERE seen OR %(everybody)s
    ) AS i WHERE i.line = n.line AND i.contact_id <> n.owner_id
"""
# Sorted, so that two workers that meet the same people never wait for each other. The reference from identity to
# contact is checked at the end, which is why the contacts can come last.
_NEW = """
    WITH claimed AS (
        INSERT INTO phonebook_identity (workspace_id, portfolio_id, kind, value, contact_id, first_seen)
        SELECT %(workspace)s, '', 'wa_id', value, owner_id, now() FROM incoming WHERE NOT known ORDER BY value
        ON CONFLICT (workspace_id, portfolio_id, kind, value) DO NOTHING RETURNING contact_id
    )
    INSERT INTO phonebook_contact
        (id, workspace_id, name, profile_name, phone, username, language, fields, created)
    SELECT owner_id, %(workspace)s, name, '', phone, '', language, fields, now()
    FROM incoming JOIN claimed ON claimed.contact_id = incoming.owner_id
"""
_THEY = "c.id = ANY(ARRAY(SELECT owner_id FROM incoming WHERE known))"
_LOCK = f"""
    WITH locked AS (SELECT c.merged_into_id FROM phonebook_contact c WHERE {_THEY} ORDER BY c.id FOR NO KEY UPDATE)
    SELECT count(merged_into_id) FROM locked
"""
_FOLLOW = f"""
    UPDATE incoming n SET owner_id = c.merged_into_id FROM phonebook_contact c
    WHERE {_THEY} AND n.known AND c.id = n.owner_id AND c.merged_into_id IS NOT NULL
"""
_UPDATE = f"""
    UPDATE phonebook_contact c SET
        name = coalesce(nullif(n.name, ''), c.name), language = coalesce(nullif(n.language, ''), c.language),
        phone = coalesce(c.phone, n.phone), fields = c.fields || n.fields
    FROM incoming n
    WHERE {_THEY} AND n.known AND c.id = n.owner_id
        AND (n.name NOT IN ('', c.name) OR n.language NOT IN ('', c.language) OR c.phone IS NULL
            OR c.fields || n.fields <> c.fields)
"""
_MEMBERS = """
    INSERT INTO phonebook_listmember AS m (workspace_id, list_id, contact_id, columns, added)
    SELECT DISTINCT ON (owner_id) %(workspace)s, %(list)s, owner_id, columns, now()
    FROM incoming ORDER BY owner_id, line
    ON CONFLICT (list_id, contact_id) DO UPDATE SET columns = m.columns || excluded.columns
        WHERE m.columns || excluded.columns <> m.columns
"""
_SAID = "SELECT DISTINCT ON (lower(said)) said FROM incoming, jsonb_array_elements_text(labels) AS said"
_LABELS = f"""
    INSERT INTO phonebook_label (workspace_id, name, created)
    SELECT %(workspace)s, said, now() FROM ({_SAID}) AS s ORDER BY lower(said)
    ON CONFLICT (workspace_id, lower(name)) DO NOTHING
"""
_LABELLED = """
    INSERT INTO phonebook_contactlabel (workspace_id, label_id, contact_id)
    SELECT DISTINCT %(workspace)s::bigint, l.id, n.owner_id FROM incoming n,
        jsonb_array_elements_text(n.labels) AS said
        JOIN phonebook_label l ON l.workspace_id = %(workspace)s AND lower(l.name) = lower(said)
    ORDER BY l.id, n.owner_id ON CONFLICT (label_id, contact_id) DO NOTHING
"""
_ANSWERS = "SELECT owner_id, choice, at, wording FROM incoming WHERE choice IS NOT NULL"


def run(job: Job) -> None:
    """RUNNING → DONE: writes the rows that the dry run found good, but for the chunks that are in already."""
    prepared = zlib.decompress(job.prepared).decode() if job.prepared else ""
    lines = prepared.split("\n") if prepared else []
    left = [start for start in range(0, len(lines), ROWS_PER_CHUNK) if str(start) not in job.taken]
    writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="import")
    try:
        for done in [writers.submit(_write_chunk, job, start, lines) for start in left]:
            done.result()
    finally:
        writers.shutdown(cancel_futures=True)
    with scope(job.workspace_id):
        row = Import.objects.values("taken", "counts").get(pk=job.id)
        new = sum(row["taken"].values())
        counts = row["counts"] | {verdicts.NEW: new, verdicts.UPDATED: len(lines) - new}
        job.write(
            state=Import.State.DONE,
            counts={verdict: n for verdict, n in counts.items() if n},
            finished=timezone.now(),
            content=b"",
            prepared=b"",
            lease=None,
        )


def _write_chunk(job: Job, start: int, lines: Sequence[str]) -> None:
    try:
        _take_over(job, start, lines[start : start + ROWS_PER_CHUNK])
    finally:
        connection.close()  # this thread's own


@retrying_deadlocks
def _take_over(job: Job, start: int, lines: Sequence[str]) -> None:
    """One chunk, and that it is in, in one transaction. Raises Lost."""
    with repeatable(job):
        new = _write(job, lines)
        with connection.cursor() as cursor:
            # References are checked now, and not while the import's row is locked and the other writer waits for it.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        job.write(
            at_row=F("at_row") + len(lines),
            taken=_with("taken", {str(start): new}),
            tries=0,
        )


def _with(field: str, more: dict[str, int]) -> Func:
    return Func(
        F(field),
        Value(more, JSONField()),
        template="(%(expressions)s)",
        arg_joiner=" || ",
        output_field=JSONField(),
    )


def _write(job: Job, lines: Sequence[str]) -> int:
    """Writes contacts, members of the list, labels and consent; returns how many contacts are new."""
    values: dict[str, int | None] = {"workspace": job.workspace_id, "list": job.list_id}
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        with cursor.copy(_COPY) as copy:
            copy.write("\n".join(lines) + "\n")
        cursor.execute(_KNOWN, values | {"everybody": False})
        known = cursor.rowcount
        cursor.execute(_NEW, values)
        new: int = cursor.rowcount
        if new + known < len(lines):
            cursor.execute(_KNOWN, values | {"everybody": True})
        if new < len(lines):
            _update(cursor)
        if job.list_id is not None:
            cursor.execute(_MEMBERS, values)
        if job.mapping.place("labels") is not None:
            cursor.execute(_LABELS, values)
            cursor.execute(_LABELLED, values)
        if job.mapping.everybody or job.mapping.place("opt_in") is not None:
            cursor.execute(_ANSWERS, values)
            consent.record([_entry(job, *answer) for answer in cursor.fetchall()])
    return new


def _update(cursor: CursorWrapper) -> None:
    """Adds what the file says of those who were known."""
    cursor.execute(_LOCK)
    while cursor.fetchone() != (0,):
        # Merged between the question and the lock: what the file says is said of the contact that was kept.
        cursor.execute(_FOLLOW)
        cursor.execute(_LOCK)
    cursor.execute(_UPDATE)


def _entry(job: Job, contact_id: int, choice: int, at: datetime, wording: str) -> consent.Entry:
    return consent.Entry(
        workspace_id=job.workspace_id,
        contact_id=contact_id,
        choice=Marketing(choice),
        source=Consent.Source.IMPORT,
        wording=wording,
        at=at,
        member_id=job.member_id,
    )
