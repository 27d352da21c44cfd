"""A text column that is encrypted at rest, with keys that can be rotated."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


@cache
def _keys() -> MultiFernet:
    """The first key encrypts, every key decrypts: put a new one in front to rotate."""
    return MultiFernet([Fernet(key) for key in settings.TOKEN_ENCRYPTION_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Reads and writes plain text; the database holds only Fernet tokens. A value no key opens reads as empty."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypts; empty stays empty."""
        return _keys().encrypt(value.encode()).decode() if value else ""

    def from_db_value(self, value: str | None, *_: Any) -> str:
        """Decrypts; a token sealed with a key that is gone is as good as no token."""
        try:
            return _keys().decrypt(value.encode()).decode() if value else ""
        except InvalidToken:
            return ""
