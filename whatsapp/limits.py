"""Meta's documented limits as numbers with units, and the checks made before anything is sent.

A number here is a fact about WhatsApp, never a wish of ours; dates say how old the page is that states it.
"""

# Sending (Meta, Send messages and its pages per type, 2025-12; the opaque length from the changelog of 2026).
TEXT_CHARS = 4096
OPAQUE_CHARS = 512

# Free text only this long after the customer's last message or call (Meta, Send messages, 2026-09).
SERVICE_WINDOW_SECONDS = 24 * 60 * 60

# Rates (Meta, Throughput and About the platform, 2026-09). A pair is one business number and one customer.
NUMBER_MESSAGES_PER_SECOND = 80
NUMBER_MESSAGES_PER_SECOND_HIGH = 1000
NUMBER_MESSAGES_PER_SECOND_COEXISTENCE = 20
PAIR_SECONDS_PER_MESSAGE = 6
PAIR_BURST_MESSAGES = 45

# Webhooks (Meta, Webhooks overview, 2026-09).
WEBHOOK_BODY_BYTES = 3 * 1024 * 1024

# Longest identifiers let through from a webhook. Meta documents only the business-scoped user id (country,
# a period, up to 128 characters; Business-scoped user IDs, 2026-06); the others are generous. An item that
# exceeds one is not understood, so that a database column never meets a longer value.
WAMID_CHARS = 512
ACCOUNT_ID_CHARS = 64
WA_ID_CHARS = 32
USER_ID_CHARS = 160
GROUP_ID_CHARS = 255
TYPE_CHARS = 64
# Longer names and texts than these are cut; the whole remains in the item's raw form.
NAME_CHARS = 255
DETAILS_CHARS = 2000
INBOUND_TEXT_CHARS = 65_536


class LimitExceeded(ValueError):  # noqa: N818 - named for what happened
    """Something is longer than WhatsApp accepts: `what`, its `length` and the `limit`, both in characters."""

    def __init__(self, what: str, length: int, limit: int) -> None:
        super().__init__(what, length, limit)
        self.what = what
        self.length = length
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.what} has {self.length} characters; WhatsApp accepts {self.limit}"


def check_text(body: str) -> None:
    """Raise `LimitExceeded` if a text message is too long, ValueError if there is nothing to read in it."""
    if not body.strip():
        raise ValueError("a text message needs a text")
    _check("the text", body, TEXT_CHARS)


def check_opaque(value: str) -> None:
    """Raise `LimitExceeded` if `biz_opaque_callback_data`, our own mark on a message, is too long."""
    _check("biz_opaque_callback_data", value, OPAQUE_CHARS)


def _check(what: str, value: str, limit: int) -> None:
    if len(value) > limit:
        raise LimitExceeded(what, len(value), limit)
