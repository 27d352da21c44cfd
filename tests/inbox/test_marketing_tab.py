"""The Marketing tab: what was sent, newest first, and under each broadcast the threads of everybody it went to."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import PhoneNumber
from accounts.tenancy import reading, scope
from inbox import actions, marketing, queries
from inbox.models import Broadcast, Message
from tests.inbox.browsing import HTMX, browser, piece
from tests.inbox.dom import parse
from tests.inbox.rows import change, fresh
from tests.worlds import make_broadcast, make_contact, make_conversation, make_message

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def send_to(world, broadcast, conversation, **fields):
    """A message of the broadcast in a thread, as the fan-out writes it."""
    fields.setdefault("status", Message.Status.SENT)
    return make_message(world, conversation, outgoing=True, kind="template", broadcast=broadcast, **fields)


def sent_threads(world, broadcast, n, *, state="outbound"):
    threads = []
    for i in range(n):
        contact = make_contact(world, f"Customer {i}")
        threads.append(make_conversation(world, contact=contact, state=state, window=None))
        send_to(world, broadcast, threads[-1])
    return threads


def groups_on(page):
    return [row["id"].removeprefix("group-") for row in page.id("rows").all("li")]


def test_what_was_sent_is_listed_newest_first_with_its_figures(demo, agent1):
    older = make_broadcast(demo, "Ramadan greetings", started=NOON - timedelta(days=1))
    newer = make_broadcast(demo, "Weekend opening", started=NOON)
    make_broadcast(demo, "Not sent yet", started=None)
    threads = sent_threads(demo, newer, 3)
    for text in ("Yes", "Please"):
        make_message(demo, threads[0], body=text, broadcast=newer)
    page = parse(agent1.get(demo.url("inbox/?tab=marketing")))
    assert groups_on(page) == [str(newer.pk), str(older.pk)]
    group = page.id(f"group-{newer.pk}")
    assert group.one(css="row__name").text == "Weekend opening"
    assert group.one(css="row__prev").text == "showroom_weekend"
    assert group.one("time", css="row__time")["datetime"] == "2026-11-22T12:00:00+00:00"
    assert group.one(css="figures").text == "3 people 1 replied"
    assert page.id(f"group-{older.pk}").one(css="figures").text == "0 people 0 replied"
    assert group.one("a", css="row")["href"] == f"?tab=marketing&broadcast={newer.pk}"
    tab = page.one("a", css="tab", aria_current="page")
    assert (tab["href"], tab.text) == ("?tab=marketing", "Marketing 3")


def test_a_group_s_threads_are_rows_like_any_other_and_keep_the_list_s_place(demo, agent1):
    broadcast = make_broadcast(demo)
    waiting, answered = sent_threads(demo, broadcast, 2)
    change(demo, answered, state="unclaimed", pinned=broadcast)
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}")))
    rows = page.id("rows")
    assert [row["data-id"] for row in rows.all("li")] == [str(answered.pk), str(waiting.pk)]
    # The tab does not say the state here, so each row does.
    assert rows.get("data-tab") is None
    assert [state.text for state in rows.all(css="row__state")] == ["Unclaimed", "Outbound"]
    assert page.id("list")["data-group"] == str(broadcast.pk)
    assert page.one(css="group__who").one("h2").text == "Weekend opening"
    link = page.id(f"row-{waiting.pk}").one("a", css="row")
    assert link["href"] == demo.url(f"inbox/{waiting.pk}/?tab=marketing&broadcast={broadcast.pk}")
    beside = parse(agent1.get(link["href"]))
    assert [row["data-id"] for row in beside.id("rows").all("li")] == [str(answered.pk), str(waiting.pk)]
    back, name, *_ = page.one(css="group__head").all("a")
    assert (back["href"], back["aria-label"]) == ("?tab=marketing", "All of Marketing")
    assert name["href"] == demo.url(f"broadcasts/{broadcast.pk}/")


def test_a_person_in_three_campaigns_stands_under_each_and_is_one_thread(demo, agent1):
    broadcasts = [make_broadcast(demo, f"Campaign {n}") for n in range(3)]
    [thread] = sent_threads(demo, broadcasts[0], 1)
    for broadcast in broadcasts[1:]:
        send_to(demo, broadcast, thread)
    for broadcast in broadcasts:
        page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}")))
        assert [row["data-id"] for row in page.id("rows").all("li")] == [str(thread.pk)]


def test_who_got_a_second_try_stands_once_and_counts_once(demo):
    broadcast = make_broadcast(demo)
    first, second = sent_threads(demo, broadcast, 2)
    failed = send_to(demo, make_broadcast(demo, "Another"), first)
    tried = send_to(demo, broadcast, first, status=Message.Status.FAILED)
    change(demo, tried, retry_of=failed)
    with scope(demo.id):
        again = Message.objects.filter(broadcast=broadcast, conversation=second).get()
        send_to(demo, broadcast, second, retry_of=again)
    with reading(demo.id):
        page = marketing.threads(fresh(demo, broadcast))
    assert [row.pk for row in page.rows] == [second.pk, first.pk]


def test_people_are_counted_as_their_messages_are_written(demo, rival):
    ours, theirs = make_broadcast(demo), make_broadcast(rival)
    thread, another = make_conversation(demo), make_conversation(demo)
    with scope(demo.id):
        Message.objects.bulk_create(
            Message(
                workspace=demo.workspace,
                conversation=row,
                number=demo.number,
                outgoing=True,
                status=10,
                broadcast=ours,
            )
            for row in (thread, another)
        )
        first = Message.objects.filter(broadcast=ours).first()
    make_message(demo, thread, outgoing=True)
    make_message(demo, thread, broadcast=ours)
    send_to(demo, ours, thread, retry_of=first)
    assert (fresh(demo, ours).people, fresh(rival, theirs).people) == (2, 0)


def test_threads_are_paged_by_the_order_of_sending_without_loss_or_repetition(demo, monkeypatch):
    monkeypatch.setattr(queries, "ROWS_PER_PAGE", 2)
    broadcast = make_broadcast(demo)
    sent = [thread.pk for thread in sent_threads(demo, broadcast, 5)][::-1]
    pages, before = [], None
    with reading(demo.id):
        while True:
            page = marketing.threads(broadcast, before=before)
            pages.append([row.pk for row in page.rows])
            before = page.more
            if before is None:
                break
    assert pages == [sent[:2], sent[2:4], sent[4:]]


def test_broadcasts_are_paged_also_among_equal_times_and_both_lists_go_on_with_a_link(
    demo, agent1, monkeypatch
):
    monkeypatch.setattr(marketing, "GROUPS_PER_PAGE", 2)
    monkeypatch.setattr(queries, "ROWS_PER_PAGE", 1)
    made = [str(make_broadcast(demo, f"B{n}", started=NOON).pk) for n in range(3)][::-1]
    page = parse(agent1.get(demo.url("inbox/?tab=marketing")))
    assert groups_on(page) == made[:2]
    more = page.id("rows-more").one("a")["hx-get"]
    rest = parse(piece(agent1, more, "rows"))
    assert [row["id"] for row in rest.all("li")] == [f"group-{made[2]}"]
    assert rest.id("rows-more").text == ""
    broadcast = fresh(demo, Broadcast(pk=int(made[0])))
    first, second = sent_threads(demo, broadcast, 2)
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={made[0]}")))
    assert [row["data-id"] for row in page.id("rows").all("li")] == [str(second.pk)]
    rest = parse(piece(agent1, page.id("rows-more").one("a")["hx-get"], "rows"))
    assert [row["data-id"] for row in rest.all("li")] == [str(first.pk)]


def test_a_group_s_page_is_served_by_the_index_of_its_messages(demo):
    broadcast, other = make_broadcast(demo), make_conversation(demo)
    with scope(demo.id):
        Message.objects.bulk_create(
            Message(workspace=demo.workspace, conversation=other, number=demo.number, outgoing=False)
            for _ in range(1000)
        )
    with reading(demo.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        sent = Message.objects.filter(broadcast=broadcast, outgoing=True, retry_of__isnull=True, pk__lt=10**9)
        plan = sent.order_by("-id")[:41].explain()
        cursor.execute(
            "EXPLAIN SELECT broadcast_id, count(DISTINCT conversation_id) FROM inbox_message"
            " WHERE broadcast_id = ANY(%s) AND NOT outgoing GROUP BY broadcast_id",
            [[broadcast.pk]],
        )
        answers = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using inbox_message_broadcast" in plan
    assert "Sort" not in plan
    assert "Index Only Scan using inbox_message_answers" in answers


def test_the_number_narrows_the_broadcasts_and_leads_out_of_one(demo, agent1):
    ours = make_broadcast(demo)
    with scope(demo.id):
        sales = PhoneNumber.objects.create(
            workspace=demo.workspace,
            business_account=demo.account,
            phone_number_id="100000000000009",
            name="Sales",
        )
    theirs = make_broadcast(demo, "Of sales")
    change(demo, theirs, number=sales)
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&number={sales.pk}")))
    assert groups_on(page) == [str(theirs.pk)]
    assert page.one("a", css="tab", aria_current="page").text == "Marketing 0"
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={ours.pk}")))
    assert [choice["href"] for choice in page.id("menu-numbers").all("a")] == [
        "?tab=marketing",
        f"?tab=marketing&number={sales.pk}",
        f"?tab=marketing&number={demo.number.pk}",
    ]
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={ours.pk}&number={sales.pk}")))
    assert page.id("rows").all("li") == []


def test_a_thread_that_only_a_campaign_made_is_in_no_other_tab(demo, agent1):
    [thread] = sent_threads(demo, make_broadcast(demo), 1)
    for query in ("", "?tab=claimed&owner=all", "?tab=closed"):
        assert parse(agent1.get(demo.url(f"inbox/{query}"))).id(f"row-{thread.pk}") is None
    # Opened by its own address, it stands beside Marketing.
    page = parse(agent1.get(demo.url(f"inbox/{thread.pk}/")))
    assert page.one("a", css="tab", aria_current="page").text == "Marketing 1"


def test_an_agent_claims_from_there(demo, agent1):
    broadcast = make_broadcast(demo)
    [thread] = sent_threads(demo, broadcast, 1)
    query = f"?tab=marketing&broadcast={broadcast.pk}"
    menu = parse(agent1.get(demo.url(f"inbox/{thread.pk}/menu/{query}&from=row"), headers=HTMX))
    form = menu.all("form")[0]
    answer = agent1.post(form["action"], form.form())
    assert (answer.status_code, answer["Location"]) == (303, demo.url(f"inbox/{thread.pk}/{query}"))
    assert fresh(demo, thread).holder_id == demo.agent1.pk
    assert parse(agent1.get(demo.url(f"inbox/{query}"))).id(f"row-{thread.pk}")["data-state"] == "claimed"


@pytest.mark.parametrize("query", ["", "&broadcast=abc", "&broadcast=99999999999", "&broadcast=" + "9" * 40])
def test_a_broadcast_that_is_none_is_the_list_of_all(demo, agent1, query):
    broadcast = make_broadcast(demo)
    assert groups_on(parse(agent1.get(demo.url(f"inbox/?tab=marketing{query}")))) == [str(broadcast.pk)]


@pytest.mark.parametrize(
    ("query", "said"), [("", "Nothing was sent yet"), ("&broadcast={}", "No threads yet")]
)
def test_an_empty_list_says_what_would_be_there(demo, agent1, query, said):
    broadcast = make_broadcast(demo, started=None if not query else NOON)
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing{query.format(broadcast.pk)}")))
    assert page.id("rows-empty").one("h2").text == said


def test_the_figures_are_a_piece_and_without_a_script_a_way_to_the_threads(demo, agent1):
    broadcast = make_broadcast(demo)
    sent_threads(demo, broadcast, 1)
    url = demo.url(f"inbox/broadcasts/{broadcast.pk}/")
    listed = parse(agent1.get(demo.url("inbox/?tab=marketing"))).id(f"figures-{broadcast.pk}")
    assert (listed["data-broadcast"], listed["hx-get"], listed["hx-trigger"]) == (
        str(broadcast.pk),
        url,
        "live",
    )
    again = parse(piece(agent1, url, f"figures-{broadcast.pk}"))
    assert again.id(f"figures-{broadcast.pk}").text == "1 person 0 replied"
    answer = agent1.get(url)
    assert answer["Location"] == demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}")


def test_whoever_is_written_to_while_a_group_is_open_can_be_shown(demo, agent1):
    broadcast = make_broadcast(demo)
    sent_threads(demo, broadcast, 2)
    page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}")))
    figures = page.id(f"figures-{broadcast.pk}")
    assert figures["hx-get"] == demo.url(f"inbox/broadcasts/{broadcast.pk}/?seen=2")
    assert figures.all("a") == []
    [later] = sent_threads(demo, broadcast, 1)
    again = parse(piece(agent1, figures["hx-get"], f"figures-{broadcast.pk}")).id(f"figures-{broadcast.pk}")
    assert (again.one("a").text, again["hx-get"]) == ("Show 1 more", figures["hx-get"])
    shown = parse(agent1.get(again.one("a")["href"]))
    assert str(later.pk) in shown.id("rows").all("li")[0]["id"]


@pytest.mark.parametrize("status", [Message.Status.FAILED, Message.Status.UNCONFIRMED])
def test_what_a_campaign_wrote_is_not_sent_again_by_hand(demo, agent1, status):
    broadcast = make_broadcast(demo)
    thread = make_conversation(demo, holder=demo.agent1)
    send_to(demo, broadcast, thread, status=status)
    page = agent1.get(demo.url(f"inbox/{thread.pk}/")).content.decode()
    assert "Send again" not in page
    assert ("which sends it again itself" in page) is (status == Message.Status.FAILED)


def test_an_outsider_sees_no_broadcast_of_ours_anywhere(demo, rival):
    broadcast = make_broadcast(demo)
    [thread] = sent_threads(demo, broadcast, 1)
    outsider = browser(rival.agent1)
    assert outsider.get(demo.url("inbox/?tab=marketing")).status_code == 404
    assert outsider.get(rival.url(f"inbox/broadcasts/{broadcast.pk}/")).status_code == 404
    page = parse(outsider.get(rival.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}")))
    assert page.id("rows").all("li") == []
    assert "Weekend opening" not in page.text
    with reading(rival.id):
        assert marketing.group(demo.id, broadcast.pk) is None
        assert marketing.groups(demo.id).rows == []
        assert marketing.threads(broadcast).rows == []
    assert fresh(demo, thread).state == "outbound"


@pytest.mark.parametrize("n", [1, 3])
def test_the_groups_ask_as_often_for_three_as_for_one(demo, agent1, n, django_assert_num_queries):
    for i in range(n):
        broadcast = make_broadcast(demo, f"B{i}")
        [thread] = sent_threads(demo, broadcast, 1)
        make_message(demo, thread, broadcast=broadcast)
    # the list's, but for the rows: broadcasts and who answered them
    with django_assert_num_queries(14):
        assert len(groups_on(parse(agent1.get(demo.url("inbox/?tab=marketing"))))) == n


@pytest.mark.parametrize("n", [1, 3])
def test_a_group_asks_as_often_for_three_threads_as_for_one(demo, agent1, n, django_assert_num_queries):
    broadcast = make_broadcast(demo)
    for thread in sent_threads(demo, broadcast, n):
        change(demo, thread, state="unclaimed", pinned=broadcast)
    # the list's, and: the broadcast, who answered it, its messages, and the names of what is pinned
    with django_assert_num_queries(17):
        page = parse(agent1.get(demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}")))
    assert len(page.id("rows").all("li")) == n


# What a customer answered


def test_the_campaign_that_was_answered_stands_on_the_row_and_in_the_thread(demo, agent1):
    broadcast = make_broadcast(demo)
    conversation = make_conversation(demo)
    change(demo, conversation, pinned=broadcast)
    page = parse(agent1.get(demo.url(f"inbox/{conversation.pk}/")))
    assert page.id(f"row-{conversation.pk}").one(css="row__pinned").text == "Answers: Weekend opening"
    pinned = page.id("controls-head").one(css="thread__pinned")
    assert (pinned.text, pinned["href"]) == (
        "Answers: Weekend opening",
        demo.url(f"inbox/?tab=marketing&broadcast={broadcast.pk}"),
    )
    actions.close(member=demo.agent1, conversation_id=conversation.pk)
    change(demo, conversation, pinned=None)
    page = parse(agent1.get(demo.url(f"inbox/{conversation.pk}/")))
    assert page.all(css="row__pinned") + page.all(css="thread__pinned") == []


@pytest.mark.parametrize("n", [1, 3])
def test_what_is_pinned_is_asked_for_once_and_only_where_there_is_something(
    demo, n, django_assert_num_queries
):
    rows = [make_conversation(demo) for _ in range(n)]
    with reading(demo.id), django_assert_num_queries(1):
        assert [row.pinned for row in queries.rows([row.pk for row in rows])] == [None] * n
    for i, row in enumerate(rows):
        change(demo, row, pinned=make_broadcast(demo, f"B{i}"))
    with reading(demo.id), django_assert_num_queries(2):
        named = [row.pinned.name for row in queries.page(demo.id, state="unclaimed").rows]
    assert named == [f"B{i}" for i in range(n)][::-1]
