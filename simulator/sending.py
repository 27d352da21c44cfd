"""`POST /{phone_number_id}/messages`: what a valid request does, and how the switches spoil it.

Every send ends in exactly one row of `accepted` or `rejected`; a lost response is an accepted one. This is
the path that benchmarks aim at: what nobody switched on must cost nothing here.
"""

import time

import msgspec

from simulator import admission, asgi, pacing, phones, receipts, validation, webhooks
from simulator.asgi import Response
from simulator.errors import GraphError
from simulator.runtime import Simulator
from simulator.shelf import Template
from simulator.state import AcceptedRecord, Customer, Message, Number
from simulator.validation import ReadOrder, SendOrder

TYPING_S = 25


class Address(msgspec.Struct, kw_only=True):
    """Whom a request means. `person` is None only for what is dropped."""

    phone_number_id: str
    shown: dict[str, str]  # the `contacts` row of the answer
    digits: str
    person: Customer | None
    by_phone: bool = True
    wamid: str = ""


async def messages(sim: Simulator, number: Number, body: bytes) -> Response:
    """Validate, then accept or refuse. Raises GraphError or GatewayError for what is refused."""
    order = validation.parse(body)
    if isinstance(order, ReadOrder):
        return _mark_read(sim, number, order)
    template, form = admission.template_of(sim, number, order)
    failure = None
    if form is not None and order.template is not None:
        failure = admission.media_failure(sim, number, form, order.template)
    address = _address(sim, number, order)
    admission.injected_failure(sim)
    if address.person is None:
        return _accepted(sim, number, address, order, body, pace="")
    failure = admission.obstacle(sim, number, address.person, template) or failure
    pace = "" if template is None or failure is not None else pacing.pace(sim, template)
    response = _accepted(sim, number, address, order, body, pace=pace)
    message = _message(sim, address, order, template, body)
    if failure is not None:
        message.status = "failed"
    elif pace == pacing.HELD:
        message.status = "held"
    sim.world.add(message)
    if template is not None and pace == pacing.HELD:
        pacing.hold(sim, template, message)
        return response
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
    own = number.phone_number_id
    if order.to is None:
        user_id = order.recipient or ""
        person = sim.world.person_behind(number.portfolio_id, user_id)
        if person is None:
            raise GraphError(131026, "No person of this portfolio has that business-scoped user id.")
        shown = {"input": user_id, "user_id": user_id}
        return Address(phone_number_id=own, shown=shown, digits=person.wa_id, person=person, by_phone=False)
    if phones.is_bsuid(order.to):
        shown = {"input": order.to, "wa_id": order.to}
        return Address(phone_number_id=own, shown=shown, digits=number.digits, person=None)
    digits = phones.dialled(order.to, phones.country_code(number.display_phone_number))
    if digits is None:
        raise GraphError(131009, "to is not a phone number.")
    if digits == number.digits:
        raise GraphError(131021)
    wa_id = phones.wa_id(digits)
    person = sim.world.customers.get(wa_id)
    if person is None:
        person = sim.world.customers[wa_id] = Customer(wa_id=wa_id, name="", stranger=True)
    if person.stranger and order.template is None and sim.switches.strangers == "wrote":
        _suppose_they_wrote(sim, number, wa_id)
    shown = {"input": order.to, "wa_id": wa_id}
    return Address(phone_number_id=own, shown=shown, digits=wa_id, person=person)


def _suppose_they_wrote(sim: Simulator, number: Number, wa_id: str) -> None:
    """Somebody who never wrote to the simulator did so through a webhook that was signed elsewhere."""
    thread = sim.world.thread(number.phone_number_id, wa_id)
    if thread.last_customer_at is None:
        thread.last_customer_at = time.time()


def _accepted(
    sim: Simulator, number: Number, address: Address, order: SendOrder, body: bytes, *, pace: str
) -> Response:
    """Count and keep the send, and write the answer, which a switch may doom to be lost."""
    address.wamid = webhooks.wamid(address.digits, inbound=False)
    lost = sim.switches.lose_response > 0
    dropped = address.person is None
    if lost:
        sim.switches.lose_response -= 1
        sim.world.counts["lost"] += 1
    if dropped:
        sim.world.counts["dropped"] += 1
    sim.world.accepted.append(
        AcceptedRecord(
            seq=sim.world.count("accepted", number.phone_number_id),
            time=time.time(),
            phone_number_id=number.phone_number_id,
            request=msgspec.Raw(body),
            wamid=address.wamid,
            wa_id=None if address.person is None else address.person.wa_id,
            opaque=order.opaque,
            lost=lost,
            dropped=dropped,
            held=pace == pacing.HELD,
        )
    )
    sent = {"id": address.wamid, "message_status": pace} if pace else {"id": address.wamid}
    response = asgi.json({"messaging_product": "whatsapp", "contacts": [address.shown], "messages": [sent]})
    response.hang_up = sim.switches.lose_how if lost else None
    return response


def _message(
    sim: Simulator, address: Address, order: SendOrder, template: Template | None, body: bytes
) -> Message:
    wa_id = "" if address.person is None else address.person.wa_id
    message = Message(
        wamid=address.wamid,
        phone_number_id=address.phone_number_id,
        wa_id=wa_id,
        sender="business",
        type="text",
        text=order.text,
        at=time.time(),
        quoted=_quoted(sim, address.phone_number_id, wa_id, order.quoted),
        opaque=order.opaque,
        via="phone" if address.by_phone else "bsuid",
    )
    if template is not None:
        message.type, message.template = "template", template.key
        message.category = template.category.lower()
        message.request = msgspec.Raw(body)
    return message


def _quoted(sim: Simulator, phone_number_id: str, wa_id: str, quoted: str | None) -> str | None:
    """WhatsApp shows no quote bubble for a message it does not find in the chat."""
    found = None if quoted is None else sim.world.messages.get(quoted)
    if found is None or (found.phone_number_id, found.wa_id) != (phone_number_id, wa_id):
        return None
    return quoted


async def _follow_up(sim: Simulator, response: Response, message: Message, failure: int | None) -> None:
    """Order the receipts: before the answer with `receipts_first`, else as soon as it is on its way."""
    if failure is None and receipts.is_silent(sim.switches):
        sim.world.advance(message, "delivered")
        return
    if sim.switches.receipts_first:
        await receipts.play(sim, message, failure)
        return

    async def start() -> None:
        receipts.begin(sim, message, failure)

    response.after = start
