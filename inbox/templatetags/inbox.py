"""Filters for the inbox's templates: moments on the workspace's clock, and the words of inbox/wording.py.

Nothing here asks the database or knows who is looking.
"""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import Urlizer, conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info

from accounts.models import Membership, Workspace
from inbox import wording
from inbox.failures import needless
from inbox.models import Conversation, Message
from inbox.queries import microseconds

LINKS_UP_TO = 4096  # characters; WhatsApp's own limit, and looking for links in more is slow

register = template.Library()
register.filter("micros", microseconds)
register.filter("row_time", wording.row_time)
register.filter("preview", wording.preview)
register.filter("known", wording.known)
register.filter("failure", wording.failure)
register.filter("needless", needless)
register.filter("shown", wording.shown)
register.filter("tick_words", wording.tick_words)
register.filter("window_share", wording.window_share)
register.filter("window_left", wording.window_left)
register.filter("window_low", wording.window_low)


@register.filter
def window_exact(expires: datetime | None) -> str:
    """The time left with its minutes: 23h 59m."""
    return wording.window_left(expires, exact=True)


@register.filter
def clock(at: datetime, workspace: Workspace) -> str:
    """10:47 on the workspace's clock."""
    return f"{wording.local(at, workspace):%H:%M}"


@register.filter
def exact(at: datetime, workspace: Workspace) -> str:
    """2026-11-22 10:47:09 on the workspace's clock."""
    return f"{wording.local(at, workspace):%Y-%m-%d %H:%M:%S}"


@register.filter
def day(at: datetime, workspace: Workspace) -> str:
    """2026-11-22 on the workspace's clock."""
    return wording.local(at, workspace).date().isoformat()


@register.filter
def day_label(at: datetime, workspace: Workspace) -> str:
    """Today, Yesterday, Friday, 12 August 2026."""
    return wording.day_label(wording.local(at, workspace).date(), workspace)


@register.filter
def tick_icon(message: Message) -> str:
    """The name of the icon for an outgoing message's status."""
    return wording.ticks(message)[0]


@register.filter
def tick_css(message: Message) -> str:
    """The classes of that icon."""
    return wording.ticks(message)[1]


@register.filter
def language_name(code: str) -> str:
    """The language in its own words; the code where it has none."""
    try:
        name: str = get_language_info(code)["name_local"]
    except KeyError:
        return code
    return name


@register.filter
def offered_from(message: Message) -> datetime:
    """When an unconfirmed message may be sent again."""
    return wording.offered_from(message)


@register.filter
def is_past(at: datetime) -> bool:
    """Whether the moment has come."""
    return at <= timezone.now()


@register.filter
def window_is_open(conversation: Conversation) -> bool:
    """Whether free text may be sent now."""
    return conversation.window_open()


@register.filter
def held_by(held: dict[str, int], member: Membership) -> int:
    """How many conversations a colleague holds, from the counts' "holders"."""
    return held.get(str(member.pk), 0)


@register.filter
def linked(text: str) -> SafeString:
    """The text, escaped, with its addresses as links that open beside the inbox and tell nobody where from."""
    if len(text) > LINKS_UP_TO:
        return conditional_escape(text)
    return SafeString(_Linker()(text, nofollow=True, autoescape=True))


class _Linker(Urlizer):
    url_template = '<a href="{href}" target="_blank"{attrs}>{url}</a>'
