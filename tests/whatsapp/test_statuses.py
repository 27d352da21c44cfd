"""Receipts in every documented shape, and errors that belong to no message."""

from typing import Any

import pytest

from tests.whatsapp.bodies import AT, NUMBER, PHONE, USER, WABA, error, post, status
from whatsapp.events import AccountError, Status, Unknown, parse

PRICING = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
CONVERSATION = {"id": "c1", "expiration_timestamp": "1790086400", "origin": {"type": "referral_conversion"}}
GROUP = {
    "recipient_id": "1203630@g.us",
    "recipient_type": "group",
    "recipient_participant_id": PHONE,
    "recipient_participant_user_id": USER,
}


def only(raw: Any) -> Status:
    (item,) = parse(post(statuses=[raw])).items
    assert isinstance(item, Status)
    return item


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "played", "failed"])
def test_every_state_is_read(state: str) -> None:
    raw = status(state, pricing=PRICING, conversation=CONVERSATION, biz_opaque_callback_data="m7.2")

    assert only(raw) == Status(
        position=0,
        waba_id=WABA,
        phone_number_id=NUMBER,
        wamid="wamid.out.1",
        status=state,
        at=AT,
        recipient_wa_id=PHONE,
        recipient_user_id=USER,
        group_id=None,
        opaque="m7.2",
        error_code=None,
        error_title=None,
        error_details=None,
        pricing=PRICING,
        raw=raw,
    )


def test_a_failure_carries_code_title_and_details() -> None:
    item = only(status("failed", errors=[error(131047, "Re-engagement message", "More than 24 hours.")]))

    assert (item.error_code, item.error_title, item.error_details) == (
        131047,
        "Re-engagement message",
        "More than 24 hours.",
    )


@pytest.mark.parametrize(
    ("errors", "read"),
    [
        ([{"code": "131026"}], (131026, None, None)),
        ([{"code": 1, "message": "Only a message"}], (1, "Only a message", None)),
        ([{"code": True, "title": 5, "error_data": "x"}], (None, None, None)),
        ([{"code": 10**12}], (None, None, None)),
        ([], (None, None, None)),
        ([None, error()], (None, None, None)),
        ({"code": 5}, (None, None, None)),
        ("failed", (None, None, None)),
    ],
)
def test_odd_errors_never_hide_the_failure(errors: Any, read: tuple[Any, Any, Any]) -> None:
    item = only(status("failed", errors=errors))

    assert (item.status, (item.error_code, item.error_title, item.error_details)) == ("failed", read)


def test_a_receipt_for_somebody_who_hides_the_phone() -> None:
    raw = status("read", recipient_id=None)

    assert (only(raw).recipient_wa_id, only(raw).recipient_user_id) == (None, USER)


def test_a_receipt_may_name_nobody() -> None:
    item = only({"id": "wamid.out.1", "status": "failed", "timestamp": AT})

    assert (item.recipient_wa_id, item.recipient_user_id, item.at) == (None, None, AT)


def test_in_a_group_the_participant_is_the_recipient() -> None:
    item = only({"id": "wamid.out.1", "status": "read", "timestamp": str(AT), **GROUP})

    assert (item.group_id, item.recipient_wa_id, item.recipient_user_id) == ("1203630@g.us", PHONE, USER)


@pytest.mark.parametrize("opaque", [None, "", "x" * 513, ["m7.2"], {"m": 7}])
def test_a_mark_that_cannot_be_ours_is_no_mark(opaque: Any) -> None:
    assert only(status(biz_opaque_callback_data=opaque)).opaque is None


@pytest.mark.parametrize("pricing", [None, [], "regular", 5])
def test_pricing_of_another_shape_stays_in_the_raw_form_only(pricing: Any) -> None:
    item = only(status(pricing=pricing))

    assert (item.pricing, item.raw["pricing"]) == (None, pricing)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("sent", "a status is not an object"),
        (status(id=None), "a status has no usable id"),
        (status("deleted"), "a status has an unknown state"),
        (status("warning"), "a status has an unknown state"),
        (status(status=None), "a status has an unknown state"),
        (status(status=["sent"]), "a status has an unknown state"),
        (status(timestamp="soon"), "a status has an impossible timestamp"),
        (status(timestamp=10**15), "a status has an impossible timestamp"),
    ],
)
def test_what_is_no_receipt_is_unknown_with_a_reason(raw: Any, reason: str) -> None:
    assert parse(post(statuses=[raw])).items == [
        Unknown(position=0, waba_id=WABA, reason=reason, phone_number_id=NUMBER, field="messages", raw=raw)
    ]


def test_an_error_of_the_account_is_an_item_of_its_own() -> None:
    raw = error(130429, "Rate limit hit", "Slow down.")

    assert parse(post(errors=[raw, 7])).items == [
        AccountError(
            position=0,
            waba_id=WABA,
            phone_number_id=NUMBER,
            code=130429,
            title="Rate limit hit",
            details="Slow down.",
            raw=raw,
        ),
        Unknown(
            position=1,
            waba_id=WABA,
            reason="an error is not an object",
            phone_number_id=NUMBER,
            field="messages",
            raw=7,
        ),
    ]
