"""Reads the environment, loudly: a missing or nonsensical value stops the start with one sentence."""

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

DEMO = os.environ.get("DEMO") == "1"


def given(name: str) -> bool:
    """Whether the variable is set at all."""
    return bool(os.environ.get(name))


def text(name: str, default: str | None = None) -> str:
    """The variable's value; without a default a missing one raises ImproperlyConfigured."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name}: see the configuration table in README.md.")
    return value


def secret(name: str, *, demo: str) -> str:
    """A secret: from the environment, or the fixed demo value when DEMO=1, never a silent default."""
    value = os.environ.get(name) or (demo if DEMO else "")
    if not value:
        raise ImproperlyConfigured(f"Set {name} (a secret without a default): see README.md.")
    return value


def secrets(name: str, *, demo: str) -> list[str]:
    """Several secrets, comma separated: the current one first, others while it replaces them."""
    return [each.strip() for each in secret(name, demo=demo).split(",") if each.strip()]


def words(name: str, default: str = "") -> list[str]:
    """A comma separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def flag(name: str, *, default: bool = False) -> bool:
    """0 or 1; anything else raises ImproperlyConfigured."""
    value = os.environ.get(name, "1" if default else "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


def integer(name: str, default: int) -> int:
    """A whole number; anything else raises ImproperlyConfigured."""
    value = os.environ.get(name, str(default))
    if not value.lstrip("-").isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def database(name: str) -> dict[str, str | int]:
    """postgresql://user:password@host:port/name as Django's connection parameters."""
    url = urlsplit(text(name))
    if url.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"{name} must start with postgresql://")
    return {
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or 5432,
    }


def database_options(name: str) -> dict[str, str]:
    """What stands behind the ? of the URL (sslmode=verify-full …), for libpq, which refuses what it does not know."""
    return dict(parse_qsl(urlsplit(text(name)).query))
