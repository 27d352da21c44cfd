"""Where the door puts what it accepted: one connection, and one INSERT in autocommit for all that waited."""

from collections.abc import Sequence
from typing import Any

import psycopg
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

_INSERT = "INSERT INTO webhooks_delivery (body) SELECT unnest(%b::bytea[])"


class Store:
    """Group commit. Never shared by two tasks."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def write(self, bodies: Sequence[bytes]) -> bool:
        """True when the bodies are on disk; False when that is not certain, also when some may be there.

        A connection that turns out to have been closed since its last use is made anew once: a delivery that was
        stored after all is then stored twice, which changes nothing (every item is applied once).
        """
        for fresh in (self._connection is None, True):
            try:
                if self._connection is None:
                    self._connection = await _connect()
                await self._connection.execute(_INSERT, [bodies])
            except (psycopg.Error, OSError) as error:
                await self.close()
                if fresh:
                    log.error("webhook.not_stored", deliveries=len(bodies), error=type(error).__name__)
                    return False
            else:
                return True
        return False

    async def close(self) -> None:
        """Ends the connection; the next write makes a new one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


async def _connect() -> psycopg.AsyncConnection[Any]:
    database: Any = settings.DATABASES["default"]
    options = {key: value for key, value in database["OPTIONS"].items() if key != "pool"}
    return await psycopg.AsyncConnection.connect(
        host=database["HOST"],
        port=database["PORT"],
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        autocommit=True,
        **{"connect_timeout": 5, **options},
    )
