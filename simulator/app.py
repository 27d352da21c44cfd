"""The simulator's ASGI application and its route table. Start: `uvicorn simulator.app:application`.

Routes only: what they do is in `cloud`, `control` and `handset`.
"""

import os
from collections.abc import Awaitable, Callable

import msgspec

from simulator import asgi, cloud, config, control, control_people, control_templates, handset, reviews
from simulator.asgi import Receive, Request, Response, Scope, Send
from simulator.control import ControlError
from simulator.runtime import Simulator

Handler = Callable[[Simulator, Request], Awaitable[Response]]
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/"): handset.page,
    ("GET", "/handset/state"): handset.state,
    ("POST", "/handset/say"): handset.say,
    ("POST", "/handset/look"): handset.look,
    ("POST", "/handset/tap"): handset.tap,
    ("POST", "/handset/marketing"): handset.marketing,
    ("GET", "/control/switches"): control.get_switches,
    ("POST", "/control/switches"): control.set_switches,
    ("POST", "/control/reset"): control.reset,
    ("POST", "/control/inbound"): control_people.inbound,
    ("POST", "/control/tap"): control_people.tap,
    ("POST", "/control/preferences"): control_people.choose,
    ("POST", "/control/history"): control_people.history,
    ("POST", "/control/customers"): control_people.set_customer,
    ("GET", "/control/templates"): control_templates.listed,
    ("POST", "/control/templates"): control_templates.place,
    ("POST", "/control/template"): control_templates.change,
    ("POST", "/control/raw"): control.raw,
    ("POST", "/control/receipt"): control.receipt,
    ("POST", "/control/numbers"): control.set_number,
    ("GET", "/control/accepted"): control.accepted,
    ("GET", "/control/rejected"): control.rejected,
    ("GET", "/control/webhooks"): control.webhook_log,
}
OWN_PAGES = ("/control/", "/handset/")

simulator = Simulator(config.from_environment(os.environ))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Entry point of the server: lifespan and HTTP; WebSockets are refused by not being spoken."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await simulator.start()
            reviews.resume(simulator)
            await send({"type": "lifespan.startup.complete"})
        else:
            await simulator.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    request = await asgi.read(scope, receive)
    if request is None:
        await asgi.answer(send, asgi.json({"error": "The request was too large or cut short."}, 413))
        return
    response = await _respond(request)
    if response.hang_up == "hang" and response.after is not None:
        # The receipts do not wait for the caller to lose patience.
        await response.after()
    if response.hang_up is None:
        await asgi.answer(send, response)
    else:
        await asgi.hang_up(send, receive, response.hang_up)
    if response.hang_up != "hang" and response.after is not None:
        await response.after()


async def _respond(request: Request) -> Response:
    handler = ROUTES.get((request.method, request.path))
    if request.method == "GET" and request.path.startswith("/static/"):
        handler = handset.asset
    if handler is None and not request.path.startswith(OWN_PAGES):
        handler = cloud.handle
    try:
        if handler is None:
            raise ControlError(404, f"There is no {request.method} {request.path}.")
        _refuse_other_sites(request)
        return await handler(simulator, request)
    except ControlError as error:
        return asgi.json({"error": str(error)}, error.status)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return asgi.json({"error": f"{error}."}, 400)


def _refuse_other_sites(request: Request) -> None:
    """A page of another site in the same browser must not press the buttons here."""
    origin = request.headers.get("sec-fetch-site", "none")
    if request.method == "POST" and origin not in {"none", "same-origin"}:
        raise ControlError(403, "Only the simulator's own page may do this.")
