"""Which files may stand above a template's text: found out from their first bytes, never from what they are called.

Limits: Meta, Media, 2026-09. WhatsApp takes documents up to 100 MB; more than 16 MB is not kept here and goes by link.
"""

import re
from typing import NamedTuple

MEGABYTE = 1024 * 1024
KEPT_AT_MOST = 1024 * MEGABYTE  # of all files of a workspace
LONGEST_NAME = 200
ACCEPT = {
    "image": "image/jpeg,image/png",
    "video": "video/mp4,video/3gpp",
    "document": "application/pdf",
}

_CONTROL = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_MOVIES = {
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6",
    b"mp41", b"mp42", b"mp71", b"avc1", b"dash", b"M4V ", b"MSNV",
}  # fmt: skip


class Sort(NamedTuple):
    """What a file is to WhatsApp: image, video or document; its type, its usual ending, and how large it may be."""

    kind: str
    mime: str
    ending: str
    limit: int


JPEG = Sort("image", "image/jpeg", "jpg", 5 * MEGABYTE)
PNG = Sort("image", "image/png", "png", 5 * MEGABYTE)
MP4 = Sort("video", "video/mp4", "mp4", 16 * MEGABYTE)
THREE_GP = Sort("video", "video/3gpp", "3gp", 16 * MEGABYTE)
PDF = Sort("document", "application/pdf", "pdf", 16 * MEGABYTE)


def sort_of(head: bytes) -> Sort | None:
    """What the first bytes (at least 16) say that a file is; None for anything WhatsApp does not take."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"%PDF-"):
        return PDF
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand.startswith(b"3g"):
            return THREE_GP
        return MP4 if brand in _MOVIES else None
    return None


def clean_name(name: str, sort: Sort) -> str:
    """The file's name as a customer may see it: no path, no control characters, with the ending of what it is."""
    last = _CONTROL.sub("_", name.replace("\\", "/").rpartition("/")[2])
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\s*$", "", last).strip(" .")[:LONGEST_NAME] or sort.kind
    return f"{stem}.{sort.ending}"
