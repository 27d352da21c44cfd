"""A template in the making: what a person typed into the builder, what WhatsApp would refuse, and the components.

Limits: Meta, Template components, 2025-12, Template management, 2026-09, and Limited-time offer templates, 2026-06.
Products, catalogues and the like are made in WhatsApp Manager. Must never touch the database or the network.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_wa import draft_buttons, draft_cards, draft_samples, draft_texts
from templates_wa.draft_buttons import DraftButton
from templates_wa.draft_cards import DraftCard
from templates_wa.draft_samples import Sample
from templates_wa.draft_texts import Words
from templates_wa.models import Category, Template
from templates_wa.slots import BODY_CHARS, OFFER_BODY_CHARS
from templates_wa.texts import VARIABLE

__all__ = [
    "Draft",
    "DraftButton",
    "DraftCard",
    "buildable",
    "components",
    "from_components",
    "problems",
    "with_samples",
]

NAME = re.compile(r"[a-z0-9_]{1,512}")
FOOTER_CHARS, OFFER_CHARS = 60, 16
OTP_MINUTES = range(1, 91)
MEDIA_HEADERS = {"IMAGE", "VIDEO", "DOCUMENT"}
CAROUSEL, OFFER = "CAROUSEL", "OFFER"
_COMPONENTS = {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"}


@dataclass(frozen=True)
class Draft:
    """What the builder holds. `layout` is "", CAROUSEL or OFFER; `examples` has "header.1", "body.name", "card.0.body.1"."""

    name: str = ""
    language: str = ""
    category: str = Category.UTILITY
    layout: str = ""
    header: str = ""  # "", TEXT, LOCATION or one of MEDIA_HEADERS
    header_text: str = ""
    header_file: int | None = None
    body: str = ""
    footer: str = ""
    buttons: tuple[DraftButton, ...] = ()
    offer: str = ""
    expires: bool = True
    card_header: str = "IMAGE"
    cards: tuple[DraftCard, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    minutes: int = 10
    advice: bool = True

    @property
    def is_otp(self) -> bool:
        """Authentication templates have WhatsApp's own words."""
        return self.category == Category.AUTHENTICATION

    @property
    def is_named(self) -> bool:
        """Whether its variables have names instead of numbers."""
        return not self.is_otp and draft_texts.is_named(text for _where, text in self._texts())

    @property
    def body_chars(self) -> int:
        """How long its text may be."""
        return OFFER_BODY_CHARS if self.layout == OFFER else BODY_CHARS

    def variables(self) -> list[str]:
        """Every key that needs a sample, in reading order."""
        texts = [] if self.is_otp else self._texts()
        return [f"{where}.{name}" for where, text in texts for name in draft_texts.variables(text)]

    def samples(self) -> list[Sample]:
        """Every sample file that it wants, in reading order."""
        if self.is_otp:
            return []
        if self.layout == CAROUSEL:
            kind = self.card_header.lower()
            return [Sample(f"card:{place}:file", kind, card.file) for place, card in enumerate(self.cards)]
        wants_one = self.header in MEDIA_HEADERS
        return [Sample("header_file", self.header.lower(), self.header_file)] if wants_one else []

    def _texts(self) -> list[tuple[str, str]]:
        found = [("header", self.header_text)] if self.header == "TEXT" and self.layout != CAROUSEL else []
        found.append(("body", self.body))
        if self.layout == CAROUSEL:
            found += [(f"card.{place}.body", card.body) for place, card in enumerate(self.cards)]
        return found


def problems(draft: Draft) -> dict[str, Words]:
    """What WhatsApp would refuse, by the field it is about; empty when it can be handed in."""
    wrong = _identity_problems(draft)
    if draft.is_otp:
        return wrong if draft.minutes in OTP_MINUTES else wrong | {"minutes": _("Between 1 and 90 minutes.")}
    if words := draft_texts.body_problem(draft.body, limit=draft.body_chars, named=draft.is_named):
        wrong["body"] = words
    for key in draft.variables():
        if not draft.examples.get(key, "").strip():
            wrong[f"x:{key}"] = _("WhatsApp wants a sample of every variable.")
    if draft.layout == CAROUSEL:
        return wrong | draft_cards.problems(draft.cards, draft.card_header, named=draft.is_named)
    wrong |= _header_problems(draft) | _button_problems(draft.buttons)
    return wrong | (_offer_problems(draft) if draft.layout == OFFER else _footer_problems(draft.footer))


def components(draft: Draft) -> list[dict[str, Any]]:
    """The components as Meta takes them, but for the samples, whose handles are kept files (see draft_samples)."""
    if draft.is_otp:
        return [
            {"type": "BODY", "add_security_recommendation": draft.advice},
            {"type": "FOOTER", "code_expiration_minutes": draft.minutes},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ]
    body = {"type": "BODY", "text": draft.body} | _examples(draft, "body", draft.body)
    if draft.layout == CAROUSEL:
        named, samples = draft.is_named, draft.examples
        return [body, draft_cards.component(draft.cards, draft.card_header, samples, named=named)]
    found = _header(draft)
    if draft.layout == OFFER:
        told = {"text": draft.offer, "has_expiration": draft.expires}
        found.append({"type": "LIMITED_TIME_OFFER", "limited_time_offer": told})
    found.append(body)
    if draft.footer and draft.layout != OFFER:
        found.append({"type": "FOOTER", "text": draft.footer})
    if draft.buttons:
        rows = [draft_buttons.written(button) for button in draft.buttons]
        found.append({"type": "BUTTONS", "buttons": rows})
    return found


def buildable(template: Template) -> Draft | None:
    """The draft that a template could have come from, to be edited; None where the builder has no form for a part."""
    return from_components(template.name, template.language, template.category, template.components)


def from_components(
    name: str, language: str, category: str, listed: Sequence[Mapping[str, Any]]
) -> Draft | None:
    """The draft that these components could have come from; None where the builder has no form for a part."""
    parts = {str(row.get("type", "")).upper(): row for row in listed if isinstance(row, Mapping)}
    if set(parts) - _COMPONENTS:
        return None
    header, body, footer = (parts.get(kind, {}) for kind in ("HEADER", "BODY", "FOOTER"))
    buttons = [draft_buttons.read(row) for row in parts.get("BUTTONS", {}).get("buttons", [])]
    known = tuple(button for button in buttons if button)
    told = parts.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer", {})
    draft = Draft(
        name=name,
        language=language,
        category=category,
        layout=OFFER if "LIMITED_TIME_OFFER" in parts else "",
        header=str(header.get("format", "TEXT")).upper() if header else "",
        header_text=str(header.get("text", "")),
        header_file=draft_samples.number(header),
        body=str(body.get("text", "")),
        footer=str(footer.get("text", "")),
        buttons=known,
        offer=str(told.get("text", "")),
        expires=bool(told.get("has_expiration")) if told else True,
        examples=_read_examples("header", header) | _read_examples("body", body),
        minutes=int(footer.get("code_expiration_minutes") or 10),
        advice=bool(body.get("add_security_recommendation", True)),
    )
    if CAROUSEL in parts:
        return _with_cards(draft, parts)
    return draft if draft.is_otp or len(known) == len(buttons) else None


def with_samples(draft: Draft, earlier: Draft) -> Draft:
    """The draft with the files of an earlier one where it has none: Meta lists a sample's address, and takes a handle."""
    if draft.layout == CAROUSEL == earlier.layout and draft.card_header == earlier.card_header:
        files = [card.file for card in earlier.cards] + [None] * len(draft.cards)
        cards = [
            replace(card, file=card.file or file) for card, file in zip(draft.cards, files, strict=False)
        ]
        return replace(draft, cards=tuple(cards))
    same = draft.header == earlier.header
    return replace(draft, header_file=draft.header_file or earlier.header_file) if same else draft


def _with_cards(draft: Draft, parts: Mapping[str, Mapping[str, Any]]) -> Draft | None:
    found = draft_cards.read(parts[CAROUSEL])
    if found is None or set(parts) != {"BODY", CAROUSEL}:
        return None
    header, cards, samples = found
    return replace(
        draft, layout=CAROUSEL, card_header=header, cards=cards, examples={**draft.examples, **samples}
    )


def _identity_problems(draft: Draft) -> dict[str, Words]:
    wrong: dict[str, Words] = {}
    if not NAME.fullmatch(draft.name):
        wrong["name"] = _("Only small letters, digits and underscores, at most 512: order_ready")
    if not draft.language:
        wrong["language"] = _("Choose a language.")
    if draft.layout and draft.category != Category.MARKETING and not draft.is_otp:
        wrong["category"] = _("Carousels and limited-time offers are marketing: choose that category.")
    return wrong


def _header_problems(draft: Draft) -> dict[str, Words]:
    if draft.layout == OFFER and draft.header not in {"", "IMAGE", "VIDEO"}:
        return {"header": _("Above an offer there is a picture, a video or nothing.")}
    if draft.header in MEDIA_HEADERS and draft.header_file is None:
        return {"header_file": _("WhatsApp wants a sample file for this header.")}
    if draft.header != "TEXT":
        return {}
    words = draft_texts.header_problem(draft.header_text, named=draft.is_named)
    return {"header_text": words} if words else {}


def _footer_problems(footer: str) -> dict[str, Words]:
    if len(footer) <= FOOTER_CHARS and not VARIABLE.search(footer) and "\n" not in footer:
        return {}
    return {"footer": format_lazy(_("One line without variables, at most {n} characters."), n=FOOTER_CHARS)}


def _button_problems(buttons: tuple[DraftButton, ...]) -> dict[str, Words]:
    wrong: dict[str, Words] = {}
    if words := draft_buttons.group_problem(buttons):
        wrong["buttons"] = words
    for index, button in enumerate(buttons):
        if words := draft_buttons.problem(button):
            wrong[f"button:{index}"] = words
    return wrong


def _offer_problems(draft: Draft) -> dict[str, Words]:
    """What goes with an offer: no footer, a link, and before it the code, which an end requires."""
    wrong: dict[str, Words] = {}
    if not 0 < len(draft.offer) <= OFFER_CHARS or "\n" in draft.offer or VARIABLE.search(draft.offer):
        wrong["offer"] = format_lazy(_("One line without variables, at most {n} characters."), n=OFFER_CHARS)
    if draft.footer:
        wrong["footer"] = _("A limited-time offer has no footer. Empty this field.")
    kinds = [button.kind for button in draft.buttons]
    if set(kinds) - {"COPY_CODE", "URL"} or "URL" not in kinds or "COPY_CODE" in kinds[1:]:
        wrong["buttons"] = _("An offer has a code to copy first and then a link, and no other buttons.")
    elif draft.expires and "COPY_CODE" not in kinds:
        wrong["buttons"] = _("An offer that ends needs a code to copy as its first button.")
    return wrong


def _header(draft: Draft) -> list[dict[str, Any]]:
    if draft.header == "TEXT":
        row = {"type": "HEADER", "format": "TEXT", "text": draft.header_text}
        return [row | _examples(draft, "header", draft.header_text)]
    if draft.header in MEDIA_HEADERS:
        return [draft_samples.header(draft.header, draft.header_file)]
    return [{"type": "HEADER", "format": draft.header}] if draft.header else []


def _examples(draft: Draft, where: str, text: str) -> dict[str, Any]:
    names = draft_texts.variables(text)
    samples = {name: draft.examples.get(f"{where}.{name}", "") for name in names}
    return draft_texts.examples(where, samples, named=draft.is_named)


def _read_examples(where: str, row: Mapping[str, Any]) -> dict[str, str]:
    return {f"{where}.{name}": sample for name, sample in draft_texts.read_examples(where, row).items()}
