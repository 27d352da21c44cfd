"""The composer as a template picker: which templates are offered, and the one that is being filled in.

Called inside a reading scope. What may be sent is decided by the action, and once more when it leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, When

from inbox.models import Conversation
from templates_wa import queries
from templates_wa.definition import definition, shown
from templates_wa.forms import Field, fields
from templates_wa.models import Template

CARDS, CARDS_AT_MOST = 4, 60
LOOKED_AT = 20  # to find a few that can be sent from here
WORDS_AT_MOST = 100


@dataclass(frozen=True)
class Wish:
    """What the agent asked of the composer: to choose among all templates, or to fill one in, and what they typed."""

    words: str = ""
    template_id: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """A template that may be chosen, with its text as WhatsApp keeps it."""

    template: Template
    text: str

    @property
    def said(self) -> str:
        """What a search looks at."""
        return f"{self.template.name} {self.text}".casefold()


@dataclass(frozen=True)
class Picker:
    """Some of `total` templates of the number's account; `chosen` when the agent asked for all of them."""

    cards: list[Card]
    total: int
    found: int
    words: str = ""
    chosen: bool = False
    gone: bool = False  # the template that was asked for cannot be sent (any more)

    @property
    def more(self) -> int:
        """How many that were found are not shown."""
        return self.found - len(self.cards)


@dataclass(frozen=True)
class Filling:
    """A template being filled in: its form and what the customer will see."""

    template: Template
    fields: list[Field]
    shown: dict[str, Any]


def picker(conversation: Conversation, wish: Wish | None) -> Picker:
    """The templates of the conversation's number, those in the customer's language first. Two questions.

    Without a wish a few of them; with one all that say what it asks for, CARDS_AT_MOST of them.
    """
    language = conversation.contact.language.split("_")[0]
    theirs = Case(When(language__startswith=language or "-", then=0), default=1)
    offered = queries.sendable(conversation.number.business_account_id)
    total = offered.count()
    offered = offered.order_by(theirs, "name", "language", "id")
    if wish is None:
        found = _cards(offered[:LOOKED_AT])
        return Picker(found[:CARDS], total, total)
    words = wish.words.casefold().split()
    found = [card for card in _cards(offered) if all(word in card.said for word in words)]
    return Picker(
        found[:CARDS_AT_MOST], total, len(found), wish.words, chosen=True, gone=bool(wish.template_id)
    )


def filling(conversation: Conversation, wish: Wish) -> Filling | None:
    """The template of the wish with what was typed; None when it cannot be sent (any more). One question."""
    offered = queries.sendable(conversation.number.business_account_id)
    template = offered.filter(pk=wish.template_id or 0).first()
    made = definition(template) if template else None
    if template is None or made is None or made.unsupported:
        return None
    return Filling(template, fields(made, wish.values, wish.problems), shown(made, wish.values))


def _cards(offered: Iterable[Template]) -> list[Card]:
    return [Card(each, _text(each)) for each in offered if not definition(each).unsupported]


def _text(template: Template) -> str:
    rows = template.components if isinstance(template.components, list) else []
    texts = [row.get("text") for row in rows if isinstance(row, dict) and row.get("type") == "BODY"]
    return texts[0] if texts and isinstance(texts[0], str) else ""
