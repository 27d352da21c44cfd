"""Conversations, claims, messages and receipts: the rows that decide everything in the inbox.

The constraints here are the invariants of ARCHITECTURE.md; those that Django cannot express are in the migration
`inbox/migrations/0003_invariants.py`.
"""

from inbox.models.broadcasts import Broadcast, Outreach
from inbox.models.conversations import SERVICE_WINDOW, Claim, Conversation, SystemLine, Tally
from inbox.models.messages import TEXT_LIMIT, Message, Receipt

__all__ = [
    "SERVICE_WINDOW",
    "TEXT_LIMIT",
    "Broadcast",
    "Claim",
    "Conversation",
    "Message",
    "Outreach",
    "Receipt",
    "SystemLine",
    "Tally",
]
