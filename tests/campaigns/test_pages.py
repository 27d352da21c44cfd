"""Marketing and a campaign's page as a browser without a script gets them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from campaigns import queries
from campaigns.models import Campaign, Skip
from inbox.models import Message
from phonebook.models import Contact
from tests.campaigns.plans import answer, fresh, launched, prepared, sent
from tests.inbox.browsing import browser, piece, send
from tests.inbox.dom import parse
from tests.worlds import make_contact, make_template

S = Message.Status


BEFORE = ("launch", "schedule", "cancel", "duplicate")


@pytest.fixture
def ready(demo):
    """Three who get it and one who does not."""
    people = [
        make_contact(demo, name=name) for name in ("Rania Haddad", "Omar Saleh", "Lina Odeh", "Blocked")
    ]
    with scope(demo.id):
        Contact.objects.filter(name="Blocked").update(blocked=timezone.now())
    return prepared(demo, people)


def url(world, campaign, path=""):
    return world.url(f"campaigns/{campaign.pk}/{path}")


def shown(client, world, campaign, path=""):
    return parse(client.get(url(world, campaign, path)))


def verbs(page, world, campaign):
    """The verbs that are offered."""
    base = url(world, campaign)
    actions = [
        form["action"].removeprefix(base).strip("/") for form in page.id("campaign-actions").all("form")
    ]
    return sorted(actions)


def put(world, campaign, **fields):
    with scope(world.id):
        Campaign.objects.filter(pk=campaign.pk).update(**fields)
    cache.clear()


def test_the_list_tells_what_was_sent_and_how_far_it_got(demo, marketer):
    campaign, messages = sent(demo, [S.READ, S.DELIVERED, S.FAILED])
    answer(demo, campaign, messages[0].conversation.contact)

    page = parse(marketer.get(demo.url("campaigns/")))

    [row] = page.one("tbody").all("tr")
    assert row.one(css="campaigns__name")["href"] == url(demo, campaign)
    assert row.one(css="cell-main").text == "Weekend opening Support line · Marketer"
    assert row.one(css="chip").text == "Sent"
    at = fresh(demo, campaign).launched.astimezone(ZoneInfo("Asia/Amman"))
    assert row.one("time").text == f"{at.day} {at:%B %Y, %H:%M}"
    assert row.one(css="campaigns__progress").text == "3 people · 1 read · 1 replied · 1 failed"
    assert [(part.classes, part["x"], part["width"]) for part in row.all("rect")] == [
        (["funnel__replied"], "0", "334"),
        (["funnel__delivered"], "334", "333"),
        (["funnel__failed"], "667", "333"),
    ]


def test_the_list_goes_by_keyset(demo, marketer, monkeypatch):
    monkeypatch.setattr(queries, "ROWS_PER_PAGE", 2)
    made = [prepared(demo, []) for _ in range(3)]

    first = parse(marketer.get(demo.url("campaigns/")))
    older = first.one("a", rel="next")["href"]
    second = parse(marketer.get(demo.url("campaigns/") + older))

    assert [link["href"] for link in first.all("a", css="campaigns__name")] == [
        url(demo, made[2]),
        url(demo, made[1]),
    ]
    assert [link["href"] for link in second.all("a", css="campaigns__name")] == [url(demo, made[0])]
    assert second.all("a", rel="next") == []
    assert marketer.get(demo.url("campaigns/?before=²")).status_code == 200


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_asks_as_often_for_three_rows_as_for_one(demo, marketer, n, django_assert_num_queries):
    for state in ("running", "done", "done")[:n]:
        sent(demo, [S.READ] * n, state=state)
    with django_assert_num_queries(12):
        assert marketer.get(demo.url("campaigns/")).status_code == 200


@pytest.mark.parametrize("n", [1, 3])
def test_a_campaigns_page_asks_as_often_for_three_people_as_for_one(
    demo, marketer, n, django_assert_num_queries
):
    campaign, _ = sent(demo, [S.FAILED] * n, error_code=131026)
    with django_assert_num_queries(15):
        assert marketer.get(url(demo, campaign)).status_code == 200
    waiting = prepared(demo, [make_contact(demo) for _ in range(n)])
    with django_assert_num_queries(16):
        assert marketer.get(url(demo, waiting)).status_code == 200
    with django_assert_num_queries(12):
        assert marketer.get(url(demo, campaign, "people/?figure=failed")).status_code == 200


def test_the_preflight_says_who_gets_it_who_does_not_and_when_it_will_be_done(demo, marketer, ready):
    demo.account.messaging_limit = "TIER_2K"
    with scope(demo.id):
        demo.account.save()

    page = shown(marketer, demo, ready)

    assert page.one(css="preflight__count").text == "3 are ready 1 is skipped"
    [reason] = page.one(css="tally").one("tbody").all("tr")
    assert reason.text == "Blocked 1"
    assert reason.one("a")["href"] == url(demo, ready, f"people/?figure=skipped&reason={Skip.BLOCKED}")
    facts = page.one(css="preflight__facts")
    said = dict(zip([dt.text for dt in facts.all("dt")], [dd.text for dd in facts.all("dd")], strict=True))
    ends = datetime.fromisoformat(facts.one("time")["datetime"])
    assert said | {"Expected end": ""} == {
        "From": "Support line",
        "Speed": "up to 80 messages a second",
        "Allowance left today": "2,000 of 2,000 people",
        "Takes": "less than a minute",
        "Expected end": "",
    }
    assert timedelta(0) < timezone.now() - ends + timedelta(seconds=2) < timedelta(seconds=60)
    assert [sample.one("b").text for sample in page.all("figure")] == [
        "Rania Haddad",
        "Omar Saleh",
        "Lina Odeh",
    ]
    assert "Hello Rania, our showroom opens on Saturday." in page.all("figure")[0].one(css="bubble").text
    assert verbs(page, demo, ready) == sorted(BEFORE)
    assert page.one("form", action=url(demo, ready, "launch/")).one("button").text == "Send to 3 people"


def test_more_people_than_whatsapps_limit_are_told_to_take_days(demo, marketer, ready, monkeypatch):
    monkeypatch.setattr("inbox.outreach.limit", lambda account: 2)
    assert shown(marketer, demo, ready).one(css="preflight__limit").text == (
        "WhatsApp lets this business write to 2 of them today. The others follow by themselves, about 1 day later."
    )


def test_a_preview_shows_every_language(demo, marketer):
    templates = [make_template(demo, name="news", language=code) for code in ("en", "ar")]
    people = [make_contact(demo, name=name) for name in ("A", "B", "C", "D")]
    with scope(demo.id):
        Contact.objects.filter(name__in=["C", "D"]).update(language="ar")
    campaign = prepared(demo, people, templates=templates)

    page = shown(marketer, demo, campaign)

    assert [(one.one("b").text, one.one(css="chip").text) for one in page.all("figure")] == [
        ("A", "en"),
        ("B", "en"),
        ("C", "ar"),
    ]


def test_nobody_can_send_what_would_stop_at_once(demo, marketer, ready):
    with scope(demo.id):
        PhoneNumber.objects.update(stopped=timezone.now(), stopped_code=131042)
    page = shown(marketer, demo, ready)
    assert page.one(css="notice--danger").text.startswith("WhatsApp cannot charge this account")
    assert page.one("form", action=url(demo, ready, "launch/")).one("button").get("disabled") == ""


def test_send_starts_it_and_says_so(demo, marketer, ready):
    page = shown(marketer, demo, ready)

    answer = send(marketer, page.one("form", action=url(demo, ready, "launch/")))

    assert (answer.status_code, answer["Location"]) == (303, url(demo, ready))
    page = parse(marketer.get(answer["Location"]))
    assert "The campaign is being sent." in page.id("toasts").text
    assert page.id("campaign-state").one(css="chip--brand").text == "Sending"
    assert fresh(demo, ready).launched_by_id == demo.marketer.pk
    assert verbs(page, demo, ready) == ["cancel", "duplicate", "pause"]


def test_a_time_is_read_on_the_workspaces_clock_and_kept_when_it_is_refused(demo, marketer, ready):
    wall = (
        (timezone.now() + timedelta(days=1))
        .astimezone(ZoneInfo("Asia/Amman"))
        .replace(second=0, microsecond=0)
    )
    form = shown(marketer, demo, ready).one("form", action=url(demo, ready, "schedule/"))

    passed = send(marketer, form, starts="2020-01-01T10:00")
    page = parse(passed)
    assert passed.status_code == 422
    assert page.id("starts")["value"] == "2020-01-01T10:00"
    assert page.id("starts_error").text == "This time has passed already."
    assert parse(send(marketer, form, starts="soon")).id("starts_error").text == "Give a date and a time."
    assert fresh(demo, ready).state == "ready"

    assert send(marketer, form, starts=f"{wall:%Y-%m-%dT%H:%M}").status_code == 303
    assert fresh(demo, ready).starts == wall
    page = shown(marketer, demo, ready)
    begins = f"Begins {wall.day} {wall:%B %Y, %H:%M}, scheduled by Marketer"
    assert begins in page.one(css="campaign__now").text
    assert verbs(page, demo, ready) == ["cancel", "duplicate", "launch", "unschedule"]


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("checking", ["cancel", "duplicate"]),
        ("running", ["cancel", "duplicate", "pause"]),
        ("paused", ["cancel", "duplicate", "resume"]),
        ("done", ["duplicate"]),
        ("cancelled", ["duplicate"]),
        ("failed", ["cancel", "duplicate"]),
    ],
)
def test_each_state_offers_what_it_allows(demo, marketer, ready, state, offered):
    put(demo, ready, state=state)
    assert verbs(shown(marketer, demo, ready), demo, ready) == offered


def test_an_agent_sees_everything_and_can_press_nothing(demo, ready):
    agent = browser(demo.agent1)

    page = shown(agent, demo, ready)

    assert page.one(css="preflight__count").text == "3 are ready 1 is skipped"
    assert page.id("campaign-actions").all("form") == []
    for verb in (*BEFORE, "pause", "resume", "unschedule", "retry", "save-list"):
        assert agent.post(url(demo, ready, f"{verb}/")).status_code == 403
    assert agent.get(url(demo, ready, "export/")).status_code == 403
    assert agent.get(url(demo, ready, "people/?figure=skipped")).status_code == 200
    assert fresh(demo, ready).state == "ready"


def test_an_outsider_finds_no_campaign_under_either_workspace(demo, rival, ready):
    outsider = browser(rival.admin)
    for path in ("", "figures/", "people/", "export/"):
        assert outsider.get(url(demo, ready, path)).status_code == 404
        assert outsider.get(rival.url(f"campaigns/{ready.pk}/{path}")).status_code == 404
    for verb in (*BEFORE, "pause", "resume", "unschedule", "retry"):
        data = {"starts": "2099-01-01T10:00"}
        assert outsider.post(rival.url(f"campaigns/{ready.pk}/{verb}/"), data).status_code in {404, 422}
    assert "Weekend opening" not in outsider.get(rival.url("campaigns/")).content.decode()
    assert fresh(demo, ready).state == "ready"


def test_a_finished_campaign_shows_its_funnel_with_a_table_behind_and_no_polling(demo, marketer):
    campaign, messages = sent(demo, [S.READ, S.READ, S.DELIVERED, S.SENT, S.FAILED], error_code=131026)
    answer(demo, campaign, messages[0].conversation.contact)

    page = shown(marketer, demo, campaign)

    region = page.id("campaign-state")
    assert region["data-broadcast"] == str(campaign.broadcast_id)
    assert (region["hx-get"], region["hx-trigger"]) == (url(demo, campaign, "figures/?was=done"), "live")
    table = page.one(css="tally--funnel").one("tbody")
    assert [row.text for row in table.all("tr")] == [
        "Queued 0 0%",
        "Sent 4 80%",
        "Delivered 3 60%",
        "Read 2 40%",
        "Replied 1 20%",
        "Failed 1 20%",
        "Skipped 0 0%",
    ]
    assert [link["href"] for link in table.all("a")] == [
        url(demo, campaign, f"people/?figure={name}")
        for name in ("sent", "delivered", "read", "replied", "failed")
    ]
    [failed] = page.one("ul", css="failures").all("li")
    assert failed.one("a")["href"] == url(demo, campaign, "people/?figure=failed&code=131026")
    assert failed.one(css="failures__todo").text == "Sending again would fail again."
    assert failed.one(css="tag").text == "131026"


def test_a_running_campaign_looks_again_by_itself_and_changes_its_buttons_when_it_is_done(demo, marketer):
    campaign = launched(demo, [make_contact(demo)])
    region = shown(marketer, demo, campaign).id("campaign-state")
    assert region["hx-trigger"] == "live, every 2s"

    same = parse(piece(marketer, region["hx-get"], "campaign-state"))
    assert same.id("campaign-state")["hx-trigger"] == "live, every 2s"
    assert same.id("campaign-actions") is None
    put(demo, campaign, state="done")
    over = parse(piece(marketer, region["hx-get"], "campaign-state"))
    assert over.id("campaign-state")["hx-trigger"] == "live"
    assert over.id("campaign-actions")["hx-swap-oob"] == "true"
    assert verbs(over, demo, campaign) == ["duplicate"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"state": "paused", "reason": "member", "reason_detail": "Admin"},
            "Paused by Admin. Resume it when you are ready.",
        ),
        (
            {"state": "paused", "reason": "template", "reason_detail": "news (en): PAUSED"},
            "The template cannot be sent at the moment: news (en): PAUSED.",
        ),
        ({"state": "failed", "reason": "snapshot"}, "The recipients could not be listed."),
    ],
)
def test_why_it_stands_still_is_said_in_words(demo, marketer, ready, fields, words):
    put(demo, ready, launched=timezone.now(), launched_by=demo.marketer, **fields)
    assert shown(marketer, demo, ready).one("div", css="notice").text.startswith(words)


def test_a_hold_says_until_when_on_the_workspaces_clock(demo, marketer):
    campaign = launched(demo, [make_contact(demo)])
    until = timezone.now() + timedelta(hours=3)
    put(demo, campaign, hold_until=until, hold_reason="allowance")

    at = until.astimezone(ZoneInfo("Asia/Amman"))
    said = shown(marketer, demo, campaign).one("div", css="notice--warn").text
    assert said.startswith("WhatsApp's limit of new conversations in 24 hours is used up")
    assert said.endswith(f"Not before {at.day} {at:%B %Y, %H:%M}.")


def test_retry_and_duplicate_are_forms(demo, marketer):
    campaign, _ = sent(demo, [S.FAILED, S.FAILED, S.FAILED], error_code=131000)
    page = shown(marketer, demo, campaign)

    again = send(marketer, page.one("form", action=url(demo, campaign, "retry/")))
    assert "3 people are sent to again." in parse(marketer.get(again["Location"])).id("toasts").text
    refused = send(marketer, page.one("form", action=url(demo, campaign, "retry/")))
    assert (
        "Nobody can be sent to again just now." in parse(marketer.get(refused["Location"])).id("toasts").text
    )

    form = page.one("form", action=url(demo, campaign, "duplicate/"))
    copies = {send(marketer, form)["Location"] for _ in range(2)}
    assert len(copies) == 1
    [copy] = copies
    assert copy != url(demo, campaign)
    page = parse(marketer.get(copy))
    assert page.one("h1").text == "Weekend opening (copy)"
    assert page.id("campaign-state").one(css="chip").text == "Checking the recipients"
