"""The generated form of a template: what was typed into _slots.html, as values of slots, and back.

A value is never altered on the way; only a place, typed in four fields, and a moment, typed on the workspace's clock,
are written in the form that a slot's value has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import QueryDict

from templates_wa.definition import Definition
from templates_wa.slots import Place, Slot, place, written

VALUE, KEPT, ZONE = "v:", "kept:", "zone:"
_PLACE = ("latitude", "longitude", "name", "address")


@dataclass(frozen=True)
class Field:
    """One slot of the form with what stands in it and what is wrong with it, for _slots.html."""

    slot: Slot
    value: str = ""
    error: str = ""


def fields(made: Definition, values: Mapping[str, str], wrong: Mapping[str, Any]) -> list[Field]:
    """Every slot with its value and its problem."""
    return [Field(slot, values.get(slot.key, ""), wrong.get(slot.key, "")) for slot in made.slots]


def values_from(post: QueryDict) -> dict[str, str]:
    """What was typed, by slot key; exactly as it was typed. A link typed beside a kept file takes its place."""
    values = {name.removeprefix(KEPT): str(post[name]) for name in post if name.startswith(KEPT)}
    places: dict[str, dict[str, str]] = {}
    for name in post:
        if not name.startswith(VALUE):
            continue
        typed = str(post[name])
        key, _colon, part = name.removeprefix(VALUE).partition(":")
        if part in _PLACE:
            places.setdefault(key, {})[part] = typed
        elif typed or key not in values:
            values[key] = _in_milliseconds(typed, str(post.get(ZONE + key, "")))
    for key, typed_place in places.items():
        parts = [typed_place.get(part, "") for part in _PLACE]
        values[key] = written(Place(*parts)) if any(parts) else ""
    return values


def typed_place(value: str) -> Sequence[str]:
    """Latitude, longitude, name and address for the four fields, as far as they can be told apart."""
    found = place(value)
    if found is not None:
        return found
    parts = value.split(",", 3)
    return [*parts, *[""] * (4 - len(parts))]


def typed_moment(value: str, zone: str) -> str:
    """A moment in unix milliseconds as a datetime-local field wants it; "" for anything else."""
    try:
        return f"{datetime.fromtimestamp(int(value) / 1000, tz=ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        return ""


def _in_milliseconds(typed: str, zone: str) -> str:
    """A moment on the clock of `zone` in unix milliseconds; what is no such moment stays as it is."""
    if not zone:
        return typed
    try:
        moment = datetime.strptime(typed, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone))
        return str(int(moment.timestamp() * 1000))
    except (ValueError, OverflowError, OSError, ZoneInfoNotFoundError):
        return typed
