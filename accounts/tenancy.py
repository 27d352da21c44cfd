"""Who sees what: the scopes that open a tenant's rows.

PostgreSQL decides, by row-level security on `app.workspace_id`; with no scope open, tenant tables look empty and
refuse writes. Nothing here may show more than one workspace except `crossing()`, which is greppable and used only
to route webhooks, to sweep, to seed and to administer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.http import HttpResponseBase
from psycopg.errors import DeadlockDetected

from accounts import stream

log = structlog.get_logger(__name__)

DEADLOCK_TRIES = 6

P = ParamSpec("P")
R = TypeVar("R")


class OwnerMigrates:
    """Only the owner's login migrates; the app's login may not own a table, since owners skip row-level security."""

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        """True for the owner's alias alone."""
        return db == "owner"

    def allow_relation(self, _left: Model, _right: Model, **_hints: Any) -> bool:
        """Both aliases are one database."""
        return True


@contextmanager
def scope(workspace_id: int, *, durable: bool = False) -> Iterator[None]:
    """A transaction that sees exactly one workspace; live events recorded in it are written just before COMMIT.

    Scopes nest: the inner one gives the outer one's workspace back. `durable=True` refuses to nest, so that the
    commit of an action really is one before its answer is rendered.
    """
    with transaction.atomic(durable=durable):
        previous = _enter(str(workspace_id))
        with stream.collecting():
            yield
        # A released savepoint keeps what set_config(…, true) set, so the outer workspace is put back by hand;
        # after an error the rollback does it.
        _enter(previous)


@contextmanager
def reading(workspace_id: int) -> Iterator[None]:
    """The scope a page is rendered in: one workspace, and a write raises (SQLSTATE 25006)."""
    with transaction.atomic():
        if len(connection.atomic_blocks) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
        previous = _enter(str(workspace_id))
        yield
        _enter(previous)


@contextmanager
def crossing() -> Iterator[None]:
    """A transaction that sees every workspace (role inbox_crossing). Does not nest inside a scope."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE inbox_crossing")
        with stream.collecting():
            yield
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def retrying_deadlocks(function: Callable[P, R]) -> Callable[P, R]:
    """A function that opens its own outermost scope, and is run again when PostgreSQL ended it to break a deadlock.

    At once, since the other side has what it waited for; at most six times in all, then OperationalError. Everything
    the function does besides writing must bear repeating. Inside another transaction it does nothing: PostgreSQL has
    rolled that back as a whole, so whoever opened it has to begin again.
    """

    @wraps(function)
    def retried(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, DEADLOCK_TRIES):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected):
                    raise
                log.info("tenancy.deadlock_retried", function=function.__qualname__, attempt=attempt)
        return function(*args, **kwargs)

    return retried


def reads(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view that renders inside one read-only scope of the request's workspace.

    A decorator and not a middleware: there, a view that raised would already be a response, and its half-writes
    would be committed.
    """

    @wraps(view)
    def scoped(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with reading(request.workspace.id):
            return view(request, *args, **kwargs)

    return scoped


def _enter(workspace_id: str) -> str:
    with connection.cursor() as cursor:
        # One round trip: the old value is read before the new one is set (targets evaluate left to right).
        cursor.execute(
            "SELECT coalesce(current_setting('app.workspace_id', true), ''), set_config('app.workspace_id', %s, true)",
            [workspace_id],
        )
        previous: str = cursor.fetchone()[0]
    return previous
