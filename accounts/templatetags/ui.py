"""Template tags for the three marks every page draws: icons, avatars and the ring of the service window.
Pure presentation from plain values: no query, no permission, no inline style (the CSP refuses it)."""

from functools import cache, lru_cache
from zlib import crc32

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Icons that point along the line of reading; every other one (ticks, clock, media) must not be mirrored.
DIRECTIONAL = frozenset(
    {
        "arrow-left",
        "arrow-right",
        "arrow-right-left",
        "chevron-left",
        "chevron-right",
        "list-filter",
        "log-in",
        "log-out",
        "panel-right",
        "reply",
        "send-horizontal",
        "undo-2",
    }
)
HUES = 8


@register.simple_tag
def icon(
    name: str, size: str = "", *, flip: bool | None = None, label: str = "", css: str = ""
) -> SafeString:
    """One symbol of icons.svg. Without a `label` it is decoration and hidden from screen readers.

    `size` is xs (13 px), sm (15), empty (18), lg (21) or xl (32). `flip` mirrors it in right-to-left
    pages; None means: if it points along the line of reading.
    """
    flips = name in DIRECTIONAL if flip is None else flip
    # str(): a lazy translation as a cache key would keep the hash of the first language that asked.
    return _icon(name, size, flips, str(label), css)


@register.simple_tag
def avatar(name: object, size: str = "", *, key: object = None, presence: bool = False) -> SafeString:
    """Initials on a hue that stays with `key` (or the name). A number instead of a name shows a phone.

    `size` is xs (17 px), sm (26), md (32), empty (40) or xl (68). Hidden from screen readers: the name
    always stands beside it.
    """
    written = str(name or "").strip()
    return _avatar(written, size, str(key if key is not None else written), presence)


@register.simple_tag
def ring(share: float | None) -> SafeString:
    """The share of the service window that is left, in percent (clamped to 0..100; None is 0)."""
    return _ring(round(min(100.0, max(0.0, float(share or 0)))))


def initials(name: str) -> str:
    """First letters of the first and the last word; one where letters join (Arabic); "" for a number."""
    words = [word for word in (part.lstrip("\"'(+#@-_.*~") for part in name.split()) if word[:1].isalpha()]
    if not words:
        return ""
    first = words[0][0].upper()
    # Two Arabic initials join and read as a word.
    if not first.isascii() and "\u0590" <= first <= "\u08ff":
        return first
    return first + words[-1][0].upper() if len(words) > 1 else first


def _classes(*parts: str | bool) -> str:
    return " ".join(str(part) for part in parts if part)


@cache
def _sprite() -> str:
    # The hashed name never changes while a process runs, and a list asks for it hundreds of times.
    return static("icons.svg")


@lru_cache(maxsize=1024)
def _icon(name: str, size: str, flip: bool, label: str, css: str) -> SafeString:  # noqa: FBT001
    classes = _classes("icon", size and f"icon--{size}", flip and "icon--flip", css)
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#{}"/></svg>', classes, spoken, _sprite(), name)


@lru_cache(maxsize=4096)
def _avatar(name: str, size: str, key: str, presence: bool) -> SafeString:  # noqa: FBT001
    hue = crc32(key.encode()) % HUES + 1
    classes = _classes("avatar", size and f"avatar--{size}", f"h{hue}", presence and "presence")
    shown = initials(name) or _icon("phone", {"xl": "lg", "xs": "xs"}.get(size, "sm"), False, "", "")
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, shown)


@lru_cache(maxsize=128)
def _ring(share: int) -> SafeString:
    return format_html(
        '<svg class="ring" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6"/>'
        '<circle cx="8" cy="8" r="6" pathLength="100" stroke-dasharray="{} 100"/></svg>',
        share,
    )
