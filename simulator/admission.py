"""What stands in the way of a valid send: the template's state, the person, windows, limits, ordered failures.

Either raises what the answer refuses, or returns the code with which an accepted message fails later. The
order is that of the doors a message passes: template, number, person.
"""

import time

from simulator import filling
from simulator.errors import GatewayError, GraphError
from simulator.filling import Media
from simulator.forms import Form
from simulator.runtime import Simulator
from simulator.shelf import Template
from simulator.state import Customer, Number, Thread
from simulator.switches import take_failure
from simulator.validation import SendOrder, TemplateWish

OUTSIDE_WINDOW, UNDELIVERABLE, STOPPED = 131047, 131026, 131050
NO_TEMPLATE, PAUSED, DISABLED = 132001, 132015, 132016
UNUSABLE, BAD_MEDIA, NEEDS_PHONE = 131009, 131053, 131062
# The types a header takes, by what their MIME type begins with (Meta, Media, 2026-09).
_MIME = {
    "image": ("image/",),
    "video": ("video/",),
    "document": ("application/", "text/"),
    "gif": ("video/",),
}


def template_of(sim: Simulator, number: Number, order: SendOrder) -> tuple[Template | None, Form | None]:
    """The template a send names, if it may be sent; both None for a text. Raises GraphError 132xxx."""
    wish = order.template
    if wish is None:
        return None, None
    template = sim.world.templates.lookup(number.waba_id, wish.name, wish.language)
    if template is None or template.status not in {"APPROVED", "PAUSED", "DISABLED"}:
        raise GraphError(NO_TEMPLATE, f"template name ({wish.name}) does not exist in {wish.language}")
    if template.status != "APPROVED":
        raise GraphError(PAUSED if template.status == "PAUSED" else DISABLED)
    if order.to is None and template.category == "AUTHENTICATION":
        raise GraphError(NEEDS_PHONE)
    return template, sim.world.templates.forms[template.key]


def media_failure(sim: Simulator, number: Number, form: Form, wish: TemplateWish) -> int | None:
    """Check what is filled in. Returns 131053 for media that turns out to be unusable later, else None.

    Raises GraphError; an unknown media id is 131009 at once. A link to a host that ends in `.invalid` stands
    for one that cannot be downloaded.
    """
    failure = None
    for media in filling.check(form, wish.components):
        if not _is_usable(sim, number, media):
            failure = BAD_MEDIA
    return failure


def _is_usable(sim: Simulator, number: Number, media: Media) -> bool:
    if media.id is None:
        host = (media.link or "").split("/")[2].split(":")[0]
        return not host.endswith(".invalid")
    file = sim.world.files.find(number.phone_number_id, media.id)
    if file is None:
        raise GraphError(UNUSABLE, f"{media.id} is not a media id of this number.")
    return file.mime.startswith(_MIME[media.kind])


def injected_failure(sim: Simulator) -> None:
    """Raise the next ordered failure that shows in the answer, if there is one."""
    failure = take_failure(sim.switches, "response")
    if failure is None:
        return
    if failure.code is None:
        raise GatewayError(failure.http_status or 502)
    raise GraphError(failure.code, http_status=failure.http_status)


def obstacle(sim: Simulator, number: Number, person: Customer, template: Template | None) -> int | None:
    """The error code with which an accepted message will fail later, or None. Raises what fails at once."""
    failure = take_failure(sim.switches, "receipt")
    if failure is not None and failure.code is not None:
        return failure.code
    switches = sim.switches
    if switches.number_rate:
        sim.limits.take_throughput(number, switch=switches.number_rate)
    if person.unreachable:
        return UNDELIVERABLE
    if person.refuse is not None:
        return _refused(person.refuse, person.refuse_where)
    is_marketing = template is not None and template.category == "MARKETING"
    if is_marketing and (number.portfolio_id, person.wa_id) in sim.world.stopped:
        return _refused(STOPPED, switches.stopped_refusal)
    thread = sim.world.thread(number.phone_number_id, person.wa_id)
    return _clocks(sim, number, thread, template)


def _clocks(sim: Simulator, number: Number, thread: Thread, template: Template | None) -> int | None:
    """The limits of the pair and the portfolio, and the window, which only a template may disregard."""
    switches = sim.switches
    now = time.time()
    is_open = thread.window_open(now)
    if template is None and switches.enforce_window and not is_open:
        return _refused(OUTSIDE_WINDOW, switches.window_refusal)
    if switches.pair_rate and not thread.take_pair_slot(now):
        raise GraphError(131056)
    if switches.portfolio_limit and not is_open:
        sim.limits.take_person(number, thread.wa_id, switch=switches.portfolio_limit)
    return None


def _refused(code: int, where: str) -> int:
    if where == "response":
        raise GraphError(code)
    return code
