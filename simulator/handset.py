"""The handset page at `/`: its files, what it shows and what its owner does.

Everything it can do is a POST of JSON; it learns about changes by asking with the version it knows.
"""

# ruff: noqa: ARG001 - every handler gets the simulator and the request

import heapq
import time
from pathlib import Path
from typing import Any, Literal

import msgspec

from simulator import asgi, bubbles, customer, phones, preferences, receipts
from simulator.asgi import Request, Response
from simulator.control import ControlError, number_of
from simulator.customer import Words
from simulator.runtime import Simulator
from simulator.state import Customer, Message, Thread

HERE = Path(__file__).parent
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
SHOWN_MESSAGES = 200
SHOWN_CUSTOMERS = 200
SHOWN_RECORDS = 12


class Say(msgspec.Struct, forbid_unknown_fields=True):
    """The customer types something and presses send."""

    phone_number_id: str
    wa_id: str
    text: str
    type: str = "text"
    reply_to: str | None = None


class Look(msgspec.Struct, forbid_unknown_fields=True):
    """The customer looks at the chat with a number."""

    phone_number_id: str
    wa_id: str


class Tap(msgspec.Struct, forbid_unknown_fields=True):
    """The customer taps a quick reply of a template message."""

    wamid: str
    index: int
    card: int | None = None


class Marketing(msgspec.Struct, forbid_unknown_fields=True):
    """The customer stops a number's marketing messages, or takes them again."""

    phone_number_id: str
    wa_id: str
    value: Literal["stop", "resume"]


async def page(sim: Simulator, request: Request) -> Response:
    body = (HERE / "templates" / "handset.html").read_bytes()
    return Response(body=body, content_type="text/html; charset=utf-8")


async def asset(sim: Simulator, request: Request) -> Response:
    """A file of the static folder by its bare name; anything with a path in it does not exist."""
    name = request.path.removeprefix("/static/")
    path = HERE / "static" / name
    if "/" in name or path.suffix not in TYPES or not path.is_file():
        raise ControlError(404, "There is no such file.")
    return Response(body=path.read_bytes(), content_type=TYPES[path.suffix])


async def state(sim: Simulator, request: Request) -> Response:
    """All the page shows for one customer and one number, or 204 if nothing changed since `version`."""
    if request.query.get("version") == str(sim.world.version):
        return Response(status=204)
    numbers = list(sim.world.numbers.values())
    chosen = sim.world.numbers.get(request.query.get("number", ""), numbers[0])
    wa_id = request.query.get("customer", "")
    person = sim.world.customers.get(wa_id) or next(iter(sim.world.customers.values()))
    thread = sim.world.threads.get((chosen.phone_number_id, person.wa_id))
    return asgi.json(
        {
            "version": sim.world.version,
            "now": time.time(),
            "number": chosen.phone_number_id,
            "customer": person.wa_id,
            "numbers": [
                {"id": n.phone_number_id, "name": n.verified_name, "phone": n.display_phone_number}
                for n in numbers
            ],
            "customers": _customers(sim, chosen.phone_number_id),
            "thread": _thread(sim, thread),
            "stopped": (chosen.portfolio_id, person.wa_id) in sim.world.stopped,
            "switches": sim.switches,
            "counts": sim.world.counts,
            "accepted": list(sim.world.accepted)[: -SHOWN_RECORDS - 1 : -1],
            "rejected": list(sim.world.rejected)[: -SHOWN_RECORDS - 1 : -1],
            "webhooks": list(sim.courier.log)[: -SHOWN_RECORDS - 1 : -1],
        }
    )


def _customers(sim: Simulator, phone_number_id: str) -> list[dict[str, Any]]:
    """Those with the newest message first; the untouched ones keep their order. Only so many are shown."""

    def newest(person: Customer) -> float:
        thread = sim.world.threads.get((phone_number_id, person.wa_id))
        return thread.messages[-1].at if thread is not None and thread.messages else 0

    rows = []
    for person in heapq.nlargest(SHOWN_CUSTOMERS, sim.world.customers.values(), key=newest):
        thread = sim.world.threads.get((phone_number_id, person.wa_id))
        rows.append(_card(person) | {"unread": thread.unread if thread else 0, "last": _last(sim, thread)})
    return rows


def _card(person: Customer) -> dict[str, Any]:
    return {
        "wa_id": person.wa_id,
        "name": person.called,
        "phone": phones.display(person.wa_id),
        "username": person.username,
        "username_only": person.username_only,
    }


def _is_there(message: Message) -> bool:
    """A message of the business that failed or is held back never got to the phone."""
    return message.sender == "customer" or message.status not in {"failed", "held"}


def _last(sim: Simulator, thread: Thread | None) -> dict[str, Any] | None:
    if thread is None:
        return None
    for message in reversed(thread.messages):
        if _is_there(message):
            return {"at": message.at, "text": bubbles.text_of(sim.world.templates, message)}
    return None


def _thread(sim: Simulator, thread: Thread | None) -> dict[str, Any]:
    if thread is None:
        return {"messages": [], "window_until": None, "typing_until": 0, "unread": 0}
    there = [message for message in thread.messages if _is_there(message)]
    return {
        "messages": [_bubble(sim, message) for message in there[-SHOWN_MESSAGES:]],
        "window_until": thread.window_until(),
        "typing_until": thread.typing_until,
        "unread": thread.unread,
    }


def _bubble(sim: Simulator, message: Message) -> dict[str, Any]:
    drawn = bubbles.shown(sim.world.templates, message) if message.template else None
    return {
        "wamid": message.wamid,
        "sender": message.sender,
        "type": message.type,
        "text": message.text if drawn is None else drawn["body"],
        "at": message.at,
        "status": message.status,
        "quoted": message.quoted,
        "template": drawn,
    }


async def tap(sim: Simulator, request: Request) -> Response:
    """Send what a button says. Answers at once, like saying something."""
    order = msgspec.json.decode(request.body, type=Tap)
    message = sim.world.messages.get(order.wamid)
    if message is None:
        raise ControlError(404, "There is no such message.")
    try:
        words = customer.reply_behind(sim, message, order.index, order.card)
    except LookupError as error:
        raise ControlError(400, f"There is nothing to tap: {error}.") from None
    sim.spawn(customer.tap(sim, message, words))
    return asgi.json({"sent": True}, 202)


async def marketing(sim: Simulator, request: Request) -> Response:
    """Stop or resume the number's marketing messages."""
    order = msgspec.json.decode(request.body, type=Marketing)
    number = number_of(sim, order.phone_number_id)
    person = customer.person_of(sim, order.wa_id)
    sim.spawn(preferences.choose(sim, number, person, order.value))
    return asgi.json({"value": order.value}, 202)


async def say(sim: Simulator, request: Request) -> Response:
    """Send what was typed. Answers at once; the ticks come with the next state."""
    order = msgspec.json.decode(request.body, type=Say)
    number = number_of(sim, order.phone_number_id)
    person = sim.world.customers.get(order.wa_id)
    if person is None:
        raise ControlError(404, "There is no such customer.")
    if not order.text.strip():
        raise ControlError(400, "An empty message cannot be sent.")
    content = {"question": order.text} if order.type not in {"text", "unsupported"} else None
    words = Words(text=order.text, type=order.type, quoted=order.reply_to, content=content)
    sim.spawn(customer.say(sim, number, person, words))
    return asgi.json({"sent": True}, 202)


async def look(sim: Simulator, request: Request) -> Response:
    order = msgspec.json.decode(request.body, type=Look)
    number_of(sim, order.phone_number_id)
    return asgi.json({"read": await receipts.open_chat(sim, order.phone_number_id, order.wa_id)})
