"""The builder's form: what was typed, as a draft, and the rows that the page draws for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from templates_wa.drafting import BUTTONS_AT_MOST, MEDIA_HEADERS, Draft, DraftButton
from templates_wa.models import Category
from templates_wa.wording import language

# The languages that templates may have (Meta, Supported languages, 2025-12).
LANGUAGES = (
    "ar", "en", "en_GB", "en_US", "af", "sq", "ar_AE", "ar_EG", "ar_SA", "az", "bn", "bg", "ca",
    "zh_CN", "zh_HK", "zh_TW", "hr", "cs", "da", "nl", "et", "fil", "fi", "fr", "ka", "de", "el",
    "gu", "ha", "he", "hi", "hu", "id", "ga", "it", "ja", "kn", "kk", "rw_RW", "ko", "ky_KG", "lo",
    "lv", "lt", "mk", "ms", "ml", "mr", "nb", "fa", "pl", "pt_BR", "pt_PT", "pa", "ro", "ru", "sr",
    "sk", "sl", "es", "es_AR", "es_ES", "es_MX", "sw", "sv", "ta", "te", "th", "tr", "uk", "ur",
    "uz", "vi", "zu",
)  # fmt: skip
HEADERS = [
    ("", _("None")),
    ("TEXT", _("Text")),
    ("IMAGE", _("Picture")),
    ("VIDEO", _("Video")),
    ("DOCUMENT", _("Document")),
    ("LOCATION", _("Location")),
]
KINDS = [
    ("", _("No button")),
    ("QUICK_REPLY", _("Quick reply")),
    ("URL", _("Link")),
    ("PHONE_NUMBER", _("Phone number")),
    ("COPY_CODE", _("Copy code")),
    ("REQUEST_CONTACT_INFO", _("Ask for the phone number")),
]
_KINDS = {kind for kind, _label in KINDS if kind}


def read(post: QueryDict) -> Draft:
    """The draft as it was typed, but for NUL, which nothing can keep; nothing is refused here."""
    post = post.copy()
    for name in post:
        post[name] = str(post[name]).replace("\0", "")
    header = post.get("header", "")
    minutes, kept = post.get("minutes", ""), post.get("header_kept", "")
    return Draft(
        name=post.get("name", "").strip(),
        language=_one_of(post.get("language", ""), LANGUAGES),
        category=_one_of(post.get("category", ""), Category.values) or Category.UTILITY,
        header=_one_of(header, [value for value, _label in HEADERS]),
        header_text=post.get("header_text", ""),
        header_file=int(kept) if kept.isascii() and kept.isdigit() and len(kept) < 19 else None,
        body=post.get("body", "").replace("\r\n", "\n"),
        footer=post.get("footer", "").strip(),
        buttons=tuple(
            _button(post, row) for row in range(BUTTONS_AT_MOST) if post.get(f"b{row}:kind") in _KINDS
        ),
        examples={name.removeprefix("x:"): str(post[name]) for name in post if name.startswith("x:")},
        minutes=int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 4 else 0,
        advice="advice" in post,
    )


def with_file(draft: Draft, file_id: int) -> Draft:
    """The draft with a sample that has just been kept."""
    return replace(draft, header_file=file_id)


@dataclass(frozen=True)
class Row:
    """One row of buttons on the page."""

    place: int
    button: DraftButton
    error: Any = ""


def rows(draft: Draft, wrong: Mapping[str, Any]) -> list[Row]:
    """The buttons there are, and an empty row for another one."""
    found = [
        Row(place, button, wrong.get(f"button:{place}", "")) for place, button in enumerate(draft.buttons)
    ]
    if len(found) < BUTTONS_AT_MOST:
        found.append(Row(len(found), DraftButton("")))
    return found


def samples(draft: Draft, wrong: Mapping[str, Any]) -> list[tuple[str, str, str, Any]]:
    """(key, variable, sample, what is wrong) of everything that needs a sample."""
    return [
        (key, "{{" + key.partition(".")[2] + "}}", draft.examples.get(key, ""), wrong.get(f"x:{key}", ""))
        for key in draft.variables()
    ]


def languages() -> list[tuple[str, str]]:
    """The choices, in the language of the page."""
    return [(code, f"{language(code)} · {code}") for code in LANGUAGES]


def media_kind(draft: Draft) -> str:
    """image, video, document, or "" where the header is no file."""
    return draft.header.lower() if draft.header in MEDIA_HEADERS else ""


def _button(post: QueryDict, row: int) -> DraftButton:
    kind, text, value, example = (
        post.get(f"b{row}:{part}", "").strip() for part in ("kind", "text", "value", "example")
    )
    return DraftButton(kind, text, value, example)


def _one_of(value: str, allowed: Any) -> str:
    return value if value in allowed else ""
