"""Who may do what with a conversation: the one table of verb × state × role.

Views, templates and actions all ask here; nobody may decide it again with an `if` of their own.
"""

from enum import Enum, StrEnum

from accounts.models import Membership
from inbox.models import Conversation


class Verb(StrEnum):
    """What a person can do with a conversation."""

    CLAIM = "claim"
    REPLY = "reply"
    UNCLAIM = "unclaim"
    CLOSE = "close"
    TRANSFER = "transfer"


class Situation(StrEnum):
    """The state of a conversation, seen by one member."""

    OUTBOUND = "outbound"
    UNCLAIMED = "unclaimed"
    MINE = "mine"
    ANOTHERS = "anothers"
    CLOSED = "closed"


class _Who(Enum):
    ANYONE = "anyone"
    ADMIN = "admin"
    NOBODY = "nobody"


_anyone, _admin, _nobody = _Who.ANYONE, _Who.ADMIN, _Who.NOBODY

# There is no "take over": a colleague's conversation changes hands only when they or an admin let it go.
# A reply needs a claim first, and claiming what one holds already is nothing to offer.
_TABLE = {
    #               outbound  unclaimed mine      anothers  closed
    Verb.CLAIM:    (_anyone,  _anyone,  _nobody,  _nobody,  _anyone),
    Verb.REPLY:    (_nobody,  _nobody,  _anyone,  _nobody,  _nobody),
    Verb.UNCLAIM:  (_nobody,  _nobody,  _anyone,  _admin,   _nobody),
    Verb.CLOSE:    (_anyone,  _anyone,  _anyone,  _admin,   _nobody),
    Verb.TRANSFER: (_nobody,  _nobody,  _admin,   _admin,   _nobody),
}  # fmt: skip
_ROWS = {verb: dict(zip(Situation, row, strict=True)) for verb, row in _TABLE.items()}


def situation(conversation: Conversation, membership: Membership) -> Situation:
    """The column of the table that applies. Reads the row only, no query."""
    if conversation.state == Conversation.State.CLAIMED:
        return Situation.MINE if conversation.holder_id == membership.pk else Situation.ANOTHERS
    return Situation(conversation.state)


def allowed(verb: Verb, conversation: Conversation, membership: Membership) -> bool:
    """Whether the member may do this now. Nobody of another workspace, and nobody who has left, may do anything."""
    if not membership.is_active or membership.workspace_id != conversation.workspace_id:
        return False
    who = _ROWS[verb][situation(conversation, membership)]
    return who is _Who.ANYONE or (who is _Who.ADMIN and membership.is_admin)


def verbs(conversation: Conversation, membership: Membership) -> list[Verb]:
    """Everything the member may do now, in the order menus show it."""
    return [verb for verb in Verb if allowed(verb, conversation, membership)]
