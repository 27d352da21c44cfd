"""The database of the tests: migrated by the owner, used by the app's login, with real commits throughout."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.utils import translation

from tests.worlds import World, make_world

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
TRUNCATE_EVERY = 100  # tests: until then nobody notices the rows that were deleted


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test begins in English: a request leaves its language behind in the thread."""
    with translation.override("en"):
        yield


@dataclass
class Emptying:
    """How all tables become empty again: by DELETE, and every now and then by TRUNCATE, which leaves nothing behind."""

    tables: list[str]
    times: int = 0

    @property
    def truncate(self) -> str:
        return f"TRUNCATE {', '.join(self.tables)}"

    def statement(self) -> str:
        self.times += 1
        if self.times % TRUNCATE_EVERY == 0:
            return self.truncate
        return f"SELECT testing.empty('{{{','.join(self.tables)}}}')"


@pytest.fixture(scope="session")
def migrated(django_test_environment: None, django_db_blocker: pytest.FixtureRequest) -> Emptying:
    """Migrates as the owner, and lets the app's login empty tables between tests."""
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO inbox_app")
            tables = [t for t in connections["owner"].introspection.table_names(cursor) if t not in KEPT]
        connections["owner"].close()
    return Emptying(tables)


@pytest.fixture
def db(migrated: Emptying, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Real commits, emptied afterwards: races, scopes and deferred constraints are what they are in production."""
    with django_db_blocker.unblock():
        yield
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(migrated.statement())
        connection.close()


@pytest.fixture
def demo(db: None) -> World:
    """The workspace under test."""
    return make_world("demo", phone_number_id="100000000000001", waba_id="200000000000001")


@pytest.fixture
def rival(db: None) -> World:
    """The outsider."""
    return make_world("rival", phone_number_id="100000000000002", waba_id="200000000000002")
