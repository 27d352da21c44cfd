"""Takes an import one step further, in a worker: one lease, one step, every change guarded by the lease.

Reading and checking change nothing but the import's own row and start over after a crash; running commits chunk by
chunk and goes on after the last one. A file that stops its worker again and again is given up.
"""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from accounts.models import Workspace
from accounts.tenancy import crossing, scope
from phonebook.importing.mapping import Mapping
from phonebook.models import Import

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)  # renewed several times a second while there is progress
PAUSE = timedelta(seconds=10)  # after a database that was away or a lock that was not to be had
TRIES_AT_MOST = 5
AT_WORK = (Import.State.READING, Import.State.CHECKING, Import.State.RUNNING)


class Lost(Exception):  # noqa: N818 - somebody else has it
    """The lease ran out and another worker took the import, or somebody deleted it: stop, change nothing."""


@dataclass(frozen=True)
class Job:
    """An import in hand: what it was when it was taken, and the token under which it may be changed."""

    id: int
    workspace_id: int
    state: str
    token: UUID
    content: bytes
    prepared: bytes
    taken: dict[str, int]
    mapping: Mapping
    country: str
    list_id: int | None
    rows: int
    member_id: int
    created: datetime
    zone: ZoneInfo

    def write(self, **changes: Any) -> None:
        """Changes the import's row inside the caller's scope and renews the lease. Raises Lost."""
        changes.setdefault("lease", timezone.now() + LEASE)
        if not Import.objects.filter(pk=self.id, state=self.state, token=self.token).update(**changes):
            raise Lost


@contextmanager
def repeatable(job: Job) -> Iterator[None]:
    """A durable scope whose commit does not wait for the disk.

    If PostgreSQL crashes, what was done in it may be missing, but then so is the word that it was done.
    """
    with scope(job.workspace_id, durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        yield


def advance(import_id: int, workspace_id: int, steps: AnyMapping[str, Callable[[Job], None]]) -> None:
    """Does the step that the import waits for, if nobody else is at it."""
    job = _take(import_id, workspace_id)
    if job is None:
        return
    try:
        steps[job.state](job)
    except Lost:
        log.info("import.lost", id=import_id, workspace=workspace_id)
    except (OperationalError, IntegrityError) as error:
        log.warning("import.interrupted", id=import_id, workspace=workspace_id, error=type(error).__name__)
        with scope(workspace_id):
            Import.objects.filter(pk=import_id, token=job.token).update(lease=timezone.now() + PAUSE)


def fail(job: Job, code: str) -> None:
    """Gives the import up; `code` is one of refusal.words. Raises Lost."""
    with scope(job.workspace_id):
        job.write(
            state=Import.State.FAILED,
            detail=code,
            content=b"",
            prepared=b"",
            lease=None,
            finished=timezone.now(),
        )
    log.info("import.failed", id=job.id, workspace=job.workspace_id, code=code)


def waiting() -> list[tuple[int, int]]:
    """(workspace id, import id) of every import that waits for a worker, in all workspaces."""
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id, id FROM phonebook_import WHERE state IN ('reading', 'checking', 'running')"
            " AND (lease IS NULL OR lease < now()) ORDER BY id LIMIT 200"
        )
        found: list[tuple[int, int]] = cursor.fetchall()
    return found


def zone_of(workspace_id: int) -> ZoneInfo:
    """The time zone of the workspace. One question."""
    return ZoneInfo(Workspace.objects.values_list("timezone", flat=True).get(pk=workspace_id))


def _take(import_id: int, workspace_id: int) -> Job | None:
    zone = zone_of(workspace_id)
    with scope(workspace_id):
        chosen = Import.objects.select_for_update(skip_locked=True).defer("content", "prepared")
        row = chosen.filter(pk=import_id).first()
        if row is None or row.state not in AT_WORK or (row.lease and row.lease > timezone.now()):
            return None
        row.tries += 1
        row.lease, row.token = timezone.now() + LEASE, uuid4()
        job = Job(
            id=row.pk,
            workspace_id=workspace_id,
            state=row.state,
            token=row.token,
            # The file, or what was made of it, whichever this step reads: each may be 20 MB.
            content=bytes(row.content) if row.state != Import.State.RUNNING else b"",
            prepared=bytes(row.prepared) if row.state == Import.State.RUNNING else b"",
            taken=row.taken,
            mapping=Mapping.load(row.mapping),
            country=row.country,
            list_id=row.list_id,
            rows=row.rows,
            member_id=row.created_by_id,
            created=row.created,
            zone=zone,
        )
        row.save(update_fields=["tries", "lease", "token"])
    if row.tries > TRIES_AT_MOST:
        fail(job, "tries")
        return None
    return job
