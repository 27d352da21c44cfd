"""What the inbox reads: pages by keyset, true counts, threads, and a number of questions that does not grow."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.tenancy import reading, scope
from inbox import actions, queries
from inbox.models import Conversation, Message, SystemLine
from inbox.queries import Cursor
from phonebook.models import Contact
from tests.worlds import make_broadcast, make_contact, make_conversation, make_message

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def page_through(world, **filters):
    """The ids of every page of a tab, page by page."""
    pages, before = [], None
    while True:
        page = queries.page(world.id, before=before, **filters)
        pages.append([row.pk for row in page.rows])
        if page.more is None:
            return pages
        before = page.more


def test_a_tab_is_paged_without_loss_or_repetition_also_among_equal_times(demo):
    contacts = [make_contact(demo, f"Customer {n}") for n in range(85)]
    with scope(demo.id):
        Conversation.objects.bulk_create(
            Conversation(
                workspace=demo.workspace,
                number=demo.number,
                contact=contact,
                last_at=NOON - timedelta(minutes=n // 30),
            )
            for n, contact in enumerate(contacts)
        )
        ids = list(Conversation.objects.order_by("-last_at", "-id").values_list("pk", flat=True))
    with reading(demo.id):
        assert page_through(demo, state="unclaimed") == [ids[:40], ids[40:80], ids[80:]]


def test_the_next_page_is_a_comparison_of_rows_served_by_the_tab_s_index(demo):
    make_conversation(demo)
    with reading(demo.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        chosen = Conversation.objects.filter(
            Cursor(NOON, 7).after("last_at"), workspace_id=demo.id, state="unclaimed"
        ).order_by("-last_at", "-id")
        plan = chosen.explain()
    assert "Index Scan using inbox_conv_tab" in plan
    assert "ROW(last_at, id) < ROW(" in plan
    assert "Sort" not in plan


def test_the_next_messages_are_a_comparison_of_rows_served_by_the_thread_s_index(demo):
    conversation = make_conversation(demo)
    with reading(demo.id), connection.cursor() as cursor:
        # A table that was just emptied may be read and sorted in whatever way.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        chosen = Message.objects.filter(Cursor(NOON, 7).after("at"), conversation_id=conversation.pk)
        plan = chosen.order_by("-at", "-id").explain()
    assert "Index Scan using inbox_message_thread" in plan
    assert "ROW(at, id) < ROW(" in plan or 'ROW("at", id) < ROW(' in plan


@pytest.mark.parametrize(
    "text", ["", "_", "12", "1_2_3", "x_1", "1_x", "-1_2", "٣_٤", "9" * 30 + "_1", "1_" + "9" * 60, "1_²"]
)
def test_a_cursor_that_is_none_is_no_cursor(text):
    assert Cursor.parse(text) is None


def test_a_cursor_is_exact_to_the_microsecond_and_never_overflows_the_database():
    cursor = Cursor(NOON + timedelta(microseconds=1), 5)
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse("1_99999999999999999999").id == 2**63 - 1


def test_a_page_shows_one_tab_one_number_and_one_holder(demo, rival):
    mine = make_conversation(demo, holder=demo.agent1)
    theirs = make_conversation(demo, holder=demo.agent2)
    free = make_conversation(demo)
    make_conversation(rival)
    with reading(demo.id):
        assert page_through(demo, state="claimed") == [[theirs.pk, mine.pk]]
        assert page_through(demo, state="claimed", holder_id=demo.agent1.pk) == [[mine.pk]]
        assert page_through(demo, state="unclaimed", number_id=demo.number.pk) == [[free.pk]]
        assert page_through(demo, state="unclaimed", number_id=rival.number.pk) == [[]]
        assert page_through(rival, state="unclaimed") == [[]]


def test_counts_are_the_truth_of_every_number_and_holder(demo, rival):
    assert_counts = {"unclaimed": 2, "claimed": 3, "closed": 1, "outbound": 0}
    for _ in range(2):
        make_conversation(demo)
        make_conversation(demo, holder=demo.agent1)
    make_conversation(demo, holder=demo.agent2)
    make_conversation(demo, state="closed")
    make_conversation(rival)
    with reading(demo.id):
        held = {str(demo.agent1.pk): 2, str(demo.agent2.pk): 1}
        everywhere = {**assert_counts, "holders": held}
        assert queries.counts(demo.id) == {"all": everywhere, str(demo.number.pk): everywhere}


def test_counts_forget_who_holds_nothing_any_more(demo, held):
    actions.unclaim(member=demo.agent1, conversation_id=held.pk)
    with reading(demo.id):
        assert queries.counts(demo.id)["all"] == {
            "unclaimed": 1,
            "claimed": 0,
            "closed": 0,
            "outbound": 0,
            "holders": {},
        }


def test_search_finds_name_number_and_text_in_every_state_newest_first(demo, rival):
    def found(words, **options):
        with reading(demo.id):
            return [row.pk for row in queries.search(words, **options).rows]

    named = make_conversation(demo, contact=make_contact(demo, "Rania Haddad"), last_at=NOON)
    said = make_conversation(
        demo,
        contact=make_contact(demo, "Khaled"),
        state="closed",
        text="about Rania's rug",
        last_at=NOON + timedelta(hours=1),
    )
    numbered = make_conversation(
        demo, contact=make_contact(demo, "X", wa_id="962790123456"), holder=demo.agent1
    )
    make_conversation(rival, contact=make_contact(rival, "Rania of the rival"))

    assert found("rania") == [said.pk, named.pk]
    assert found("+962 79 012-3456") == [numbered.pk]
    assert found("nothing like it") == []
    assert found("rania", number_id=demo.number.pk) == [said.pk, named.pk]
    assert found("rania", number_id=rival.number.pk) == []


def test_search_finds_what_people_wrote_and_not_what_a_campaign_wrote_to_everybody(demo):
    def found(words):
        with reading(demo.id):
            return [row.pk for row in queries.search(words).rows]

    broadcast = make_broadcast(demo)
    asked = make_conversation(demo, contact=make_contact(demo, "Khaled"), text="When is the showroom open?")
    answered = make_conversation(demo, contact=make_contact(demo, "Lina"), text="Hello")
    make_message(demo, answered, body="The showroom opens", broadcast_id=broadcast.pk)
    written_to = make_conversation(demo, contact=make_contact(demo, "Omar"), text="Hello")
    make_message(
        demo, written_to, outgoing=True, status=10, body="Our showroom opens", broadcast_id=broadcast.pk
    )
    assert set(found("showroom")) == {asked.pk, answered.pk}
    with connection.cursor() as cursor:
        # The same by the index alone, which is asked when a walk over the newest found too few.
        cursor.execute("SELECT pg_get_indexdef('inbox_message_search'::regclass)")
        assert "broadcast_id IS NULL" in cursor.fetchone()[0]


def test_search_stops_at_its_limit_and_says_so(demo, monkeypatch):
    monkeypatch.setattr(queries, "SEARCH_AT_MOST", 2)
    for _ in range(3):
        make_conversation(demo, text="pomegranate")
    with reading(demo.id):
        page = queries.search("pomegranate")
    assert (len(page.rows), page.more is not None) == (2, True)


def test_a_thread_is_paged_with_its_lines_where_they_happened(demo):
    conversation = make_conversation(demo, last_at=NOON)
    first = conversation.last_message
    later = [
        make_message(demo, conversation, body=f"m{n}", at=NOON + timedelta(minutes=n)) for n in range(1, 70)
    ]
    with scope(demo.id):
        early, late = (
            SystemLine.objects.create(
                workspace=demo.workspace, conversation=conversation, kind="claimed", actor=demo.agent1, at=at
            )
            for at in (NOON + timedelta(minutes=5, seconds=30), NOON + timedelta(minutes=60, seconds=30))
        )
    with reading(demo.id):
        conversation = queries.conversation(demo.id, conversation.pk)
        newest = queries.thread(conversation)
        older = queries.thread(conversation, newest.older)
    everything = [first, *later]
    assert newest.items == [*everything[20:61], late, *everything[61:]]
    assert older.items == [*everything[:6], early, *everything[6:20]]
    assert older.older is None


def test_a_quote_is_the_answered_message_of_the_same_conversation_only(demo):
    conversation, other = make_conversation(demo), make_conversation(demo)
    answer = make_message(
        demo, conversation, outgoing=True, status=10, context_wamid=conversation.last_message.wamid
    )
    stray = make_message(demo, conversation, context_wamid=other.last_message.wamid)
    with reading(demo.id):
        by_id = {row.pk: row for row in queries.messages([answer.pk, stray.pk])}
    assert by_id[answer.pk].quote == conversation.last_message
    assert by_id[stray.pk].quote is None


def test_a_message_knows_whether_it_was_sent_again(demo, held):
    failed = make_message(demo, held, outgoing=True, status=Message.Status.FAILED, error_code=130429)
    make_message(demo, held, outgoing=True, retry_of=failed)
    with reading(demo.id):
        assert [row.retried for row in queries.messages([failed.pk, held.last_message_id])] == [False, True]


@pytest.mark.parametrize("n", [1, 3])
def test_questions_do_not_grow_with_the_rows(demo, n, django_assert_num_queries):
    made = [
        make_conversation(demo, contact=make_contact(demo, f"C{i}"), holder=demo.agent1) for i in range(n)
    ]
    ids = [row.last_message_id for row in made]
    for row in made:
        make_message(demo, row, context_wamid=row.last_message.wamid)
        with scope(demo.id):
            SystemLine.objects.create(
                workspace=demo.workspace, conversation=row, kind="claimed", actor=demo.agent1
            )
    with reading(demo.id):
        with django_assert_num_queries(1):
            for row in queries.page(demo.id, state="claimed").rows:
                assert (
                    row.contact.display_name,
                    row.holder.name,
                    str(row.number),
                    row.last_message.body,
                ) != ()
        with django_assert_num_queries(2):
            queries.search("Hello")
        with django_assert_num_queries(2):
            assert len(queries.messages(ids)) == n
        with django_assert_num_queries(1):
            lines = queries.lines([row.pk for row in made], since=NOON - timedelta(days=9000))
            assert [line.actor.name for line in lines] == ["Agent1"] * n
        with django_assert_num_queries(1):
            assert queries.counts(demo.id)["all"]["claimed"] == n


def test_the_history_is_short_and_names_people(demo, held):
    for _ in range(4):
        actions.unclaim(member=demo.agent1, conversation_id=held.pk)
        actions.claim(member=demo.agent1, conversation_id=held.pk)
    with reading(demo.id):
        found = queries.history(held.pk)
    assert [(claim.member.name, claim.outcome) for claim in found] == [("Agent1", "")] + [
        ("Agent1", "unclaimed")
    ] * 4


def test_without_a_scope_nothing_is_found(demo):
    conversation = make_conversation(demo)
    assert queries.rows([conversation.pk]) == []
    with pytest.raises(Conversation.DoesNotExist):
        queries.conversation(demo.id, conversation.pk)
    assert Contact.objects.count() == 0
