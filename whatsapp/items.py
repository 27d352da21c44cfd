"""The typed items a webhook POST is split into, and which of them open the 24-hour service window.

Must never read JSON: `whatsapp.events` does, and vouches for the lengths and times promised here.
"""

from typing import Any

import msgspec

# A message of these types is the customer writing, tapping or ordering, which opens the service window
# (Meta, Send messages, 2026-09: "messages or calls"; `request_welcome`: Conversational components,
# 2025-12). Whether reactions, edits and deletions do is undocumented, a system notice is not written by the
# customer, and "unsupported" may come from another business's API number: none of them is counted. Error
# 131047 remains the truth.
OPENS_WINDOW = frozenset({
    "audio", "button", "contacts", "document", "image", "interactive", "location", "order", "request_welcome",
    "sticker", "text", "video",
})  # fmt: skip

# Receipts (Meta, Messages status webhook, 2026-09); `played` is the first play of a voice message.
STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing a POST says. `position` counts the items of the POST from 0, the same at every parsing.

    `waba_id` is "" where the entry names no account.
    """

    position: int
    waba_id: str


class InboundMessage(Item, frozen=True, kw_only=True, gc=False):
    """A message of a customer, of any type, unheard-of ones included; "unknown" if it names none.

    At least one of `wa_id` and `user_id` is set: the phone is omitted for people who hide it behind a
    username (Meta, Business-scoped user IDs, 2026-06). For a system notice that names no sender, `user_id`
    is the previous, else the new id in it. `at` is WhatsApp's own time in unix seconds. `text` is the body
    of a text, the caption of media, the label of a tapped button or chosen row, the note of an order, the
    new text of an edit; else None. `context_wamid` is the message replied to, `target_wamid` the one
    reacted to, edited or deleted. `username` has no leading "@".
    """

    phone_number_id: str
    wamid: str
    at: int | None
    type: str
    wa_id: str | None
    user_id: str | None
    parent_user_id: str | None
    username: str | None
    profile_name: str | None
    text: str | None
    context_wamid: str | None
    target_wamid: str | None
    group_id: str | None
    raw: dict[str, Any]


class Status(Item, frozen=True, kw_only=True, gc=False):
    """A receipt for a message we sent: `status` is one of `STATUSES`, `at` WhatsApp's time in unix seconds.

    `opaque` is our own `biz_opaque_callback_data` coming back. For a group message (`group_id` set) there
    is one receipt per participant and `recipient_…` is that participant. `pricing` is kept as it came: what
    it holds since October 2026 is not documented.
    """

    phone_number_id: str
    wamid: str
    status: str
    at: int | None
    recipient_wa_id: str | None
    recipient_user_id: str | None
    group_id: str | None
    opaque: str | None
    error_code: int | None
    error_title: str | None
    error_details: str | None
    pricing: dict[str, Any] | None
    raw: dict[str, Any]


class Change(Item, frozen=True, kw_only=True, gc=False):
    """A change of any field other than `messages`: templates, account, quality, echoes, groups, standby …

    `at` is the entry's time in unix seconds, None where there is none or it is absurd.
    """

    field: str
    at: int | None
    value: dict[str, Any]


class AccountError(Item, frozen=True, kw_only=True, gc=False):
    """An error of the app or the account, not of one message (`value.errors`), e.g. 130429."""

    phone_number_id: str | None
    code: int | None
    title: str | None
    details: str | None
    raw: dict[str, Any]


class Unknown(Item, frozen=True, kw_only=True, gc=False):
    """What could not be understood: `reason` in one English clause, `raw` as it came."""

    reason: str
    phone_number_id: str | None
    field: str | None
    raw: Any


def opens_window(message: InboundMessage) -> bool:
    """Tell whether `message` opens (or prolongs) the 24-hour service window of its sender with its number.

    A message in a group opens nothing towards the single person who wrote it.
    """
    return message.type in OPENS_WINDOW and message.group_id is None
