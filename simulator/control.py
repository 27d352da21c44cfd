"""The control API for tests and demos: switches, orders to customers, raw webhooks, and what was accepted.

JSON in, JSON out; every refusal is `{"error": "<one sentence>"}`. Unknown names are refused, so that a
misspelled switch never passes for a switch that does nothing.
"""

# ruff: noqa: ARG001 - every handler gets the simulator and the request

from typing import Any, Literal

import msgspec

from simulator import asgi, customer, receipts, switches, webhooks
from simulator.asgi import Request, Response
from simulator.courier import Signature
from simulator.customer import Words
from simulator.runtime import Simulator
from simulator.state import Message, Number


class ControlError(Exception):
    """A control call that cannot be done: HTTP status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Inbound(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Orders a customer to write. `from` is a WhatsApp id or phone; `timestamp` unix seconds, default now."""

    phone_number_id: str
    sender: str = msgspec.field(name="from")
    name: str = ""
    text: str = "Hello"
    type: str = "text"
    content: dict[str, Any] | None = None
    reply_to: str | None = None
    timestamp: float | None = None
    wamid: str | None = None
    username: str | None = None
    username_only: bool | None = None
    count: int = msgspec.field(default=1)


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


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One old message of a history."""

    sender: Literal["customer", "business"]
    text: str
    timestamp: float
    wamid: str | None = None
    status: str = "read"
    reply_to: str | None = None


class History(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was said before the simulator knew of it. Nothing is posted; service windows follow from it."""

    phone_number_id: str
    sender: str = msgspec.field(name="from")
    name: str = ""
    username: str = ""
    username_only: bool = False
    messages: list[Line] = []


class Person(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A customer to create or change."""

    wa_id: str
    name: str = ""
    username: str | None = None
    username_only: bool | None = None
    unreachable: bool | None = None


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


async def inbound(sim: Simulator, request: Request) -> Response:
    """A customer writes. Answers after the first attempt: `{wamids, status, statuses, error}`."""
    order = msgspec.json.decode(request.body, type=Inbound)
    if not 1 <= order.count <= 1000:
        raise ControlError(400, "count must be between 1 and 1000.")
    if order.count > 1 and order.wamid is not None:
        raise ControlError(400, "wamid names one message, so count must be 1.")
    person = _person(
        sim,
        Person(
            wa_id=order.sender,
            name=order.name,
            username=order.username,
            username_only=order.username_only,
        ),
    )
    words = Words(text=order.text, type=order.type, content=order.content, quoted=order.reply_to)
    words.at, words.wamid = order.timestamp, order.wamid
    done = await customer.say_often(sim, number_of(sim, order.phone_number_id), person, words, order.count)
    outcomes = [outcome for _, outcome in done]
    bad = next((outcome for outcome in outcomes if outcome.status != 200), outcomes[0])
    statuses = [status for outcome in outcomes for status in outcome.statuses]
    wamids = [wamid for wamid, _ in done]
    return asgi.json({"wamids": wamids, "status": bad.status, "statuses": statuses, "error": bad.error})


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


async def history(sim: Simulator, request: Request) -> Response:
    """Load one old thread; messages whose wamid is known already are left alone. Answers `{added}`."""
    order = msgspec.json.decode(request.body, type=History)
    number = number_of(sim, order.phone_number_id)
    details = Person(wa_id=order.sender, name=order.name)
    details.username, details.username_only = order.username, order.username_only
    person = _person(sim, details)
    added = 0
    for line in sorted(order.messages, key=lambda line: line.timestamp):
        wamid = line.wamid or webhooks.wamid(person.wa_id, inbound=line.sender == "customer")
        if wamid in sim.world.messages:
            continue
        message = Message(
            wamid=wamid,
            phone_number_id=number.phone_number_id,
            wa_id=person.wa_id,
            sender=line.sender,
            type="text",
            text=line.text,
            at=line.timestamp,
            status=line.status,
            quoted=line.reply_to,
        )
        sim.world.add(message)
        added += 1
    return asgi.json({"added": added})


async def set_customer(sim: Simulator, request: Request) -> Response:
    person = _person(sim, msgspec.json.decode(request.body, type=Person))
    return asgi.json(person)


async def set_number(sim: Simulator, request: Request) -> Response:
    """Create a business number or replace one; a new `token` makes the old one answer 190."""
    number = msgspec.json.decode(request.body, type=Number)
    sim.world.numbers[number.phone_number_id] = number
    sim.world.touch()
    return asgi.json(number)


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
    rows = [row for row in getattr(sim.world, where) if row["seq"] > since]
    if wanted is not None:
        rows = [row for row in rows if row["phone_number_id"] == wanted]
    key = where if wanted is None else f"{where}:{wanted}"
    return asgi.json({"count": sim.world.counts[key], "counts": sim.world.counts, "messages": rows})


def _whole(request: Request, name: str) -> int:
    try:
        return int(request.query.get(name, "0"))
    except ValueError:
        raise ControlError(400, f"{name} must be a whole number.") from None


def _person(sim: Simulator, order: Person) -> Any:
    """Create the customer or change what is named. People without a visible phone need a username."""
    person = customer.person_of(sim, order.wa_id, order.name)
    for name in ("username", "username_only", "unreachable"):
        value = getattr(order, name)
        if value is not None:
            setattr(person, name, value)
    if person.username_only and not person.username:
        person.username = f"user{person.wa_id[-6:]}"
    sim.world.touch()
    return person


def number_of(sim: Simulator, phone_number_id: str) -> Number:
    """The business number of this id. Raises ControlError 404."""
    number = sim.world.numbers.get(phone_number_id)
    if number is None:
        raise ControlError(404, f"There is no business number {phone_number_id}.")
    return number
