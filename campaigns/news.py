"""Live events of campaigns at work, at most one a second each: what is not told at once goes with the next one.

Kept in the process and lost with it, which costs nothing: the same messages get their receipts soon.
"""

import threading
import time
from collections.abc import Iterable

from accounts import stream

SECONDS = 1.0

_lock = threading.Lock()
_told: dict[int, float] = {}
_waiting: dict[int, set[int]] = {}


def changed(workspace_id: int, broadcast_id: int, messages: Iterable[int], *, last: bool = False) -> None:
    """These messages changed. Inside the caller's scope; `last` tells all that waits, however soon it is."""
    with _lock:
        waiting = _waiting.setdefault(broadcast_id, set())
        waiting.update(messages)
        now = time.monotonic()
        if not waiting or (not last and now - _told.get(broadcast_id, 0.0) < SECONDS):
            return
        _told[broadcast_id] = now
        told = _waiting.pop(broadcast_id)
        if last:
            del _told[broadcast_id]
    stream.broadcast_changed(workspace_id, broadcast_id, told)


def waits(broadcast_id: int) -> bool:
    """Whether something was not told yet."""
    return bool(_waiting.get(broadcast_id))
