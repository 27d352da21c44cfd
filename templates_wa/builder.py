"""The builder's form: what was typed, as a draft, and the choices and rows that the page draws for it.

Nothing is refused here: drafting.problems says what is wrong, and the form comes back as it was filled in.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from templates_wa import draft_buttons, draft_cards
from templates_wa.draft_buttons import BUTTONS_AT_MOST, DATA_EXCHANGE, NAVIGATE
from templates_wa.drafting import CAROUSEL, OFFER, Draft, DraftButton, DraftCard
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
LAYOUTS = [("", _("A message")), (CAROUSEL, _("Carousel of cards")), (OFFER, _("Limited-time offer"))]
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
    ("FLOW", _("Flow")),
    ("REQUEST_CONTACT_INFO", _("Ask for the phone number")),
]
BEGINNINGS = [(NAVIGATE, _("With a screen")), (DATA_EXCHANGE, _("With its endpoint's data"))]
CARD_HEADERS = [choice for choice in HEADERS if choice[0] in draft_cards.HEADERS]
ADD_CARD, REMOVE_CARD = "add-card", "remove-card-"
_BUTTONS_OF_AN_OFFER = (DraftButton("COPY_CODE"), DraftButton("URL"))


def read(post: QueryDict) -> Draft:
    """The draft as it was typed, but for NUL, which nothing can keep; nothing is refused here."""
    post = post.copy()
    for name in post:
        post[name] = str(post[name]).replace("\0", "")
    minutes, layout = post.get("minutes", ""), _choice(post, "layout", LAYOUTS)
    draft = Draft(
        name=post.get("name", "").strip(),
        language=_one_of(post.get("language", ""), LANGUAGES),
        category=_one_of(post.get("category", ""), Category.values) or Category.UTILITY,
        layout=layout,
        header=_choice(post, "header", HEADERS),
        header_text=post.get("header_text", ""),
        header_file=_number(post.get("header_kept", "")),
        body=post.get("body", "").replace("\r\n", "\n"),
        footer=post.get("footer", "").strip(),
        buttons=tuple(
            _button(post, f"b{row}", kind)
            for row in range(BUTTONS_AT_MOST)
            if (kind := _one_of(post.get(f"b{row}:kind", ""), draft_buttons.KINDS))
        ),
        offer=post.get("offer", "").strip(),
        expires="expires" in post or "offer" not in post,
        card_header=_one_of(post.get("card_header", ""), draft_cards.HEADERS) or "IMAGE",
        cards=_cards(post) if layout == CAROUSEL else (),
        examples={name.removeprefix("x:"): str(post[name]) for name in post if name.startswith("x:")},
        minutes=int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 4 else 0,
        advice="advice" in post,
    )
    if layout == OFFER and not draft.buttons:
        return replace(draft, buttons=_BUTTONS_OF_AN_OFFER)
    return draft


def with_file(draft: Draft, field: str, file_id: int) -> Draft:
    """The draft with a sample that has just been kept, for one of the fields of `draft.samples()`."""
    if field == "header_file":
        return replace(draft, header_file=file_id)
    place = int(field.split(":")[1])
    cards = [replace(card, file=file_id) if at == place else card for at, card in enumerate(draft.cards)]
    return replace(draft, cards=tuple(cards))


def after(draft: Draft, verb: str) -> Draft:
    """The draft after a button of the form itself was pressed: a card more, or one less."""
    if draft.layout != CAROUSEL:
        return draft
    if verb == ADD_CARD and len(draft.cards) < draft_cards.MOST:
        like = tuple(DraftButton(button.kind) for button in draft.cards[0].buttons)
        return replace(draft, cards=(*draft.cards, DraftCard(buttons=like)))
    place = _number(verb.removeprefix(REMOVE_CARD)) if verb.startswith(REMOVE_CARD) else None
    if place is None or place >= len(draft.cards) or len(draft.cards) <= draft_cards.FEWEST:
        return draft
    cards = draft.cards[:place] + draft.cards[place + 1 :]
    return replace(draft, cards=cards, examples=_without_card(draft.examples, place))


@dataclass(frozen=True)
class Row:
    """One button on the page. `name` begins the names of its inputs; on a card its kind is chosen elsewhere."""

    name: str
    button: DraftButton
    error: Any = ""

    @property
    def error_id(self) -> str:
        """What its inputs are described by."""
        return f"{self.name}-error"


@dataclass(frozen=True)
class Deck:
    """One card on the page. `samples` are those of its variables."""

    place: int
    card: DraftCard
    rows: list[Row]
    samples: list[tuple[str, str, str, Any]]
    file_error: Any = ""
    body_error: Any = ""

    @property
    def number(self) -> int:
        """Its number, counted from 1."""
        return self.place + 1

    @property
    def file_field(self) -> str:
        """The input of its sample, as `draft.samples()` calls it."""
        return f"card:{self.place}:file"

    @property
    def kept_field(self) -> str:
        """The hidden input of a sample that is kept already."""
        return f"c{self.place}:kept"

    @property
    def body_error_id(self) -> str:
        """What its text is described by."""
        return f"c{self.place}-body-error"


def rows(draft: Draft, wrong: Mapping[str, Any]) -> list[Row]:
    """The buttons there are, and an empty row for another one."""
    found = [
        Row(f"b{place}", button, wrong.get(f"button:{place}", ""))
        for place, button in enumerate(draft.buttons)
    ]
    if len(found) < BUTTONS_AT_MOST:
        found.append(Row(f"b{len(found)}", DraftButton("")))
    return found


def kinds(draft: Draft) -> list[tuple[str, Any]]:
    """The kinds of buttons to choose from: an offer has two, but what was chosen before stays to be seen."""
    offered = {"", "COPY_CODE", "URL"} | {button.kind for button in draft.buttons}
    return [choice for choice in KINDS if draft.layout != OFFER or choice[0] in offered]


def headers(draft: Draft) -> list[tuple[str, Any]]:
    """The kinds of headers to choose from, likewise."""
    offered = {"", *draft_cards.HEADERS, draft.header}
    return [choice for choice in HEADERS if draft.layout != OFFER or choice[0] in offered]


def card_kinds(draft: Draft) -> list[tuple[int, str, list[tuple[str, Any]]]]:
    """(place, kind, choices) of the buttons that all cards have; the second is optional."""
    chosen = [button.kind for card in draft.cards[:1] for button in card.buttons]
    chosen += [""] * (draft_cards.BUTTONS_AT_MOST - len(chosen))
    known = [choice for choice in KINDS if choice[0] in draft_cards.KINDS]
    return [(place, kind, known if place == 0 else [KINDS[0], *known]) for place, kind in enumerate(chosen)]


def decks(draft: Draft, wrong: Mapping[str, Any]) -> list[Deck]:
    """The cards with what is wrong in each."""
    return [
        Deck(
            place=place,
            card=card,
            rows=[
                Row(f"c{place}b{index}", button, wrong.get(f"card:{place}:button:{index}", ""))
                for index, button in enumerate(card.buttons)
            ],
            samples=_samples(draft, wrong, f"card.{place}."),
            file_error=wrong.get(f"card:{place}:file", ""),
            body_error=wrong.get(f"card:{place}:body", ""),
        )
        for place, card in enumerate(draft.cards)
    ]


def samples(draft: Draft, wrong: Mapping[str, Any]) -> list[tuple[str, str, str, Any]]:
    """(key, variable, sample, what is wrong) of what the message itself has; each card has its own."""
    return [row for row in _samples(draft, wrong, "") if not row[0].startswith("card.")]


def languages() -> list[tuple[str, str]]:
    """The choices, in the language of the page."""
    return [(code, f"{language(code)} · {code}") for code in LANGUAGES]


def _samples(draft: Draft, wrong: Mapping[str, Any], start: str) -> list[tuple[str, str, str, Any]]:
    return [
        (key, "{{" + key.rpartition(".")[2] + "}}", draft.examples.get(key, ""), wrong.get(f"x:{key}", ""))
        for key in draft.variables()
        if key.startswith(start)
    ]


def _cards(post: QueryDict) -> tuple[DraftCard, ...]:
    """As many cards as the form had, or the fewest; all have the kinds of buttons that were chosen once."""
    count = min(max(_number(post.get("cards", "")) or 0, draft_cards.FEWEST), draft_cards.MOST)
    chosen = [
        _one_of(post.get(f"card:kind{place}", ""), draft_cards.KINDS)
        for place in range(draft_cards.BUTTONS_AT_MOST)
    ]
    alike = [kind for kind in chosen if kind] or ["QUICK_REPLY"]
    return tuple(
        DraftCard(
            file=_number(post.get(f"c{place}:kept", "")),
            body=post.get(f"c{place}:body", "").replace("\r\n", "\n"),
            buttons=tuple(_button(post, f"c{place}b{index}", kind) for index, kind in enumerate(alike)),
        )
        for place in range(count)
    )


def _button(post: QueryDict, name: str, kind: str) -> DraftButton:
    text, value, example, screen = (
        post.get(f"{name}:{part}", "").strip() for part in ("text", "value", "example", "screen")
    )
    return DraftButton(
        kind, text, value, example, _choice(post, f"{name}:action", BEGINNINGS) or NAVIGATE, screen
    )


def _without_card(examples: Mapping[str, str], place: int) -> dict[str, str]:
    """The samples after a card was taken out: those of the cards behind it move up."""
    found = {}
    for key, value in examples.items():
        of_card = re.fullmatch(r"card\.([0-9]{1,2})\.(.+)", key)
        number = int(of_card[1]) if of_card else -1
        if of_card is None or number < place:
            found[key] = value
        elif number > place:
            found[f"card.{number - 1}.{of_card[2]}"] = value
    return found


def _number(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _choice(post: QueryDict, name: str, choices: Sequence[tuple[str, Any]]) -> str:
    return _one_of(post.get(name, ""), [value for value, _label in choices])


def _one_of(value: str, allowed: Any) -> str:
    return value if value in allowed else ""
