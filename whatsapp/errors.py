"""What WhatsApp's error codes mean for a sender and for an agent, and the three ways a call can fail.

Must never decide to send again: it says whether that is safe and sensible, the caller acts on it.
"""

from collections.abc import Callable
from typing import Any, Self

from whatsapp import limits, wire
from whatsapp.error_table import ABOUT_ONE_PERSON, PERMISSION_CODES, RULES, Kind, Rule
from whatsapp.error_words import NO_PERMISSION, SERVER_TROUBLE, TOO_MANY, UNKNOWN, WITH_DETAILS, WORDS

__all__ = [
    "ABOUT_ONE_PERSON",
    "Ambiguous",
    "CallFailed",
    "GraphError",
    "Kind",
    "NotSent",
    "Rule",
    "classify",
    "explain",
    "find_rule",
]

_TOO_MANY_REQUESTS = 429
_SERVER_FAULT = 500
_INVALID_PARAMETER = 100
_NO_SUCH_OBJECT = 33


def find_rule(code: int | None, http_status: int | None = None) -> Rule:
    """Return what to do about an error `code` of a call or a receipt: its rule, or a safe one.

    An unknown code is never tried again by itself, unless the HTTP status (of a call; receipts have none)
    says that the server failed or is too busy.
    """
    if code in RULES:
        return RULES[code]
    if code in PERMISSION_CODES:
        return Rule(Kind.STOP_CHANNEL)
    if http_status == _TOO_MANY_REQUESTS:
        return RULES[4]
    if http_status is not None and http_status >= _SERVER_FAULT:
        return RULES[2]
    return Rule(Kind.NEVER)


def classify(code: int | None, http_status: int | None = None) -> Kind:
    """Return what a sender does about `code`; see `find_rule`."""
    return find_rule(code, http_status).kind


def explain(
    code: int | None,
    details: str = "",
    *,
    http_status: int | None = None,
    translate: Callable[[str], str] = str,
) -> str:
    """Return what happened and what to do, for an agent, followed by WhatsApp's own `details` if given.

    English unless `translate` is given (gettext, at the moment of showing). `details` is foreign text in
    WhatsApp's words: escape the result like any other.
    """
    words = translate(_words(code, http_status))
    return translate(WITH_DETAILS) % {"words": words, "details": details} if details else words


def _words(code: int | None, http_status: int | None) -> str:
    if code in WORDS:
        return WORDS[code]
    if code in PERMISSION_CODES:
        return NO_PERMISSION
    if http_status == _TOO_MANY_REQUESTS:
        return TOO_MANY
    if http_status is not None and http_status >= _SERVER_FAULT:
        return SERVER_TROUBLE
    return UNKNOWN


class CallFailed(Exception):  # noqa: N818 - named for what happened
    """A call to the Cloud API did not succeed. Which subclass it is decides what may follow."""


class NotSent(CallFailed):
    """No byte of the request left: no connection, no TLS, none free in the pool. Sending again is safe."""


class Ambiguous(CallFailed):
    """The request left, or may have, and no answer that can be understood came back.

    The message may have been accepted: never send it again blindly, wait for the receipt that carries its
    `biz_opaque_callback_data` (the API has no idempotency key; Meta, Send messages, 2026-09). A call that
    only reads may be repeated. `http_status` is set if at least a status line came.
    """

    def __init__(self, reason: str, http_status: int | None = None) -> None:
        super().__init__(reason, http_status)
        self.reason = reason
        self.http_status = http_status

    def __str__(self) -> str:
        return self.reason if self.http_status is None else f"{self.reason} (HTTP {self.http_status})"


class GraphError(CallFailed):
    """WhatsApp answered with an error of its own: definite, the message was not accepted.

    `code` and `details` are what to build on, `message` (the title) is going to be retired, `fbtrace_id` is
    what Meta's support asks for (Meta, Error codes, 2026-09).
    """

    def __init__(
        self,
        code: int,
        message: str = "",
        details: str = "",
        *,
        subcode: int | None = None,
        fbtrace_id: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(code, message, details)
        self.code = code
        self.message = message
        self.details = details
        self.subcode = subcode
        self.fbtrace_id = fbtrace_id
        self.http_status = http_status

    def __str__(self) -> str:
        said = " - ".join(part for part in (self.message, self.details) if part)
        return f"WhatsApp error {self.code}: {said}"

    @property
    def rule(self) -> Rule:
        """What to do about this error. A parameter error with subcode 33 means that the number is gone."""
        return find_rule(self.meaning, self.http_status)

    @property
    def kind(self) -> Kind:
        """What a sender does about this error."""
        return self.rule.kind

    def explain(self, *, translate: Callable[[str], str] = str) -> str:
        """Return this error in words for an agent, with WhatsApp's details; see `whatsapp.errors.explain`."""
        return explain(self.meaning, self.details, http_status=self.http_status, translate=translate)

    @property
    def meaning(self) -> int:
        """The code to act upon and to keep: 33 for a parameter error with subcode 33."""
        gone = self.code == _INVALID_PARAMETER and self.subcode == _NO_SUCH_OBJECT
        return _NO_SUCH_OBJECT if gone else self.code

    @classmethod
    def from_answer(cls, answer: Any, http_status: int | None = None) -> Self | None:
        """Read a decoded answer; None if it holds no Graph error: an object `error` with a numeric `code`."""
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict):
            return None
        code = wire.code_number(error.get("code"))
        if code is None:
            return None
        data = error.get("error_data")
        details = data.get("details") if isinstance(data, dict) else None
        return cls(
            code,
            wire.text(error.get("message"), limits.DETAILS_CHARS) or "",
            wire.text(details, limits.DETAILS_CHARS) or "",
            subcode=wire.code_number(error.get("error_subcode")),
            fbtrace_id=wire.text(error.get("fbtrace_id"), limits.NAME_CHARS),
            http_status=http_status,
        )
