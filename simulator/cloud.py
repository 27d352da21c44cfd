"""The Graph API: `/{version}/{node}` for phone numbers, accounts and their numbers, and the messages door.

Authorises by bearer token and answers in Meta's shapes. Sending itself is in `sending`.
"""

import asyncio
import base64
import re
from typing import Any

import msgspec

from simulator import asgi, errors, sending
from simulator.asgi import Request, Response
from simulator.errors import GatewayError, GraphError
from simulator.runtime import Simulator
from simulator.state import Number

PATH = re.compile(r"^/v(\d{1,3}\.\d)/(.+?)/?$")
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
    await asyncio.sleep(sim.switches.latency_ms / 1000)
    return response


def _note_refusal(sim: Simulator, request: Request, code: int | None, details: str, status: int) -> None:
    """Keep a refused send for the list of rejected ones; other refused calls are not kept."""
    match = PATH.match(request.path)
    if request.method != "POST" or match is None or not match[2].endswith("/messages"):
        return
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = request.body.decode("utf-8", "replace")
    row = {"phone_number_id": match[2].split("/")[0], "code": code, "details": details}
    sim.world.record("rejected", row | {"http_status": status, "request": body})


async def _route(sim: Simulator, request: Request) -> Response:
    match = PATH.match(request.path)
    if match is None:
        raise GraphError(100, message="(#100) Invalid version format. Use format like 'v26.0'")
    node, _, edge = match[2].partition("/")
    token = _token(request)
    owners = [number for number in sim.world.numbers.values() if number.token == token]
    if not token:
        raise errors.bad_token("An access token is required to request this resource.")
    if not owners:
        raise errors.bad_token("Invalid OAuth access token - Cannot parse access token")
    number = next((owner for owner in owners if owner.phone_number_id == node), None)
    accounts = [owner.waba_id for owner in owners]
    if request.method == "POST" and edge == "messages" and number is not None:
        return await sending.messages(sim, number, request.body)
    if request.method == "GET" and edge == "" and number is not None:
        return asgi.json(_fields(sim, number, request.query.get("fields", DEFAULT_FIELDS)))
    if request.method == "GET" and edge == "phone_numbers" and node in accounts:
        return asgi.json(_list(sim, node, request.query.get("fields", DEFAULT_FIELDS)))
    if request.method == "GET" and edge == "" and node in accounts:
        return asgi.json({"id": node, "name": "Simulated WhatsApp account"})
    raise errors.missing_object(request.method, node)


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
        "messaging_limit_tier": "TIER_1K",
        "whatsapp_business_manager_messaging_limit": "TIER_1K",
        "webhook_configuration": {"application": sim.config.webhook_url},
        "health_status": {"can_send_message": health["can_send_message"], "entities": [health]},
    }


def _list(sim: Simulator, waba_id: str, wanted: str) -> dict[str, Any]:
    numbers = [number for number in sim.world.numbers.values() if number.waba_id == waba_id]
    ends = [base64.b64encode(number.phone_number_id.encode()).decode() for number in numbers]
    paging = {"cursors": {"before": ends[0], "after": ends[-1]}}
    return {"data": [_fields(sim, number, wanted) for number in numbers], "paging": paging}
