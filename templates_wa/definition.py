"""What a template is, what it wants to know, what is sent for it and what the customer sees.

`definition()` compiles a template once; the other functions then cost microseconds a person. Values are validated as
WhatsApp does and never altered. Must never touch the database or the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from templates_wa import reading, slots
from templates_wa.models import Template
from templates_wa.parts import Button, Card, Media, Offer, Part, TextPart, Values
from templates_wa.slots import FORBIDDEN, Budget, Slot

__all__ = [
    "FORBIDDEN",
    "Budget",
    "Definition",
    "Slot",
    "components",
    "definition",
    "plain",
    "problems",
    "read",
    "shown",
]


@dataclass(frozen=True)
class Definition:
    """A compiled template. `unsupported` names what cannot be sent from here ("BUTTON CATALOG"), or is ""."""

    header: Part | None = None
    body: TextPart | None = None
    footer: str = ""
    offer: Offer | None = None
    cards: tuple[Card, ...] = ()
    buttons: tuple[Button, ...] = ()
    unsupported: str = ""

    @cached_property
    def slots(self) -> list[Slot]:
        """Everything that has to be filled, each once, in the order the customer reads it."""
        found: dict[str, Slot] = {}
        for part in (self.header, self.body, self.offer, *self.cards, *self.buttons):
            for slot in part.slots if part else ():
                found.setdefault(slot.key, slot)
        return list(found.values())

    @cached_property
    def budgets(self) -> list[Budget]:
        """The texts whose variables share a length; for a single variable `Slot.limit` says it already."""
        return [
            Budget(part.text.spots, limit - part.text.fixed_chars)
            for part, limit in self._texts()
            if len(part.text.spots) > 1 and part.slots[0].kind == "text"
        ]

    @cached_property
    def sent(self) -> list[Part]:
        """The parts that may need a component, in Meta's order."""
        return [part for part in (self.header, self.body, self.offer, *self.buttons) if part]

    @property
    def has_media(self) -> bool:
        """Whether a kept file may be among the values."""
        return any(slot.media for slot in self.slots)

    def _texts(self) -> list[tuple[TextPart, int]]:
        limit = slots.OFFER_BODY_CHARS if self.offer else slots.BODY_CHARS
        found = [(self.header, slots.HEADER_CHARS), (self.body, limit)]
        found += [(card.body, slots.CARD_BODY_CHARS) for card in self.cards]
        return [(part, limit) for part, limit in found if isinstance(part, TextPart) and part.slots]


def definition(template: Template) -> Definition:
    """Compile a template."""
    return read(template.components, template.category)


def read(listed: Any, category: str = "") -> Definition:
    """Compile components as Meta writes them: of a template, or of a draft. Never raises for what is in them."""
    found = reading.rows(listed)
    otp = reading.is_otp(category, found)
    parts: dict[str, Any] = {}
    unsupported = ""
    for kind, row in found:
        try:
            parts |= _part(kind, row, otp=otp)
        except reading.Unsupported as verdict:
            unsupported = unsupported or str(verdict)
    if "offer" in parts and "BODY" in dict(found):
        parts["body"] = reading.body(dict(found)["BODY"], limit=slots.OFFER_BODY_CHARS)
    return Definition(**parts, unsupported=unsupported)


def problems(made: Definition, values: Values) -> dict[str, str]:
    """What WhatsApp would refuse, by slot key, in words in the language of the moment; empty when all is well."""
    wrong = {}
    for slot in made.slots:
        message = slots.problem(slot, values.get(slot.key, ""))
        if message:
            wrong[slot.key] = message
    for budget in made.budgets:
        message = slots.over_budget(budget, values)
        if message:
            for key in budget.keys:
                wrong.setdefault(key, message)
    return wrong


def components(
    made: Definition, values: Values, *, mark: str, media: Media | None = None
) -> list[dict[str, Any]]:
    """The `components` of a send request (Meta, Send templates, 2025-12).

    `mark` comes back in a quick reply's payload as "<mark>.<button>", in a carousel "<mark>.<card>.<button>". `media`
    maps a value that is a kept file ("file:12") to {"id": media id, "filename": …}; templates_wa.media makes it.
    Raises ValueError when there are problems, when a file has no media id, or when the template is unsupported.
    """
    if made.unsupported or (made.slots and problems(made, values)):
        raise ValueError(
            f"this template cannot be sent: {made.unsupported or sorted(problems(made, values))}"
        )
    files = media or {}
    made_of = [part.component(values, mark, files) for part in made.sent]
    listed = [component for component in made_of if component is not None]
    if made.cards:
        cards = [card.component(values, mark, files) for card in made.cards]
        listed.append({"type": "carousel", "cards": cards})
    return listed


def shown(made: Definition, values: Values) -> dict[str, Any]:
    """The message as the customer sees it, for `_shown.html`; a value that is missing shows its variable."""
    seen: dict[str, Any] = {
        "header": made.header.shown(values) if made.header else None,
        "body": made.body.shown(values) if made.body else "",
        "footer": made.footer,
        "buttons": [button.shown(values) for button in made.buttons],
        "cards": [card.shown(values) for card in made.cards],
    }
    if made.offer:
        seen["lto"] = made.offer.shown(values)
    return seen


def plain(seen: Mapping[str, Any]) -> str:
    """The message's text, for search and one-line previews."""
    text: str = seen.get("body") or ""
    return text or (seen.get("header") or {}).get("text") or ""


def _part(kind: str, row: reading.Row, *, otp: bool) -> dict[str, Any]:
    if kind == "HEADER":
        return {"header": reading.header(row)}
    if kind == "BODY":
        return {"body": reading.otp_body(row) if otp else reading.body(row)}
    if kind == "FOOTER":
        return {"footer": reading.footer(row)}
    if kind == "LIMITED_TIME_OFFER":
        return {"offer": reading.offer(row)}
    if kind == "BUTTONS":
        return {"buttons": reading.buttons(row, otp=otp)}
    if kind == "CAROUSEL":
        return {"cards": reading.cards(row)}
    raise reading.Unsupported(kind or "?")
