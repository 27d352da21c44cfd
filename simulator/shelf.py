"""The templates of every account, as WhatsApp keeps them, and the editions that messages were sent from.

Plain data: looks up, adds, removes. Whether a draft is allowed is `definitions`, who changes what is
`reviews`, what a send fills in is `filling`.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from simulator import forms
from simulator.forms import Edition, Form

NEVER_REUSED_S = (
    30 * 24 * 3600
)  # the name of a deleted approved template (Meta, Template management, 2026-09)
FIRST_NEW_ID = 1_700_000_000_000_001
Quality = Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]
NAME = re.compile(r"[a-z0-9_]{1,512}")


class Template(msgspec.Struct, kw_only=True):
    """One template in one language. `revision` counts its editions, `edits` are unix times of the edits."""

    template_id: str
    waba_id: str
    name: str
    language: str
    category: str
    components: list[dict[str, Any]]
    status: str = "APPROVED"
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    sub_category: str = "CUSTOM"
    quality: Quality = "GREEN"
    quality_at: float = 0.0
    reason: str = "NONE"
    rejection_info: dict[str, str] | None = None
    correct_category: str = ""
    previous_category: str = ""
    ttl_seconds: int | None = None
    revision: int = 1
    edits: list[float] = []
    pauses: int = 0
    in_review: bool = False  # submitted here and not decided; the presets that are pending stay so
    assessed: bool = False  # pacing is over for this edition
    paced: int = 0  # sends of this edition under pacing

    @property
    def key(self) -> str:
        """Names this edition for ever: what a message was sent from is shown as it was then."""
        return f"{self.template_id}/{self.revision}"


class Shelf:
    """All templates of a world. `lookup` and `form` cost the same however many there are."""

    def __init__(self, templates: Iterable[Template] = ()) -> None:
        self.by_id: dict[str, Template] = {}
        self.by_name: dict[tuple[str, str, str], Template] = {}
        self.forms: dict[str, Form] = {}
        self.deleted: dict[tuple[str, str], float] = {}  # (waba, name) → when an approved one was deleted
        self._next_id = FIRST_NEW_ID
        for template in templates:
            # Copies: what a run changes must not leak back into the presets that a reset returns to.
            self.put(msgspec.structs.replace(template, edits=list(template.edits)))

    def put(self, template: Template) -> None:
        """Add a template, or replace the one with its id; call it again after its components changed."""
        old = self.by_id.get(template.template_id)
        if old is not None:
            self.by_name.pop((old.waba_id, old.name, old.language), None)
        self.by_id[template.template_id] = template
        self.by_name[template.waba_id, template.name, template.language] = template
        edition = Edition(
            key=template.key,
            named=template.parameter_format == "NAMED",
            components=template.components,
        )
        self.forms[template.key] = forms.compiled(edition)
        self._next_id = max(self._next_id, int(template.template_id) + 1)

    def remove(self, template: Template, now: float) -> None:
        """Take one away. Its editions stay: messages that were sent from it are still on the phones."""
        del self.by_id[template.template_id]
        del self.by_name[template.waba_id, template.name, template.language]
        if template.status == "APPROVED":
            self.deleted[template.waba_id, template.name] = now

    def lookup(self, waba_id: str, name: str, language: str) -> Template | None:
        return self.by_name.get((waba_id, name, language))

    def of_account(self, waba_id: str) -> list[Template]:
        """The account's templates, newest id first, as WhatsApp lists them."""
        rows = [template for template in self.by_id.values() if template.waba_id == waba_id]
        return sorted(rows, key=lambda template: -int(template.template_id))

    def new_id(self) -> str:
        """An id nobody had before, like Meta's: sixteen digits."""
        self._next_id += 1
        return str(self._next_id - 1)

    def name_is_blocked(self, waba_id: str, name: str, now: float) -> bool:
        """Whether an approved template of this name was deleted less than 30 days ago."""
        return now - self.deleted.get((waba_id, name), -NEVER_REUSED_S) < NEVER_REUSED_S
