"""The hub's side of the socket: bounds, heartbeats, endings, and what it survives."""

import asyncio
import threading
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.utils import translation

import inbox.hub
from accounts import stream
from accounts.models import Membership
from accounts.tenancy import scope
from inbox import frames, rooms
from inbox.admission import Listener
from inbox.hub import hub
from inbox.sockets import TOO_SLOW, WAITING_LIMIT, Socket
from tests.inbox.browsers import Browser, sockets_only
from tests.servers import serving
from tests.waiting import until
from tests.worlds import make_conversation, make_message


@pytest.fixture
def site(db):
    with serving(sockets_only) as url:
        yield url


def in_its_loop(function):
    """Runs a function or a coroutine function where the hub runs, and returns its result."""

    async def call():
        result = function()
        return await result if asyncio.iscoroutine(result) else result

    loop = next(iter(hub._tasks)).get_loop()
    return asyncio.run_coroutine_threadsafe(call(), loop).result(10)


def change(world, *conversations, messages=()):
    with scope(world.id):
        for conversation in conversations:
            stream.conversation_changed(world.id, conversation.pk, [message.pk for message in messages])


def test_a_queue_holds_so_many_frames_and_then_gives_up():
    async def fill():
        socket = Socket(Listener(1, 1, "", ""), language="en", thread=None)
        for n in range(WAITING_LIMIT):
            socket.put(str(n))
        assert socket.code is None
        socket.put("one too many")
        return socket.code, socket.ended.done()

    assert asyncio.run(fill()) == (TOO_SLOW, True)


def test_a_socket_that_cannot_keep_up_is_closed_and_others_are_not(site, demo):
    with Browser(site, demo.agent1) as slow, Browser(site, demo.agent2) as quick:
        slow.caught_up()
        quick.caught_up()

        def flood():
            for socket in hub._sockets():
                if socket.listener.membership_id == demo.agent1.pk:
                    for n in range(WAITING_LIMIT + 1):
                        socket.put(frames.ping(n))

        in_its_loop(flood)
        assert slow.code() == 4008
        conversation = make_conversation(demo)
        change(demo, conversation)
        assert quick.until("conversation")["conversation"] == conversation.pk


def test_a_socket_that_was_too_slow_resumes_where_it_stood(site, demo):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1, since=0) as browser:
        browser.caught_up()
        in_its_loop(lambda: [socket.end(TOO_SLOW) for socket in hub._sockets()])
        assert browser.code() == 4008
    change(demo, conversation)
    with Browser(site, demo.agent1, since=0) as browser:
        assert [frame["conversation"] for frame in browser.caught_up()] == [conversation.pk]


def test_the_heartbeat_says_how_far_the_socket_has_been_told(site, demo):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        change(demo, conversation)
        browser.until("conversation")
        in_its_loop(hub._beat)
        assert browser.until("ping") == {"seq": 1, "ping": 1}


def test_a_session_that_ended_is_closed_at_the_next_check(site, demo):
    with Browser(site, demo.agent1) as browser, Browser(site, demo.agent2) as colleague:
        browser.caught_up()
        colleague.caught_up()
        key = next(
            s.listener.session_key for s in hub._sockets() if s.listener.membership_id == demo.agent1.pk
        )
        in_its_loop(hub.recheck)
        Session.objects.filter(session_key=key).delete()
        in_its_loop(hub.recheck)
        assert browser.code() == 4401
        in_its_loop(hub._beat)
        colleague.until("ping")


def test_a_changed_password_ends_the_other_sockets(site, demo):
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        demo.agent1.user.set_password("something else entirely")
        demo.agent1.user.save()
        in_its_loop(hub.recheck)
        assert browser.code() == 4401


def test_a_member_who_left_while_the_log_was_silent_is_closed_at_the_next_check(site, demo):
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        Membership.objects.filter(pk=demo.agent1.pk).update(is_active=False)
        in_its_loop(hub.recheck)
        assert browser.code() == 4403


def test_a_server_that_stops_says_so(db, demo):
    with ExitStack() as stack:
        with serving(sockets_only) as site:
            browser = stack.enter_context(Browser(site, demo.agent1))
            browser.caught_up()
        assert browser.code() == 1012
    assert hub._tasks == set()
    assert hub._rooms == {}


def test_a_workspace_without_sockets_costs_nothing(site, demo, rival):
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        assert set(hub._rooms) == {demo.id}
    with Browser(site, rival.agent1, workspace="rival") as other:
        other.caught_up()
        in_its_loop(lambda: None)
        assert set(hub._rooms) == {rival.id}


def test_an_event_is_rendered_once_for_all_who_listen(site, demo, monkeypatch):
    rendered = []
    render = frames._render
    monkeypatch.setattr(
        frames, "_render", lambda name, **context: rendered.append(name) or render(name, **context)
    )
    conversation = make_conversation(demo)
    members = [demo.agent1, demo.agent2, demo.admin]
    with ExitStack() as stack:
        browsers = [stack.enter_context(Browser(site, member)) for member in members]
        for browser in browsers:
            browser.caught_up()
        change(demo, conversation)
        assert len({browser.until("conversation")["row"] for browser in browsers}) == 1
    assert rendered == ["inbox/_row.html"]


@pytest.fixture
def rendered(monkeypatch):
    """The templates that were rendered, each with its conversation and language."""
    seen, render = [], frames._render

    def note(name, **context):
        seen.append((name, getattr(context.get("conversation"), "pk", None), translation.get_language()))
        return render(name, **context)

    monkeypatch.setattr(frames, "_render", note)
    return seen


@pytest.fixture
def held(monkeypatch):
    """Holds up the readings of what was missed in English until `go` is set; `came` are those that have begun."""
    missed, state = frames.missed, SimpleNamespace(go=threading.Event(), came=[])

    def wait(*args):
        state.came.append(args)
        assert args[-1] != "en" or state.go.wait(10)
        return missed(*args)

    monkeypatch.setattr(frames, "missed", wait)
    yield state
    state.go.set()


def joining():
    return sum(len(room.joining) for room in [*hub._rooms.values()])


def test_who_missed_the_same_shares_what_is_rendered(site, demo, rendered, held):
    conversations = [make_conversation(demo) for _ in range(3)]
    for conversation in conversations:
        change(demo, conversation)
    pks = [conversation.pk for conversation in conversations]
    with ExitStack() as stack:

        def come(since, lang):
            return stack.enter_context(Browser(site, demo.agent1, since=since, lang=lang))

        def missed(browsers):
            return [[frame["conversation"] for frame in browser.caught_up()] for browser in browsers]

        storm = [come(0, "en")]
        until(lambda: held.came)
        storm += [come(since, "en") for since in (1, 0, 2, 0, 1)]
        until(lambda: joining() == len(storm))
        arabs = [come(0, "ar")]
        assert missed(arabs) == [pks]  # in the meantime
        held.go.set()
        assert missed(storm) == [pks, pks[1:], pks, pks[2:], pks, pks[1:]]
        assert {browser.frames[-1]["seq"] for browser in storm + arabs} == {3}
        assert missed([come(1, "en"), come(2, "ar"), come(0, "ar")]) == [pks[1:], pks[2:], pks]
    assert sorted(rendered) == sorted(("inbox/_row.html", pk, lang) for pk in pks for lang in ("ar", "en"))
    assert len(held.came) == 2


def test_who_is_there_hears_what_is_new_while_others_wait_for_what_they_missed(site, demo, held):
    change(demo, make_conversation(demo))
    fresh = make_conversation(demo)
    with Browser(site, demo.agent1) as here, Browser(site, demo.agent2, since=0) as comes:
        here.caught_up()
        until(lambda: held.came)
        change(demo, fresh)
        assert here.until("conversation", within=1)["conversation"] == fresh.pk
        in_its_loop(hub._beat)
        assert comes.until("ping") == {"ping": 1}
        held.go.set()
        assert comes.caught_up()[-1]["conversation"] == fresh.pk
        assert comes.frames[-1] == {"caught_up": 1, "seq": 2}


def test_who_goes_while_joining_leaves_no_work_behind(site, demo, held):
    change(demo, make_conversation(demo))
    with Browser(site, demo.agent1, since=0), Browser(site, demo.agent2, since=0):
        until(lambda: joining() == 2)
    until(lambda: not joining())
    assert hub._rooms == {}


def test_what_was_missed_is_forgotten_when_nobody_asks_any_more(site, demo):
    change(demo, make_conversation(demo))
    with Browser(site, demo.agent1, since=0) as browser:
        browser.caught_up()
        (room,) = hub._rooms.values()
        in_its_loop(hub._beat)
        assert set(room._past._gaps) == {"en"}
        in_its_loop(hub._beat)
        assert room._past._gaps == {}


def test_a_thread_that_changes_while_its_reader_joins_is_whole(site, demo, held):
    conversation = make_conversation(demo)
    messages = [make_message(demo, conversation, body=f"Message {n}") for n in range(2)]
    change(demo, conversation, messages=messages[:1])
    with Browser(site, demo.agent1), Browser(site, demo.agent2, since=0, thread=conversation.pk) as comes:
        until(lambda: held.came)
        change(demo, conversation, messages=messages[1:])
        until(lambda: next(iter(hub._rooms.values())).cursor == 2)
        held.go.set()
        thread = next(frame["thread"] for frame in comes.caught_up() if "thread" in frame)
        assert all(f'id="message-{message.pk}"' in thread for message in messages)
        change(demo, conversation, messages=messages)
        assert comes.until("conversation")["thread"]


def test_the_hub_needs_no_connection_of_the_pages(site, demo):
    async def of_its_threads():
        return [await run(lambda: connection.pool) for run in (hub.live, hub.aside)]

    assert connection.pool is not None
    assert in_its_loop(of_its_threads) == [None, None]


def test_counts_are_sent_at_most_twice_a_second(site, demo, monkeypatch):
    asked = []
    count = frames.counts
    monkeypatch.setattr(rooms.frames, "counts", lambda workspace_id: asked.append(1) or count(workspace_id))
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        asked.clear()
        for n in range(12):
            change(demo, make_conversation(demo))
            browser.until("conversation")
            if n == 11:
                while browser.until("counts")["counts"]["all"]["unclaimed"] < 12:
                    pass
    assert len(asked) <= 4


def test_a_database_that_stumbles_delays_an_event_and_loses_nothing(site, demo, monkeypatch):
    conversation = make_conversation(demo)
    read, failed = frames.read, []

    def stumble(*args):
        if not failed:
            failed.append(1)
            raise OperationalError("the connection was closed")
        return read(*args)

    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        monkeypatch.setattr(frames, "read", stumble)
        change(demo, conversation)
        assert browser.until("conversation", within=3)["conversation"] == conversation.pk
    assert failed


def test_nonsense_on_the_channel_is_not_the_end_of_it(site, demo):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1) as browser, redis.Redis.from_url(settings.REDIS_URL) as valkey:
        browser.caught_up()
        for nonsense in ["", "[1]", "{}", '[["a", "b"]]', "\xff"]:
            valkey.publish(stream.POKES, nonsense)
        change(demo, conversation)
        assert browser.until("conversation")["conversation"] == conversation.pk


def test_nonsense_from_a_browser_is_ignored(site, demo):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1, since="-1", thread="x", lang="tlh") as browser:
        browser.caught_up()
        for nonsense in ["", "[]", "{", '{"thread": "x"}', '{"thread": 1.5}']:
            browser.socket.send(nonsense)
        browser.socket.send(b"\x00\xff")
        change(demo, conversation)
        assert browser.until("conversation")["conversation"] == conversation.pk


def test_the_listener_comes_back_when_redis_does(db, demo, monkeypatch):
    conversation = make_conversation(demo)
    monkeypatch.setattr(inbox.hub, "LOOK", 3600.0)  # or the look would do the work
    with (
        serving(sockets_only) as site,
        Browser(site, demo.agent1) as browser,
        redis.Redis.from_url(settings.REDIS_URL) as valkey,
    ):
        browser.caught_up()
        until(lambda: listeners(valkey))
        before = listeners(valkey)
        valkey.client_kill_filter(_type="pubsub")
        until(lambda: listeners(valkey) - before)
        change(demo, conversation)
        assert browser.until("conversation")["conversation"] == conversation.pk


def listeners(valkey):
    """The connections that listen to the pokes."""
    return {client["id"] for client in valkey.client_list(_type="pubsub") if client["sub"] == "1"}
