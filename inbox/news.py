"""Who hears that an outgoing message changed: its thread, its row in the list, or its mass message.

A mass message changes thousands at once, so there it is one event for all of them. Called inside a scope or crossing.
"""

from accounts import stream
from inbox.models import Conversation


def message_changed(
    workspace_id: int,
    conversation_id: int,
    message_id: int,
    *,
    broadcast_id: int | None,
    is_last: bool,
    state: str,
) -> None:
    """Records the live events of one changed message. `is_last`: it is what the list shows of the conversation."""
    if broadcast_id is not None:
        stream.broadcast_changed(workspace_id, broadcast_id, [message_id])
        if not is_last or state == Conversation.State.OUTBOUND:
            return
    # The list shows the ticks of the last message; others matter only where the thread is open.
    changed = stream.conversation_changed if is_last else stream.ticks_changed
    changed(workspace_id, conversation_id, [message_id])
