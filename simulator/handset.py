"""The handset page at `/`: its files, what it shows and what its owner does.

Everything it can do is a POST of JSON; it learns about changes by asking with the version it knows.
"""

# ruff: noqa: ARG001 - every handler gets the simulator and the request

import time
from pathlib import Path
from typing import Any

import msgspec

from simulator import asgi, customer, phones, receipts
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
            "thread": _thread(thread),
            "switches": sim.switches,
            "counts": sim.world.counts,
            "accepted": list(sim.world.accepted)[: -SHOWN_RECORDS - 1 : -1],
            "rejected": list(sim.world.rejected)[: -SHOWN_RECORDS - 1 : -1],
            "webhooks": list(sim.courier.log)[: -SHOWN_RECORDS - 1 : -1],
        }
    )


def _customers(sim: Simulator, phone_number_id: str) -> list[dict[str, Any]]:
    """Everybody, those with the newest message first; the untouched ones keep their order."""
    rows = []
    for person in sim.world.customers.values():
        thread = sim.world.threads.get((phone_number_id, person.wa_id))
        last = _last(thread)
        rows.append(_card(person) | {"unread": thread.unread if thread else 0, "last": last})
    rows.sort(key=lambda row: -(row["last"]["at"] if row["last"] else 0))
    return rows[:SHOWN_CUSTOMERS]


def _card(person: Customer) -> dict[str, Any]:
    return {
        "wa_id": person.wa_id,
        "name": person.name,
        "phone": phones.display(person.wa_id),
        "username": person.username,
        "username_only": person.username_only,
    }


def _visible(thread: Thread) -> list[Message]:
    """What is on the phone: a message of the business that failed never got there."""
    return [m for m in thread.messages if m.sender == "customer" or m.status != "failed"]


def _last(thread: Thread | None) -> dict[str, Any] | None:
    if thread is None:
        return None
    for message in reversed(thread.messages):
        if message.sender == "customer" or message.status != "failed":
            return _bubble(message)
    return None


def _thread(thread: Thread | None) -> dict[str, Any]:
    if thread is None:
        return {"messages": [], "window_until": None, "typing_until": 0, "unread": 0}
    return {
        "messages": [_bubble(message) for message in _visible(thread)[-SHOWN_MESSAGES:]],
        "window_until": thread.window_until(),
        "typing_until": thread.typing_until,
        "unread": thread.unread,
    }


def _bubble(message: Message) -> dict[str, Any]:
    return {
        "wamid": message.wamid,
        "sender": message.sender,
        "type": message.type,
        "text": message.text,
        "at": message.at,
        "status": message.status,
        "quoted": message.quoted,
    }


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
