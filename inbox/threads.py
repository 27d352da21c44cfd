"""Worker threads with database connections of their own, for the live hub.

Pages share a pool; whoever works here never waits for a connection of that pool, and never for a page.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Threads:
    """A few threads; each keeps one connection to the default database open for as long as it lives."""

    def __init__(self, number: int, name: str) -> None:
        self._connections: list[BaseDatabaseWrapper] = []
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name, initializer=self._bring_a_connection)

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Calls a synchronous function in one of the threads; a call that still waits can be cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _call, function, args)

    async def stop(self) -> None:
        """Waits for the calls that run, forgets those that wait, and closes the connections."""
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    def _bring_a_connection(self) -> None:
        """Puts a connection outside the pool where this thread's models look for theirs. Connects at first use."""
        own = connections.create_connection(DEFAULT_DB_ALIAS)
        options = {name: value for name, value in own.settings_dict["OPTIONS"].items() if name != "pool"}
        # The check finds a connection that PostgreSQL closed in the meantime before a query does.
        own.settings_dict = {
            **own.settings_dict,
            "OPTIONS": options,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }
        own.inc_thread_sharing()  # closed by the thread that stops the hub
        connections[DEFAULT_DB_ALIAS] = own
        self._connections.append(own)


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    close_old_connections()  # one that failed the last time, and asks for a check of the others
    return function(*args)
