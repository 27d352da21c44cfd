"""A thread as a browser without a script gets it: messages, lines, ticks, failures, the panel."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.tenancy import scope
from inbox import actions, queries
from inbox.models import Message, SystemLine
from tests.inbox.browsing import browser, piece
from tests.inbox.dom import parse
from tests.inbox.rows import change, fresh
from tests.worlds import make_conversation, make_message


@pytest.mark.parametrize("n", [1, 3])
def test_a_thread_asks_as_often_for_three_messages_as_for_one(demo, agent1, n, django_assert_num_queries):
    held = make_conversation(demo, holder=demo.agent1)
    for _ in range(n):
        make_message(demo, held, outgoing=True, sender=demo.agent1, context_wamid=held.last_message.wamid)
        with scope(demo.id):
            SystemLine.objects.create(
                workspace=demo.workspace, conversation=held, kind="claimed", actor=demo.agent1
            )
    # the list's, and: conversation, messages, lines, quotes, claims, labels
    with django_assert_num_queries(19):
        page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    assert len(page.id("log").all("article")) == n + 1


def test_a_thread_merges_messages_and_lines_by_time_in_days_and_runs(demo, agent1):
    zone = ZoneInfo("Asia/Amman")
    today = datetime.now(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    conversation = make_conversation(demo, last_at=today - timedelta(days=1))
    change(demo, conversation, unread=0)
    second = make_message(demo, conversation, at=today)
    third = make_message(demo, conversation, at=today + timedelta(minutes=1))
    with scope(demo.id):
        line = SystemLine.objects.create(
            workspace=demo.workspace,
            conversation=conversation,
            kind="transferred",
            actor=demo.admin,
            target=demo.agent1,
            note="Speaks Arabic",
            at=today + timedelta(minutes=2),
        )
    last = make_message(demo, conversation, at=today + timedelta(minutes=3))
    page = parse(agent1.get(demo.url(f"inbox/{conversation.pk}/")))
    log = page.id("log")
    assert [day["aria-label"] for day in log.all("section")] == ["Yesterday", "Today"]
    days = log.all("section")
    assert [node.get("id") for node in days[1].children if not isinstance(node, str)] == [
        None,
        f"message-{second.pk}",
        f"message-{third.pk}",
        f"line-{line.pk}",
        None,
        f"message-{last.pk}",
    ]
    runs = [("is-first" in article.classes) for article in log.all("article")]
    assert runs == [True, True, False, True]
    event = page.id(f"line-{line.pk}")
    assert event.one(css="other-only").text == "Admin transferred this conversation to Agent1"
    assert event.one(css="mine-only").text == "You transferred this conversation to Agent1"
    assert event["data-holder"] == str(demo.admin.pk)
    assert log.one("blockquote").text == "Speaks Arabic"
    assert log.all(css="unread-line") == []


def test_a_message_names_its_agent_and_its_state_and_what_it_answers(demo, agent1, held):
    answer = make_message(
        demo,
        held,
        outgoing=True,
        status=Message.Status.DELIVERED,
        sender=demo.agent1,
        body="See https://x.test/a?b=1 <b>",
        context_wamid=held.last_message.wamid,
    )
    article = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{answer.pk}")
    assert article.one(css="who").text == "Agent1"
    assert article.one("svg", css="ticks")["aria-label"] == "Delivered"
    quote = article.one("a", css="quote")
    assert (quote["href"], quote.text) == (
        f"#message-{held.last_message_id}",
        "Rania Haddad Hello, is my order on its way?",
    )
    assert article.one("p", css="text").text == "See https://x.test/a?b=1 <b>"
    link = article.one("p", css="text").one("a")
    assert (link["href"], link["rel"], link["target"]) == ("https://x.test/a?b=1", "nofollow", "_blank")
    assert article["data-who"] == str(demo.agent1.pk)


def test_an_answer_to_a_message_that_is_gone_says_so(demo, agent1, held):
    message = make_message(demo, held, context_wamid="wamid.of.long.ago")
    article = parse(agent1.get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{message.pk}")
    assert article.one(css="quote").text == "In reply to a message that is not here"


def test_a_failure_is_told_in_words_with_its_code_and_offered_again_once(demo, agent1, held):
    failed = make_message(
        demo, held, outgoing=True, status=Message.Status.FAILED, error_code=130429, sender=demo.agent1
    )
    url = demo.url(f"inbox/{held.pk}/")
    page = parse(agent1.get(url))
    fail = page.id(f"message-{failed.pk}").one(css="fail")
    assert fail.text == (
        "Not sent. This number sends faster than WhatsApp allows. Wait a moment, then try again. (130429) Send again"
    )
    button = fail.one("button")
    assert (button["form"], page.id("again")["method"]) == ("again", "post")

    answer = agent1.post(button["formaction"], page.id("again").form())

    with scope(demo.id):
        again = Message.objects.get(retry_of=failed)
    assert (answer.status_code, answer["Location"]) == (303, f"{url}#message-{again.pk}")
    fail = parse(agent1.get(url)).id(f"message-{failed.pk}").one(css="fail")
    assert fail.text.endswith("(130429) Sent again.")
    assert fail.all("button") == []


def test_an_unconfirmed_message_is_offered_again_after_its_grace_only(demo, agent1, held, settings):
    message = make_message(
        demo, held, outgoing=True, status=Message.Status.UNCONFIRMED, sender=demo.agent1, due=timezone.now()
    )
    url = demo.url(f"inbox/{held.pk}/")
    grace = timedelta(seconds=settings.UNCONFIRMED_GRACE_SECONDS)

    def offer():
        return (
            parse(agent1.get(url))
            .id(f"message-{message.pk}")
            .one(data_show_at=(message.due + grace).isoformat())
        )

    assert offer().get("hidden") is not None
    assert offer().text.startswith("No receipt came. Sending again may deliver it twice")
    refused = agent1.post(offer().one("button")["formaction"])
    assert refused.status_code == 409
    change(demo, message, due=message.due - grace)
    message.due -= grace
    assert offer().get("hidden") is None
    assert agent1.post(offer().one("button")["formaction"]).status_code == 303


@pytest.mark.parametrize(
    ("kind", "fields", "shown"),
    [
        ("image", {"body": "the box"}, "Photo · cannot be shown here yet"),
        (
            "location",
            {"payload": {"location": {"latitude": 31.95, "longitude": 35.91}}},
            "Location: 31.95000, 35.91000",
        ),
        ("location", {"payload": {"location": {"name": "Cafe", "address": "1 St"}}}, "Location: Cafe, 1 St"),
        ("contacts", {"payload": {"contacts": [{"name": {"formatted_name": "Ali"}}]}}, "Contact card: Ali"),
        ("contacts", {"payload": {"contacts": "x"}}, "Contact card"),
        ("reaction", {"payload": {"reaction": {"emoji": "👍"}}}, "Reaction: 👍"),
        ("hologram", {"payload": {"hologram": {}}}, "Unsupported message (hologram)"),
        (
            "unsupported",
            {"payload": {"errors": [{"title": "Unknown", "error_data": {"details": "Not supported."}}]}},
            "Unsupported message: Not supported.",
        ),
        ("interactive", {"body": "Yes please"}, None),
    ],
)
def test_what_cannot_be_shown_is_shown_as_such_with_what_is_known(demo, held, kind, fields, shown):
    body = fields.get("body", "")
    message = make_message(demo, held, kind=kind, **{"body": "", **fields})
    article = parse(browser(demo.agent1).get(demo.url(f"inbox/{held.pk}/"))).id(f"message-{message.pk}")
    assert [node.text for node in article.all(css="unsupported")] == ([shown] if shown else [])
    assert [node.text for node in article.all("p", css="text")] == ([body] if body else [])


def test_the_unread_line_stands_above_the_first_unread_message(demo, agent2, held):
    make_message(demo, held, outgoing=True, status=40)
    first = make_message(demo, held)
    make_message(demo, held)
    change(demo, held, unread=2)
    section = parse(agent2.get(demo.url(f"inbox/{held.pk}/"))).id("log").one("section")
    nodes = [node for node in section.children if not isinstance(node, str)]
    at = [node.get("id") for node in nodes].index("unread-line")
    assert (nodes[at].text, nodes[at + 1]["id"]) == ("2 new messages", f"message-{first.pk}")
    assert fresh(demo, held).unread == 2  # a page that is looked at writes nothing


def test_earlier_messages_come_as_a_piece_and_as_a_page(demo, agent1, held, monkeypatch):
    monkeypatch.setattr(queries, "MESSAGES_PER_PAGE", 2)
    later = [make_message(demo, held, at=timezone.now() + timedelta(seconds=n)) for n in range(1, 4)]
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    assert [a["data-id"] for a in page.id("log").all("article")] == [str(m.pk) for m in later[1:]]
    older = page.one("a", css="log__older")["href"]
    want = [str(held.last_message_id), str(later[0].pk)]
    fragment = parse(piece(agent1, older, "log"))
    assert [a["data-id"] for a in fragment.all("article")] == want
    assert fragment.all("a", css="log__older") == []
    whole = parse(agent1.get(older, follow=True))
    assert [a["data-id"] for a in whole.id("log").all("article")] == want
    assert whole.one("a", css="log__older").text == "Newest messages"


def test_the_panel_says_who_the_customer_is_and_who_held_the_conversation(demo, agent2, held):
    with scope(demo.id):
        contact = held.contact
        contact.username, contact.language, contact.profile_name = "rania.h", "ar", "Rannoush"
        contact.save()
    actions.unclaim(member=demo.agent1, conversation_id=held.pk)
    actions.claim(member=demo.agent2, conversation_id=held.pk)
    panel = parse(agent2.get(demo.url(f"inbox/{held.pk}/"))).id("panel")
    assert panel.one("h2").text == "Rania Haddad"
    facts = panel.one("dl")
    assert dict(zip([n.text for n in facts.all("dt")], [n.text for n in facts.all("dd")], strict=True)) == {
        "WhatsApp name": "Rannoush",
        "Username": "@rania.h",
        "Language": "العربيّة",
        "Marketing": "Not asked",
        "First seen": "Today",
        "Wrote to": "Support line",
        "Its number": "+962 6 555 0101",
        "Reply window": "22h 59m left",
    }
    assert panel.id("panel-claim").text == "Claimed by you"
    assert [(li.one("bdi").text, li.one("small").text) for li in panel.one("ul").all("li")] == [
        ("Agent2", "Holds it now"),
        ("Agent1", "Unclaimed"),
    ]
