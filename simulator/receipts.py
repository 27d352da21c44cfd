"""When and in which order the business hears about its own messages: sent, delivered, read, failed.

Decides and waits; the bodies are built in `webhooks`, the posting is the courier's.
"""

import asyncio
import random
import time

from simulator import webhooks
from simulator.courier import Outcome
from simulator.runtime import Simulator
from simulator.state import Message
from simulator.switches import Switches

UNDELIVERABLE = 131026
DROPPED = 132015  # held back by pacing, then thrown away


def plan(switches: Switches) -> list[str]:
    """The receipts that follow a send by themselves, in the order in which they are posted."""
    names = {
        "none": [],
        "sent": ["sent"],
        "delivered": ["sent", "delivered"],
        "all": ["sent", "delivered", "read"] if switches.auto_read else ["sent", "delivered"],
    }[switches.receipts]
    if switches.shuffle and len(names) > 1:
        natural = list(names)
        while names == natural:
            random.shuffle(names)
    return names


def is_silent(switches: Switches) -> bool:
    """Whether nothing at all follows a send by itself."""
    return switches.receipts == "none" and not switches.auto_read


def begin(sim: Simulator, message: Message, failure: int | None) -> None:
    """Let the receipts of one message follow behind."""
    task = sim.spawn(play(sim, message, failure))
    sim.plans[message.wamid] = task
    task.add_done_callback(lambda _: sim.plans.pop(message.wamid, None))


async def play(sim: Simulator, message: Message, failure: int | None) -> None:
    """Post the receipts of one message, each after the switch's delay; only `failed` if it has a failure."""
    if failure is not None:
        await asyncio.sleep(sim.switches.receipt_delay_ms / 1000)
        await post(sim, message, "failed", code=failure)
        return
    for name in plan(sim.switches):
        await asyncio.sleep(sim.switches.receipt_delay_ms / 1000)
        await post(sim, message, name)
    if sim.switches.auto_read:
        sim.world.thread(message.phone_number_id, message.wa_id).unread = 0
        sim.world.advance(message, "read")
    else:
        sim.world.advance(message, "delivered")


async def post(
    sim: Simulator, message: Message, name: str, *, at: float | None = None, code: int | None = None
) -> Outcome:
    """Post one receipt now, whatever came before. `at` is unix seconds, by default the present."""
    number = sim.world.numbers[message.phone_number_id]
    person = sim.world.customer(message.wa_id)
    sim.world.counts["receipts"] += 1
    if name == "failed":
        code = code or UNDELIVERABLE
    sim.world.advance(message, name, error=str(code) if code else None)
    item = webhooks.status(number, person, message, name, at=time.time() if at is None else at, code=code)
    return await sim.courier.send(item)


async def open_chat(sim: Simulator, phone_number_id: str, wa_id: str) -> int:
    """The customer looks at the chat: read what is unread and send its read receipts. Returns how many."""
    unread = sim.world.unread_for_customer(sim.world.thread(phone_number_id, wa_id))
    for message in unread:
        sim.spawn(_read_receipt(sim, message))
    sim.world.touch()
    return len(unread)


async def _read_receipt(sim: Simulator, message: Message) -> None:
    # Opening the chat must not overtake the message's own sent and delivered: that is `shuffle`'s job.
    running = sim.plans.get(message.wamid)
    if running is not None:
        await asyncio.wait([running])
    if sim.switches.receipts == "all" and message.error is None:
        await post(sim, message, "read")
