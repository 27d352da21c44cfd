"""The cards of a carousel in the making: all of one make, each with a picture or a video, a text and its buttons.

Limits: Meta, Media card carousel templates, 2025-11: 2 to 10 cards, in all of them the same components and the same kinds
of buttons. Must never touch the database or the network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_wa import draft_buttons, draft_samples, draft_texts
from templates_wa.draft_buttons import DraftButton
from templates_wa.draft_texts import Words
from templates_wa.slots import CARD_BODY_CHARS

FEWEST, MOST = 2, 10
BUTTONS_AT_MOST = 2
HEADERS = ("IMAGE", "VIDEO")
KINDS = ("QUICK_REPLY", "URL", "PHONE_NUMBER")


@dataclass(frozen=True)
class DraftCard:
    """One card. `file` is the sample of its picture or video: a kept file."""

    file: int | None = None
    body: str = ""
    buttons: tuple[DraftButton, ...] = ()


def problems(cards: Sequence[DraftCard], header: str, *, named: bool) -> dict[str, Words]:
    """What WhatsApp would refuse: "cards", "card:0:file", "card:0:body", "card:0:button:1"."""
    wrong: dict[str, Words] = {}
    if general := _general_problem(cards, header):
        wrong["cards"] = general
    with_text = any(card.body.strip() for card in cards)
    for place, card in enumerate(cards):
        if card.file is None:
            wrong[f"card:{place}:file"] = _("WhatsApp wants a sample file for every card.")
        if with_text and not card.body.strip():
            wrong[f"card:{place}:body"] = _("Every card has a text, or none has one.")
        elif with_text and (words := draft_texts.body_problem(card.body, limit=CARD_BODY_CHARS, named=named)):
            wrong[f"card:{place}:body"] = words
        for index, button in enumerate(card.buttons):
            if words := draft_buttons.problem(button):
                wrong[f"card:{place}:button:{index}"] = words
    return wrong


def component(
    cards: Sequence[DraftCard], header: str, samples: Mapping[str, str], *, named: bool
) -> dict[str, Any]:
    """The CAROUSEL as Meta's create call takes it; `samples` are the variables', by key ("card.0.body.1")."""
    return {
        "type": "CAROUSEL",
        "cards": [
            {"components": _components(place, card, header, samples, named=named)}
            for place, card in enumerate(cards)
        ],
    }


def read(row: Mapping[str, Any]) -> tuple[str, tuple[DraftCard, ...], dict[str, str]] | None:
    """The header, the cards and the samples that a CAROUSEL could have come from; None where there is no form for it."""
    headers: set[str] = set()
    cards: list[DraftCard] = []
    samples: dict[str, str] = {}
    for place, listed in enumerate(row.get("cards") or []):
        parts = {str(part.get("type", "")).upper(): part for part in listed.get("components") or []}
        buttons = [draft_buttons.read(button) for button in parts.get("BUTTONS", {}).get("buttons", [])]
        known = [button for button in buttons if button and button.kind in KINDS]
        if set(parts) - {"HEADER", "BODY", "BUTTONS"} or len(known) != len(buttons):
            return None
        top, body = parts.get("HEADER", {}), parts.get("BODY", {})
        headers.add(str(top.get("format", "")).upper())
        found = draft_texts.read_examples("body", body)
        samples |= {f"card.{place}.body.{name}": sample for name, sample in found.items()}
        cards.append(DraftCard(draft_samples.number(top), str(body.get("text", "")), tuple(known)))
    header = headers.pop() if len(headers) == 1 else ""
    return None if _general_problem(cards, header) else (header, tuple(cards), samples)


def _general_problem(cards: Sequence[DraftCard], header: str) -> Words:
    if not FEWEST <= len(cards) <= MOST:
        return format_lazy(_("A carousel has {least} to {most} cards."), least=FEWEST, most=MOST)
    makes = {tuple(button.kind for button in card.buttons) for card in cards}
    if len(makes) > 1 or header not in HEADERS:
        return _("All cards have a picture, or all a video, and the same kinds of buttons.")
    kinds = makes.pop()
    if not 1 <= len(kinds) <= BUTTONS_AT_MOST or set(kinds) - set(KINDS):
        return _("Every card has one or two buttons: quick replies, links or one phone number.")
    return draft_buttons.group_problem(cards[0].buttons, most=BUTTONS_AT_MOST)


def _components(
    place: int, card: DraftCard, header: str, samples: Mapping[str, str], *, named: bool
) -> list[dict[str, Any]]:
    found = [draft_samples.header(header, card.file)]
    if card.body.strip():
        names = draft_texts.variables(card.body)
        own = {name: samples.get(f"card.{place}.body.{name}", "") for name in names}
        found.append({"type": "BODY", "text": card.body} | draft_texts.examples("body", own, named=named))
    if card.buttons:
        rows = [draft_buttons.written(button) for button in card.buttons]
        found.append({"type": "BUTTONS", "buttons": rows})
    return found
