"""The envelope: batches over accounts and fields, strange shapes, and that nothing is ever lost or raised."""

import copy
import json
import random
from typing import Any

import msgspec
import pytest

from tests.whatsapp.bodies import (
    NUMBER,
    WABA,
    body,
    change,
    contact,
    entry,
    error,
    message,
    post,
    status,
    text_message,
    value,
)  # fmt: skip
from whatsapp.events import AccountError, Change, InboundMessage, Status, Unknown, Unparsable, parse

TEMPLATE = {
    "event": "APPROVED",
    "message_template_id": 5,
    "message_template_language": "en-US",
    "reason": None,
}
BATCH = [
    entry(
        change(value(contacts=[contact()], messages=[text_message(id="a"), 5, text_message(id="b")])),
        change(value(statuses=[status("sent"), status("read")], errors=[error(130429)])),
    ),
    entry(change(TEMPLATE, "message_template_status_update"), waba="200000000000002", time=1_790_000_100),
    entry(change(value(messages=[message("hologram", {"depth": 3}, id="c")]))),
    entry(change({"groups": []}, "group_lifecycle_update"), change({"messages": [1]}, "standby")),
]


def test_every_item_of_every_change_of_every_entry_in_order() -> None:
    items = parse(body(*BATCH)).items

    assert [(item.position, type(item)) for item in items] == [
        (0, InboundMessage),
        (1, Unknown),
        (2, InboundMessage),
        (3, Status),
        (4, Status),
        (5, AccountError),
        (6, Change),
        (7, InboundMessage),
        (8, Change),
        (9, Change),
    ]
    assert [item.wamid for item in items if isinstance(item, InboundMessage)] == ["a", "b", "c"]
    assert parse(body(*BATCH)).items == items


def test_other_fields_are_changes_with_their_account_and_time() -> None:
    assert parse(body(BATCH[1])).items == [
        Change(
            position=0,
            waba_id="200000000000002",
            field="message_template_status_update",
            at=1_790_000_100,
            value=TEMPLATE,
        )
    ]


@pytest.mark.parametrize("time", [None, "x", -1, 1_790_000_000_000, []])
def test_an_absurd_time_of_an_entry_does_not_cost_its_changes(time: Any) -> None:
    (item,) = parse(body(entry(change({}, "account_update"), time=time))).items

    assert isinstance(item, Change)
    assert item.at is None


def test_an_account_id_may_be_a_number_or_missing() -> None:
    accounts: list[Any] = [7, None, [], "8"]
    posted = body(*(entry(change({}, "f"), waba=account) for account in accounts))
    ids = [item.waba_id for item in parse(posted).items]

    assert ids == ["7", "", "", "8"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "the body is not an object"),
        ([], "the body is not an object"),
        ("x", "the body is not an object"),
        ({}, "the body has no list of entries"),
        ({"entry": None}, "the body has no list of entries"),
        ({"entry": {}}, "the body has no list of entries"),
        ({"object": "page", "entry": []}, "the body is not about a WhatsApp Business Account"),
        ({"object": ["x"], "entry": []}, "the body is not about a WhatsApp Business Account"),
    ],
)
def test_a_body_without_entries_is_one_unknown_item(document: Any, reason: str) -> None:
    assert parse(json.dumps(document).encode()).items == [
        Unknown(position=0, waba_id="", reason=reason, phone_number_id=None, field=None, raw=document)
    ]


@pytest.mark.parametrize(
    ("broken", "raw", "reason", "waba", "field"),
    [
        (5, 5, "an entry is not an object", "", None),
        ({"id": WABA}, {"id": WABA}, "an entry has no list of changes", WABA, None),
        (entry(None), None, "a change is not an object", WABA, None),
        (entry({"value": {}}), {"value": {}}, "a change has no field name", WABA, None),
        (entry(change({}, "")), change({}, ""), "a change has no field name", WABA, None),
        (entry(change([], "x")), change([], "x"), "the value of a change is not an object", WABA, "x"),
        (
            entry(change(None)),
            change(None),
            "the value of a change is not an object",
            WABA,
            "messages",
        ),
        (entry(change({})), {}, "a change has neither messages nor statuses nor errors", WABA, "messages"),
        (entry(change({"messages": 1})), 1, "messages is not a list", WABA, "messages"),
        (entry(change({"statuses": {}})), {}, "statuses is not a list", WABA, "messages"),
        (entry(change({"errors": "x"})), "x", "errors is not a list", WABA, "messages"),
        (
            entry(change({"messages": [text_message()]})),
            text_message(),
            "a message names no business number",
            WABA,
            "messages",
        ),
        (
            entry(change({"metadata": {"phone_number_id": []}, "statuses": [status()]})),
            status(),
            "a status names no business number",
            WABA,
            "messages",
        ),
    ],
)
def test_a_broken_part_is_unknown_and_its_neighbours_are_not(
    broken: Any, raw: Any, reason: str, waba: str, field: str | None
) -> None:
    good = entry(change(value(messages=[text_message()])))
    first, middle, last = parse(body(good, broken, good)).items

    assert isinstance(first, InboundMessage)
    assert middle == Unknown(
        position=1, waba_id=waba, reason=reason, phone_number_id=None, field=field, raw=raw
    )
    assert isinstance(last, InboundMessage)
    assert last.position == 2


def test_empty_lists_say_nothing() -> None:
    assert parse(body()).items == []
    assert parse(body(entry(), entry(change(value(messages=[], statuses=[]))))).items == []


def test_messages_statuses_and_errors_may_share_one_change() -> None:
    kinds = [
        type(i) for i in parse(post(errors=[error()], statuses=[status()], messages=[text_message()])).items
    ]

    assert kinds == [InboundMessage, Status, AccountError]


def test_no_nul_reaches_a_text_a_key_or_the_raw_form() -> None:
    people = [contact(profile={"name": "M\x00ra", "username": "m\x00"})]
    raw = text_message("a\x00b", id="w\x00", extra={"k\x00": ["\x00"]})
    (item,) = parse(post(contacts=people, messages=[raw])).items

    assert isinstance(item, InboundMessage)
    assert (item.text, item.wamid, item.profile_name, item.username) == (
        "a\ufffdb",
        "w\ufffd",
        "M\ufffdra",
        "m\ufffd",
    )
    assert item.raw == text_message("a\ufffdb", id="w\ufffd", extra={"k\ufffd": ["\ufffd"]})
    assert b"\\u0000" not in msgspec.json.encode(item)


def test_half_an_emoji_does_not_cost_the_batch() -> None:
    names = post(contacts=[contact(profile={"name": "Mira \ud83d"})], messages=[text_message("😀")])
    (item,) = parse(names).items

    assert isinstance(item, InboundMessage)
    assert (item.profile_name, item.text) == ("Mira \ufffd", "😀")


@pytest.mark.parametrize("junk", [b"", b"{", b"hello", b"<html>", b"\x00\xff", b"NaN"])
def test_what_is_no_json_is_unparsable(junk: bytes) -> None:
    with pytest.raises(Unparsable):
        parse(junk)


JUNK: list[Any] = [
    None, True, False, 0, -1, 7, 2**70, 1.5, "", "x", "x" * 700, "\x00", "\ud83d", [], {}, [[]], [None], [{}],
    {"": None}, {"id": {"id": []}}, {"body": {}}, "messages", "1790000000", 1_790_000_000_000,
]  # fmt: skip


def nodes(node: Any) -> list[tuple[Any, Any]]:
    """Every place in a document, as its container and its key there."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [pair for key in keys for pair in [(node, key), *nodes(node[key])]]


@pytest.mark.parametrize("seed", range(20))
def test_no_shape_of_json_raises_or_yields_what_cannot_be_stored(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        document = {"object": "whatsapp_business_account", "entry": copy.deepcopy(BATCH)}
        for _ in range(chance.randint(1, 6)):
            places = nodes(document)
            if not places:
                break
            container, key = chance.choice(places)
            if isinstance(container, dict) and chance.random() < 0.2:
                del container[key]
            else:
                container[key] = copy.deepcopy(chance.choice(JUNK))

        items = parse(json.dumps(document).encode()).items

        assert [item.position for item in items] == list(range(len(items)))
        encoded = msgspec.json.encode(items)
        assert b"\\u0000" not in encoded
        for item in items:
            if isinstance(item, InboundMessage | Status):
                assert 0 < len(item.wamid) <= 512
                assert item.phone_number_id == NUMBER or len(item.phone_number_id) <= 64
                assert item.at is None or 0 <= item.at < 4_102_444_800


def test_a_poisoned_item_anywhere_costs_only_itself() -> None:
    good = [text_message(id=f"g{n}") for n in range(3)]
    for junk in JUNK:
        items = parse(
            post(messages=[good[0], junk, good[1], text_message(timestamp=junk, id="odd"), good[2]])
        ).items

        assert [item.wamid for item in items if isinstance(item, InboundMessage) and item.wamid != "odd"] == [
            "g0", "g1", "g2",
        ]  # fmt: skip
        assert len(items) == 5
