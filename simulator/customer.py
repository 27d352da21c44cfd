"""What a customer does: write to a number. Used by the handset page and by tests through the control API."""

import asyncio
import time
from typing import Any

import msgspec

from simulator import bubbles, errors, phones, webhooks
from simulator.courier import Outcome
from simulator.runtime import Simulator
from simulator.state import Customer, Message, Number

POLL = {"errors": [errors.in_status(131051)], "unsupported": {"type": "poll_creation"}}


class Words(msgspec.Struct, kw_only=True):
    """One thing to say. `content` is the typed part for types other than text and unsupported."""

    text: str = "Hello"
    type: str = "text"
    content: dict[str, Any] | None = None
    quoted: str | None = None
    at: float | None = None
    wamid: str | None = None


def person_of(sim: Simulator, address: str, name: str = "") -> Customer:
    """The customer with this WhatsApp id; `+`, spaces and the like are forgiven, a stranger is created."""
    person = sim.world.customer(phones.wa_id(phones.digits_of(address)), name)
    person.name, person.stranger = person.called, False
    return person


async def say(sim: Simulator, number: Number, person: Customer, words: Words) -> tuple[str, Outcome]:
    """Write to a number and post the webhook. Returns the wamid and what the business answered first.

    A wamid that exists already is not added again, only posted again: a repeated delivery.
    """
    wamid = words.wamid or webhooks.wamid(person.wa_id, inbound=True)
    message = Message(
        wamid=wamid,
        phone_number_id=number.phone_number_id,
        wa_id=person.wa_id,
        sender="customer",
        type=words.type,
        text=words.text,
        at=time.time() if words.at is None else words.at,
        status="sent",
        quoted=words.quoted,
    )
    if wamid not in sim.world.messages:
        sim.world.add(message)
        sim.world.counts["inbound"] += 1
    item = webhooks.inbound(number, person, message, _typed_part(sim, number, person, words))
    return wamid, await sim.courier.send(item)


def reply_behind(sim: Simulator, message: Message, index: int, card: int | None) -> Words:
    """What tapping a button of a template message says. Raises LookupError unless it is a quick reply."""
    drawn = bubbles.shown(sim.world.templates, message)
    if drawn is None:
        raise LookupError("this is no template message")
    button = (drawn["buttons"] if card is None else drawn["cards"][card]["buttons"])[index]
    if button["kind"] != "QUICK_REPLY":
        raise LookupError("only quick replies send something")
    content = {"payload": button["value"], "text": button["text"]}
    return Words(text=button["text"], type="button", content=content, quoted=message.wamid)


async def tap(sim: Simulator, message: Message, words: Words) -> tuple[str, Outcome]:
    """Send what a button of this message says, see `reply_behind`."""
    number = sim.world.numbers[message.phone_number_id]
    return await say(sim, number, person_of(sim, message.wa_id), words)


async def say_often(
    sim: Simulator, number: Number, person: Customer, words: Words, count: int
) -> list[tuple[str, Outcome]]:
    """Say something `count` times at once, numbered from the second on."""
    each = [words] + [msgspec.structs.replace(words, text=f"{words.text} {i}") for i in range(2, count + 1)]
    return list(await asyncio.gather(*(say(sim, number, person, one) for one in each)))


def _typed_part(sim: Simulator, number: Number, person: Customer, words: Words) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if not sim.world.phone_is_visible(person, number.phone_number_id):
        extra["hide_phone"] = True
    if words.type == "text":
        extra["text"] = {"body": words.text}
    elif words.type == "unsupported":
        extra |= words.content or POLL
    elif words.content is not None:
        extra[words.type] = words.content
    if words.quoted is not None:
        extra["context"] = _context(sim, number, person, words.quoted)
    return extra


def _context(sim: Simulator, number: Number, person: Customer, quoted: str) -> dict[str, str]:
    """`from` is who wrote the quoted message; missing when that person's phone is hidden."""
    original = sim.world.messages.get(quoted)
    if original is None or original.sender == "business":
        return {"from": number.digits, "id": quoted}
    if sim.world.phone_is_visible(person, number.phone_number_id):
        return {"from": person.wa_id, "id": quoted}
    return {"id": quoted}
