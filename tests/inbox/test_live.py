"""The live socket, over a real server: who may listen, what arrives, what is caught up, when it closes."""

import pytest
import websockets

from accounts import stream
from accounts.models import Membership, Stream, StreamEvent
from accounts.tenancy import scope
from inbox.models import Conversation, SystemLine
from tests.inbox.browsers import Browser, session_of, sockets_only
from tests.servers import serving
from tests.worlds import make_conversation, make_message


@pytest.fixture
def site(db):
    with serving(sockets_only) as url:
        yield url


def change(world, *conversations, messages=()):
    """One committed change of each conversation, in one transaction."""
    with scope(world.id):
        for conversation in conversations:
            ids = [message.pk for message in messages if message.conversation_id == conversation.pk]
            stream.conversation_changed(world.id, conversation.pk, ids)


def seq(world):
    with scope(world.id):
        return Stream.objects.get(pk=world.id).seq


def leave(member):
    with scope(member.workspace_id):
        Membership.objects.filter(pk=member.pk).update(is_active=False)
        stream.member_changed(member.workspace_id, member.pk)


# Who may listen


def test_nobody_listens_without_a_session(site, demo):
    with Browser(site, None) as browser:
        assert browser.code() == 4401
        assert browser.frames == []


@pytest.mark.parametrize("workspace", ["demo", "no-such-workspace"])
def test_an_outsider_is_shown_the_door(site, demo, rival, workspace):
    with Browser(site, rival.agent1, workspace=workspace) as browser:
        assert browser.code() == 4403
        assert browser.frames == []


def test_a_page_of_another_site_gets_no_socket(site, demo):
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        Browser(site, demo.agent1, origin="https://elsewhere.example")
    assert refused.value.response.status_code == 403


def test_a_member_who_leaves_is_closed_and_stays_out(site, demo):
    headers = session_of(demo.agent1)
    with Browser(site, None, headers=headers) as leaver, Browser(site, demo.agent2) as colleague:
        leaver.caught_up()
        colleague.caught_up()
        leave(demo.agent1)
        assert leaver.code() == 4403
        conversation = make_conversation(demo)
        change(demo, conversation)
        assert colleague.until("conversation")["conversation"] == conversation.pk
    with Browser(site, None, headers=headers) as again:
        assert again.code() == 4403


def test_a_member_with_a_new_role_loads_the_page_again(site, demo):
    with Browser(site, demo.agent1) as browser, Browser(site, demo.agent2) as colleague:
        browser.caught_up()
        colleague.caught_up()
        with scope(demo.id):
            Membership.objects.filter(pk=demo.agent1.pk).update(role="admin")
            stream.member_changed(demo.id, demo.agent1.pk)
        assert browser.until("reset") == {"reset": 1}
        change(demo, make_conversation(demo))
        colleague.until("conversation")
        assert not [frame for frame in colleague.frames if "reset" in frame]


# What arrives


def test_a_change_arrives_within_a_second_with_the_row_as_it_is_now(site, demo):
    conversation = make_conversation(demo, text="Is it on its way?")
    with Browser(site, demo.agent1, since=seq(demo)) as browser:
        browser.caught_up()
        change(demo, conversation)
        frame = browser.until("conversation", within=1)
    row = frame.pop("row")
    assert f'id="row-{conversation.pk}"' in row
    assert "Is it on its way?" in row
    assert frame == {
        "seq": seq(demo),
        "conversation": conversation.pk,
        "state": "unclaimed",
        "holder": None,
        "version": 0,
    }


def test_a_lost_poke_costs_a_second_and_never_the_event(site, demo, monkeypatch):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        monkeypatch.setattr(stream, "_poke", lambda reached: None)
        change(demo, conversation)
        assert browser.until("conversation", within=2.5)["conversation"] == conversation.pk


def test_another_workspace_is_never_heard(site, demo, rival):
    with Browser(site, demo.agent1) as browser, Browser(site, rival.agent1, workspace="rival") as other:
        browser.caught_up()
        other.caught_up()
        theirs, ours = make_conversation(rival), make_conversation(demo)
        change(rival, theirs)
        assert other.until("conversation")["conversation"] == theirs.pk
        change(demo, ours)
        assert browser.until("conversation")["conversation"] == ours.pk
        browser.say(thread=theirs.pk, since=0)
        assert browser.until("thread") == {"conversation": theirs.pk, "thread": ""}


def test_only_an_open_thread_gets_messages_and_ticks(site, demo):
    conversation = make_conversation(demo)
    message = make_message(demo, conversation, body="It left today", outgoing=True)
    with (
        Browser(site, demo.agent1, thread=conversation.pk) as reader,
        Browser(site, demo.agent2) as colleague,
    ):
        reader.caught_up()
        colleague.caught_up()
        change(demo, conversation, messages=[message])
        assert f'id="message-{message.pk}"' in reader.until("conversation")["thread"]
        assert "thread" not in colleague.until("conversation")
        with scope(demo.id):
            stream.ticks_changed(demo.id, conversation.pk, [message.pk])
        assert f'id="message-{message.pk}"' in reader.until("conversation")["thread"]
        change(demo, conversation)
        reader.until("conversation")
        colleague.until("conversation")
    assert [frame["seq"] for frame in colleague.frames if "conversation" in frame] == [1, 3]


def test_a_system_line_arrives_with_the_change_that_wrote_it(site, demo):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1, thread=conversation.pk) as browser:
        browser.caught_up()
        with scope(demo.id):
            line = SystemLine.objects.create(
                workspace=demo.workspace, conversation=conversation, kind="claimed", actor=demo.agent1
            )
            stream.conversation_changed(demo.id, conversation.pk)
        assert f'id="line-{line.pk}"' in browser.until("conversation")["thread"]


def test_the_events_of_one_transaction_end_in_one_safe_place(site, demo):
    first, second = make_conversation(demo), make_conversation(demo)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        change(demo, first, second)
        frames = [browser.until("conversation"), browser.until("conversation")]
    assert [(frame["seq"], frame.get("more")) for frame in frames] == [(2, 1), (2, None)]
    assert {frame["conversation"] for frame in frames} == {first.pk, second.pk}


def test_everybody_reads_their_own_language(site, demo):
    conversation = make_conversation(demo, window=None)
    with Browser(site, demo.agent1, lang="en") as english, Browser(site, demo.agent2, lang="ar") as arabic:
        english.caught_up()
        arabic.caught_up()
        change(demo, conversation)
        rows = [browser.until("conversation")["row"] for browser in (english, arabic)]
    assert all(f'id="row-{conversation.pk}"' in row for row in rows)
    assert "Template only" in rows[0]


def test_counts_follow_a_change_for_all_and_by_number(site, demo):
    number = str(demo.number.pk)
    with Browser(site, demo.agent1) as browser:
        assert browser.until("counts")["counts"]["all"]["unclaimed"] == 0
        change(demo, make_conversation(demo), make_conversation(demo, holder=demo.agent2))
        counts = browser.until("counts")["counts"]
    assert counts["all"] == counts[number]
    assert (counts["all"]["unclaimed"], counts["all"]["claimed"]) == (1, 1)
    assert counts["all"]["holders"] == {str(demo.agent2.pk): 1}


# What is caught up


def test_what_happened_between_the_page_and_the_socket_is_sent_first(site, demo):
    rendered_at = seq(demo)
    conversation = make_conversation(demo)
    message = make_message(demo, conversation, body="Hello again")
    change(demo, conversation, messages=[message])
    with Browser(site, demo.agent1, since=rendered_at, thread=conversation.pk) as browser:
        thread, row = browser.caught_up()
    assert thread.keys() == {"conversation", "thread"}
    assert f'id="message-{message.pk}"' in thread["thread"]
    assert (row["conversation"], row["seq"]) == (conversation.pk, seq(demo))
    assert browser.frames[-1] == {"caught_up": 1, "seq": seq(demo)}


def test_who_comes_back_gets_exactly_what_they_missed_once(site, demo):
    conversations = [make_conversation(demo) for _ in range(3)]
    with Browser(site, demo.agent2) as stays:  # keeps the room and its memory
        stays.caught_up()
        change(demo, conversations[0])
        since = stays.until("conversation")["seq"]
        for conversation in [*conversations[1:], conversations[1]]:
            change(demo, conversation)
            stays.until("conversation")
        with Browser(site, demo.agent1, since=since) as remembered:
            rows = remembered.caught_up()
        with Browser(site, demo.agent1, since=since, lang="ar") as reread:
            from_the_log = reread.caught_up()
    missed = [conversations[2].pk, conversations[1].pk]
    assert [row["conversation"] for row in rows] == missed
    assert [row["conversation"] for row in from_the_log] == missed


def test_nothing_missed_means_nothing_sent(site, demo):
    change(demo, make_conversation(demo))
    with Browser(site, demo.agent1, since=seq(demo)) as browser:
        assert browser.caught_up() == []


def test_a_thread_that_is_opened_later_is_whole(site, demo):
    conversation = make_conversation(demo)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        rendered_at = seq(demo)
        message = make_message(demo, conversation, body="Written while the page was on its way")
        change(demo, conversation, messages=[message])
        browser.until("conversation")
        browser.say(thread=conversation.pk, since=rendered_at)
        frame = browser.until("thread")
        assert f'id="message-{message.pk}"' in frame["thread"]
        assert "seq" not in frame
        change(demo, conversation, messages=[message])
        assert "thread" in browser.until("conversation")
        browser.say(thread=None)
        browser.say(thread=conversation.pk, since=seq(demo))
        assert browser.until("thread")["thread"] == ""


def test_who_missed_too_much_loads_the_page_again(site, demo):
    conversations = [make_conversation(demo) for _ in range(3)]
    with scope(demo.id):
        Stream.objects.filter(pk=demo.id).update(seq=1000)
    change(demo, *conversations)
    with Browser(site, demo.agent1, since=5) as browser:  # more than 500 ago
        assert browser.until("reset") == {"reset": 1}
    with Browser(site, demo.agent1, since=999) as browser:  # its event was folded away
        assert browser.until("reset") == {"reset": 1}
    with Browser(site, demo.agent1, since=1004) as browser:  # of a database that was put back
        assert browser.until("reset") == {"reset": 1}
    with Browser(site, demo.agent1, since=1000) as browser:
        assert len(browser.caught_up()) == 3


def test_a_log_that_gets_shorter_resets_those_who_listen(site, demo):
    change(demo, make_conversation(demo))
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        with scope(demo.id):
            StreamEvent.objects.filter(workspace_id=demo.id).delete()
            Stream.objects.filter(pk=demo.id).update(seq=0)
        assert browser.until("reset", within=3) == {"reset": 1}


def test_a_deleted_conversation_does_not_stop_the_stream(site, demo):
    gone, stays = make_conversation(demo), make_conversation(demo)
    with Browser(site, demo.agent1) as browser:
        browser.caught_up()
        with scope(demo.id):
            stream.conversation_changed(demo.id, gone.pk)
            Conversation.objects.filter(pk=gone.pk).update(last_message=None)
            gone.messages.all().delete()
            gone.delete()
        change(demo, stays)
        assert browser.until("conversation")["conversation"] == stays.pk
