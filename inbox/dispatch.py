"""Sends a batch of letters, many at once, as fast as the number may: one event loop and one `Sender` per process.

Says what became of each and what stands in the way of the rest. Never opens a transaction, never tries a letter twice.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import structlog
import uvloop
from django.conf import settings

from inbox import pace, verdicts
from inbox.letters import Letter, Result, Status
from inbox.verdicts import Obstacle
from whatsapp.errors import CallFailed, Kind
from whatsapp.sender import LONGEST_CALL_SECONDS, Sender

log = structlog.get_logger(__name__)

IN_FLIGHT = 128  # calls of a process at once: 2,500 messages a second at 50 ms each
# A letter that found no free connection by then does not leave: WhatsApp is slow, and its campaign may be paused by now.
QUEUE_SECONDS = 5.0
LAND_SECONDS = QUEUE_SECONDS + 2 * LONGEST_CALL_SECONDS  # a bound, in case of a bug
SLICE_SECONDS = 1.0  # so that tenants take turns: what the pace did not let out by then goes back


class Line(NamedTuple):
    """The number that letters leave from, as the calls and the pace know it."""

    number_id: int
    phone_number_id: str
    token: str
    per_second: int


class Dispatched(NamedTuple):
    """One result per letter, in no order, and why nobody else should be written to now."""

    results: list[Result]
    obstacle: Obstacle | None


def dispatch(letters: Sequence[Letter], line: Line, leased: int) -> Dispatched:
    """Sends letters, all with a body, at the pace of their number; returns when all that left were answered.

    `leased` may leave at once, as the caller has a lease for them; for the others this takes more. What an obstacle or
    the pace left over is PUT_OFF and was not tried. A letter without a result met a bug, and keeps its lease.
    """
    flight = _Flight(_station(), line)
    until = time.monotonic() + SLICE_SECONDS
    flight.launch(letters[:leased])
    rest = list(letters[leased:])
    while rest and flight.obstacle is None and time.monotonic() < until:
        lease = pace.lease(line.number_id, line.per_second, len(rest))
        flight.launch(rest[: lease.granted])
        rest = rest[lease.granted :]
        if rest:
            flight.stopped.wait(max(0.0, min(lease.wait_seconds, until - time.monotonic())))
    flight.land()
    results = flight.results + [Result(letter, Status.PUT_OFF, tried=False) for letter in rest]
    return Dispatched(results, flight.obstacle or verdicts.trouble(results))


class _Station:
    """The loop in its thread, the sender in it, and the letters of all batches that wait for a free connection."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="campaign-sender", daemon=True)
        self._thread.start()
        self._waiting: deque[tuple[_Flight, Letter]] = deque()
        self._carriers: set[asyncio.Task[None]] = set()
        self._sender = asyncio.run_coroutine_threadsafe(self._open(), self.loop).result()

    def close(self) -> None:
        """Closes the connections and ends the thread; only where nothing is under way."""
        asyncio.run_coroutine_threadsafe(self._sender.close(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def carry(self, flight: "_Flight", letters: Sequence[Letter]) -> None:
        """Sends the letters in their turn. Called in the loop."""
        self._waiting.extend((flight, letter) for letter in letters)
        self._staff()

    def _staff(self) -> None:
        """A carrier for each letter that waits, as long as there are connections."""
        for _ in range(min(len(self._waiting), IN_FLIGHT - len(self._carriers))):
            carrier = self.loop.create_task(self._carry())
            self._carriers.add(carrier)
            carrier.add_done_callback(self._relieve)

    def _relieve(self, carrier: asyncio.Task[None]) -> None:
        self._carriers.discard(carrier)
        self._staff()  # for what came while this one was still counted

    async def _open(self) -> Sender:
        return Sender(
            settings.WHATSAPP_GRAPH_URL, settings.WHATSAPP_GRAPH_VERSION, settings.WHATSAPP_APP_SECRETS[0]
        )

    async def _carry(self) -> None:
        while self._waiting:
            flight, letter = self._waiting.popleft()
            try:
                await flight.fly(letter, self._sender)
            finally:
                flight.is_down()


class _Flight:
    """Letters of one batch under way. Launched and landed by the worker's thread, flown in the loop's."""

    def __init__(self, station: _Station, line: Line) -> None:
        self.results: list[Result] = []
        self.obstacle: Obstacle | None = None
        self.stopped = threading.Event()  # there is an obstacle
        self._station, self._line = station, line
        self._launched = self._down = 0
        self._slowed = False
        self._latest = time.monotonic() + SLICE_SECONDS + QUEUE_SECONDS
        self._landed = threading.Condition()

    def launch(self, letters: Sequence[Letter]) -> None:
        """Sends these, as soon as the process has a free connection for each."""
        if letters:
            self._launched += len(letters)
            self._station.loop.call_soon_threadsafe(self._station.carry, self, letters)

    def land(self) -> None:
        """Waits until all are down again. Bounded, because a bug in the loop must not hold the worker for ever."""
        with self._landed:
            self._landed.wait_for(lambda: self._down == self._launched, LAND_SECONDS)

    def is_down(self) -> None:
        """One letter is, with its result or without."""
        self._down += 1
        if self._down == self._launched:
            with self._landed:
                self._landed.notify_all()

    async def fly(self, letter: Letter, sender: Sender) -> None:
        """Sends one letter, unless there is an obstacle by now or it is too late."""
        if self.obstacle is not None or time.monotonic() > self._latest:
            self.results.append(Result(letter, Status.PUT_OFF, tried=False))
            return
        try:
            accepted = await sender.send(self._line.phone_number_id, self._line.token, letter.body or b"")
        except CallFailed as failed:
            self.results.append(self._failed(letter, failed))
        else:
            self.results.append(verdicts.judge(letter, accepted))

    def _failed(self, letter: Letter, failed: CallFailed) -> Result:
        result = verdicts.judge(letter, failed)
        if result.kind is Kind.THROTTLE and not self._slowed:
            self._slowed = True
            pace.slow_down(self._line.number_id)
        self.obstacle = self.obstacle or verdicts.obstacle(result, failed)
        if self.obstacle is not None:
            self.stopped.set()
        return result


# Made on first use, since a forked worker must not share its parent's; by the address it sends to.
_stations: dict[str, _Station] = {}
_making = threading.Lock()


def close() -> None:
    """Closes what this process sends through; the next batch makes it anew."""
    with _making:
        while _stations:
            _stations.popitem()[1].close()


def _station() -> _Station:
    with _making:
        if settings.WHATSAPP_GRAPH_URL not in _stations:
            _stations[settings.WHATSAPP_GRAPH_URL] = _Station()
        return _stations[settings.WHATSAPP_GRAPH_URL]
