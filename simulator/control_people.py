"""The control API for people: what they write, tap and choose, what was said before, and who they are.

Refuses unknown names like the rest of the control API.
"""

from typing import Any, Literal

import msgspec

from simulator import asgi, customer, preferences, webhooks
from simulator.asgi import Request, Response
from simulator.control import ControlError, number_of
from simulator.customer import Words
from simulator.runtime import Simulator
from simulator.state import Customer, Message


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
    refuse: int | msgspec.UnsetType | None = msgspec.UNSET
    refuse_where: Literal["response", "receipt"] | None = None


class Tap(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A quick reply of a template message that is on the phone; `card` counts a carousel's cards from 0."""

    wamid: str
    index: int = 0
    card: int | None = None


class Preference(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A person's choice about a business's marketing."""

    phone_number_id: str
    wa_id: str
    value: Literal["stop", "resume"]
    timestamp: float | None = None


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


async def tap(sim: Simulator, request: Request) -> Response:
    """Somebody taps a quick reply. Answers `{wamid, status, statuses, error}`."""
    order = msgspec.json.decode(request.body, type=Tap)
    message = sim.world.messages.get(order.wamid)
    if message is None or message.sender != "business":
        raise ControlError(404, "No message with this wamid was accepted.")
    try:
        words = customer.reply_behind(sim, message, order.index, order.card)
    except LookupError as error:
        raise ControlError(400, f"There is nothing to tap: {error}.") from None
    wamid, outcome = await customer.tap(sim, message, words)
    return asgi.json({"wamid": wamid} | msgspec.to_builtins(outcome))


async def choose(sim: Simulator, request: Request) -> Response:
    """Somebody stops or resumes marketing. Answers `{status, statuses, error}`."""
    order = msgspec.json.decode(request.body, type=Preference)
    number = number_of(sim, order.phone_number_id)
    person = customer.person_of(sim, order.wa_id)
    return asgi.json(await preferences.choose(sim, number, person, order.value, order.timestamp))


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


def _person(sim: Simulator, order: Person) -> Customer:
    """Create the customer or change what is named. People without a visible phone need a username."""
    person = customer.person_of(sim, order.wa_id, order.name)
    for name in ("username", "username_only", "unreachable", "refuse_where"):
        value = getattr(order, name)
        if value is not None:
            setattr(person, name, value)
    if not isinstance(order.refuse, msgspec.UnsetType):
        person.refuse = order.refuse
    if person.username_only and not person.username:
        person.username = f"user{person.wa_id[-6:]}"
    sim.world.touch()
    return person
