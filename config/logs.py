"""How a line of the log is made, ours and Django's alike: one line of JSON, or readable on one machine.

Must never show a body, a token, the value of a local variable, or what a database error quotes from a row.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import psycopg
import structlog
from django.db.utils import Error as DatabaseError

# Who has the last part of these paths may come in: see accounts/urls.py.
_PROOF = re.compile(r"\b(invite|password/reset/key)/[^/\s\"'\\<>?&]+")


def steps(*, readable: bool) -> list[Any]:
    """Structlog's processors, the last of which returns the line."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer(),
        _without_proofs,
    ]


def formatter(*, readable: bool) -> logging.Formatter:
    """The same line for what comes by way of Python's `logging`. Its extras stay out: Django's hold the request."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *steps(readable=readable),
        ]
    )


def _without_proofs(_logger: Any, _method: str, line: str) -> str:
    """Masks what lets its reader in: the whole line at once, since a traceback may quote a path too."""
    return _PROOF.sub(r"\1/***", line)


def _exception(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else sys.exception() if info is True else info
    if isinstance(error, BaseException):
        event["exception"] = "".join(_told(error)).rstrip()
    return event


def _told(error: BaseException) -> Iterator[str]:
    """Like Python's own traceback, causes first, but for the words of database errors."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _told(cause)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    if isinstance(error, (DatabaseError, psycopg.Error)):
        # "Key (email)=(…) already exists": PostgreSQL quotes rows, and some quote what a customer wrote.
        state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
        yield f"{type(error).__module__}.{type(error).__qualname__}: {f'SQLSTATE {state}' if state else 'no SQLSTATE'}\n"
    else:
        yield from traceback.format_exception_only(error)
