"""The table of errors: what a sender does, what an agent reads, and that both know the same codes."""

import ast
import pickle
from pathlib import Path
from typing import Any

import pytest

from whatsapp import error_table, error_words
from whatsapp.errors import (
    ABOUT_ONE_PERSON,
    Ambiguous,
    GraphError,
    Kind,
    NotSent,
    classify,
    explain,
    find_rule,
)

KINDS = {
    Kind.RETRY: [1, 2, 131000, 131016, 131057, 133004, 135000, 139102, 139103, 2494100],
    Kind.THROTTLE: [130429],
    Kind.PAIR: [131056],
    Kind.DEFER: [4, 17, 613, 80007, 131048, 131049, 131064, 131208, 132069, 133008, 133015, 133016, 134101, 2388039],
    Kind.STOP_CHANNEL: [
        0, 10, 33, 190, 200, 210, 299, 368, 803, 131031, 131037, 131042, 131044, 133006, 133010,
    ],
    Kind.STOP_TEMPLATE: [132015, 132016],
    Kind.NEVER: [
        3, 100, 104, 130403, 130472, 130497, 131005, 131008, 131009, 131021, 131026, 131030, 131045, 131047, 131050,
        131051, 131052, 131053, 131055, 131062, 131063, 131201, 131215, 132000, 132001, 132005, 132007, 132008,
        132012, 132018, 132068, 133000, 133005, 134011, 134100, 134102, 136024, 136025, 137000, 138000, 138018,
        139000, 139004, 139100, 139101, 147001, 147005, 200005, 200007, 1752041, 2388012, 2388019, 2388024, 2388040,
        2388047, 2388072, 2388073, 2388091, 2388093, 2388103, 2388293, 2388299, 2494164, 2494179, 2593107, 2593109,
    ],
}  # fmt: skip


@pytest.mark.parametrize(("code", "kind"), [(code, kind) for kind, codes in KINDS.items() for code in codes])
def test_what_a_sender_does(code: int, kind: Kind) -> None:
    assert classify(code) is kind
    assert classify(code, 500) is kind


@pytest.mark.parametrize(
    ("code", "http_status", "kind"),
    [
        (999_999, None, Kind.NEVER),
        (None, None, Kind.NEVER),
        (999_999, 400, Kind.NEVER),
        (999_999, 401, Kind.NEVER),
        (999_999, 429, Kind.DEFER),
        (999_999, 500, Kind.RETRY),
        (None, 503, Kind.RETRY),
        (199, None, Kind.NEVER),
        (300, None, Kind.NEVER),
    ],
)
def test_an_unknown_code_is_never_tried_again_by_itself(
    code: int | None, http_status: int | None, kind: Kind
) -> None:
    assert classify(code, http_status) is kind


@pytest.mark.parametrize(
    ("code", "wait_seconds", "retries"),
    [
        (1, 0, 3),
        (2, 0, 5),
        (135000, 0, 1),
        (131049, 86_400, 0),
        (133015, 300, 0),
        (134101, 600, 0),
        (131057, 60, 5),
    ],
)
def test_how_long_and_how_often(code: int, wait_seconds: int, retries: int) -> None:
    assert find_rule(code)[1:] == (wait_seconds, retries)


def test_each_kind_says_how_long_or_how_often() -> None:
    for code, rule in error_table.RULES.items():
        assert (rule.retries > 0) is (rule.kind is Kind.RETRY), code
        assert (rule.wait_seconds > 0) or rule.kind not in {Kind.DEFER, Kind.THROTTLE, Kind.PAIR}, code


def test_both_tables_know_the_same_codes_each_once() -> None:
    assert set(error_table.RULES) == set(error_words.WORDS)
    for table in (error_table, error_words):
        rows: list[Any] = table._ROWS
        codes = [
            code for row in rows for code in next(part for part in row if not isinstance(part, str | tuple))
        ]
        assert len(codes) == len(set(codes))


def test_every_sentence_is_whole_short_and_speaks_to_an_agent() -> None:
    for code, words in error_words.WORDS.items():
        assert words.endswith("."), code
        assert len(words) <= 110, code
        assert str(code) not in words, code
        assert "_" not in words, code


def test_every_sentence_can_be_found_for_translation() -> None:
    tree = ast.parse(Path(error_words.__file__).read_text())
    marked = {
        ast.literal_eval(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "gettext_noop"
    }

    assert set(error_words.WORDS.values()) <= marked
    assert {error_words.NO_PERMISSION, error_words.WITH_DETAILS} <= marked


def test_what_an_agent_reads() -> None:
    late = "More than 24 hours have passed since the customer last wrote. Send a template instead."

    assert explain(131047) == late
    assert explain(131047, "Re-engage") == f"{late} WhatsApp says: Re-engage"
    assert explain(999_999) == explain(None) == error_words.UNKNOWN
    assert explain(250) == explain(10) == error_words.NO_PERMISSION
    assert explain(999_999, http_status=502) == error_words.SERVER_TROUBLE
    assert explain(999_999, http_status=429) == error_words.TOO_MANY


def test_words_and_frame_are_translated_and_the_details_are_not() -> None:
    arabic = {
        explain(131050): "أوقف هذا الشخص الرسائل.",
        error_words.WITH_DETAILS: "%(words)s يقول واتساب: %(details)s",
    }

    assert explain(131050, "User stopped 100%", translate=arabic.__getitem__) == (
        "أوقف هذا الشخص الرسائل. يقول واتساب: User stopped 100%"
    )


def test_ordinary_failures_of_one_person_stop_nobody_else() -> None:
    assert {130403, 130472, 131026, 131049, 131050, 131056} == ABOUT_ONE_PERSON
    assert not {classify(code) for code in ABOUT_ONE_PERSON} & {Kind.STOP_CHANNEL, Kind.THROTTLE, Kind.RETRY}


def test_an_error_body_is_read_whole() -> None:
    error = GraphError.from_answer(
        {
            "error": {
                "message": "(#131047) Re-engagement message",
                "type": "OAuthException",
                "code": 131047,
                "error_subcode": 2494010,
                "error_data": {"messaging_product": "whatsapp", "details": "More than 24 hours."},
                "fbtrace_id": "AbC1",
            }
        },
        400,
    )

    assert error is not None
    assert (error.code, error.subcode, error.http_status, error.fbtrace_id) == (131047, 2494010, 400, "AbC1")
    assert (error.message, error.details) == ("(#131047) Re-engagement message", "More than 24 hours.")
    assert error.kind is Kind.NEVER
    assert str(error) == "WhatsApp error 131047: (#131047) Re-engagement message - More than 24 hours."
    assert error.explain() == explain(131047, "More than 24 hours.")


def test_a_missing_object_means_that_the_number_is_gone() -> None:
    gone = GraphError(100, "Unsupported get request", subcode=33, http_status=400)

    assert gone.kind is Kind.STOP_CHANNEL
    assert gone.explain() == explain(33)
    assert GraphError(100, subcode=34).kind is Kind.NEVER


@pytest.mark.parametrize(
    "answer",
    [
        None, [], "x", {}, {"error": None}, {"error": "bad gateway"}, {"error": []}, {"error": {}},
        {"error": {"message": "no code"}}, {"error": {"code": "x"}}, {"error": {"code": True}},
        {"errors": [{"code": 1}]},
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_graph_error_is_none(answer: Any) -> None:
    assert GraphError.from_answer(answer, 500) is None


@pytest.mark.parametrize("data", [None, "x", [], {}, {"details": 5}, {"details": None}])
def test_odd_details_do_not_hide_the_code(data: Any) -> None:
    error = GraphError.from_answer({"error": {"code": "190", "error_data": data, "error_subcode": "x"}}, 401)

    assert error is not None
    assert (error.code, error.details, error.subcode, error.message) == (190, "", None, "")


@pytest.mark.parametrize(
    "error",
    [
        GraphError(190, "m", "d", subcode=463, fbtrace_id="t", http_status=401),
        Ambiguous("r", 502),
        NotSent("r"),
    ],
)
def test_an_error_survives_the_way_between_processes(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)
