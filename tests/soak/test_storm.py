"""Long runs (`make soak`): any order, repetition and re-batching of one story's webhooks ends in the same rows."""

import json
import random
from threading import Thread

import pytest
from django.db import connection

from accounts.tenancy import scope
from inbox.models import Conversation, Message, Receipt
from tests.webhooks.bodies import body, status, text
from tests.worlds import make_conversation, make_message
from webhooks import processing
from webhooks.models import Delivery, Event

pytestmark = pytest.mark.soak
NOW = 1_790_000_000


def story():
    """Items of 30 customers: messages at different times, receipts of answers, a few of each twice."""
    items = []
    for customer in range(30):
        wa_id = f"9627910{customer:05d}"
        items += [text(wa_id, f"word {n}", wamid=f"wamid.{customer}.{n}", at=NOW + 60 * n) for n in range(6)]
    items += [
        status(f"wamid.out.{n}", state, at=NOW) for n in range(20) for state in ("sent", "delivered", "read")
    ]
    return items


def outcome(world):
    with scope(world.id):
        conversations = Conversation.objects.select_related("last_message", "contact").order_by(
            "contact__phone"
        )
        return (
            [
                (c.contact.phone, c.state, c.unread, c.last_at, c.last_message.wamid, c.window_expires)
                for c in conversations
                if c.contact.phone.startswith("+9627910")
            ],
            sorted(Message.objects.filter(outgoing=True).values_list("wamid", "status")),
            Receipt.objects.count(),
        )


@pytest.mark.parametrize("seed", range(60))
def test_any_order_repetition_and_batching_by_four_workers_ends_in_the_same_rows(demo, monkeypatch, seed):
    dice = random.Random(seed)
    answered = make_conversation(demo, holder=demo.agent1)
    for n in range(20):
        make_message(demo, answered, outgoing=True, status=Message.Status.SENT, wamid=f"wamid.out.{n}")
    items = story() * 2
    dice.shuffle(items)
    posts = []
    while items:
        size = dice.choice([1, 1, 2, 5, 40])
        posts.append(body(*items[:size]))
        items = items[size:]
    Delivery.objects.bulk_create([Delivery(body=post) for post in posts])
    monkeypatch.setattr(processing, "EVENTS_PER_TRANSACTION", dice.choice([3, 20, 500]))
    monkeypatch.setattr(processing, "DELIVERIES_PER_TRANSACTION", dice.choice([2, 10, 500]))
    problems = []

    def work():
        try:
            while processing.drain():
                pass
        except Exception as error:  # noqa: BLE001
            problems.append(error)
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert problems == []
    assert not Event.objects.exclude(state="applied").exists()
    conversations, messages, receipts = outcome(demo)
    assert [(row[1], row[2], row[4].split(".")[2]) for row in conversations] == [("unclaimed", 6, "5")] * 30
    assert {status for _, status in messages} == {Message.Status.READ}
    assert receipts == 60


@pytest.mark.parametrize("seed", range(300))
def test_mutilated_bodies_are_always_accounted_for_and_never_stop_the_worker(demo, seed):
    dice = random.Random(seed)
    whole = body(text("962791099999", "before", wamid=f"wamid.b{seed}"), status("wamid.none", "read"))
    bodies = []
    for _ in range(20):
        cut = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            where = dice.randrange(len(cut))
            kind = dice.random()
            if kind < 0.4:
                cut[where] = dice.randrange(256)
            elif kind < 0.7:
                del cut[where : where + dice.randint(1, 30)]
            else:
                cut[where:where] = json.dumps(dice.choice([None, [], {}, "\x00", 10**30, "\ud800"])).encode()
        bodies.append(bytes(cut))
    Delivery.objects.bulk_create([Delivery(body=each) for each in [*bodies, whole]])
    while processing.drain():
        pass
    assert not Delivery.objects.filter(drained=None).exists()
    assert (
        set(Delivery.objects.values_list("id", flat=True))
        - set(Event.objects.values_list("delivery_id", flat=True))
        == set()
    )
    with scope(demo.id):
        assert Message.objects.filter(wamid=f"wamid.b{seed}").count() == 1
