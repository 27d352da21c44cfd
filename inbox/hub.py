"""The process's one ear on the event log: hears pokes, looks by itself every second, and keeps the rooms going.

A poke only says that a workspace's log grew; what happened is read from the log, so a lost poke costs a second and
never an event. Workspaces without sockets cost nothing. Started in the server's loop (see config/asgi.py).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import redis.asyncio
import structlog
from django.conf import settings

from accounts import stream
from inbox import admission, frames
from inbox.rooms import Room
from inbox.sockets import LOG_IN, NOT_A_MEMBER, RESTART, Socket
from inbox.threads import Threads

log = structlog.get_logger(__name__)

LOOK = 1.0  # seconds between two looks at how far the logs have got
HEARTBEAT = 20.0  # seconds; a browser gives up on the connection after 45
RECHECK = 60.0  # seconds between two checks of sessions and memberships
THREADS = 2  # for those who are here, and as many for those who come; each with a database connection
TURNS = 4  # sockets that begin to send a piece of what they missed in one round of the loop


class Hub:
    """Rooms by workspace, and the tasks that feed them."""

    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: dict[Room, asyncio.Task[None]] = {}
        self._live: Threads | None = None
        self._aside: Threads | None = None
        self.turns = asyncio.Semaphore(TURNS)

    async def start(self) -> None:
        """Starts listening in the running loop; does nothing when it already does."""
        if self._live is not None:
            return
        # Threads and connections of its own: work for sockets waits for no page, and what is new for no newcomer.
        self._live, self._aside = Threads(THREADS, "hub-live"), Threads(THREADS, "hub-aside")
        self.turns = asyncio.Semaphore(TURNS)  # of this loop
        self._keep(self._hear())
        self._keep(self._every(LOOK, self._look))
        self._keep(self._every(HEARTBEAT, self._beat))
        self._keep(self._every(RECHECK, self.recheck))

    async def stop(self) -> None:
        """Closes every socket with 1012, so that browsers come back to the next process, and ends all tasks."""
        for socket in self._sockets():
            socket.end(RESTART)
        tasks = [*self._tasks, *self._reading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *(room.close() for room in self._rooms.values()), return_exceptions=True)
        self._rooms.clear()
        self._reading.clear()
        stopping = [threads for threads in (self._live, self._aside) if threads is not None]
        self._live = self._aside = None
        await asyncio.gather(*(threads.stop() for threads in stopping))

    async def join(self, socket: Socket, since: int | None) -> None:
        """Adds the socket to its workspace's room, after what it missed since `since`."""
        workspace_id = socket.listener.workspace_id
        room = self._rooms.get(workspace_id)
        if room is None:
            room = self._rooms[workspace_id] = Room(workspace_id, self.live, self.aside)
        try:
            await room.join(socket, since)
        finally:
            self._leave_if_empty(room)

    def leave(self, socket: Socket) -> None:
        """Takes the socket out; the last one of a workspace takes the room with it."""
        room = self._rooms.get(socket.listener.workspace_id)
        if room is not None:
            room.sockets.discard(socket)
            self._leave_if_empty(room)

    async def open_thread(self, socket: Socket, thread: int | None, since: int | None) -> None:
        """The socket's browser shows another thread (or none)."""
        room = self._rooms.get(socket.listener.workspace_id)
        if room is not None and socket in room.sockets:
            await room.open_thread(socket, thread, since)

    async def live(self, function: Callable[..., Any], *args: Any) -> Any:
        """Calls a synchronous function for sockets that have joined."""
        if self._live is None:
            raise RuntimeError("The hub is not running.")
        return await self._live.run(function, *args)

    async def aside(self, function: Callable[..., Any], *args: Any) -> Any:
        """Calls a synchronous function for one that comes or looks back; a thousand of these delay nothing live."""
        if self._aside is None:
            raise RuntimeError("The hub is not running.")
        return await self._aside.run(function, *args)

    async def recheck(self) -> None:
        """Closes the sockets whose session ended (4401) or whose member left (4403); two queries for all."""
        sockets = self._sockets()
        if not sockets:
            return
        members = await self.live(
            admission.welcome_members, {each.listener.membership_id for each in sockets}
        )
        sessions = await self.live(admission.live_sessions, {each.listener.session_key for each in sockets})
        for socket in sockets:
            listener = socket.listener
            if listener.membership_id not in members:
                socket.end(NOT_A_MEMBER)
            elif (
                listener.session_key not in sessions
                or members[listener.membership_id] != listener.session_hash
            ):
                socket.end(LOG_IN)

    async def _hear(self) -> None:
        """Listens for pokes, for ever; while Redis is away, the looks of every second do the work."""
        while True:
            try:
                client = redis.asyncio.from_url(settings.REDIS_URL, health_check_interval=15)
                async with client, client.pubsub() as pubsub:
                    await pubsub.subscribe(stream.POKES)
                    async for message in pubsub.listen():
                        if message["type"] == "message":
                            self._heard(message["data"])
                        else:
                            # Subscribed (again): what was said in between was said to nobody.
                            await self._try(self._look)
            except (redis.RedisError, OSError) as error:
                log.warning("live.pokes_lost", error=str(error))
            await asyncio.sleep(1)

    def _heard(self, data: bytes) -> None:
        try:
            reached = [(int(workspace_id), int(seq)) for workspace_id, seq in json.loads(data)]
        except (ValueError, TypeError):
            log.warning("live.strange_poke")
            return
        for workspace_id, seq in reached:
            if workspace_id in self._rooms:
                self._wake(self._rooms[workspace_id], seq)

    async def _look(self) -> None:
        before = {workspace_id: room.cursor for workspace_id, room in self._rooms.items()}
        if not before:
            return
        reached: dict[int, int] = await self.live(frames.reached, list(before))
        for workspace_id, cursor in before.items():
            room, seq = self._rooms.get(workspace_id), reached.get(workspace_id, 0)
            if room is not None and seq < cursor:
                del self._rooms[workspace_id]
                await room.start_over()
            elif room is not None:
                self._wake(room, seq)

    def _wake(self, room: Room, seq: int) -> None:
        room.known = max(room.known, seq)
        if room.cursor < room.known and room not in self._reading:
            self._reading[room] = asyncio.create_task(self._read(room))

    async def _read(self, room: Room) -> None:
        try:
            await room.catch_up()
        except Exception:  # the database is away, or a template fails: look again in a second, whatever it is
            log.exception("live.read_failed", workspace=room.workspace_id)
        finally:
            del self._reading[room]

    async def _beat(self) -> None:
        for room in self._rooms.values():
            room.beat()

    async def _every(self, seconds: float, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._try(step)

    async def _try(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Exception:  # one failed round must not be the last one
            log.exception("live.round_failed", step=step.__name__)

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sockets(self) -> list[Socket]:
        return [socket for room in self._rooms.values() for socket in (*room.sockets, *room.joining)]

    def _leave_if_empty(self, room: Room) -> None:
        if not room.sockets and not room.joining and self._rooms.get(room.workspace_id) is room:
            del self._rooms[room.workspace_id]


hub = Hub()
