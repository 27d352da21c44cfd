"""The cache: Redis, and nothing that matters. Losing it may cost a limit on failed logins, never a login."""

from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class ForgivingRedisCache(RedisCache):
    """Looks empty and forgets what it is told while Redis cannot be reached."""

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """True without Redis: whoever takes a lock this way must not wait for it."""
        try:
            return bool(super().add(key, value, timeout, version))
        except RedisError as error:
            _forgive(error)
            return True

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The default without Redis."""
        try:
            return super().get(key, default, version)
        except RedisError as error:
            _forgive(error)
            return default

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Nothing without Redis."""
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            _forgive(error)

    def delete(self, key: Any, version: int | None = None) -> bool:
        """False without Redis."""
        try:
            return bool(super().delete(key, version))
        except RedisError as error:
            _forgive(error)
            return False


def _forgive(error: RedisError) -> None:
    log.warning("cache.unreachable", error=str(error))
