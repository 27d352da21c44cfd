"""The two HMACs between Meta and us: the signature of a webhook body and the proof that goes with a token.

Must never parse a body, log a secret, or compare anything in a time that depends on the secret.
"""

import hmac
from collections.abc import Sequence

HEADER = "X-Hub-Signature-256"
_PREFIX = b"sha256="


def sign(secret: str, body: bytes) -> str:
    """Return the value of `X-Hub-Signature-256` for the raw `body`: ``sha256=`` and 64 lower-case hex digits.

    HMAC-SHA256 over the bytes as they travel, keyed with the app secret (Meta, Create a webhook endpoint,
    2026-05).
    """
    return (_PREFIX + _hex(secret, body)).decode()


def verify(secrets: Sequence[str], body: bytes, header: str | bytes | None) -> bool:
    """Tell whether `header` is the signature of `body` under one of `secrets` (two while a secret is
    replaced).

    Answers False, and never raises, for a missing, malformed or non-ASCII header. An empty secret matches
    nothing: anybody could sign with it.
    """
    if isinstance(header, str):
        given = header.encode("utf-8", "replace")
    elif isinstance(header, bytes):
        given = header
    else:
        return False
    valid = False
    for secret in secrets:
        # No early return: the time taken must not tell which of two secrets is the current one.
        if secret and hmac.compare_digest(_PREFIX + _hex(secret, body), given):
            valid = True
    return valid


def appsecret_proof(secret: str, token: str) -> str:
    """Return the hex HMAC-SHA256 of the access `token`, keyed with the app secret (Meta, Graph overview,
    2025-12).

    Sent with every call, so that a stolen token is worth nothing without the app secret.
    """
    return _hex(secret, token.encode()).decode()


def _hex(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode(), message, "sha256").hex().encode()
