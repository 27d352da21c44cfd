"""The control API for templates: put one on the shelf in any state, and what reviewers and readers do to it.

Refuses unknown names like the rest of the control API.
"""

import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from simulator import asgi, reviews
from simulator.asgi import Request, Response
from simulator.control import ControlError
from simulator.runtime import Simulator
from simulator.shelf import Quality, Template

Category = Literal["MARKETING", "UTILITY", "AUTHENTICATION"]


class Placed(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A template as it shall be, whatever the rules say; nobody is told. Without an id it gets a new one."""

    waba_id: str
    name: str
    components: list[dict[str, Any]]
    language: str = "en"
    category: Category = "UTILITY"
    status: str = "APPROVED"
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    quality: Quality = "GREEN"
    reason: str = "NONE"
    template_id: str | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What shall happen to one template, named by id or by account, name and language.

    `to` is the quality of `rate`, the category of `recategorise` and `announce`, the reason of `reject`.
    """

    do: Literal[
        "approve", "reject", "pause", "unpause", "disable", "delete",
        "rate", "recategorise", "announce", "release", "drop",
    ]  # fmt: skip
    template_id: str = ""
    waba_id: str = ""
    name: str = ""
    language: str = "en"
    to: str = ""


async def listed(sim: Simulator, request: Request) -> Response:
    """All templates with everything that is known of them, of one account or of all."""
    waba_id = request.query.get("waba_id")
    rows = [row for row in sim.world.templates.by_id.values() if waba_id in (None, row.waba_id)]
    held = {template_id: len(messages) for template_id, messages in sim.held.items()}
    return asgi.json({"templates": rows, "held": held})


async def place(sim: Simulator, request: Request) -> Response:
    """Create a template in any state, or replace the one with its account, name and language."""
    order = msgspec.json.decode(request.body, type=Placed)
    shelf = sim.world.templates
    old = shelf.lookup(order.waba_id, order.name, order.language)
    if order.template_id is not None and not order.template_id.isdigit():
        raise ControlError(400, "A template's id consists of digits.")
    template = Template(
        template_id=order.template_id or (shelf.new_id() if old is None else old.template_id),
        waba_id=order.waba_id,
        name=order.name,
        language=order.language,
        category=order.category,
        components=order.components,
        status=order.status,
        parameter_format=order.parameter_format,
        quality=order.quality,
        quality_at=time.time(),
        reason=order.reason,
        revision=1 if old is None else old.revision + 1,
    )
    if old is not None and old.template_id != template.template_id:
        del shelf.by_id[old.template_id]
    shelf.put(template)
    sim.world.touch()
    return asgi.json(template)


async def change(sim: Simulator, request: Request) -> Response:
    """Do something to a template, with its webhooks. Answers the template, and how many messages it moved."""
    order = msgspec.json.decode(request.body, type=Order)
    template = sim.world.templates.by_id.get(order.template_id)
    if not order.template_id:
        template = sim.world.templates.lookup(order.waba_id, order.name, order.language)
    if template is None:
        raise ControlError(404, "There is no such template.")
    moved = _do(sim, template, order)
    return asgi.json({"template": template, "moved": moved})


def _do(sim: Simulator, template: Template, order: Order) -> int:
    if order.do in {"release", "drop"}:
        return reviews.release(sim, template) if order.do == "release" else reviews.drop(sim, template)
    if order.do == "rate":
        reviews.rate(sim, template, msgspec.convert(order.to, Quality))
    elif order.do in {"recategorise", "announce"}:
        category = msgspec.convert(order.to, Category)
        move = reviews.recategorise if order.do == "recategorise" else reviews.announce_category
        move(sim, template, category)
    elif order.do == "reject":
        reviews.reject(sim, template, order.to or sim.switches.reject_reason)
    else:
        plain: dict[str, Callable[[Simulator, Template], None]] = {
            "approve": reviews.approve,
            "pause": reviews.pause,
            "unpause": reviews.unpause,
            "disable": reviews.disable,
            "delete": reviews.delete,
        }
        plain[order.do](sim, template)
    return 0
