"""Which mass message a customer's message answers: by what it quotes, by the button tapped, or by what came before it.

Decided once, when the message is stored, from rows that are there by then whatever order webhooks come in: a mass
message is written down before it leaves, so before anybody can answer it.
"""

import re

from inbox.models import Message
from whatsapp.events import InboundMessage

_MARK = re.compile(r"m([0-9]{1,18})\.[0-9.]{1,10}")

# Over the alias n, the message that came: workspace_id, number_id, conversation_id, context_wamid, mark, at. A scalar
# of the INSERT itself: a question of its own would cost a round trip, an UPDATE afterwards every row twice.
#
# "Before" allows a second, since WhatsApp's clock counts seconds. What was refused outright or has not left yet cannot
# have been read, so it stands neither for an answer nor in between; a receipt that it failed comes too late to count,
# or the order of webhooks would decide.
ANSWERED_SQL = f"""
    coalesce(
        (SELECT o.broadcast_id FROM inbox_message AS o
            WHERE n.context_wamid <> '' AND o.number_id = n.number_id AND o.wamid = n.context_wamid AND o.outgoing),
        (SELECT o.broadcast_id FROM inbox_message AS o
            WHERE o.id = n.mark AND o.workspace_id = n.workspace_id AND o.number_id = n.number_id AND o.outgoing),
        (SELECT o.broadcast_id FROM inbox_message AS o
            WHERE o.conversation_id = n.conversation_id AND o.outgoing AND o.at < n.at + interval '1 second'
                AND (o.wamid IS NOT NULL OR o.status IN ({Message.Status.SENDING:d}, {Message.Status.UNCONFIRMED:d}))
            ORDER BY o.at DESC, o.id DESC LIMIT 1)
    )
"""


def mark(message: InboundMessage) -> int | None:
    """The id of our message whose quick reply was tapped; None if it was none of ours.

    Its payload is `m<message id>.<button>` (posting.py), in a carousel with the card before the button. Foreign JSON:
    any shape is possible.
    """
    button = message.raw.get("button") if message.type == "button" else None
    payload = button.get("payload") if isinstance(button, dict) else None
    found = _MARK.fullmatch(payload) if isinstance(payload, str) else None
    return int(found[1]) if found else None
