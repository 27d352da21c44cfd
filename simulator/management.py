"""The Graph API's side of templates: list, read, create, edit, delete, unpause.

Answers in Meta's shapes (Template management, 2026-09). Who may see an account is decided by `cloud`, what a
draft may look like by `definitions`, and what becomes of it by `reviews`.
"""

import base64
import time
from typing import Any

import msgspec

from simulator import asgi, definitions, reviews
from simulator.asgi import Request, Response
from simulator.errors import GraphError, invalid
from simulator.runtime import Simulator
from simulator.shelf import NAME, Template

MAX_TEMPLATES, MAX_PAGE, USUAL_PAGE = 250, 1000, 25
EDITS_PER_MONTH, DAY_S = 10, 24 * 3600
DUPLICATE, FULL, LOCKED = 2388024, 2388019, 2388039
USUAL_FIELDS = "name,parameter_format,components,language,status,category,sub_category,id"
_CREATABLE = frozenset(
    {
        "name",
        "language",
        "category",
        "parameter_format",
        "components",
        "message_send_ttl_seconds",
        "sub_category",
    }
)
_EDITABLE = frozenset({"category", "components", "message_send_ttl_seconds", "parameter_format"})


def listed(sim: Simulator, waba_id: str, request: Request) -> Response:
    """A page of the account's templates, newest first, filtered, with cursors."""
    query = request.query
    rows = [row for row in sim.world.templates.of_account(waba_id) if _wanted(row, query)]
    after, before = _cursor(query, "after"), _cursor(query, "before")
    limit = _limit(query)
    if after is not None:
        rows = [row for row in rows if int(row.template_id) < after]
    if before is not None:
        rows = [row for row in rows if int(row.template_id) > before][-limit:]
    page = rows[:limit]
    fields = query.get("fields", USUAL_FIELDS)
    answer: dict[str, Any] = {"data": [node(row, fields) for row in page]}
    if page:
        cursors = {"before": _encoded(page[0]), "after": _encoded(page[-1])}
        answer["paging"] = {"cursors": cursors}
        if len(rows) > limit:
            host = request.headers.get("host", "")
            filters = "".join(f"&{key}={query[key]}" for key in _FILTERS if key in query)
            start = f"http://{host}{request.path}?fields={fields}&limit={limit}"
            answer["paging"]["next"] = f"{start}{filters}&after={cursors['after']}"
    return asgi.json(answer)


_FILTERS = ("status", "name", "language", "category", "quality_score")


def _wanted(row: Template, query: dict[str, str]) -> bool:
    own = {
        "status": row.status,
        "name": row.name,
        "language": row.language,
        "category": row.category,
        "quality_score": row.quality,
    }
    return all(
        own[key].lower() in [one.strip().lower() for one in query[key].split(",")]
        for key in _FILTERS
        if query.get(key)
    )


def _limit(query: dict[str, str]) -> int:
    text = query.get("limit", str(USUAL_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= MAX_PAGE:
        raise GraphError(100, message=f"(#100) Param limit must be between 1 and {MAX_PAGE}")
    return int(text)


def _encoded(row: Template) -> str:
    return base64.urlsafe_b64encode(row.template_id.encode()).decode()


def _cursor(query: dict[str, str], name: str) -> int | None:
    if not query.get(name):
        return None
    try:
        return int(base64.urlsafe_b64decode(query[name].encode()))
    except ValueError:
        raise GraphError(100, message=f"(#100) Param {name} is not a cursor") from None


def node(row: Template, wanted: str) -> dict[str, Any]:
    """The wanted fields of a template; `id` always comes along, what is empty is left out as Meta does."""
    known: dict[str, Any] = {
        "id": row.template_id,
        "name": row.name,
        "parameter_format": row.parameter_format,
        "components": row.components,
        "language": row.language,
        "status": row.status,
        "category": row.category,
        "sub_category": row.sub_category,
        "quality_score": {"score": row.quality, "date": int(row.quality_at)},
        "rejected_reason": row.reason,
        "rejection_info": row.rejection_info,
        "correct_category": row.correct_category,
        "previous_category": row.previous_category,
        "message_send_ttl_seconds": row.ttl_seconds,
    }
    chosen: dict[str, Any] = {}
    for name in (part.strip() for part in wanted.split(",")):
        if name and name not in known:
            raise GraphError(
                100,
                message=f"(#100) Tried accessing nonexisting field ({name}) on node type "
                "(WhatsAppMessageTemplate)",
            )
        if name and known[name] not in (None, ""):
            chosen[name] = known[name]
    return chosen | {"id": row.template_id}


def create(sim: Simulator, waba_id: str, request: Request) -> Response:
    """Take a draft in. Answers `{id, status: PENDING, category}`; the decision follows by webhook."""
    body = _body(request, _CREATABLE)
    shelf, now = sim.world.templates, time.time()
    name, language = body.get("name"), definitions.language_of(body.get("language"))
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid("Invalid name", "A name has up to 512 lower-case letters, digits and underscores.")
    category, named = definitions.category_of(body.get("category")), _is_named(body)
    components = definitions.components_of(body.get("components"), category=category, named=named)
    if shelf.lookup(waba_id, name, language) is not None:
        raise invalid("Content in this language already exists", f"{name} exists in {language}.", DUPLICATE)
    if shelf.name_is_blocked(waba_id, name, now):
        raise invalid("Name is blocked", f"{name} was deleted less than 30 days ago.")
    if len(shelf.of_account(waba_id)) >= MAX_TEMPLATES:
        raise invalid("Too many templates", f"An account has at most {MAX_TEMPLATES} templates.", FULL)
    _check_samples(sim, components)
    template = Template(
        template_id=shelf.new_id(),
        waba_id=waba_id,
        name=name,
        language=language,
        category=category,
        components=components,
        parameter_format="NAMED" if named else "POSITIONAL",
        quality="UNKNOWN",
        quality_at=now,
        ttl_seconds=_ttl(body),
    )
    reviews.submit(sim, template)
    return asgi.json({"id": template.template_id, "status": "PENDING", "category": category})


def _body(request: Request, known: frozenset[str]) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        raise GraphError(100, message="(#100) The request body must be a JSON object")
    for key in body:
        if key not in known:
            raise GraphError(100, message=f"(#100) Unexpected key {key!r} on the template")
    return body


def _is_named(body: dict[str, Any]) -> bool:
    way = str(body.get("parameter_format", "POSITIONAL")).upper()
    if way not in {"POSITIONAL", "NAMED"}:
        raise GraphError(100, message="(#100) Param parameter_format must be one of {POSITIONAL, NAMED}")
    return way == "NAMED"


def _ttl(body: dict[str, Any]) -> int | None:
    seconds = body.get("message_send_ttl_seconds")
    if seconds is not None and (not isinstance(seconds, int) or isinstance(seconds, bool)):
        raise GraphError(100, message="(#100) Param message_send_ttl_seconds must be an integer")
    return seconds


def _check_samples(sim: Simulator, components: list[dict[str, Any]]) -> None:
    """Samples must be handles of finished uploads, or addresses as the list shows them for older ones."""
    for part in components:
        for card in part.get("cards", []):
            _check_samples(sim, card["components"])
        for handle in part.get("example", {}).get("header_handle", []):
            if handle not in sim.world.files.handles and not handle.startswith("https://scontent."):
                raise invalid("Invalid sample", "header_handle is not the handle of a finished upload.")


def edit(sim: Simulator, template: Template, request: Request) -> Response:
    """Replace the components or the category; the template is reviewed anew.

    Only approved, rejected and paused ones; an approved one keeps its category and takes one edit in 24
    hours and ten in 30 days. Answers `{success: true}`.
    """
    body = _body(request, _EDITABLE)
    if template.status not in {"APPROVED", "REJECTED", "PAUSED"}:
        raise invalid(
            "Template is locked", f"A template in state {template.status} cannot be edited.", LOCKED
        )
    category = definitions.category_of(body.get("category", template.category))
    if template.status == "APPROVED":
        if category != template.category:
            raise invalid("Category is frozen", "The category of an approved template cannot be edited.")
        _check_frequency(template)
    named = _is_named({"parameter_format": template.parameter_format} | body)
    components = template.components
    if "components" in body or category != template.category:
        components = definitions.components_of(
            body.get("components", components), category=category, named=named
        )
        _check_samples(sim, components)
    template.components = components
    if template.status == "APPROVED":
        template.edits.append(time.time())
    template.category, template.parameter_format = category, "NAMED" if named else "POSITIONAL"
    template.ttl_seconds = _ttl(body) if "message_send_ttl_seconds" in body else template.ttl_seconds
    template.revision += 1
    template.assessed, template.paced = False, 0
    reviews.submit(sim, template)
    return asgi.json({"success": True})


def _check_frequency(template: Template) -> None:
    now = time.time()
    lately = [at for at in template.edits if now - at < 30 * DAY_S]
    if any(now - at < DAY_S for at in lately):
        raise invalid("Too many edits", "An approved template can be edited once in 24 hours.")
    if len(lately) >= EDITS_PER_MONTH:
        raise invalid("Too many edits", "An approved template can be edited ten times in 30 days.")


def delete(sim: Simulator, waba_id: str, request: Request) -> Response:
    """Delete one language by `hsm_id` and `name`, or every language of a `name`."""
    name, template_id = request.query.get("name"), request.query.get("hsm_id")
    if not name:
        raise GraphError(100, message="(#100) The parameter name is required")
    found = [row for row in sim.world.templates.of_account(waba_id) if row.name == name]
    if template_id is not None:
        found = [row for row in found if row.template_id == template_id]
    if not found:
        raise invalid("Message template not found", f"There is no template {name} to delete.", 2593002)
    if any(row.status == "DISABLED" for row in found):
        raise invalid("Template is disabled", "A disabled template cannot be deleted.", LOCKED)
    for row in found:
        reviews.delete(sim, row)
    return asgi.json({"success": True})


def unpause(sim: Simulator, template: Template) -> Response:
    """Lift a pause. Answers `{success: true}`."""
    if template.status != "PAUSED":
        raise invalid(
            "Template is not paused", f"A template in state {template.status} has no pause.", LOCKED
        )
    reviews.unpause(sim, template)
    return asgi.json({"success": True})
