"""Waiting for what no page shows: rows, and what the simulator has seen."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY = 0.03  # seconds


def until(look: Callable[[], T], *, within: float = 15) -> T:
    """Looks again and again until the answer is truthy, and returns it; fails after so many seconds."""
    end = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < end, f"after {within} seconds it is still {found!r}"
        threading.Event().wait(LOOK_EVERY)
    return found
