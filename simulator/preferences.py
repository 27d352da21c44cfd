"""A person stops a business's marketing messages, or takes them again: WhatsApp's own switch in the chat."""

import time
from typing import Literal

from simulator import webhooks
from simulator.courier import Outcome
from simulator.runtime import Simulator
from simulator.state import Customer, Number


async def choose(
    sim: Simulator,
    number: Number,
    person: Customer,
    value: Literal["stop", "resume"],
    at: float | None = None,
) -> Outcome:
    """Keep the choice for the number's portfolio and tell the business. Returns its first answer."""
    key = (number.portfolio_id, person.wa_id)
    if value == "stop":
        sim.world.stopped.add(key)
    else:
        sim.world.stopped.discard(key)
    sim.world.touch()
    item = webhooks.preference(number, person, value, at=time.time() if at is None else at)
    return await sim.courier.send(item)
