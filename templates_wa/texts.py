"""A text of a template with its variables, compiled so that filling it costs next to nothing.

Knows positional ({{1}}) and named ({{first_name}}) variables. Must never change a value it puts in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

VARIABLE = re.compile(r"\{\{\s*([0-9]{1,3}|[a-z_][a-z0-9_]{0,99})\s*\}\}")


@dataclass(frozen=True, slots=True)
class Text:
    """`keys` are the slots in the order WhatsApp wants them; `spots` the keys in the order the text uses them."""

    source: str
    keys: tuple[str, ...]
    spots: tuple[str, ...]
    names: tuple[str, ...]  # of `keys`, as the template writes them: 1, first_name
    _format: str
    _blanks: Mapping[str, str]  # what an unfilled spot shows: the variable as it is written

    @property
    def fixed_chars(self) -> int:
        """Characters that are there whatever the values are."""
        return len(self._format % tuple("" for _spot in self.spots))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with the values in; a missing one shows its variable."""
        if not self.spots:
            return self.source
        blanks = self._blanks
        return self._format % tuple([values.get(key) or blanks[key] for key in self.spots])

    def parameters(self, values: Mapping[str, str]) -> list[dict[str, Any]]:
        """As the Cloud API takes them: positional ones in order, named ones with their names."""
        return [
            {"type": "text", "text": values[key]}
            if name.isdigit()
            else {"type": "text", "parameter_name": name, "text": values[key]}
            for key, name in zip(self.keys, self.names, strict=True)
        ]


def compile_text(source: str, key_of: Callable[[str], str]) -> Text:
    """Find the variables of `source`; `key_of` turns a variable's name (1, first_name) into its slot's key."""
    found = VARIABLE.findall(source)
    literals = VARIABLE.split(source)[::2]
    unique = list(dict.fromkeys(found))
    if unique and all(name.isdigit() for name in unique):
        unique.sort(key=int)
    return Text(
        source=source,
        keys=tuple(key_of(name) for name in unique),
        spots=tuple(key_of(name) for name in found),
        names=tuple(unique),
        _format="%s".join(literal.replace("%", "%%") for literal in literals),
        _blanks={key_of(name): "{{" + name + "}}" for name in unique},
    )


def examples(component: Mapping[str, Any], where: str) -> dict[str, str]:
    """Meta's sample values of a header or body by variable name; `where` is header_text or body_text."""
    example = component.get("example")
    if not isinstance(example, Mapping):
        return {}
    named = example.get(f"{where}_named_params")
    if isinstance(named, list):
        rows = [row for row in named if isinstance(row, Mapping)]
        return {str(row.get("param_name", "")): str(row.get("example", "")) for row in rows}
    listed = example.get(where)
    if isinstance(listed, list) and listed and isinstance(listed[0], list):
        listed = listed[0]
    if not isinstance(listed, list):
        return {}
    return {str(index): str(value) for index, value in enumerate(listed, start=1)}
