"""The texts of a draft: their variables, what WhatsApp would refuse in them, and their samples as Meta writes them.

Limits: Meta, Template components, 2025-12, and Template management, 2026-09. Must never change a text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from templates_wa.slots import HEADER_CHARS
from templates_wa.texts import VARIABLE

Words = str | Promise

_NAMED = re.compile(r"[a-z_][a-z0-9_]*")
_BRACES = re.compile(r"\{\{|\}\}")


def variables(text: str) -> list[str]:
    """The names of its variables (1, first_name), each once, in reading order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def is_named(texts: Iterable[str]) -> bool:
    """Whether a template of these texts has names instead of numbers; one name is enough, and then all must be."""
    return any(not name.isdigit() for text in texts for name in variables(text))


def header_problem(text: str, *, named: bool) -> Words:
    """What is wrong with the text of a header, or ""."""
    names = variables(text)
    if not text.strip() or len(text) > HEADER_CHARS or "\n" in text or "*" in text or len(names) > 1:
        return format_lazy(
            _("One plain line of at most {n} characters, with one variable at most."), n=HEADER_CHARS
        )
    return _order_problem(names, named=named)


def body_problem(text: str, *, limit: int, named: bool) -> Words:
    """What is wrong with a text of at most `limit` characters, of a message or of a card, or ""."""
    bare, names = text.strip(), VARIABLE.findall(text)
    if not bare:
        return _("Write what the customer will read.")
    if len(text) > limit:
        return format_lazy(_("At most {n} characters."), n=limit)
    if _BRACES.search(VARIABLE.sub("", bare)):
        return _("A variable looks like {{1}} or {{first_name}}.")
    if bare.startswith("{{") or bare.endswith("}}"):
        return _("The text must neither begin nor end with a variable: put words around it.")
    if re.search(r"\}\}\s*\{\{", bare):
        return _("Two variables must not stand side by side: put words between them.")
    if names and len(VARIABLE.sub(" ", bare).split()) < 2 * len(names) + 1:
        return _("Too many variables for so few words. Write more around them.")
    return _order_problem(names, named=named)


def examples(where: str, samples: Mapping[str, str], *, named: bool) -> dict[str, Any]:
    """The `example` of a header or a body (`where`) from its samples by variable; {} where there is none."""
    if not samples:
        return {}
    if named:
        rows = [{"param_name": name, "example": sample} for name, sample in samples.items()]
        return {"example": {f"{where}_text_named_params": rows}}
    values = [samples[name] for name in sorted(samples, key=int)]
    listed: list[Any] = [*values] if where == "header" else [values]
    return {"example": {f"{where}_text": listed}}


def read_examples(where: str, row: Mapping[str, Any]) -> dict[str, str]:
    """The samples by variable, as `examples` wrote them."""
    example = row.get("example")
    if not isinstance(example, Mapping):
        return {}
    named = example.get(f"{where}_text_named_params")
    if isinstance(named, list):
        return {str(one.get("param_name")): str(one.get("example", "")) for one in named}
    values = example.get(f"{where}_text") or []
    values = values[0] if values and isinstance(values[0], list) else values
    return {str(place): str(value) for place, value in enumerate(values, 1)}


def _order_problem(names: Sequence[str], *, named: bool) -> Words:
    if named:
        if not all(_NAMED.fullmatch(name) for name in names):
            return _("Use names for all variables, or numbers for all of them.")
    elif {int(name) for name in names} != set(range(1, len(set(names)) + 1)):
        return _("Numbered variables go 1, 2, 3 without a gap.")
    return ""
