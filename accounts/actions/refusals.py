"""Why an action said no, in words for the person who asked."""

from typing import Any

from django.db import IntegrityError
from django.utils.functional import Promise


class Refused(Exception):  # noqa: N818 - a plain no is no error
    """The action did nothing. `message` is translated when shown; `field` names the form field it is about, or ""."""

    def __init__(self, message: str | Promise, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def violated(error: IntegrityError) -> str:
    """The name of the constraint that PostgreSQL held up, or ""."""
    diagnosis: Any = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
