"""user_preferences: who switched marketing off or on, out of any JSON."""

import pytest

from whatsapp.preferences import Preference, number_of, read_preferences

ROW = {
    "wa_id": "962790000001",
    "user_id": "JO.111",
    "detail": "User requested to stop marketing messages",
    "category": "marketing_messages",
    "value": "stop",
    "timestamp": 1795000000,
}


def read(*rows):
    return read_preferences({"user_preferences": list(rows)})


def test_every_wish_is_read_with_all_it_says():
    back = {
        "user_id": "JO.7",
        "parent_user_id": "JO.ENT.7",
        "category": "marketing_messages",
        "value": "resume",
    }
    assert read(ROW, back) == [
        Preference(
            wants_marketing=False,
            wa_id="962790000001",
            user_id="JO.111",
            parent_user_id=None,
            at=1795000000,
            detail="User requested to stop marketing messages",
        ),
        Preference(
            wants_marketing=True, wa_id=None, user_id="JO.7", parent_user_id="JO.ENT.7", at=None, detail=""
        ),
    ]


def test_a_sign_up_is_an_opt_in():
    assert read({**ROW, "value": "signup"})[0].wants_marketing


@pytest.mark.parametrize(
    "odd",
    [
        {"value": "later"},
        {"value": None},
        {"value": ["stop"]},
        {"category": "utility_messages"},
        {"wa_id": None, "user_id": None},
        {"wa_id": "9" * 33, "user_id": {}},
    ],
)
def test_what_is_not_understood_is_left_out(odd):
    assert read({**ROW, **odd}, ROW) == read(ROW)


@pytest.mark.parametrize("value", [{}, {"user_preferences": None}, {"user_preferences": [None, 7, "stop"]}])
def test_no_rows_are_no_wishes(value):
    assert read_preferences(value) == []


def test_an_absurd_time_is_none():
    assert read({**ROW, "timestamp": -1})[0].at is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ({"metadata": {"phone_number_id": "100000000000001"}}, "100000000000001"),
        ({"metadata": []}, None),
        ({}, None),
    ],
)
def test_the_number_is_named_or_not(value, number):
    assert number_of(value) == number
