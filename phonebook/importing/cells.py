"""What people write into cells, understood: languages, yes and no, days, labels. None means: not understood."""

import re
from datetime import datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from django.conf.locale import LANG_INFO

LABEL_AT_MOST = 40  # characters

_YES = {"yes", "y", "true", "1", "x", "✓", "ok", "opted in", "opted-in", "opted_in", "in", "subscribed"} | {
    "نعم",
    "أجل",
    "موافق",
    "موافقة",
    "مشترك",
}
_NO = {"no", "n", "false", "0", "opted out", "opted-out", "opted_out", "out", "unsubscribed"} | {
    "لا",
    "كلا",
    "غير موافق",
    "غير مشترك",
}
_CODE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2,4}))?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})(?:[ T]+([0-9]{1,2}):([0-9]{2}))?")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MORE_NAMES = {
    "eng": "en",
    "ara": "ar",
    "العربية": "ar",
    "عربي": "ar",
    "الإنجليزية": "en",
    "الانجليزية": "en",
    "إنجليزي": "en",
    "انجليزي": "en",
}


@lru_cache(maxsize=1024)
def language(cell: str) -> str | None:
    """A language code as templates have it ("ar", "pt_BR"), from a code or the name of a language."""
    said = cell.strip().lower()
    if not said:
        return ""
    known = _languages().get(said)
    if known:
        return known
    code = _CODE.fullmatch(said)
    if code is None:
        return None
    spoken, where = code.groups()
    if len(spoken) > 2 and spoken not in _languages().values():
        return None
    return f"{spoken}_{where.upper()}" if where else spoken


def agreed(cell: str) -> bool | None:
    """Yes or no; None for anything else."""
    said = cell.strip().lower()
    return True if said in _YES else False if said in _NO else None


def moment(cell: str, zone: ZoneInfo) -> datetime | None:
    """A day, as 2026-01-31 or 31/01/2026 (the day first, never the month), with or without a time, at `zone`."""
    said = cell.strip().translate(_ARABIC_DIGITS)
    day_first = _DAY_FIRST.fullmatch(said)
    try:
        if day_first:
            day, month, year, hour, minute = (int(part or 0) for part in day_first.groups())
            return datetime(year, month, day, hour, minute, tzinfo=zone)
        at = datetime.fromisoformat(said.replace("/", "-"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def labels(cell: str) -> list[str] | None:
    """The labels in a cell, between commas, semicolons or bars; None if one is too long."""
    found = [" ".join(name.split()) for name in re.split(r"[,;|،؛]", cell)]
    found = list(dict.fromkeys(name for name in found if name))
    return None if any(len(name) > LABEL_AT_MOST for name in found) else found


@cache
def _languages() -> dict[str, str]:
    found = {"filipino": "fil", **_MORE_NAMES}
    for code, info in LANG_INFO.items():
        # Variants of scripts ("zh-hans") have no code that templates share: the plain language then.
        short = code.split("-")[0]
        for name in (info.get("name"), info.get("name_local")):
            if name:
                found.setdefault(name.lower(), short)
    return found
