"""The control API for tests and demos: switches, numbers, raw webhooks, receipts, and what was accepted.

JSON in, JSON out; every refusal is `{"error": "<one sentence>"}`. Unknown names are refused, so that a
misspelled switch never passes for a switch that does nothing. Customers are in `control_people`, templates
in `control_templates`.
"""

# ruff: noqa: ARG001 - every handler gets the simulator and the request

import time
from collections import Counter
from typing import Any, Literal

import msgspec

from simulator import asgi, receipts, switches
from simulator.asgi import Request, Response
from simulator.courier import Signature
from simulator.runtime import Simulator
from simulator.state import Number
from simulator.webhooks import Notice


class ControlError(Exception):
    """A control call that cannot be done: HTTP status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Raw(msgspec.Struct, forbid_unknown_fields=True):
    """Any body, posted as it is: an object (encoded Meta's way) or a string (its own bytes)."""

    body: Any
    signature: Signature = "good"
    retry: bool = False


class Receipt(msgspec.Struct, forbid_unknown_fields=True):
    """One status of a message the simulator accepted. `code` is for failed."""

    wamid: str
    status: Literal["sent", "delivered", "read", "failed", "played"]
    timestamp: float | None = None
    code: int | None = None


async def get_switches(sim: Simulator, request: Request) -> Response:
    return asgi.json(sim.switches)


async def set_switches(sim: Simulator, request: Request) -> Response:
    """Change the named switches, leave the others. Answers all of them as they are now."""
    sim.switches = switches.changed(sim.switches, msgspec.json.decode(request.body, type=dict[str, Any]))
    sim.world.touch()
    return asgi.json(sim.switches)


async def reset(sim: Simulator, request: Request) -> Response:
    await sim.reset()
    return asgi.json({"reset": True})


async def raw(sim: Simulator, request: Request) -> Response:
    order = msgspec.json.decode(request.body, type=Raw)
    return asgi.json(await sim.courier.send_raw(order.body, order.signature, retry=order.retry))


async def receipt(sim: Simulator, request: Request) -> Response:
    order = msgspec.json.decode(request.body, type=Receipt)
    message = sim.world.messages.get(order.wamid)
    if message is None or message.sender != "business":
        raise ControlError(404, "No message with this wamid was accepted; for others use /control/raw.")
    outcome = await receipts.post(sim, message, order.status, at=order.timestamp, code=order.code)
    return asgi.json(outcome)


class NumberChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is named replaces what was; `announce` tells the business, as WhatsApp does."""

    phone_number_id: str
    waba_id: str | msgspec.UnsetType = msgspec.UNSET
    display_phone_number: str | msgspec.UnsetType = msgspec.UNSET
    verified_name: str | msgspec.UnsetType = msgspec.UNSET
    token: str | msgspec.UnsetType = msgspec.UNSET
    portfolio_id: str | msgspec.UnsetType = msgspec.UNSET
    quality_rating: str | msgspec.UnsetType = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET
    throughput: str | msgspec.UnsetType = msgspec.UNSET
    messaging_limit: str | msgspec.UnsetType = msgspec.UNSET
    announce: bool = False


async def set_number(sim: Simulator, request: Request) -> Response:
    """Create a business number or change one; a new `token` makes the old one answer 190."""
    order = msgspec.json.decode(request.body, type=NumberChange)
    changes: dict[str, Any] = msgspec.to_builtins(order)
    changes.pop("announce")
    old = sim.world.numbers.get(order.phone_number_id)
    known: dict[str, Any] = {} if old is None else msgspec.to_builtins(old)
    number = msgspec.convert(known | changes, Number)
    sim.world.numbers[number.phone_number_id] = number
    sim.world.touch()
    if order.announce:
        _announce(sim, number, changes)
    return asgi.json(number)


def _announce(sim: Simulator, number: Number, changes: dict[str, Any]) -> None:
    """The webhooks of another throughput and of another limit (Meta, 2026-09 and 2025-12)."""
    fields: dict[str, dict[str, Any]] = {}
    if "throughput" in changes:
        value = {"display_phone_number": number.digits, "event": "THROUGHPUT_UPGRADE"}
        fields["phone_number_quality_update"] = value | {"current_limit": number.messaging_limit}
    if "messaging_limit" in changes:
        fields["business_capability_update"] = {
            "max_daily_conversations_per_business": number.messaging_limit,
            "max_phone_numbers_per_business": 20,
            "max_phone_numbers_per_waba": 20,
        }
    for field, value in fields.items():
        sim.spawn(sim.courier.send(Notice(waba_id=number.waba_id, field=field, value=value, at=time.time())))


async def accepted(sim: Simulator, request: Request) -> Response:
    return _records(sim, "accepted", request)


async def rejected(sim: Simulator, request: Request) -> Response:
    return _records(sim, "rejected", request)


async def webhook_log(sim: Simulator, request: Request) -> Response:
    since = _whole(request, "since")
    rows = [row for row in sim.courier.log if row["id"] > since]
    pending = sum(1 for row in sim.courier.log if not row["done"])
    return asgi.json({"counts": sim.world.counts, "pending": pending, "webhooks": rows})


def _records(sim: Simulator, where: Literal["accepted", "rejected"], request: Request) -> Response:
    """Rows after `seq` `since` (0: all), for one `phone_number_id` or all; `count` counts since the reset."""
    wanted, since = request.query.get("phone_number_id"), _whole(request, "since")
    rows = [row for row in getattr(sim.world, where) if row.seq > since]
    if wanted is not None:
        rows = [row for row in rows if row.phone_number_id == wanted]
    key = where if wanted is None else f"{where}:{wanted}"
    answer = {"count": sim.world.counts[key], "counts": sim.world.counts}
    if request.query.get("count") == "1":
        return asgi.json(answer | _summary(rows))
    return asgi.json(answer | {"messages": rows})


def _summary(rows: list[Any]) -> dict[str, dict[str, int]]:
    """How often each person, mark and code comes up, for tests that send tens of thousands."""
    sums: dict[str, dict[str, int]] = {}
    for name, key in (("per_person", "wa_id"), ("per_opaque", "opaque"), ("per_code", "code")):
        values = (getattr(row, key, None) for row in rows)
        sums[name] = Counter(str(value) for value in values if value is not None)
    return sums


def _whole(request: Request, name: str) -> int:
    try:
        return int(request.query.get(name, "0"))
    except ValueError:
        raise ControlError(400, f"{name} must be a whole number.") from None


def number_of(sim: Simulator, phone_number_id: str) -> Number:
    """The business number of this id. Raises ControlError 404."""
    number = sim.world.numbers.get(phone_number_id)
    if number is None:
        raise ControlError(404, f"There is no business number {phone_number_id}.")
    return number
