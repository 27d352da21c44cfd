"""`POST /{phone_number_id}/messages`: what a valid request does, and how the switches spoil it.

Every send ends in exactly one row of `accepted` or `rejected`; a lost response is an accepted one.
"""

import time

import msgspec

from simulator import asgi, phones, receipts, validation, webhooks
from simulator.asgi import Response
from simulator.errors import GatewayError, GraphError
from simulator.runtime import Simulator
from simulator.state import Customer, Message, Number, Thread
from simulator.switches import take_failure
from simulator.validation import ReadOrder, SendOrder

OUTSIDE_WINDOW = 131047
TYPING_S = 25


class Address(msgspec.Struct, kw_only=True):
    """Whom a request means. `person` is None only for what is dropped."""

    shown: dict[str, str]  # the `contacts` row of the answer
    digits: str
    person: Customer | None
    by_phone: bool = True


async def messages(sim: Simulator, number: Number, body: bytes) -> Response:
    """Validate, then accept or refuse. Raises GraphError or GatewayError for what is refused."""
    order = validation.parse(body)
    if isinstance(order, ReadOrder):
        return _mark_read(sim, number, order)
    address = _address(sim, number, order)
    _injected_failure(sim)
    if address.person is None:
        return _accepted(sim, number, address, body)
    failure = _obstacle(sim, number, address.person)
    response = _accepted(sim, number, address, body)
    wamid = sim.world.accepted[-1]["wamid"]
    thread = sim.world.thread(number.phone_number_id, address.person.wa_id)
    message = _message(sim, thread, order, wamid)
    message.via = "phone" if address.by_phone else "bsuid"
    message.status = "accepted" if failure is None else "failed"
    sim.world.add(message)
    await _follow_up(sim, response, message, failure)
    return response


def _mark_read(sim: Simulator, number: Number, order: ReadOrder) -> Response:
    message = sim.world.messages.get(order.message_id)
    known = message is not None and message.sender == "customer"
    if message is None or not known or message.phone_number_id != number.phone_number_id:
        raise GraphError(131009, "message_id is not a message that this number received.")
    sim.world.read_up_to(message)
    sim.world.counts["read marks"] += 1
    if order.typing:
        thread = sim.world.thread(message.phone_number_id, message.wa_id)
        thread.typing_until = time.time() + TYPING_S
    sim.world.touch()
    return asgi.json({"success": True})


def _address(sim: Simulator, number: Number, order: SendOrder) -> Address:
    """`to` wins over `recipient`. A user id in `to` is the trap it really is: 200, and nothing happens."""
    if order.to is None:
        user_id = order.recipient or ""
        person = sim.world.person_behind(number.portfolio_id, user_id)
        if person is None:
            raise GraphError(131026, "No person of this portfolio has that business-scoped user id.")
        shown = {"input": user_id, "user_id": user_id}
        return Address(shown=shown, digits=person.wa_id, person=person, by_phone=False)
    if phones.is_bsuid(order.to):
        return Address(shown={"input": order.to, "wa_id": order.to}, digits=number.digits, person=None)
    digits = phones.dialled(order.to, phones.country_code(number.display_phone_number))
    if digits is None:
        raise GraphError(131009, "to is not a phone number.")
    if digits == number.digits:
        raise GraphError(131021)
    wa_id = phones.wa_id(digits)
    shown = {"input": order.to, "wa_id": wa_id}
    if wa_id not in sim.world.customers and sim.switches.strangers == "wrote":
        _suppose_they_wrote(sim, number, wa_id)
    return Address(shown=shown, digits=wa_id, person=sim.world.customer(wa_id))


def _suppose_they_wrote(sim: Simulator, number: Number, wa_id: str) -> None:
    """Somebody the simulator never heard of wrote through a webhook that was signed elsewhere, by hand or by a test."""
    sim.world.thread(number.phone_number_id, wa_id).last_customer_at = time.time()


def _injected_failure(sim: Simulator) -> None:
    failure = take_failure(sim.switches, "response")
    if failure is None:
        return
    if failure.code is None:
        raise GatewayError(failure.http_status or 502)
    raise GraphError(failure.code, http_status=failure.http_status)


def _obstacle(sim: Simulator, number: Number, person: Customer) -> int | None:
    """The error code with which an accepted message will fail later, or None. Raises what fails at once."""
    failure = take_failure(sim.switches, "receipt")
    if failure is not None and failure.code is not None:
        return failure.code
    if person.unreachable:
        return receipts.UNDELIVERABLE
    thread = sim.world.thread(number.phone_number_id, person.wa_id)
    now = time.time()
    if sim.switches.enforce_window and not thread.window_open(now):
        if sim.switches.window_refusal == "response":
            raise GraphError(OUTSIDE_WINDOW)
        return OUTSIDE_WINDOW
    if sim.switches.pair_rate and not thread.take_pair_slot(now):
        raise GraphError(131056)
    return None


def _accepted(sim: Simulator, number: Number, address: Address, body: bytes) -> Response:
    """Count and keep the send, and write the answer, which a switch may doom to be lost."""
    wamid = webhooks.wamid(address.digits, inbound=False)
    lost = sim.switches.lose_response > 0
    sim.switches.lose_response -= lost
    dropped = address.person is None
    wa_id = None if address.person is None else address.person.wa_id
    row = {"phone_number_id": number.phone_number_id, "wamid": wamid, "wa_id": wa_id}
    request = msgspec.json.decode(body)
    sim.world.record("accepted", row | {"request": request, "lost": lost, "dropped": dropped})
    sim.world.counts["lost"] += lost
    sim.world.counts["dropped"] += dropped
    answer = {"messaging_product": "whatsapp", "contacts": [address.shown], "messages": [{"id": wamid}]}
    response = asgi.json(answer)
    response.hang_up = sim.switches.lose_how if lost else None
    return response


def _message(sim: Simulator, thread: Thread, order: SendOrder, wamid: str) -> Message:
    # WhatsApp shows no quote bubble for a message it does not find in the chat.
    quoted = sim.world.messages.get(order.quoted or "")
    if quoted is not None and (quoted.phone_number_id, quoted.wa_id) != (
        thread.phone_number_id,
        thread.wa_id,
    ):
        quoted = None
    return Message(
        wamid=wamid,
        phone_number_id=thread.phone_number_id,
        wa_id=thread.wa_id,
        sender="business",
        type="text",
        text=order.text,
        at=time.time(),
        quoted=None if quoted is None else quoted.wamid,
        opaque=order.opaque,
    )


async def _follow_up(sim: Simulator, response: Response, message: Message, failure: int | None) -> None:
    """Order the receipts: before the answer with `receipts_first`, else as soon as it is on its way."""
    if sim.switches.receipts_first:
        await receipts.play(sim, message, failure)
        return

    async def start() -> None:
        task = sim.spawn(receipts.play(sim, message, failure))
        sim.plans[message.wamid] = task
        task.add_done_callback(lambda _: sim.plans.pop(message.wamid, None))

    response.after = start
