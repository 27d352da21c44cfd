"""What the inbox says about its rows: kinds of messages, statuses, times, the window. Words, never decisions.

Customer payloads are foreign JSON: every reader here accepts any shape and says less rather than fail.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import Workspace
from inbox.failures import needless
from inbox.models import SERVICE_WINDOW, Message
from whatsapp.errors import explain

LOW_WINDOW = timedelta(hours=2)
_DAYS_WITH_NAMES = 7

# What the customer wrote or tapped: shown as text, not as an attachment.
PLAIN = frozenset({"text", "button", "interactive"})
NAMELESS = frozenset({"unsupported", "unknown"})
FILES = frozenset({"image", "video", "audio", "document", "sticker"})
# icon, words
KINDS: dict[str, tuple[str, Promise]] = {
    "image": ("image", gettext_lazy("Photo")),
    "video": ("video", gettext_lazy("Video")),
    "audio": ("mic", gettext_lazy("Voice message")),
    "document": ("file-text", gettext_lazy("Document")),
    "sticker": ("sticker", gettext_lazy("Sticker")),
    "location": ("map-pin", gettext_lazy("Location")),
    "contacts": ("contact", gettext_lazy("Contact card")),
    "reaction": ("smile", gettext_lazy("Reaction")),
    "order": ("file-text", gettext_lazy("Order")),
    "system": ("info", gettext_lazy("Notice from WhatsApp")),
    "edit": ("square-pen", gettext_lazy("Edited an earlier message")),
    "revoke": ("ban", gettext_lazy("Deleted an earlier message")),
    "request_welcome": ("hand", gettext_lazy("Opened the chat")),
    "template": ("layout-template", gettext_lazy("Template")),
}
# icon, classes
TICKS: dict[int, tuple[str, str]] = {
    Message.Status.QUEUED: ("clock", "ticks"),
    Message.Status.SENDING: ("clock", "ticks"),
    Message.Status.PUT_OFF: ("clock", "ticks"),
    Message.Status.UNCONFIRMED: ("circle-question-mark", "ticks ticks--warn"),
    Message.Status.HELD: ("pause", "ticks ticks--warn"),
    Message.Status.SENT: ("check", "ticks"),
    Message.Status.FAILED: ("triangle-alert", "ticks ticks--failed"),
    Message.Status.DELIVERED: ("check-check", "ticks"),
    Message.Status.READ: ("check-check", "ticks ticks--read"),
    Message.Status.PLAYED: ("check-check", "ticks ticks--read"),
}


# A second try that was withheld: the first one's ticks tell the news.
WITHHELD = ("ban", "ticks")


@dataclass(frozen=True)
class Known:
    """What is known of a message that is more than text."""

    icon: str
    words: str
    detail: str = ""
    is_file: bool = False


def known(message: Message) -> Known | None:
    """The icon and words for a message that is no plain text; None for plain text."""
    if message.kind in PLAIN and message.body:
        return None
    if message.kind in KINDS:
        icon, name = KINDS[message.kind]
        return Known(icon, str(name), _detail(message), message.kind in FILES)
    named = message.kind not in {"", *NAMELESS}
    words = (
        _("Unsupported message (%(kind)s)") % {"kind": message.kind[:32]}
        if named
        else _("Unsupported message")
    )
    return Known("circle-alert", words, _detail(message))


def preview(message: Message) -> str:
    """One line about a message: its text, else what kind of thing it is."""
    if message.body:
        return message.body[:200]
    what = known(message)
    if what is None:
        return ""
    return f"{what.words}: {what.detail}" if what.detail else what.words


def _detail(message: Message) -> str:
    payload = message.payload if isinstance(message.payload, dict) else {}
    content = payload.get(message.kind)
    if message.kind == "contacts":
        cards = content if isinstance(content, list) else []
        return ", ".join(filter(None, (_text(card, "name", "formatted_name") for card in cards[:5])))
    if message.kind == "location":
        place = [_text(content, "name"), _text(content, "address")]
        return ", ".join(filter(None, place)) or _coordinates(content)
    if message.kind not in KINDS:
        errors = payload.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else {}
        return _text(first, "error_data", "details") or _text(first, "title")
    path = {"document": ("filename",), "reaction": ("emoji",), "system": ("body",)}.get(message.kind, ())
    return _text(content, *path) if path else ""


def _text(value: object, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value[:200] if isinstance(value, str) else ""


def _coordinates(content: object) -> str:
    place = content if isinstance(content, dict) else {}
    pair = [place.get("latitude"), place.get("longitude")]
    return (
        ", ".join(f"{value:.5f}" for value in pair) if all(isinstance(v, int | float) for v in pair) else ""
    )


def ticks(message: Message) -> tuple[str, str]:
    """Icon and classes for an outgoing message's status."""
    return WITHHELD if needless(message) else TICKS[message.status or Message.Status.QUEUED]


def tick_words(message: Message) -> str:
    """The same in a word: Waiting, Held by WhatsApp, Sent, …"""
    if message.status == Message.Status.PUT_OFF:
        return pgettext("message", "Waiting")
    return message.get_status_display()


def shown(message: Message) -> dict[str, Any] | None:
    """What the customer sees of a template, as templates_wa/definition.py wrote it down; None for other messages."""
    payload = message.payload if message.kind == "template" and message.outgoing else None
    found = payload.get("shown") if isinstance(payload, dict) else None
    return found if isinstance(found, dict) else None


def failure(message: Message) -> str:
    """Why WhatsApp refused it, in words of the active language. Meta's own details are foreign text: escape it."""
    if message.error_code is None and message.error_details:
        return _(message.error_details)  # ours: why it never left (inbox/failures.py)
    return explain(message.error_code, message.error_details, translate=_)


def zone(workspace: Workspace) -> ZoneInfo:
    """The workspace's time zone; UTC if it names none."""
    try:
        return ZoneInfo(workspace.timezone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(at: datetime, workspace: Workspace) -> datetime:
    """The moment on the workspace's clock."""
    return at.astimezone(zone(workspace))


def day_label(day: date, workspace: Workspace) -> str:
    """Today, Yesterday, the weekday within a week, else the date."""
    ago = (local(timezone.now(), workspace).date() - day).days
    if ago == 0:
        return _("Today")
    if ago == 1:
        return _("Yesterday")
    return date_format(day, "l" if 1 < ago < _DAYS_WITH_NAMES else "j F Y")


def row_time(at: datetime, workspace: Workspace) -> str:
    """When, in the width of a row: 10:47, Yesterday, Friday, 12/08/2026."""
    moment = local(at, workspace)
    ago = (local(timezone.now(), workspace).date() - moment.date()).days
    if ago <= 0:
        return f"{moment:%H:%M}"
    if ago < _DAYS_WITH_NAMES:
        return day_label(moment.date(), workspace)
    return f"{moment:%d/%m/%Y}"


def window_share(expires: datetime | None) -> float:
    """How much of the service window is left, in percent."""
    return max(0.0, (expires - timezone.now()) / SERVICE_WINDOW * 100) if expires else 0.0


def window_low(expires: datetime | None) -> bool:
    """Whether the window is open but about to close."""
    return expires is not None and timezone.now() < expires < timezone.now() + LOW_WINDOW


def window_left(expires: datetime | None, *, exact: bool = False) -> str:
    """The time left: 23h, 1h 12m below two hours, 12m in the last one; with minutes always if `exact`."""
    if expires is None:
        return ""
    minutes = max(0, int((expires - timezone.now()).total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)sm") % {"minutes": rest}
    if exact or hours < LOW_WINDOW // timedelta(hours=1):
        return _("%(hours)sh %(minutes)sm") % {"hours": hours, "minutes": rest}
    return _("%(hours)sh") % {"hours": hours}


def offered_from(message: Message) -> datetime:
    """When a person may decide about an unconfirmed message: its receipt has had its time by then."""
    return message.due + timedelta(seconds=settings.UNCONFIRMED_GRACE_SECONDS)
