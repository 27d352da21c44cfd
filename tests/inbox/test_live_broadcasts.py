"""What open browsers hear of a mass message: that its figures changed, and its messages where their thread is open."""

import pytest
from django.urls import reverse

from accounts import stream
from accounts.models import Stream
from accounts.tenancy import scope
from inbox import rooms
from inbox.hub import hub
from tests.inbox.browsers import Browser, sockets_only
from tests.inbox.test_hub import in_its_loop, until
from tests.servers import serving
from tests.worlds import make_broadcast, make_conversation, make_message


@pytest.fixture
def site(db):
    reverse("inbox:list", args=["demo"])  # the first URL imports every view, which takes seconds
    with serving(sockets_only) as url:
        yield url


@pytest.fixture
def sent(demo):
    """A broadcast, and its messages in three threads."""
    broadcast = make_broadcast(demo)
    threads = [make_conversation(demo, state="outbound", window=None) for _ in range(3)]
    return broadcast, [
        make_message(demo, thread, outgoing=True, status=10, broadcast=broadcast, body=f"To {n}")
        for n, thread in enumerate(threads)
    ]


def change(world, broadcast, messages=()):
    with scope(world.id):
        stream.broadcast_changed(world.id, broadcast.pk, [message.pk for message in messages])


def touch(world, *conversations):
    with scope(world.id):
        for conversation in conversations:
            stream.conversation_changed(world.id, conversation.pk)


def seq(world):
    with scope(world.id):
        return Stream.objects.get(pk=world.id).seq


def heard(browser):
    return [frame["broadcast"] for frame in browser.frames if "broadcast" in frame]


def test_everybody_hears_that_a_broadcast_changed_and_of_no_conversation(site, demo, sent):
    broadcast, messages = sent
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        change(demo, broadcast, messages)
        assert browser.until("broadcast", within=1) == {"broadcast": broadcast.pk, "seq": seq(demo)}
        in_its_loop(hub._beat)
        browser.until("ping")
    assert [frame for frame in browser.frames if "conversation" in frame] == []


def test_it_is_said_once_a_second_however_often_it_changes(site, demo, sent, monkeypatch):
    broadcast, messages = sent
    another = make_broadcast(demo, "Another")
    monkeypatch.setattr(rooms, "BROADCAST_PAUSE", 3600.0)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        change(demo, broadcast, messages)
        browser.until("broadcast")
        for _ in range(5):
            change(demo, broadcast, messages)
            change(demo, another)
        (room,) = hub._rooms.values()
        until(lambda: room.cursor == 11)
        in_its_loop(hub._beat)
        assert browser.until("ping")["seq"] == 11
        assert heard(browser) == [broadcast.pk]
        assert room._broadcasts == {broadcast.pk, another.pk}


def test_what_changed_in_the_pause_is_said_after_it(site, demo, sent, monkeypatch):
    broadcast, messages = sent
    monkeypatch.setattr(rooms, "BROADCAST_PAUSE", 0.2)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        for _ in range(3):
            change(demo, broadcast, messages)
        while browser.until("broadcast")["seq"] < 3:
            pass
    assert len(heard(browser)) <= 3


def test_only_the_open_thread_gets_its_own_message(site, demo, sent):
    broadcast, messages = sent
    with (
        Browser(site, demo.agent1, thread=messages[1].conversation_id) as reader,
        Browser(site, demo.agent2) as colleague,
    ):
        reader.caught_up()
        colleague.caught_up()
        change(demo, broadcast, messages)
        frame = reader.until("conversation")
        colleague.until("broadcast")
    assert (frame["conversation"], frame["seq"]) == (messages[1].conversation_id, 1)
    assert f'id="message-{messages[1].pk}"' in frame["thread"]
    assert f'id="message-{messages[0].pk}"' not in frame["thread"]
    assert [frame for frame in colleague.frames if "conversation" in frame] == []


def test_in_one_batch_the_cursor_moves_with_the_last_frame_only(site, demo, sent):
    broadcast, messages = sent
    other = make_conversation(demo)
    with Browser(site, demo.agent1, thread=messages[0].conversation_id) as browser:
        browser.caught_up()
        with scope(demo.id):
            stream.conversation_changed(demo.id, other.pk)
            stream.broadcast_changed(demo.id, broadcast.pk, [messages[0].pk])
        ours, row = browser.until("conversation"), browser.until("conversation")
        last = browser.until("broadcast")
    assert (ours["conversation"], ours["seq"], ours["more"]) == (messages[0].conversation_id, 2, 1)
    assert (row["conversation"], row["seq"], row.get("more")) == (other.pk, 2, None)
    assert last == {"broadcast": broadcast.pk, "seq": 2}


def test_who_comes_back_hears_which_broadcasts_changed_from_memory_and_from_the_log(site, demo, sent):
    broadcast, messages = sent
    other = make_conversation(demo)
    touch(demo, other)
    with Browser(site, demo.agent2) as stays:  # keeps the room and its memory
        stays.caught_up()
        since = seq(demo)
        change(demo, broadcast, messages)
        stays.until("broadcast")
        for lang, begin in (("en", since), ("ar", since), ("en", 0), ("ar", 0)):
            with Browser(site, demo.agent1, since=begin, lang=lang) as browser:
                told = [frame for frame in browser.caught_up() if "broadcast" in frame]
            assert told == [{"broadcast": broadcast.pk, "seq": seq(demo)}]
            assert [f["conversation"] for f in browser.frames if "row" in f] == ([] if begin else [other.pk])
        with Browser(site, demo.agent1, since=seq(demo)) as browser:
            assert browser.caught_up() == []


@pytest.mark.parametrize("stays_open", [True, False])
def test_a_thread_that_is_opened_or_reopened_has_what_a_broadcast_changed_in_it(site, demo, sent, stays_open):
    broadcast, messages = sent
    thread = messages[2].conversation_id
    rendered_at = seq(demo)
    with Browser(site, demo.agent2) as colleague:
        if stays_open:
            colleague.caught_up()
        change(demo, broadcast, messages)
        if stays_open:
            colleague.until("broadcast")
        with Browser(site, demo.agent1, since=rendered_at, thread=thread) as browser:
            opened = next(frame for frame in browser.caught_up() if "thread" in frame)
            assert f'id="message-{messages[2].pk}"' in opened["thread"]
            assert f'id="message-{messages[0].pk}"' not in opened["thread"]
            browser.say(thread=messages[0].conversation_id, since=rendered_at)
            assert f'id="message-{messages[0].pk}"' in browser.until("thread")["thread"]


def test_a_thread_that_no_broadcast_touched_is_not_rendered_for_who_missed_one(site, demo, sent):
    broadcast, messages = sent
    elsewhere = make_conversation(demo)
    change(demo, broadcast, messages)
    with Browser(site, demo.agent1, since=0, thread=elsewhere.pk) as browser:
        assert browser.caught_up() == [{"broadcast": broadcast.pk, "seq": 1}]


def test_another_workspace_hears_nothing_of_it(site, demo, rival, sent):
    broadcast, messages = sent
    theirs = make_conversation(rival)
    with Browser(site, rival.agent1, workspace="rival", thread=messages[0].conversation_id) as outsider:
        outsider.caught_up()
        change(demo, broadcast, messages)
        touch(rival, theirs)
        outsider.until("conversation")
        # Even a message of ours that an event of theirs names is none of theirs.
        with scope(rival.id):
            stream.broadcast_changed(rival.id, make_broadcast(rival).pk, [messages[0].pk])
        outsider.until("broadcast")
    assert [frame for frame in outsider.frames if "thread" in frame] == []
    assert broadcast.pk not in heard(outsider)


def test_the_counts_follow_what_a_campaign_sent(site, demo, sent):
    broadcast, messages = sent
    with Browser(site, demo.agent1) as browser:
        assert browser.until("counts")["counts"]["all"]["outbound"] == 3
        make_conversation(demo, state="outbound")
        change(demo, broadcast, messages)
        assert browser.until("counts")["counts"]["all"]["outbound"] == 4
