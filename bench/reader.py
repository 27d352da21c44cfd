"""Asks one database what the inbox's pages ask, through the product's own queries, and says how long it took.

Runs in a process of its own with DATABASE_URL naming the database (see pages.py): reads lines of a case and a number
of calls, and answers each with the median time in milliseconds.
"""

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from statistics import median

from accounts.models import Membership, PhoneNumber, Workspace
from accounts.tenancy import reading
from bench.population import COMMON_NAME, COMMON_WORD, RARE_NAME, RARE_WORD, long_threads
from inbox import queries
from inbox.models import Conversation
from phonebook.models import Contact

DEEP = 500 * queries.ROWS_PER_PAGE

Case = Callable[[], object]


def serve() -> None:
    """Answers until standard input ends."""
    workspace_id = Workspace.objects.get(slug="bench-0").pk
    with reading(workspace_id):
        cases = _cases(workspace_id)
        for name, case in cases.items():
            if not getattr(case(), "rows", True):
                raise RuntimeError(f"{name} finds nothing, so it would measure nothing")
    for line in sys.stdin:
        name, calls = line.split()
        times = [_time(workspace_id, cases[name]) for _ in range(int(calls))]
        print(median(times), flush=True)


def _time(workspace_id: int, case: Case) -> float:
    started = time.perf_counter()
    with reading(workspace_id):
        case()
    return 1000 * (time.perf_counter() - started)


def _cases(workspace_id: int) -> dict[str, Case]:
    page = partial(queries.page, workspace_id)
    member = Membership.objects.filter(workspace_id=workspace_id).earliest("pk")
    number = PhoneNumber.objects.earliest("pk")
    threads = cycle(_shuffled_long_threads())
    phone = Contact.objects.order_by("-pk").values_list("phone", flat=True)[0] or ""
    return {
        "list-unclaimed": partial(page, state="unclaimed"),
        "list-mine": partial(page, state="claimed", holder_id=member.pk),
        "list-claimed": partial(page, state="claimed"),
        "list-closed": partial(page, state="closed"),
        "list-number": partial(page, state="unclaimed", number_id=number.pk),
        "list-mine-number": partial(page, state="claimed", holder_id=member.pk, number_id=number.pk),
        "list-page-500": partial(page, state="closed", before=_deep("closed")),
        "counts": partial(queries.counts, workspace_id),
        "thread": lambda: queries.thread(queries.conversation(workspace_id, next(threads))),
        "search-rare-word": partial(queries.search, RARE_WORD),
        "search-common-word": partial(queries.search, COMMON_WORD),
        "search-rare-name": partial(queries.search, RARE_NAME),
        "search-common-name": partial(queries.search, COMMON_NAME),
        "search-phone": partial(queries.search, phone),
    }


def _deep(state: str) -> queries.Cursor:
    """The end of the tab's page 499, or of its middle one where there are not so many."""
    tab = Conversation.objects.filter(state=state)
    at = min(DEEP, tab.count() // 2)
    last_at, pk = tab.order_by("-last_at", "-pk").values_list("last_at", "pk")[at]
    return queries.Cursor(last_at, pk)


def _shuffled_long_threads() -> list[int]:
    threads = long_threads(Conversation.objects.latest("pk").pk)
    random.Random(7).shuffle(threads)
    return threads
