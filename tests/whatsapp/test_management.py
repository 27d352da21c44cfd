"""Templates and uploads against a real server: what is asked, what is understood, when nothing is asked any more."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.whatsapp.graph import NUMBER, PATIENT, SECRET, TOKEN, GraphServer, Script, answer, hang_up
from whatsapp.errors import Ambiguous, GraphError
from whatsapp.management import Management, TemplateInfo, Usage, read_usage
from whatsapp.signature import appsecret_proof

WABA = "200000000000001"
ROW = {
    "id": "123",
    "name": "showroom_weekend",
    "language": "en-US",
    "category": "UTILITY",
    "correct_category": "MARKETING",
    "status": "REJECTED",
    "quality_score": {"score": "YELLOW", "date": 1_763_000_000},
    "rejected_reason": "INVALID_FORMAT",
    "parameter_format": "NAMED",
    "components": [{"type": "BODY", "text": "Hi"}],
}


@contextmanager
def scripted(*scripts: Script) -> Iterator[tuple[GraphServer, Management]]:
    """A server that answers one request after the other as told, and a client of it."""

    def script(server: GraphServer, connection: Any) -> None:
        scripts[len(server.requests) - 1](server, connection)

    with (
        GraphServer(script) as server,
        Management(server.url, "v26.0", TOKEN, SECRET, timeout=PATIENT) as calls,
    ):
        yield server, calls


def page(rows: list[Any], after: str | None = None) -> Script:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after or "last"}}
    if after:
        paging["next"] = "https://graph.facebook.com/next"
    return answer(200, {"data": rows, "paging": paging})


def test_a_listed_template_is_understood() -> None:
    with scripted(page([ROW])) as (server, calls):
        assert calls.list_templates(WABA) == [
            TemplateInfo(
                id="123",
                name="showroom_weekend",
                language="en_US",
                category="UTILITY",
                correct_category="MARKETING",
                status="REJECTED",
                quality="YELLOW",
                reason="INVALID_FORMAT",
                parameter_format="NAMED",
                components=[{"type": "BODY", "text": "Hi"}],
            )
        ]
    (asked,) = server.requests
    assert (asked.method, asked.path) == ("GET", f"/v26.0/{WABA}/message_templates")
    assert asked.query["limit"] == ["100"]
    assert set(asked.query["fields"][0].split(",")) >= {
        "quality_score",
        "rejected_reason",
        "correct_category",
    }
    assert asked.query["appsecret_proof"] == [appsecret_proof(SECRET, TOKEN)]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


def test_what_is_not_told_is_empty_and_odd_rows_are_left_out() -> None:
    rows = [{"id": 7, "name": "a", "language": "ar", "rejected_reason": "NONE", "components": "x"}, {}, None]
    with scripted(page(rows)) as (_, calls):
        (found,) = calls.list_templates(WABA)
    assert (found.id, found.reason, found.quality, found.status, found.components) == ("7", "", "", "", [])
    assert found.parameter_format == "POSITIONAL"


def test_all_pages_are_read_with_one_call_each() -> None:
    rows = [{"id": str(n), "name": f"t{n}", "language": "en"} for n in range(3)]
    with scripted(page(rows[:2], after="c2"), page(rows[2:])) as (server, calls):
        assert [found.name for found in calls.list_templates(WABA)] == ["t0", "t1", "t2"]
    assert [request.query.get("after") for request in server.requests] == [None, ["c2"]]


def test_a_cursor_that_leads_in_circles_ends() -> None:
    with scripted(page([], after="c"), page([], after="c")) as (server, calls):
        assert calls.list_templates(WABA) == []
    assert len(server.requests) == 2


def test_an_answer_without_a_list_is_no_empty_list() -> None:
    with scripted(answer(200, {"data": None})) as (_, calls), pytest.raises(Ambiguous):
        calls.list_templates(WABA)


def test_a_refusal_is_a_graph_error() -> None:
    said = {"error": {"code": 190, "message": "Expired"}}
    with scripted(answer(401, said)) as (_, calls), pytest.raises(GraphError) as refused:
        calls.list_templates(WABA)
    assert refused.value.code == 190


def test_no_call_is_made_while_meta_says_to_wait() -> None:
    usage = {WABA: [{"type": "whatsapp", "call_count": 100, "estimated_time_to_regain_access": 12}]}
    header = f"X-Business-Use-Case-Usage: {json.dumps(usage)}"
    first = {"data": [], "paging": {"cursors": {"after": "c"}, "next": "https://x"}}
    with scripted(answer(200, first, header)) as (server, calls):
        with pytest.raises(GraphError) as refused:
            calls.list_templates(WABA)
        assert (refused.value.code, calls.usage) == (80007, Usage(100, 12))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("", Usage()),
        ("nonsense", Usage()),
        ("[]", Usage()),
        ('{"1":[{"call_count":28,"total_time":61.7,"total_cputime":3}]}', Usage(61, 0)),
        ('{"1":[{"call_count":"x"}],"2":"y","3":[1]}', Usage()),
    ],
)
def test_usage_is_read_from_whatever_comes(header: str, usage: Usage) -> None:
    assert read_usage(header) == usage


def test_a_template_is_created() -> None:
    body = {
        "name": "a",
        "language": "en",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "ü"}],
    }
    said = {"id": "55", "status": "PENDING", "category": "MARKETING"}
    with scripted(answer(200, said)) as (server, calls):
        assert calls.create_template(WABA, body) == ("55", "PENDING", "MARKETING")
    (asked,) = server.requests
    assert (asked.method, asked.path, asked.json) == ("POST", f"/v26.0/{WABA}/message_templates", body)


def test_a_creation_without_an_id_or_an_answer_is_unclear() -> None:
    for script in (answer(200, {"success": True}), hang_up):
        with scripted(script) as (_, calls), pytest.raises(Ambiguous):
            calls.create_template(WABA, {})


def test_a_template_is_edited_unpaused_and_deleted() -> None:
    done = answer(200, {"success": True})
    with scripted(done, done, done, done) as (server, calls):
        calls.edit_template("55", {"category": "MARKETING"})
        calls.unpause_template("55")
        calls.delete_template(WABA, "a", template_id="55")
        calls.delete_template(WABA, "a")
    assert [(asked.method, asked.path) for asked in server.requests] == [
        ("POST", "/v26.0/55"),
        ("POST", "/v26.0/55/unpause"),
        ("DELETE", f"/v26.0/{WABA}/message_templates"),
        ("DELETE", f"/v26.0/{WABA}/message_templates"),
    ]
    assert server.requests[0].json == {"category": "MARKETING"}
    queries = [asked.query for asked in server.requests[2:]]
    assert [(query["name"], query.get("hsm_id")) for query in queries] == [(["a"], ["55"]), (["a"], None)]


def test_only_a_plain_yes_is_a_success() -> None:
    with scripted(answer(200, {"success": False})) as (_, calls), pytest.raises(Ambiguous):
        calls.unpause_template("55")


def test_a_file_is_uploaded_as_a_form_with_its_type() -> None:
    with scripted(answer(200, {"id": "990"})) as (server, calls):
        assert calls.upload_media(NUMBER, 'a "b".png', "image/png", b"\x89PNG\r\n\x1a\n") == "990"
    (asked,) = server.requests
    assert (asked.method, asked.path) == ("POST", f"/v26.0/{NUMBER}/media")
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    parts = asked.body.split(b"--" + boundary)
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in parts[1]
    assert b'name="type"\r\n\r\nimage/png\r\n' in parts[2]
    assert b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n" in parts[3]


def test_a_sample_is_uploaded_in_two_steps_with_the_other_kind_of_header() -> None:
    session = "upload:MTphdHRhY2htZW50OjE=?sig=ARZ_x-1"
    with scripted(answer(200, {"id": session}), answer(200, {"h": "4::aW1"})) as (server, calls):
        assert calls.upload_sample("77", "a.png", "image/png", b"abc") == "4::aW1"
    first, second = server.requests
    assert (first.path, first.query["file_length"], first.query["file_type"]) == (
        "/v26.0/77/uploads",
        ["3"],
        ["image/png"],
    )
    assert (second.path, second.query["sig"], second.body) == (
        "/v26.0/upload:MTphdHRhY2htZW50OjE=",
        ["ARZ_x-1"],
        b"abc",
    )
    assert (second.headers["authorization"], second.headers["file_offset"]) == (f"OAuth {TOKEN}", "0")


@pytest.mark.parametrize("session", ["", "https://evil.example/upload:x", "upload:../../me", None])
def test_an_upload_never_goes_where_an_answer_points_it(session: Any) -> None:
    with scripted(answer(200, {"id": session})) as (server, calls), pytest.raises(Ambiguous):
        calls.upload_sample("77", "a.png", "image/png", b"abc")
    assert len(server.requests) == 1


@pytest.mark.parametrize("wrong", ["", "../me", "12x", "1" * 33])
def test_an_id_that_is_none_is_refused_before_anything_is_asked(wrong: str) -> None:
    with scripted() as (server, calls):
        for call in (
            lambda: calls.list_templates(wrong),
            lambda: calls.edit_template(wrong, {}),
            lambda: calls.upload_media(wrong, "a", "b", b""),
        ):
            with pytest.raises(ValueError, match="digits"):
                call()
    assert server.requests == []


def test_the_token_is_not_in_what_is_printed() -> None:
    with scripted() as (_, calls):
        assert TOKEN not in repr(calls)
