"""What a page asks, at 1,000,000 conversations and 5,000,000 messages against 1,000 and 5,000.

Two databases of one server, each read by a process of its own through the product's queries; one asks at a time.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.db import connections

from bench.harness import PAIRS, Report
from bench.population import populate

CONVERSATIONS = int(os.environ.get("CONVERSATIONS", "1000000"))
SMALL = 1_000
CALLS = 5  # of a question in a row; many short turns, since the machine's speed changes all the time
LISTS = ["unclaimed", "mine", "claimed", "closed", "number", "mine-number", "page-500"]
SEARCHES = ["rare-word", "common-word", "rare-name", "common-name", "phone"]
AT_MOST, SEARCH_AT_MOST = 1.5, 3.0
MIGRATE = [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0"]
READ = [sys.executable, "-c", "import django; django.setup(); from bench.reader import serve; serve()"]


def run(report: Report) -> None:
    """Every question of the inbox's pages; the value is the time of one in milliseconds."""
    with _reader("bench_large", CONVERSATIONS) as large, _reader("bench_small", SMALL) as small:
        cases = dict.fromkeys([*(f"list-{name}" for name in LISTS), "counts", "thread"], AT_MOST)
        cases |= {f"search-{name}": SEARCH_AT_MOST for name in SEARCHES}
        for case, at_most in cases.items():
            for reader in (small, large):  # warm up
                reader.ask(case, 10)
            report.pairs(
                f"pages-{case}",
                "ms",
                lambda case=case: large.ask(case, CALLS),
                lambda case=case: small.ask(case, CALLS),
                at_most=at_most,
                pairs=3 * PAIRS,
            )


class Reader:
    """A process of `bench.reader` on one database."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, case: str, calls: int) -> float:
        """The median time of so many calls, in milliseconds."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{case} {calls}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def _reader(database: str, conversations: int) -> Iterator[Reader]:
    urls = {
        name: urlsplit(os.environ[name])._replace(path=f"/{database}").geturl()
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    env = {**os.environ, **urls}
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database}")
    try:
        subprocess.run(MIGRATE, env=env, check=True)
        connections.databases[database] = {**connections.databases["owner"], "NAME": database}
        populate(database, conversations)
        with subprocess.Popen(
            READ, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield Reader(process)
            process.communicate()
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"DROP DATABASE {database} WITH (FORCE)")
