"""What the agent had on screen, against what is there now: nobody writes on the strength of an outdated thread."""

from accounts.models import Membership
from inbox.actions.refusals import Seen, Stale
from inbox.models import Conversation, Message, SystemLine

CHANGES_SHOWN = 50


def check_seen(conversation: Conversation, member: Membership, seen: Seen) -> None:
    """Raises Stale if the locked conversation changed hands or somebody else wrote since."""
    newer = Message.objects.filter(conversation=conversation, pk__gt=seen.message_id)
    # A campaign's message is nobody's answer, and it leaves the conversation's last message, hence `seen`, alone.
    written_by_others = newer.filter(outgoing=True, broadcast=None).exclude(sender=member)
    others = written_by_others.select_related("sender__user").order_by("-pk")
    written = list(others[:CHANGES_SHOWN])
    moves = conversation.claim_version - seen.version
    if moves == 0 and not written:
        return
    changes: list[SystemLine | Message] = [*written, *_latest_lines(conversation, moves, seen)]
    changes.sort(key=lambda change: change.at)
    last = Message.objects.filter(conversation=conversation).order_by("-pk").values_list("pk", flat=True)[:1]
    raise Stale(changes, Seen(version=conversation.claim_version, message_id=next(iter(last), 0)))


def _latest_lines(conversation: Conversation, moves: int, seen: Seen) -> list[SystemLine]:
    """The lines of the last `moves` changes. Not every change has a line (a customer's answer reopens without one),
    so lines from before the last message on the agent's screen are left out."""
    lines = SystemLine.objects.filter(conversation=conversation).select_related("actor__user", "target__user")
    on_screen = Message.objects.filter(conversation=conversation, pk=seen.message_id).first()
    if on_screen is not None:
        lines = lines.filter(at__gte=on_screen.created)
    return list(lines.order_by("-pk")[: min(max(moves, 0), CHANGES_SHOWN)])
