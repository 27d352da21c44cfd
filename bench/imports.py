"""A CSV file of 100,000 rows, read, normalised, deduplicated and imported, against reading it and parsing its numbers.

Both as they are done for a person: read, dry run, import; and phonenumbers' E.164 of every row in the same process.
"""

import csv
import io
import random
import time

from django.db import connection, connections

from accounts.models import Membership, Stream, User, Workspace
from accounts.tenancy import scope
from bench.harness import Report
from phonebook import tasks
from phonebook.importing import work
from phonebook.importing.files import read
from phonebook.importing.mapping import Mapping
from phonebook.models import Contact, Import
from phonebook.phones import e164

ROWS = 100_000
KNOWN, TWICE = 20_000, 20_000  # rows of people who are in the phonebook already; rows that repeat another one
COUNTRY = "JO"
TABLES = "phonebook_import, phonebook_importrow, phonebook_identity, phonebook_listmember, phonebook_contact"
NAMES = ["Rania Haddad", "Omar Nasser", "أحمد حداد", "ليلى ناصر", "Inês Souza", "Lina Khoury", "Sara Saleh"]
CITIES = ["Amman", "Irbid", "Zarqa", "عمّان", "Dubai", ""]


def run(report: Report) -> None:
    """Each import starts from the same phonebook."""
    member = _member()
    mixed, fresh = _file(repeated=TWICE), _file(repeated=0)
    wanted = {"new": ROWS - KNOWN - TWICE, "updated": KNOWN, "duplicate": TWICE}
    found: list[dict[str, int]] = []
    report.pairs(
        "import",
        "s",
        lambda: _import(member, mixed, known=KNOWN, found=found),
        lambda: _parse(mixed),
        at_most=2.0,
    )
    report.claim("import-complete", all(counts == wanted for counts in found), f"{found[-1]}")
    report.pairs(
        "import-all-new",
        "s",
        lambda: _import(member, fresh, known=0, found=found),
        lambda: _parse(fresh),
    )
    _empty()


def _member() -> Membership:
    workspace = Workspace.objects.create(slug="bench-import", name="Bench", country=COUNTRY)
    with scope(workspace.pk):
        Stream.objects.create(workspace=workspace)
    user = User.objects.create_user(username="bench-import", email="import@bench.test")
    return Membership.objects.create(workspace=workspace, user=user, role="marketer")


def _file(repeated: int) -> bytes:
    """Numbers as people keep them: half in E.164, the rest with blanks, in digits or as dialled at home."""
    dice = random.Random(7)
    people = list(range(ROWS - repeated))
    people += dice.sample(people, repeated)
    dice.shuffle(people)
    table = io.StringIO()
    write = csv.writer(table)
    write.writerow(["Phone", "Name", "Language", "City"])
    for n, person in enumerate(people):
        phone = f"7{9 - person % 3}{person:07d}"
        spelled = (
            f"+962{phone}",
            f"+962{phone}",
            f"+962 {phone[:2]} {phone[2:5]} {phone[5:]}",
            f"0{phone}" if n % 8 < 4 else f"00962{phone}",
        )[n % 4]
        write.writerow([spelled, NAMES[person % 7], ("ar", "en")[person % 2], CITIES[person % 6]])
    return table.getvalue().encode()


def _parse(content: bytes) -> float:
    started = time.perf_counter()
    for row in read(content)[1:]:
        e164(row[0], COUNTRY)
    return time.perf_counter() - started


def _import(member: Membership, content: bytes, *, known: int, found: list[dict[str, int]]) -> float:
    _empty()
    _fill(member, known)
    with scope(member.workspace_id):
        row = Import.objects.create(
            workspace_id=member.workspace_id,
            name="bench.csv",
            content=content,
            country=COUNTRY,
            created_by=member,
        )
    started = time.perf_counter()
    _step(row)
    mapping = Mapping({0: "phone", 1: "name", 2: "language", 3: "field:City"})
    _next(row, state=Import.State.CHECKING, mapping=mapping.kept())
    _step(row)
    _next(row, state=Import.State.RUNNING)
    _step(row)
    seconds = time.perf_counter() - started
    with scope(member.workspace_id):
        row.refresh_from_db()
        assert (row.state, Contact.objects.count()) == ("done", row.counts["new"] + known), row.counts
    found.append(row.counts)
    return seconds


def _step(row: Import) -> None:
    work.advance(row.pk, row.workspace_id, tasks.STEPS)


def _next(row: Import, **changes: object) -> None:
    with scope(row.workspace_id):
        Import.objects.filter(pk=row.pk).update(**changes)


def _fill(member: Membership, known: int) -> None:
    """The first `known` people of the file are in the phonebook, a quarter of them under another name."""
    with scope(member.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            "WITH c AS (INSERT INTO phonebook_contact (workspace_id, name, profile_name, username, phone, language,"
            " created, fields) SELECT %(workspace)s, CASE WHEN n %% 4 = 0 THEN 'Somebody'"
            " ELSE (%(names)s::text[])[1 + n %% 7] END, '', '', '+9627' || 9 - n %% 3 || lpad(n::text, 7, '0'),"
            " CASE n %% 2 WHEN 0 THEN 'ar' ELSE 'en' END, now(),"
            " jsonb_build_object('City', (%(cities)s::text[])[1 + n %% 6])"
            " FROM generate_series(0, %(known)s - 1) AS n RETURNING id, phone)"
            " INSERT INTO phonebook_identity (workspace_id, portfolio_id, kind, value, contact_id, first_seen)"
            " SELECT %(workspace)s, '', 'wa_id', ltrim(phone, '+'), id, now() FROM c",
            {"workspace": member.workspace_id, "known": known, "names": NAMES, "cities": CITIES},
        )


def _empty() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        cursor.execute("ANALYZE")
