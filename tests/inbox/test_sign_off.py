"""Signing off from all workspaces at once: the session is one, so the question is one too."""

import pytest

from accounts.models import Membership, StreamEvent
from accounts.tenancy import scope
from inbox import queries
from inbox.models import Claim, SystemLine
from tests.inbox.browsing import browser
from tests.inbox.dom import parse
from tests.inbox.rows import fresh
from tests.worlds import make_conversation


@pytest.fixture
def both(demo, rival):
    """agent1 of demo, who is a member of rival too, and holds two conversations there and one here."""
    elsewhere = Membership.objects.create(workspace=rival.workspace, user=demo.agent1.user)
    rows = [(demo, make_conversation(demo, holder=demo.agent1))]
    rows += [(rival, make_conversation(rival, holder=elsewhere)) for _ in range(2)]
    return rows


@pytest.mark.parametrize("path", ["/w/demo/sign-off/", "/w/rival/sign-off/", "/sign-off/"])
def test_a_member_of_two_workspaces_is_told_what_they_hold_in_each(demo, both, agent1, path):
    page = parse(agent1.get(path))

    assert page.one("h1").text == "You hold 3 conversations"
    places = page.one("dl", css="facts")
    assert [term.text for term in places.all("dt")] == ["Demo", "Rival"]
    assert [count.text for count in places.all("dd")] == ["1", "2"]
    assert [button["value"] for button in page.all("button", css="choice")] == ["release", "keep"]


@pytest.mark.parametrize("path", ["/w/demo/sign-off/", "/w/rival/sign-off/", "/sign-off/"])
@pytest.mark.parametrize(("choice", "state"), [("release", "unclaimed"), ("keep", "claimed")])
def test_the_answer_holds_for_all_their_workspaces(demo, rival, both, agent1, path, choice, state):
    others = [(world, make_conversation(world, holder=world.agent2)) for world in (demo, rival)]

    answer = agent1.post(path, {"claims": choice})

    assert (answer.status_code, answer["Location"]) == (303, "/account/login/")
    assert "_auth_user_id" not in agent1.session
    assert [fresh(world, row).state for world, row in both] == [state] * 3
    assert [fresh(world, row).holder_id for world, row in others] == [demo.agent2.pk, rival.agent2.pk]


def test_what_is_released_leaves_a_line_and_an_event_in_its_own_workspace(demo, rival, both, agent1):
    agent1.post("/sign-off/", {"claims": "release"})

    for world, count in ((demo, 1), (rival, 2)):
        ids = sorted(row.pk for place, row in both if place is world)
        with scope(world.id):
            mine = Claim.objects.filter(conversation__in=ids)
            assert list(mine.values_list("outcome", flat=True)) == ["unclaimed"] * count
            lines = SystemLine.objects.filter(kind="unclaimed").order_by("conversation_id")
            assert list(lines.values_list("conversation_id", flat=True)) == ids
            events = StreamEvent.objects.filter(kind="conversation").order_by("object_id")
            assert list(events.values_list("object_id", flat=True)) == ids
            assert queries.counts(world.id)["all"]["unclaimed"] == count


def test_a_workspace_they_have_left_is_not_asked_about(demo, rival, agent1):
    elsewhere = Membership.objects.create(workspace=rival.workspace, user=demo.agent1.user, is_active=False)
    theirs = make_conversation(rival, holder=elsewhere)

    page = parse(agent1.get("/sign-off/"))
    agent1.post("/sign-off/", {"claims": "release"})

    assert page.one("h1").text == "Log out?"
    assert fresh(rival, theirs).state == "claimed"


def test_the_choice_of_workspaces_leads_to_signing_off(demo, both, agent1):
    page = parse(agent1.get("/"))

    assert [link.text for link in page.all("a") if link["href"] == "/sign-off/"] == ["Log out"]
    assert not [form for form in page.all("form") if form["action"] == "/account/logout/"]


def test_who_is_in_no_workspace_logs_out_at_once(demo):
    Membership.objects.filter(pk=demo.agent1.pk).update(is_active=False)
    page = parse(browser(demo.agent1).get("/"))

    assert [form["action"] for form in page.all("form") if "logout" in (form["action"] or "")] == [
        "/account/logout/"
    ]


def test_visitors_are_asked_to_log_in_first(db, client):
    for method in (client.get, client.post):
        answer = method("/sign-off/")
        assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/sign-off/")
