"""The list as a browser without a script gets it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from inbox import queries
from tests.inbox.browsing import browser, piece
from tests.inbox.dom import parse
from tests.inbox.rows import change
from tests.worlds import make_contact, make_conversation, make_message


def test_a_row_says_all_there_is_to_know(demo, agent1):
    at = timezone.now() - timedelta(seconds=1)
    conversation = make_conversation(demo, holder=demo.agent2, last_at=at, text="بكم الشحن؟")
    row = parse(agent1.get(demo.url("inbox/?tab=claimed&owner=all"))).id(f"row-{conversation.pk}")
    data = {name: value for name, value in row.attributes.items() if name.startswith("data-")}
    assert data == {
        "data-id": str(conversation.pk),
        "data-state": "claimed",
        "data-holder": str(demo.agent2.pk),
        "data-number": str(demo.number.pk),
        "data-at": str(queries.microseconds(at)),
        "data-version": "1",
    }
    assert row.one(css="row")["href"] == demo.url(f"inbox/{conversation.pk}/?tab=claimed&owner=all")
    assert "is-unread" in row.one(css="row").classes
    assert row.one(css="row__name").text == "Rania Haddad"
    assert row.one(css="row__time").text == f"{at.astimezone(ZoneInfo('Asia/Amman')):%H:%M}"
    assert row.one(css="row__prev").one("bdi", dir="auto").text == "بكم الشحن؟"
    assert row.one(css="badge").text == "1 unread"
    assert row.one(css="row__holder").one(css="other-only").text == "Agent2"
    assert row.one(css="win").text == "Reply window: 22h"
    assert row.one(css="row__more")["href"] == demo.url(
        f"inbox/{conversation.pk}/menu/?tab=claimed&owner=all&from=row"
    )


def test_a_row_says_that_the_window_is_shut_or_about_to_be(demo, agent1):
    shut = make_conversation(demo, window=timedelta(hours=-1))
    low = make_conversation(demo, window=timedelta(minutes=72, seconds=30))
    page = parse(agent1.get(demo.url("inbox/")))
    assert page.id(f"row-{shut.pk}").one(css="win--shut").text == "Template only"
    assert page.id(f"row-{low.pk}").one(css="win--low").text == "Reply window: 1h 12m"


@pytest.mark.parametrize(
    ("fields", "label", "words"),
    [
        ({"outgoing": True, "status": 40, "body": "Yes"}, "Read", "Yes"),
        ({"outgoing": True, "status": 20, "body": "Yes"}, "Failed", "Yes"),
        ({"outgoing": True, "status": 5, "body": "Yes"}, "Unconfirmed", "Yes"),
        ({"kind": "image", "body": ""}, None, "Photo"),
        ({"kind": "image", "body": "the box"}, None, "the box"),
        (
            {"kind": "document", "body": "", "payload": {"document": {"filename": "a.pdf"}}},
            None,
            "Document: a.pdf",
        ),
        ({"kind": "hologram", "body": ""}, None, "Unsupported message (hologram)"),
        ({"kind": "location", "body": "", "payload": "nonsense"}, None, "Location"),
    ],
)
def test_the_preview_has_the_tick_and_kind_words(demo, agent1, fields, label, words):
    conversation = make_conversation(demo)
    message = make_message(demo, conversation, **fields)
    change(demo, conversation, last_message=message)
    preview = parse(agent1.get(demo.url("inbox/"))).id(f"row-{conversation.pk}").one(css="row__prev")
    assert preview.text == words
    assert [icon["aria-label"] for icon in preview.all("svg", role="img")] == ([label] if label else [])


def test_tabs_are_links_with_true_counts_and_the_current_one_is_marked(demo, agent1):
    make_conversation(demo)
    make_conversation(demo, holder=demo.agent1)
    make_conversation(demo, holder=demo.agent2)
    make_conversation(demo, state="closed")
    page = parse(agent1.get(demo.url("inbox/?tab=claimed")))
    assert [(tab["href"], tab.text, tab.get("aria-current")) for tab in page.all("a", css="tab")] == [
        ("?tab=unclaimed", "Unclaimed 1", None),
        ("?tab=claimed", "Claimed 2", "page"),
        ("?tab=closed", "Closed 1", None),
        ("?tab=marketing", "Marketing 0", None),
    ]
    assert [(a.text, a.get("aria-current")) for a in page.one("nav", css="seg").all("a")] == [
        ("Mine 1", "page"),
        ("All 2", None),
    ]
    assert len(page.id("rows").all("li")) == 1
    assert page.id("rail-count").text == "1 unclaimed"


@pytest.mark.parametrize("who", ["agent1", "marketer", "admin"])
def test_the_way_to_everything_is_there_for_everybody(demo, who):
    page = parse(browser(getattr(demo, who)).get(demo.url("inbox/")))
    items = [
        (item.text.split()[0], item["href"], item.get("aria-current")) for item in page.all(css="rail__item")
    ]
    assert items[:4] == [
        ("WhatsApp", demo.url("inbox/"), "page"),
        ("Phonebook", demo.url("phonebook/"), None),
        ("Marketing", demo.url("campaigns/"), None),
        ("Templates", demo.url("templates/"), None),
    ]
    assert [item[0] for item in items[4:]] == (["Settings"] if who == "admin" else [])
    new = page.one("a", css="list__new")
    assert (new.text, new["href"]) == ("New Conversation", demo.url("new/"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Nobody is waiting"),
        ("?tab=claimed", "You hold no conversation"),
        ("?tab=claimed&owner=all", "Nobody holds a conversation"),
        ("?tab=closed", "Nothing is closed"),
        ("?q=zzz", "Nothing found"),
    ],
)
def test_an_empty_list_says_what_would_be_there(demo, agent1, query, said):
    empty = parse(agent1.get(demo.url(f"inbox/{query}"))).id("rows-empty")
    assert (empty.one("h2").text, empty.get("hidden")) == (said, None)


@pytest.mark.parametrize(
    "query",
    ["?tab=nonsense&owner=x&number=abc&before=1_x", "?number=999999999999999999999", "?q=%00", "?before=9_9"],
)
def test_a_nonsensical_query_is_the_default(demo, agent1, query):
    assert agent1.get(demo.url(f"inbox/{query}")).status_code == 200


def test_numbers_are_offered_when_there_is_a_choice(demo, agent1):
    first = make_conversation(demo)
    assert parse(agent1.get(demo.url("inbox/"))).id("menu-numbers") is None
    with scope(demo.id):
        sales = PhoneNumber.objects.create(
            workspace=demo.workspace,
            business_account=demo.account,
            phone_number_id="100000000000009",
            name="Sales",
        )
    page = parse(agent1.get(demo.url(f"inbox/?tab=unclaimed&number={sales.pk}")))
    assert [(a.text, a["aria-checked"]) for a in page.id("menu-numbers").all("a")] == [
        ("All numbers", "false"),
        ("Sales", "true"),
        ("Support line +962 6 555 0101", "false"),
    ]
    assert page.one("a", css="tab", aria_current="page").text == "Unclaimed 0"
    assert page.id("rail-count").text == "1 unclaimed"
    assert page.id(f"row-{first.pk}") is None
    page = parse(agent1.get(demo.url(f"inbox/?number={demo.number.pk}")))
    assert (
        page.id(f"row-{first.pk}").one(css="row")["href"].endswith(f"?tab=unclaimed&number={demo.number.pk}")
    )


def test_a_search_says_how_many_of_what_and_leads_back(demo, agent1):
    make_conversation(demo, state="closed", text="pomegranate")
    make_conversation(demo, contact=make_contact(demo, "Pomegranate Ltd"))
    make_conversation(demo, text="apple")
    page = parse(agent1.get(demo.url("inbox/?tab=claimed&q=pomegranate")))
    note = page.one("p", css="list__note")
    assert note.text == "2 conversations for “ pomegranate ”, in any state Clear"
    assert note.one("a")["href"] == "?tab=claimed"
    assert [state.text for state in page.id("rows").all(css="row__state")] == ["Unclaimed", "Closed"]
    assert page.id("q")["value"] == "pomegranate"
    assert page.all("a", css="tab", aria_current="page") == []


def test_the_list_goes_on_with_a_link_and_with_a_piece(demo, agent1, monkeypatch):
    monkeypatch.setattr(queries, "ROWS_PER_PAGE", 2)
    made = [make_conversation(demo).pk for _ in range(3)][::-1]
    more = parse(agent1.get(demo.url("inbox/"))).id("rows-more").one("a")
    assert more["href"] == more["hx-get"]
    page = parse(agent1.get(more["href"]))
    assert [row["data-id"] for row in page.id("rows").all("li")] == [str(made[2])]
    rows = parse(piece(agent1, more["href"], "rows"))
    assert [row["data-id"] for row in rows.all("li")] == [str(made[2])]
    assert (rows.id("rows-more").text, rows.id("rows-more")["hx-swap-oob"]) == ("", "true")
    assert rows.id("main") is None


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_asks_as_often_for_three_rows_as_for_one(demo, agent1, n, django_assert_num_queries):
    for i in range(n):
        make_conversation(demo, contact=make_contact(demo, f"C{i}"), holder=demo.agent1)
    # session, user, member · BEGIN, read only, scope in, out, COMMIT · seq, numbers, counts, rows · the rail's workspaces
    with django_assert_num_queries(13):
        assert len(parse(agent1.get(demo.url("inbox/?tab=claimed"))).id("rows").all("li")) == n
