"""Everything a person can do in the inbox: one verb, one function, one transaction.

Nothing else writes on behalf of a person. Each verb commits before its answer is rendered, and refuses with a
`Refused` whose `message` can be shown as it is.
"""

from inbox.actions.claims import claim, close, transfer, unclaim
from inbox.actions.leaving import release_claims, release_mine
from inbox.actions.refusals import (
    AlreadyClaimed,
    BadText,
    NotAllowed,
    NotYours,
    Refused,
    Seen,
    Stale,
    WindowClosed,
)
from inbox.actions.replies import mark_read, reply, send_again

__all__ = [
    "AlreadyClaimed",
    "BadText",
    "NotAllowed",
    "NotYours",
    "Refused",
    "Seen",
    "Stale",
    "WindowClosed",
    "claim",
    "close",
    "mark_read",
    "release_claims",
    "release_mine",
    "reply",
    "send_again",
    "transfer",
    "unclaim",
]
