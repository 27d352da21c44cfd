"""The errors of the Graph API: codes, HTTP statuses and the two shapes in which they reach a client.

Codes and meanings follow Meta's error-code page of September 2026; texts are short and our own. Build
client logic on `code` and `details`, never on titles.
"""

import base64
import secrets
from typing import Any, NamedTuple

HELP_URL = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


class Entry(NamedTuple):
    http_status: int
    title: str
    details: str


CATALOGUE = {
    0: Entry(401, "AuthException", "The app user could not be authenticated."),
    1: Entry(500, "API Unknown", "Invalid request or possible server error."),
    2: Entry(503, "API Service", "Temporarily down or overloaded."),
    3: Entry(403, "API Method", "Capability or permission issue."),
    4: Entry(429, "API Too Many Calls", "The app has reached its call rate limit."),
    10: Entry(403, "API Permission Denied", "Permission is not granted or was removed."),
    33: Entry(400, "Parameter value is not valid", "The business phone number has been deleted."),
    100: Entry(400, "Invalid parameter", "One or more parameters are unsupported or misspelled."),
    190: Entry(401, "Access token has expired", "The access token has expired."),
    200: Entry(403, "API Permission", "Permission is not granted or was removed."),
    368: Entry(403, "Temporarily blocked for policies violations", "The account is restricted or disabled."),
    80007: Entry(429, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    130403: Entry(403, "User is blocked", "This business has blocked the person."),
    130429: Entry(400, "Rate limit hit", "Cloud API message throughput has been reached."),
    130472: Entry(400, "User's number is part of an experiment", "Not sent, as part of an experiment."),
    130497: Entry(400, "Business account is restricted from messaging users in this country", "Country."),
    131000: Entry(500, "Something went wrong", "The message failed for an unknown reason."),
    131005: Entry(403, "Access denied", "Permission is not granted or was removed."),
    131008: Entry(400, "Required parameter is missing", "The request misses a required parameter."),
    131009: Entry(400, "Parameter value is not valid", "One or more parameter values are invalid."),
    131016: Entry(503, "Service unavailable", "A service is temporarily unavailable."),
    131021: Entry(400, "Recipient cannot be sender", "Sender and recipient are the same number."),
    131026: Entry(400, "Message undeliverable", "The person cannot be reached on WhatsApp."),
    131030: Entry(400, "Recipient phone number not in allowed list", "The test number may not write there."),
    131031: Entry(403, "Account has been locked", "The account is restricted or its data did not match."),
    131042: Entry(400, "Business eligibility payment issue", "There is a problem with the payment method."),
    131045: Entry(400, "Incorrect certificate", "The phone number is not registered correctly."),
    131047: Entry(
        400, "Re-engagement message", "More than 24 hours have passed since the recipient last replied."
    ),
    131048: Entry(400, "Spam rate limit hit", "This number is restricted: blocked or flagged as spam."),
    131049: Entry(400, "Message not delivered", "Held back to keep the ecosystem healthy."),
    131050: Entry(400, "User stopped marketing messages", "The person stopped your marketing messages."),
    131051: Entry(400, "Unsupported message type", "The message type is not supported."),
    131053: Entry(400, "Media upload error", "The media could not be uploaded."),
    131056: Entry(400, "Pair rate limit hit", "Too many messages to the same person in a short time."),
    131057: Entry(503, "Account in maintenance mode", "The account is in maintenance mode."),
    131062: Entry(400, "Not possible to a user id", "This message needs a phone number, not a user id."),
    131063: Entry(400, "Marketing disabled on Cloud API", "Marketing messages go through their own API."),
    131064: Entry(400, "Template classification limit", "Too many templates of the wrong category."),
    132000: Entry(400, "Template parameter count mismatch", "The number of parameters does not match."),
    132001: Entry(404, "Template does not exist", "No such template in that language, or not approved."),
    132005: Entry(400, "Translated text too long", "The filled-in text is too long."),
    132007: Entry(400, "Template content policy violated", "The content violates a policy."),
    132012: Entry(400, "Parameter format mismatch", "The parameters have another format."),
    132015: Entry(400, "Template is paused", "The template is paused because of low quality."),
    132016: Entry(400, "Template is disabled", "The template was disabled for good."),
    132018: Entry(400, "Template parameters are not valid", "The parameters do not fit the template."),
    133004: Entry(503, "Server temporarily unavailable", "The server is temporarily unavailable."),
    133010: Entry(400, "Phone number not registered", "The phone number is not registered."),
}
UNKNOWN = Entry(400, "Unknown error", "An error the simulator has no text for.")


class GraphError(Exception):
    """A refusal. `details` replaces the usual sentence of the code; `subcode` only where still sent.

    `user` is a title and a sentence for people, which management calls carry.
    """

    def __init__(
        self,
        code: int,
        details: str | None = None,
        *,
        http_status: int | None = None,
        subcode: int | None = None,
        kind: str = "OAuthException",
        message: str | None = None,
        user: tuple[str, str] | None = None,
    ) -> None:
        entry = CATALOGUE.get(code, UNKNOWN)
        super().__init__(code)
        self.code = code
        self.details = details or entry.details
        self.http_status = http_status or entry.http_status
        self.subcode = subcode
        self.kind = kind
        self.message = message or f"(#{code}) {entry.title}"
        self.user = user
        self.plain = message is not None  # errors of the Graph itself carry no error_data

    def body(self) -> dict[str, Any]:
        """The JSON answer: `{"error": {message, type, code, error_data?, error_subcode?, fbtrace_id}}`."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if not self.plain:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.user is not None:
            title, words = self.user
            error |= {"is_transient": False, "error_user_title": title, "error_user_msg": words}
        error["fbtrace_id"] = trace_id()
        return {"error": error}


class GatewayError(Exception):
    """Not the API but something in front of it answers: an HTTP status and a page of HTML."""

    PAGE = b"<html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"

    def __init__(self, http_status: int) -> None:
        super().__init__(http_status)
        self.http_status = http_status


def bad_token(message: str) -> GraphError:
    return GraphError(190, message=message)


def invalid(title: str, words: str, subcode: int | None = None) -> GraphError:
    """What management calls answer to a draft or a change that is not allowed."""
    return GraphError(
        100, words, subcode=subcode, message="Invalid parameter", user=(title, words), http_status=400
    )


def missing_object(method: str, node: str) -> GraphError:
    """What the Graph says about an id that does not exist or that this token may not see: the same thing."""
    return GraphError(
        100,
        subcode=33,
        kind="GraphMethodException",
        message=f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be"
        " loaded due to missing permissions, or does not support this operation.",
    )


def in_status(code: int, details: str | None = None) -> dict[str, Any]:
    """The shape of an error inside a webhook: `{code, title, message, error_data{details}, href}`."""
    entry = CATALOGUE.get(code, UNKNOWN)
    return {
        "code": code,
        "title": entry.title,
        "message": entry.title,
        "error_data": {"details": details or entry.details},
        "href": HELP_URL,
    }


def trace_id() -> str:
    """A Meta-like `fbtrace_id`: 23 characters beginning with A."""
    return "A" + base64.urlsafe_b64encode(secrets.token_bytes(17)).decode()[:22]
