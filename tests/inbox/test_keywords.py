"""Customers who write STOP, or start again: the ledger, the line in the thread, and what is no such wish."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.tenancy import scope
from inbox.models import Conversation, Message, SystemLine
from phonebook.models import Consent, Contact, Keyword, Marketing
from tests.inbox.rows import fresh
from tests.webhooks.bodies import body, text
from tests.webhooks.test_processing import drained

OUT, IN, UNKNOWN = Marketing.OPTED_OUT, Marketing.OPTED_IN, Marketing.UNKNOWN
NOW = int(timezone.now().timestamp())


def said(words, at=NOW, wa_id="962790000001", **fields):
    return body(text(wa_id, words, at=at, **fields))


def ledger(world):
    with scope(world.id):
        return list(Consent.objects.order_by("at").values_list("choice", "source", "wording"))


def lines(world):
    with scope(world.id):
        return list(SystemLine.objects.order_by("at").values_list("kind", "actor_id"))


def wish(world):
    with scope(world.id):
        return Contact.objects.get().marketing


@pytest.mark.parametrize("words", ["STOP", "stop.", " Unsubscribe ", "إلغاء", "BAJA"])
def test_a_message_that_is_nothing_but_the_word_opts_out(demo, rival, words):
    drained(said(words))
    assert (wish(demo), ledger(demo)) == (OUT, [(OUT, "keyword", words)])
    assert lines(demo) == [("opted_out", None)]
    with scope(demo.id):
        line, message = SystemLine.objects.get(), Message.objects.get()
        assert line.at == message.at + timedelta(microseconds=1)
        assert Contact.objects.get().marketing_at == datetime.fromtimestamp(NOW, UTC)
        # Somebody should see it: an opt-out is a message like any other.
        assert Conversation.objects.get().state == "unclaimed"
    assert ledger(rival) == []


def test_the_word_inside_a_sentence_is_no_wish(demo):
    drained(said("Please stop sending the blue ones"), said("stopping by at five"))
    assert (wish(demo), ledger(demo), lines(demo)) == (UNKNOWN, [], [])


def test_a_button_with_that_label_counts_and_is_told_apart(demo):
    drained(said("", type="button", button={"payload": "x", "text": "Stop"}))
    assert ledger(demo) == [(OUT, "button", "Stop")]


def test_a_caption_is_no_wish(demo):
    drained(said("", type="image", image={"id": "1", "caption": "stop"}))
    assert ledger(demo) == []


def test_the_newest_word_counts_whatever_order_they_come_in_and_however_often(demo):
    stop, start = said("stop", NOW - 60, wamid="wamid.1"), said("start", NOW, wamid="wamid.2")
    drained(start)
    drained(stop)
    drained(stop, start, stop)
    assert wish(demo) == IN
    assert ledger(demo) == [(OUT, "keyword", "stop"), (IN, "keyword", "start")]
    assert lines(demo) == [("opted_out", None), ("opted_in", None)]


def test_a_workspace_has_its_own_words_and_may_switch_others_off(demo, rival):
    with scope(demo.id):
        Keyword.objects.create(workspace=demo.workspace, word="genug", choice=OUT)
        Keyword.objects.create(workspace=demo.workspace, word="stop", choice=UNKNOWN)
    elsewhere = {"number": "100000000000002", "waba": "200000000000002"}
    drained(
        said("Genug!"),
        said("stop", wa_id="962790000002"),
        body(text("962790000003", "Genug!"), text("962790000004", "stop"), **elsewhere),
    )
    assert ledger(demo) == [(OUT, "keyword", "Genug!")]
    assert ledger(rival) == [(OUT, "keyword", "stop")]


def test_a_thread_somebody_holds_shows_it_too(demo, held):
    wa_id = fresh(demo, held.contact).phone[1:]
    drained(said("stop", wa_id=wa_id))
    assert lines(demo) == [("opted_out", None)]
    assert fresh(demo, held).state == "claimed"
