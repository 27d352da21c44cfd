"""What a workspace's sockets were told lately, and what others missed: rendered once, shared by all who come back.

Only remembers and renders; which socket has joined, and where the room stands, is the room's business.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from inbox import frames
from inbox.frames import Batch, Gap

HISTORY_LIMIT = 300  # frames kept for browsers that load a page or come back after a moment

Run = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class _Call:
    task: asyncio.Future[Any]
    waiting: int = 0


class Past:
    """Told batches after `after`, and for each language at most one gap, read from the log, that ends among them."""

    def __init__(self, workspace_id: int, run: Run) -> None:
        self.after = 0
        self._workspace_id = workspace_id
        self._run = run
        self._told: deque[Batch] = deque()
        self._gaps: dict[str, Gap] = {}
        self._used: set[str] = set()
        self._threads: dict[tuple[int, str, int], tuple[str, int]] = {}
        self._calls: dict[Any, _Call] = {}

    def remember(self, batch: Batch) -> None:
        """Keeps a batch that all sockets have just been told; the oldest ones go."""
        self._told.append(batch)
        while sum(len(kept.frames) or 1 for kept in self._told) > HISTORY_LIMIT:
            self.after = self._told.popleft().seq

    def tidy(self) -> None:
        """Drops the threads, and the gaps that nobody asked for since the last call: a storm passes."""
        self._threads.clear()
        self._gaps = {language: gap for language, gap in self._gaps.items() if language in self._used}
        self._used.clear()

    def rows(self, language: str, since: int) -> list[str] | None:
        """The newest row of each conversation that changed after `since`; None when the log must be read (`fill`)."""
        if since >= self.after and (rows := self._rows_told(language, since, None)) is not None:
            return rows
        gap = self._gaps.get(language)
        if gap is None or not self._reaches(gap, since):
            return None
        self._used.add(language)
        return self._rows_told(language, since, gap)

    async def fill(self, language: str, since: int, upto: int) -> None:
        """Reads and renders (since, upto], once for all who wait; whoever needs more of it asks again."""
        self._gaps[language] = await self.once(
            ("gap", language), frames.missed, self._workspace_id, since, upto, language
        )

    def lost(self, language: str, since: int) -> bool:
        """Whether the log was found not to go back to `since` any more."""
        gap = self._gaps.get(language)
        return gap is not None and gap.asked <= since < gap.after

    def member_changed(self, member: int, language: str, since: int) -> bool:
        """Whether the member's role or membership changed after `since`."""
        gap = self._gaps.get(language)
        return any(batch.seq > since and member in batch.members for batch in self._told) or (
            gap is not None and gap.members.get(member, 0) > since
        )

    def broadcasts(self, language: str, since: int) -> list[int]:
        """The broadcasts that changed after `since`."""
        gap = self._gaps.get(language)
        changed = {pk for pk, seq in gap.broadcasts.items() if seq > since} if gap is not None else set()
        return sorted(changed.union(*(batch.broadcasts for batch in self._told if batch.seq > since)))

    def thread_changed(self, conversation_id: int, language: str, since: int) -> bool:
        """Whether anything in the thread, be it a tick, changed after `since`; True also when that is forgotten.

        Told batches know of a broadcast's messages only for the threads that were open then, so a batch with a
        broadcast in it may have changed any.
        """
        gap = self._gaps.get(language)
        if since < self.after and (gap is None or not self._reaches(gap, since)):
            return True
        return any(
            bool(batch.broadcasts) or any(frame.conversation_id == conversation_id for frame in batch.frames)
            for batch in self._told
            if batch.seq > since
        ) or (gap is not None and gap.touched.get(conversation_id, 0) > since)

    def together(self, language: str, since: int) -> int:
        """A seq at or before `since` that others who come back begin at as well, so that they share what is rendered."""
        gap = self._gaps.get(language)
        return gap.after if gap is not None and self._reaches(gap, since) else since

    async def thread(self, conversation_id: int, language: str, since: int, cursor: int) -> tuple[str, int]:
        """The frame of what changed in a thread after `since`, and a seq up to which it certainly says everything."""
        key = conversation_id, language, since
        if key in self._threads:
            text, told = self._threads[key]
            if not self.thread_changed(conversation_id, language, told):
                return text, told
        text = await self.once(
            (*key, cursor), frames.thread_since, self._workspace_id, conversation_id, since, language
        )
        self._threads[key] = text, cursor
        return text, cursor

    async def once(self, key: Any, function: Callable[..., Any], *args: Any) -> Any:
        """The answer of one call, for all who ask for `key` while it runs; it ends when nobody waits any more."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.ensure_future(self._run(function, *args)))
        call.waiting += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if self._calls.get(key) is call and (call.task.done() or not call.waiting):
                del self._calls[key]
                call.task.cancel()

    def _reaches(self, gap: Gap, since: int) -> bool:
        return gap.after <= since and gap.upto >= self.after

    def _rows_told(self, language: str, since: int, gap: Gap | None) -> list[str] | None:
        newest: dict[int, str | None] = {}
        start = since if gap is None else max(since, gap.upto)
        for batch in reversed(self._told):
            if batch.seq <= start:
                break
            for frame in reversed(batch.frames):
                if not frame.only_ticks:
                    newest.setdefault(frame.conversation_id, frame.row.get(language))
        for row in reversed(gap.rows) if gap is not None else ():
            if row.seq <= since:
                break
            newest.setdefault(row.conversation_id, row.text)
        rows = [row for row in reversed(newest.values()) if row]
        # A row that nobody here has seen in this language was never rendered.
        return rows if len(rows) == len(newest) else None
