"""The Graph API: `/{version}/{node}/{edge}` for numbers, accounts, templates and files.

Authorises by bearer token and finds who answers: `sending`, `management`, `media`, or the numbers' own
fields here.
"""

import asyncio
import base64
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec

from simulator import asgi, errors, management, media, sending
from simulator.asgi import Request, Response
from simulator.errors import GatewayError, GraphError
from simulator.limits import TOO_MANY_CALLS
from simulator.runtime import Simulator
from simulator.shelf import Template
from simulator.state import Number, RejectedRecord

PATH = re.compile(r"^/v(\d{1,3}\.\d)/(.+?)/?$")
FULL_PERCENT = 100
DEFAULT_FIELDS = (
    "id,verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,"
    "throughput,last_onboarded_time,webhook_configuration"
)


async def handle(sim: Simulator, request: Request) -> Response:
    """Answer one Graph call. Refusals wait as long as answers do: latency belongs to the network."""
    try:
        response = await _route(sim, request)
    except GraphError as error:
        _note_refusal(sim, request, error.code, error.details, error.http_status)
        response = asgi.json(error.body(), error.http_status)
    except GatewayError as error:
        _note_refusal(sim, request, None, "gateway error", error.http_status)
        html = "text/html; charset=utf-8"
        response = Response(status=error.http_status, body=GatewayError.PAGE, content_type=html)
    if sim.switches.latency_ms:
        await asyncio.sleep(sim.switches.latency_ms / 1000)
    return response


def _note_refusal(sim: Simulator, request: Request, code: int | None, details: str, status: int) -> None:
    """Keep a refused send for the list of rejected ones; other refused calls are not kept."""
    match = PATH.match(request.path)
    if request.method != "POST" or match is None or not match[2].endswith("/messages"):
        return
    try:
        msgspec.json.decode(request.body)
        body = request.body
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = msgspec.json.encode(request.body.decode("utf-8", "replace"))
    phone_number_id = match[2].split("/")[0]
    sim.world.rejected.append(
        RejectedRecord(
            seq=sim.world.count("rejected", phone_number_id),
            time=time.time(),
            phone_number_id=phone_number_id,
            request=msgspec.Raw(body),
            code=code,
            details=details,
            http_status=status,
        )
    )


class Caller(msgspec.Struct, frozen=True):
    """Who calls: the numbers whose token it is, and with them the accounts that may be seen."""

    numbers: list[Number]

    @property
    def accounts(self) -> set[str]:
        return {number.waba_id for number in self.numbers}


async def _route(sim: Simulator, request: Request) -> Response:
    match = PATH.match(request.path)
    if match is None:
        raise GraphError(100, message="(#100) Invalid version format. Use format like 'v26.0'")
    node, _, edge = match[2].partition("/")
    caller = _caller(sim, request)
    number = next((owner for owner in caller.numbers if owner.phone_number_id == node), None)
    if request.method == "POST" and edge == "messages" and number is not None:
        return await sending.messages(sim, number, request.body)
    response = None
    if number is not None:
        response = _on_number(sim, number, edge, request)
    elif node in caller.accounts:
        response = _on_account(sim, node, edge, request)
    elif (template := sim.world.templates.by_id.get(node)) is not None:
        if template.waba_id in caller.accounts:
            response = _on_template(sim, template, edge, request)
    else:
        response = _on_file(sim, caller, node, edge, request)
    if response is None:
        raise errors.missing_object(request.method, node)
    return response


def _caller(sim: Simulator, request: Request) -> Caller:
    token = _token(request)
    if not token:
        raise errors.bad_token("An access token is required to request this resource.")
    numbers = [number for number in sim.world.numbers.values() if number.token == token]
    if not numbers:
        raise errors.bad_token("Invalid OAuth access token - Cannot parse access token")
    return Caller(numbers)


def _on_number(sim: Simulator, number: Number, edge: str, request: Request) -> Response | None:
    if (request.method, edge) == ("GET", ""):
        fields = request.query.get("fields", DEFAULT_FIELDS)
        return _managed(sim, number.waba_id, lambda: asgi.json(_fields(sim, number, fields)))
    if (request.method, edge) == ("POST", "media"):
        return media.upload(sim, number, request)
    return None


def _on_account(sim: Simulator, waba_id: str, edge: str, request: Request) -> Response | None:
    known: dict[tuple[str, str], Callable[[], Response]] = {
        ("GET", ""): lambda: asgi.json({"id": waba_id, "name": "Simulated WhatsApp account"}),
        ("GET", "phone_numbers"): lambda: asgi.json(
            _list(sim, waba_id, request.query.get("fields", DEFAULT_FIELDS))
        ),
        ("GET", "message_templates"): lambda: management.listed(sim, waba_id, request),
        ("POST", "message_templates"): lambda: management.create(sim, waba_id, request),
        ("DELETE", "message_templates"): lambda: management.delete(sim, waba_id, request),
    }
    answer = known.get((request.method, edge))
    return None if answer is None else _managed(sim, waba_id, answer)


def _on_template(sim: Simulator, template: Template, edge: str, request: Request) -> Response | None:
    fields = request.query.get("fields", management.USUAL_FIELDS)
    known: dict[tuple[str, str], Callable[[], Response]] = {
        ("GET", ""): lambda: asgi.json(management.node(template, fields)),
        ("POST", ""): lambda: management.edit(sim, template, request),
        ("POST", "unpause"): lambda: management.unpause(sim, template),
    }
    answer = known.get((request.method, edge))
    return None if answer is None else _managed(sim, template.waba_id, answer)


def _on_file(sim: Simulator, caller: Caller, node: str, edge: str, request: Request) -> Response | None:
    """Media of the caller's numbers, and samples: an app's id is not checked, for the simulator knows no apps."""
    if node.startswith("upload:") and edge == "":
        if request.method == "POST":
            return media.continue_sample(sim, node, request)
        return media.sample_offset(sim, node) if request.method == "GET" else None
    if (request.method, edge) == ("POST", "uploads"):
        return media.begin_sample(sim, request)
    file = sim.world.files.media.get(node)
    if file is None or file.phone_number_id not in {one.phone_number_id for one in caller.numbers}:
        return None
    known: dict[tuple[str, str], Callable[[], Response]] = {
        ("GET", ""): lambda: media.read(file, request),
        ("GET", "content"): lambda: media.content(file),
        ("DELETE", ""): lambda: media.delete(sim, file),
    }
    answer = known.get((request.method, edge))
    return None if answer is None else answer()


def _managed(sim: Simulator, waba_id: str, answer: Callable[[], Response]) -> Response:
    """Answer a management call; these are counted for the account, and every answer says how far it is."""
    used = sim.limits.count_call(waba_id, sim.switches.management_rate)
    try:
        if sim.switches.management_rate and used > FULL_PERCENT:
            raise GraphError(TOO_MANY_CALLS)
        response = answer()
    except GraphError as error:
        response = asgi.json(error.body(), error.http_status)
    usage = {
        "type": "whatsapp_business_management",
        "call_count": min(used, FULL_PERCENT),
        "total_cputime": 0,
        "total_time": 0,
        "estimated_time_to_regain_access": 60 if used > FULL_PERCENT else 0,
    }
    response.headers = [(b"x-business-use-case-usage", msgspec.json.encode({waba_id: [usage]}))]
    return response


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in {"bearer", "oauth"}:
        return token.strip()
    return request.query.get("access_token", "")


def _fields(sim: Simulator, number: Number, wanted: str) -> dict[str, Any]:
    """The wanted fields of a phone number node; `id` always comes along, an unknown name is refused."""
    known = _node(sim, number)
    chosen: dict[str, Any] = {}
    for name in (part.strip() for part in wanted.split(",")):
        if name and name not in known:
            node_type = "WhatsAppBusinessPhoneNumber"
            message = f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})"
            raise GraphError(100, message=message)
        if name:
            chosen[name] = known[name]
    return chosen | {"id": number.phone_number_id}


def _node(sim: Simulator, number: Number) -> dict[str, Any]:
    connected = number.status == "CONNECTED"
    health = {"entity_type": "PHONE_NUMBER", "id": number.phone_number_id}
    health["can_send_message"] = "AVAILABLE" if connected else "BLOCKED"
    return {
        "id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.verified_name,
        "quality_rating": number.quality_rating,
        "status": number.status,
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": number.throughput},
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "is_pin_enabled": True,
        "is_on_biz_app": False,
        "last_onboarded_time": "2026-02-04T17:40:07+0000",
        "messaging_limit_tier": number.messaging_limit,
        "whatsapp_business_manager_messaging_limit": number.messaging_limit,
        "webhook_configuration": {"application": sim.config.webhook_url},
        "health_status": {"can_send_message": health["can_send_message"], "entities": [health]},
    }


def _list(sim: Simulator, waba_id: str, wanted: str) -> dict[str, Any]:
    numbers = [number for number in sim.world.numbers.values() if number.waba_id == waba_id]
    ends = [base64.b64encode(number.phone_number_id.encode()).decode() for number in numbers]
    paging = {"cursors": {"before": ends[0], "after": ends[-1]}}
    return {"data": [_fields(sim, number, wanted) for number in numbers], "paging": paging}
