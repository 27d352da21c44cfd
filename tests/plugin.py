"""Starts PostgreSQL and Valkey for one test run, before Django's settings are read (loaded by `-p`, see pyproject)."""

import atexit
import os
import sys
import tempfile
from pathlib import Path

from dev.processes import Refused
from dev.services import services

ROOT = Path(__file__).resolve().parent.parent
# A wait of one second, the default, for every deadlock that a test provokes would be most of its time.
SETTINGS = {"deadlock_timeout": "100ms"}


def _start() -> None:
    runs = ROOT / ".data" / "tests"
    runs.mkdir(parents=True, exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="run-", dir=runs, ignore_cleanup_errors=True)
    # Settings of a demo or a production that happen to be in the environment must not reach the tests.
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    running = services(Path(folder.name), durable=False, postgres_settings=SETTINGS)
    try:
        env = running.__enter__()
    except Refused as refused:
        sys.exit(str(refused))
    # Last registered runs first: the servers stop, then their folder goes.
    atexit.register(folder.cleanup)
    atexit.register(running.__exit__, None, None, None)
    os.environ.update(env, DEMO="1", DEBUG="0", WHATSAPP_GRAPH_URL="http://127.0.0.1:9")


_start()
