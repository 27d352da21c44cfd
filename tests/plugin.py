"""Starts PostgreSQL and Valkey for one process of tests, before Django's settings are read (loaded by `-p`, see pyproject).

With `-n 2` (`make test`) each of the two processes has servers of its own, and the one that only hands tests out has none.
"""

import atexit
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from xdist.scheduler import LoadScopeScheduling

from dev.postgres import secret
from dev.processes import Refused
from dev.services import services

ROOT = Path(__file__).resolve().parent.parent
# A wait of one second, the default, for every deadlock that a test provokes would be most of its time.
SETTINGS = {"deadlock_timeout": "100ms"}
# Deletes what a test has left, without triggers and references: a tenth of what TRUNCATE of all tables costs, as long as
# the rows are few.
EMPTY = """
    CREATE SCHEMA testing;
    GRANT USAGE ON SCHEMA testing TO inbox_app;
    CREATE FUNCTION testing.empty(tables text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET session_replication_role = replica SET search_path = public AS $$
    DECLARE
        each text;
    BEGIN
        FOREACH each IN ARRAY tables LOOP
            EXECUTE format('DELETE FROM %I', each);
        END LOOP;
    END $$;
"""
JOURNEYS = "tests/browser/"
_NOBODY = "postgresql://nobody@127.0.0.1:9/none"
NOWHERE = {"DATABASE_URL": _NOBODY, "DATABASE_OWNER_URL": _NOBODY, "REDIS_URL": "redis://127.0.0.1:9/0"}


class Files(LoadScopeScheduling):  # type: ignore[misc]
    """A file of tests goes to one process as a whole, and so do all journeys in the browser: one stack is enough."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return JOURNEYS if file.startswith(JOURNEYS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Files:
    """Who gets which tests, with `-n`; in the order of the files, so that the journeys come early."""
    config.option.loadscopereorder = False
    return Files(config, log)


def _start() -> None:
    # Settings of a demo or a production that happen to be in the environment must not reach the tests.
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    env = NOWHERE if _hands_out() else _serve()
    os.environ.update(env, DEMO="1", DEBUG="0", WHATSAPP_GRAPH_URL="http://127.0.0.1:9")


def _serve() -> dict[str, str]:
    """The servers' addresses; they end with this process."""
    runs = ROOT / ".data" / "tests"
    runs.mkdir(parents=True, exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="run-", dir=runs, ignore_cleanup_errors=True)
    running = services(Path(folder.name), durable=False, postgres_settings=SETTINGS)
    try:
        env = running.__enter__()
    except Refused as refused:
        sys.exit(str(refused))
    # Last registered runs first: the servers stop, then their folder goes.
    atexit.register(folder.cleanup)
    atexit.register(running.__exit__, None, None, None)
    owner = urlsplit(env["DATABASE_OWNER_URL"])
    root = owner._replace(netloc=f"postgres:{secret(Path(folder.name), 'postgres')}@127.0.0.1:{owner.port}")
    with psycopg.connect(urlunsplit(root)) as connection:
        connection.execute(EMPTY)
    return env


def _hands_out() -> bool:
    return "-n" in sys.argv and "PYTEST_XDIST_WORKER" not in os.environ


_start()
