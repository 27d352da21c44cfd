"""What the simulator keeps in memory: bounded, and found without searching."""

import pytest

from simulator import phones, state
from simulator.config import DEFAULT_NUMBERS
from simulator.state import Customer, Message, World
from tests.simulator.conftest import NUMBER


def world() -> World:
    return World(DEFAULT_NUMBERS, [Customer(wa_id="962790000101", name="Rania")], version=1)


def message(wamid: str, wa_id: str) -> Message:
    return Message(
        wamid=wamid, phone_number_id=NUMBER, wa_id=wa_id, sender="business", type="text", text="Hi", at=1.0
    )


def test_the_oldest_messages_go_and_strangers_with_their_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "KEPT_MESSAGES", 2)
    known = world()
    known.customers["962770000001"] = Customer(wa_id="962770000001", name="", stranger=True)
    for wamid, wa_id in [
        ("1", "962770000001"),
        ("2", "962790000101"),
        ("3", "962790000101"),
        ("4", "962790000101"),
    ]:
        known.add(message(wamid, wa_id))

    assert list(known.messages) == ["3", "4"]
    assert set(known.customers) == {"962790000101"}
    assert [one.wamid for one in known.threads[NUMBER, "962790000101"].messages] == ["3", "4"]
    assert set(known.threads) == {(NUMBER, "962790000101")}


def test_people_are_found_by_their_user_id_whenever_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "KEPT_MESSAGES", 1)
    known = world()
    late, gone = "962770000002", "962770000001"
    known.customers[gone] = Customer(wa_id=gone, name="", stranger=True)
    assert known.person_behind("p", phones.bsuid("p", gone)) is known.customers[gone]

    known.add(message("1", gone))
    known.add(message("2", "962790000101"))
    known.customer(late)

    assert known.person_behind("p", phones.bsuid("p", gone)) is None
    assert known.person_behind("p", phones.bsuid("p", late)) is known.customers[late]
    assert known.person_behind("other", phones.bsuid("p", late)) is None
