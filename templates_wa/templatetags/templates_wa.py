"""Tags for templates: WhatsApp's own markup of text, words for codes, and what the generated form shows.

Nothing here asks the database or knows who is looking.
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from templates_wa import files, forms, wording
from templates_wa.slots import Slot

register = template.Library()
register.filter("template_status", wording.status)
register.filter("template_chip", wording.chip)
register.filter("template_quality", wording.quality)
register.filter("template_reason", wording.reason)
register.filter("template_category", wording.category)
register.filter("template_language", wording.language)
register.filter("sync_trouble", wording.trouble)
register.filter("request_state", wording.asked)
register.filter("submission_trouble", wording.submitted)
register.filter("typed_place", forms.typed_place)
register.filter("typed_moment", forms.typed_moment)

# WhatsApp's marks stand at the edge of words and enclose text without a line break; each becomes one element.
_MARKS = [
    (re.compile(r"```(?=\S)([^`\n]+?)(?<=\S)```"), "code"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=[^\s_])([^_\n]*[^\s_])_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=[^\s~])([^~\n]*[^\s~])~(?![\w~])"), "s"),
]
_ONE_MINUTE = timedelta(minutes=1)
_LINK = re.compile(r"https?://[^\s{}]+")


@register.filter
def whatsapp_text(text: str) -> SafeString:
    """The text, escaped, with *bold*, _italic_, ~struck~ and ```plain``` as WhatsApp draws them."""
    # The escaped text has none of the marks inside its entities, and the elements put in have none inside them.
    drawn = str(conditional_escape(text))
    for mark, element in _MARKS:
        drawn = mark.sub(rf"<{element}>\1</{element}>", drawn)
    return SafeString(drawn)


@register.filter
def is_link(url: Any) -> bool:
    """Whether it is a whole address of the web: nothing else becomes a link, and no half-filled one."""
    return isinstance(url, str) and _LINK.fullmatch(url) is not None


@register.filter
def is_fresh(moment: datetime) -> bool:
    """Whether it was less than a minute ago."""
    return timezone.now() - moment < _ONE_MINUTE


@register.filter
def accepted(slot: Slot) -> str:
    """The types of files a slot takes, for the browser's dialog; the bytes are looked at anyway."""
    return files.ACCEPT.get(slot.media, "")


@register.filter
def kept_id(value: str) -> str:
    """The number of a kept file in a slot's value, or ""."""
    number = value.removeprefix("file:")
    return number if number != value and number.isdecimal() else ""


@register.simple_tag(takes_context=True)
def offer_end(context: Context, milliseconds: int | None) -> str:
    """When a limited-time offer ends, on the clock of the workspace that the page or the message belongs to."""
    workspace = context.get("zone") or context.get("workspace")
    zone = ZoneInfo(workspace.timezone) if workspace else timezone.get_current_timezone()
    try:
        ends = datetime.fromtimestamp(int(milliseconds or 0) / 1000, tz=zone)
    except (ValueError, OverflowError, OSError):
        return ""
    return date_format(ends, "SHORT_DATETIME_FORMAT") if milliseconds else ""
