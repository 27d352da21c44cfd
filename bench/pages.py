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
CALLS = 30 // PAIRS + 1  # of each question, in each of the pairs
CASES = [
    *(
        "list-unclaimed",
        "list-mine",
        "list-claimed",
        "list-closed",
        "list-number",
        "list-mine-number",
        "list-page-500",
    ),
    *("counts", "thread"),
    *("search-rare-word", "search-common-word", "search-rare-name", "search-common-name", "search-phone"),
]
AT_MOST, SEARCH_AT_MOST = 1.5, 3
START = "import django; django.setup(); from bench.reader import serve; serve()"


def run(report: Report) -> None:
    """Every question of the inbox's pages; the value is the time of one in milliseconds."""
    with _reader("bench_large", CONVERSATIONS) as large, _reader("bench_small", SMALL) as small:
        for case in CASES:
            for reader in (small, large):  # warm up
                reader.ask(case, 10)
            report.pairs(
                f"pages-{case}",
                "ms",
                lambda case=case: large.ask(case, CALLS),
                lambda case=case: small.ask(case, CALLS),
                at_most=SEARCH_AT_MOST if case.startswith("search") else AT_MOST,
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
    _make(database, conversations, {**os.environ, **urls})
    with subprocess.Popen(
        [sys.executable, "-c", START],
        env={**os.environ, **urls},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Reader(process)
        process.communicate()


def _make(database: str, conversations: int, env: dict[str, str]) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database}")
        cursor.execute(f"CREATE DATABASE {database}")
    migrate = [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0"]
    subprocess.run(migrate, env=env, check=True)
    connections.databases[database] = {**connections.databases["owner"], "NAME": database}
    populate(database, conversations)
