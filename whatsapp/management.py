"""The calls that manage templates and upload files, synchronously, for one access token.

Same outcomes as `whatsapp.client`: a result, or `NotSent`, `GraphError`, `Ambiguous`; ValueError means that nothing was
tried. They share 200 to 5,000 calls an hour per account (Meta, About the platform, 2026-09), so `usage` is kept and a
call is not made while Meta says to wait. Must never show a token, never retry.
"""

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl

import httpx
import msgspec

from whatsapp import graph, limits, wire
from whatsapp.errors import Ambiguous, GraphError
from whatsapp.transport import TIMEOUT, exchange, new_http

TEMPLATES_PER_PAGE = 100
# Nobody has this many templates; a cursor that leads in circles ends here.
_PAGES_AT_MOST = 100
_TEMPLATE_FIELDS = (
    "id,name,language,category,correct_category,status,components,parameter_format,quality_score,"
    "rejected_reason,sub_category"
)
_BUSY = 80007  # "rate limit reached" of an account
_UPLOAD = re.compile(r"upload:[A-Za-z0-9+/=_:-]{1,1000}(\?[A-Za-z0-9=&_.%+-]{1,1000})?")


class Usage(NamedTuple):
    """How much of an hour's calls is used, in percent, and how many minutes it takes until calls work again."""

    percent: int = 0
    wait_minutes: int = 0


class TemplateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A template as WhatsApp lists it. `quality` is GREEN, YELLOW, RED, UNKNOWN or ""; `reason` of a rejection."""

    id: str
    name: str
    language: str
    category: str
    correct_category: str
    status: str
    quality: str
    reason: str
    parameter_format: str
    components: list[dict[str, Any]]


class Page(NamedTuple):
    """Some templates, and the cursor of the next page, or None."""

    templates: list[TemplateInfo]
    after: str | None


class Created(NamedTuple):
    """A template that WhatsApp took for review. The category may be another one than was asked for."""

    id: str
    status: str
    category: str


class Management:
    """Calls with one access token, over a shared `http` client or one of its own; see `whatsapp.client.Client`."""

    def __init__(
        self,
        base_url: str,
        version: str,
        token: str,
        app_secret: str,
        *,
        http: httpx.Client | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._root = graph.root(base_url, version)
        self._headers = graph.headers(token)
        self._proof = graph.proof(app_secret, token)
        self._token = token
        self._http = new_http() if http is None else http
        self._owns_http = http is None
        self._timeout = timeout
        self.usage = Usage()

    def __repr__(self) -> str:
        return f"<Management {self._root}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they are shared."""
        if self._owns_http:
            self._http.close()

    def list_templates(self, waba_id: str) -> list[TemplateInfo]:
        """All templates of an account, with as few calls as there are pages. Safe to repeat."""
        found: list[TemplateInfo] = []
        after: str | None = None
        for _page in range(_PAGES_AT_MOST):
            page = self.list_page(waba_id, after=after)
            found += page.templates
            if page.after is None or page.after == after:
                return found
            after = page.after
        raise Ambiguous("WhatsApp's list of templates does not end", 200)

    def list_page(self, waba_id: str, *, after: str | None = None) -> Page:
        """One page of an account's templates, newest first (Meta, Template management, 2026-09)."""
        params = {"fields": _TEMPLATE_FIELDS, "limit": str(TEMPLATES_PER_PAGE)}
        if after is not None:
            params["after"] = after
        said = self._call("GET", f"{graph.node(waba_id)}/message_templates", params=params)
        rows = said.get("data")
        if not isinstance(rows, list):
            raise Ambiguous("WhatsApp's answer is no list of templates", 200)
        paging = graph.mapping(said.get("paging"))
        cursor = wire.text(graph.mapping(paging.get("cursors")).get("after"), limits.DETAILS_CHARS)
        templates = [found for row in rows if (found := _template(graph.mapping(row))) is not None]
        return Page(templates, cursor if paging.get("next") else None)

    def create_template(self, waba_id: str, body: Mapping[str, Any]) -> Created:
        """Hand a template in for review: name, language, category, components …

        At most 100 an hour and account (Meta, Graph changelog, 2026). Not safe to repeat blindly: after an `Ambiguous`
        a second try may meet the first (2388024, the name exists).
        """
        said = self._call("POST", f"{graph.node(waba_id)}/message_templates", payload=dict(body))
        made = wire.identifier(said.get("id"), limits.ACCOUNT_ID_CHARS)
        if made is None:
            raise Ambiguous("WhatsApp's answer names no template", 200)
        status, category = (wire.text(said.get(key), 32) or "" for key in ("status", "category"))
        return Created(made, status, category)

    def edit_template(self, template_id: str, body: Mapping[str, Any]) -> None:
        """Replace category or all components (Meta, Template management, 2026-09: only approved, rejected or paused
        ones; an approved one keeps its category and is edited once a day, ten times in 30 days)."""
        self._succeed("POST", graph.node(template_id), payload=dict(body))

    def delete_template(self, waba_id: str, name: str, *, template_id: str | None = None) -> None:
        """Delete one language (`template_id`), or the name in all languages.

        The name of a deleted approved template is blocked for 30 days (Meta, Template management, 2026-09).
        """
        params = {"name": name}
        if template_id is not None:
            params["hsm_id"] = graph.node(template_id)
        self._succeed("DELETE", f"{graph.node(waba_id)}/message_templates", params=params)

    def unpause_template(self, template_id: str) -> None:
        """Let a template that pacing has paused be sent again (Meta, Template pacing, 2025-12)."""
        self._succeed("POST", f"{graph.node(template_id)}/unpause")

    def upload_media(self, phone_number_id: str, name: str, mime: str, content: bytes) -> str:
        """Upload a file for messages from this number; its media id is good for 30 days (Meta, Media, 2026-09)."""
        # httpx encodes the form, file names and boundary included; nothing is sent here.
        form = httpx.Request(
            "POST",
            self._root,
            data={"messaging_product": "whatsapp", "type": mime},
            files={"file": (name, content, mime)},
        )
        said = self._call(
            "POST",
            f"{graph.node(phone_number_id)}/media",
            content=form.read(),
            headers={"Content-Type": form.headers["Content-Type"]},
        )
        media_id = wire.identifier(said.get("id"), limits.ACCOUNT_ID_CHARS)
        if media_id is None:
            raise Ambiguous("WhatsApp's answer names no media id", 200)
        return media_id

    def upload_sample(self, app_id: str, name: str, mime: str, content: bytes) -> str:
        """Upload the sample of a media header with the platform's app; the handle goes into `header_handle`.

        Two calls (SDK sources of 2026, Resumable upload). Raises `Ambiguous` too when no handle came.
        """
        about = {"file_name": name, "file_length": str(len(content)), "file_type": mime}
        session = wire.text(self._call("POST", f"{graph.node(app_id)}/uploads", params=about).get("id"), 2000)
        if session is None or not _UPLOAD.fullmatch(session):
            raise Ambiguous("WhatsApp's answer names no upload", 200)
        path, _, query = session.partition("?")
        said = self._call(
            "POST",
            path,
            params=dict(parse_qsl(query)),
            content=content,
            headers={
                "Authorization": f"OAuth {self._token}",
                "file_offset": "0",
                "Content-Type": "application/octet-stream",
            },
        )
        handle = wire.text(said.get("h"), 10_000)
        if handle is None:
            raise Ambiguous("WhatsApp's answer names no handle", 200)
        return handle

    def _succeed(self, method: str, path: str, **options: Any) -> None:
        if self._call(method, path, **options).get("success") is not True:
            raise Ambiguous("WhatsApp did not say that it worked", 200)

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        payload: dict[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if self.usage.wait_minutes:
            raise GraphError(_BUSY, "Rate limit", f"Again in {self.usage.wait_minutes} minutes")
        answer = exchange(
            self._http,
            method,
            f"{self._root}/{path}",
            params={**(params or {}), **self._proof},
            headers={**self._headers, **(headers or {})},
            content=content if payload is None else msgspec.json.encode(payload),
            timeout=self._timeout,
        )
        self.usage = read_usage(answer.usage)
        return graph.read(answer.status, answer.body)


def read_usage(header: str) -> Usage:
    """Read X-Business-Use-Case-Usage: the highest share of anything, the longest wait; nothing where it is odd."""
    if not header:
        return Usage()
    try:
        told = wire.decode(header.encode())
    except wire.Unparsable:
        return Usage()
    rows = [row for rows in graph.mapping(told).values() if isinstance(rows, list) for row in rows]
    cases = [row for row in rows if isinstance(row, dict)]
    shares = [case.get(key) for case in cases for key in ("call_count", "total_cputime", "total_time")]
    waits = [case.get("estimated_time_to_regain_access") for case in cases]
    return Usage(_highest(shares), _highest(waits))


def _highest(numbers: list[Any]) -> int:
    return max(
        (int(number) for number in numbers if isinstance(number, int | float) and number > 0), default=0
    )


def _template(row: dict[str, Any]) -> TemplateInfo | None:
    """A row of the list; None for one that nobody could send or name."""
    node = wire.identifier(row.get("id"), 32)
    name, language = wire.identifier(row.get("name"), 512), wire.identifier(row.get("language"), 16)
    if node is None or name is None or language is None:
        return None
    score = graph.mapping(row.get("quality_score")).get("score")
    listed = row.get("components")
    return TemplateInfo(
        id=node,
        name=name,
        language=language.replace("-", "_"),
        category=wire.text(row.get("category"), 32) or "",
        correct_category=wire.text(row.get("correct_category"), 32) or "",
        status=wire.text(row.get("status"), 32) or "",
        quality=wire.text(score, 16) or "",
        reason=_reason(row.get("rejected_reason")),
        parameter_format=wire.text(row.get("parameter_format"), 16) or "POSITIONAL",
        components=[part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else [],
    )


def _reason(value: Any) -> str:
    told = wire.text(value, 500) or ""
    return "" if told.upper() == "NONE" else told
