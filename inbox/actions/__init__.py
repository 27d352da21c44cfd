"""Everything a person can do in the inbox: one verb, one function, one transaction.

Nothing else writes on behalf of a person. Each verb commits before its answer is rendered, and refuses with a
`Refused` whose `message` can be shown as it is.
"""

from inbox.actions.claims import claim, close, transfer, unclaim
from inbox.actions.leaving import release_claims, release_mine
from inbox.actions.refusals import (
    AlreadyClaimed,
    BadText,
    BadValues,
    NotAllowed,
    NotYours,
    Refused,
    Seen,
    Stale,
    WindowClosed,
)
from inbox.actions.replies import mark_read, reply, send_again
from inbox.actions.starting import start
from inbox.actions.templating import send_template

__all__ = [
    "AlreadyClaimed",
    "BadText",
    "BadValues",
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
    "send_template",
    "start",
    "transfer",
    "unclaim",
]
