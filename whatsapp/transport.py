"""One HTTP exchange with the Graph API, and what its outcome means: an answer, `NotSent` or `Ambiguous`.

Must never retry, follow a redirect, keep a cookie, or let a token or its proof into a log or an exception.
"""

import http.cookiejar
import logging
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

import httpx

from whatsapp.errors import Ambiguous, NotSent

TIMEOUT = httpx.Timeout(connect=5.0, read=20.0, write=5.0, pool=5.0)
# What a call with `TIMEOUT` can take at worst: waiting for the pool, a connection (a second address), TLS,
# writing, headers, a body that drips in until its deadline. A lease on a message being sent must be longer.
LONGEST_CALL_SECONDS = 90
_LONGEST_ANSWER_BYTES = 1024 * 1024

# Raised before the first byte of a request is written. A failed or slow *write* is not among them: part of
# the request, or all of it, may have arrived.
_NEVER_WRITTEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Answer(NamedTuple):
    """A complete answer: HTTP status and body, and how much of its quota the account has used, as Meta writes it."""

    status: int
    body: bytes
    usage: str = ""


def new_http() -> httpx.Client:
    """Return an HTTP client for all `Client`s of a process to share, from any thread; the caller closes it.

    Few connections: more of them make httpx slower, not faster (encode/httpx#3215). Idle ones are dropped
    early, as a connection the server closes at the moment of writing costs an `Ambiguous`. Cookies are
    refused, because tenants share the client, and a proxy of the environment is not used for this machine
    itself.
    """
    jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=15.0),
        cookies=jar,
        mounts={"all://127.0.0.1": None, "all://localhost": None},
    )


def exchange(
    shared: httpx.Client,
    method: str,
    url: str,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    content: bytes | None,
    timeout: httpx.Timeout,
) -> Answer:
    """Send one request and return the whole answer, of whatever status.

    Raises `NotSent` if nothing was written, `Ambiguous` if anything went wrong after that.
    """
    status: int | None = None
    try:
        with shared.stream(
            method,
            url,
            params=params,
            headers=headers,
            content=content,
            timeout=timeout,
            follow_redirects=False,
        ) as response:
            status = response.status_code
            usage = response.headers.get("X-Business-Use-Case-Usage", "")
            return Answer(status, _read(response, timeout.read), usage)
    except _NEVER_WRITTEN as error:
        raise NotSent(f"no connection to WhatsApp: {type(error).__name__}: {error}") from None
    except httpx.RequestError as error:
        # Only the name of the error, and no cause: its text may quote a header, its request has the token.
        raise Ambiguous(f"no complete answer from WhatsApp: {type(error).__name__}", status) from None


def _read(response: httpx.Response, seconds: float | None) -> bytes:
    """Read the body; the read timeout is for each piece, so a server that drips needs a deadline as well."""
    deadline = time.monotonic() + seconds if seconds is not None else None
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _LONGEST_ANSWER_BYTES:
            raise httpx.ReadError("the answer is too long")
        if deadline is not None and time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer takes too long")
    return bytes(body)


class _HideProof(logging.Filter):
    """httpx logs every address at level INFO, and ours carry the proof of the token."""

    _PROOF = re.compile(r"(appsecret_proof=)[^&\s\"]+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, without the proof."""
        message = record.getMessage()
        if "appsecret_proof=" in message:
            record.msg, record.args = self._PROOF.sub(r"\1…", message), None
        return True


logging.getLogger("httpx").addFilter(_HideProof())
