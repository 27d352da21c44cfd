"""The running product for the journeys: one stack and one Chromium for all of them, people and customers per test.

Any console error, violation of the content security policy or failed request that a test does not expect fails it.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from playwright.sync_api import Browser, expect, sync_playwright

from dev import chromium
from dev.stack import Stack
from tests.browser.customers import Simulator
from tests.browser.people import People
from tests.conftest import Emptying

SWITCHES = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PICTURES = settings.BASE_DIR / ".data" / "tests" / "pictures"
# Short, so that nobody waits: the lease must only outlast the slowest answer that a test orders.
GRACE_SECONDS, LEASE_SECONDS = 1, 4
PATIENCE_MS = 15_000
TRUNCATE_TRIES = 5

_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    """Remembers whether the test itself failed, for the pictures."""
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


@pytest.fixture(scope="package")
def stack(migrated: Emptying, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web, both workers, beat and the simulator, as in the demo; with the tests' settings and servers."""
    env = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")}
    env |= {
        "UNCONFIRMED_GRACE_SECONDS": str(GRACE_SECONDS),
        "SEND_LEASE_SECONDS": str(LEASE_SECONDS),
        "DJANGO_ALLOW_ASYNC_UNSAFE": "",
    }
    with Stack(env, base=tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(stack: Stack) -> Iterator[Browser]:
    """One Chromium; every person gets a context of their own in it."""
    expect.set_options(timeout=PATIENCE_MS)
    # Playwright's loop runs in this thread, and Django would take every query here for one of async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            found = playwright.chromium.launch(executable_path=chromium.find(), args=SWITCHES)
            yield found
            found.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def db(migrated: Emptying, stack: Stack, django_db_blocker: Any) -> Iterator[None]:
    """As everywhere in the tests, but the workers are at work while the tables are emptied."""
    with django_db_blocker.unblock():
        yield
        connection.close()
        for last in [False] * TRUNCATE_TRIES + [True]:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(migrated.truncate)
                break
            except OperationalError:  # a deadlock with a worker, and we were the one to give way
                if last:
                    raise
        connection.close()


@pytest.fixture
def sim(stack: Stack) -> Simulator:
    """The simulator, fresh."""
    simulator = Simulator(stack.sim_url)
    simulator.reset()
    return simulator


@pytest.fixture(autouse=True)
def people(
    request: pytest.FixtureRequest, db: None, sim: Simulator, browser: Browser, stack: Stack
) -> Iterator[People]:
    """Opens browsers; what went wrong in one of them and was not expected fails the test."""
    everybody = People(browser, stack.url)
    yield everybody
    faults = everybody.faults()
    if faults or request.node.stash.get(_failed, True):
        everybody.pictures(Path(PICTURES), request.node.name)
    everybody.close()
    assert faults == []
