"""Menus and verbs, by links and forms alone."""

import pytest

from accounts.models import User
from accounts.tenancy import scope
from inbox import actions
from inbox.actions import NotAllowed
from inbox.models import Message
from inbox.rules import verbs
from tests.inbox.browsing import HTMX, browser, send
from tests.inbox.dom import parse
from tests.inbox.rows import fresh
from tests.worlds import make_conversation


def menu_of(page):
    return [item["data-verb"] for item in page.walk() if item.get("data-verb")]


@pytest.mark.parametrize("role", ["agent1", "agent2", "marketer", "admin"])
@pytest.mark.parametrize("state", ["outbound", "unclaimed", "claimed", "closed"])
def test_the_menu_is_the_table(demo, role, state):
    member = getattr(demo, role)
    holder = demo.agent1 if state == "claimed" else None
    conversation = make_conversation(demo, state=state, holder=holder)
    client, base = browser(member), demo.url(f"inbox/{conversation.pk}/")
    wanted = [str(verb) for verb in verbs(fresh(demo, conversation), member)]
    assert menu_of(parse(client.get(f"{base}menu/"))) == wanted
    assert menu_of(parse(client.get(f"{base}menu/?from=row", headers=HTMX))) == wanted
    assert menu_of(parse(client.get(base)).id("menu-thread")) == wanted
    assert menu_of(parse(client.get(f"{base}controls/")).id("menu-thread")) == wanted


def test_without_a_script_a_conversation_is_claimed_answered_and_closed(demo, agent1):
    conversation = make_conversation(demo)
    base = demo.url(f"inbox/{conversation.pk}/")
    page = parse(agent1.get(demo.url("inbox/")))
    page = parse(agent1.get(page.id(f"row-{conversation.pk}").one(css="row")["href"]))
    assert page.id("composer").one("button", css="send").text == "Claim and reply"

    answer = send(agent1, page.id("composer"), text="It left today.\nThanks!")
    assert (answer.status_code, answer["Location"]) == (303, f"{base}?tab=unclaimed")
    page = parse(agent1.get(answer["Location"]))
    assert page.id("toasts").text == "Claimed. It is yours now."
    assert page.id("composer").form()["text"] == "It left today.\nThanks!"
    assert page.id("controls-head").one(css="own").text == "Claimed by you"

    answer = send(agent1, page.id("composer"))
    with scope(demo.id):
        message = Message.objects.get(outgoing=True)
    assert (message.body, message.sender_id) == ("It left today.\nThanks!", demo.agent1.pk)
    assert answer["Location"] == f"{base}?tab=unclaimed#message-{message.pk}"
    page = parse(agent1.get(answer["Location"]))
    assert page.id("composer").form()["text"] == ""
    assert page.id(f"message-{message.pk}").one("svg", css="ticks")["aria-label"] == "Queued"

    [close] = [
        form for form in page.id("controls-head").all("form", css="inline") if "/close/" in form["action"]
    ][:1]
    page = parse(agent1.post(close["action"], close.form(), follow=True))
    assert page.id("controls-head").one(css="own").text == "Closed"
    assert page.id("composer").one("b").text == "This conversation is closed"
    assert page.id("composer").one("button", css="send").text == "Claim to reopen"
    assert fresh(demo, conversation).state == "closed"


def test_an_admin_transfers_with_a_note_and_an_agent_may_not(demo, agent1, agent2, admin, held):
    url = demo.url(f"inbox/{held.pk}/transfer/")
    assert (agent1.get(url).status_code, agent1.post(url, {"to": demo.agent2.pk}).status_code) == (403, 403)
    form = parse(admin.get(url)).one("form", css="card")
    assert [
        (label.one("b").text, label.one("input")["value"]) for label in form.all("label", css="choice")
    ] == [
        ("Admin (you)", str(demo.admin.pk)),
        ("Agent2", str(demo.agent2.pk)),
        ("Marketer", str(demo.marketer.pk)),
    ]
    missing = admin.post(url, {})
    assert missing.status_code == 422
    assert parse(missing).id("id_to_error").text == "Choose a colleague."
    assert fresh(demo, held).holder_id == demo.agent1.pk

    page = parse(admin.post(url, {"to": demo.agent2.pk, "note": "Speaks German"}, follow=True))

    assert page.id("toasts").text == "Transferred to Agent2."
    assert page.id("log").one("blockquote").text == "Speaks German"
    assert fresh(demo, held).holder_id == demo.agent2.pk


def test_a_transfer_to_an_outsider_or_of_nothing_claimed_is_refused(demo, rival, admin, held):
    url = demo.url(f"inbox/{held.pk}/transfer/")
    for to in (rival.agent1.pk, demo.agent1.pk, 0, "x"):
        answer = admin.post(url, {"to": to})
        assert (answer.status_code, parse(answer).id("id_to_error").text) == (
            422,
            "Choose an active colleague.",
        )
    free = make_conversation(demo)
    page = parse(admin.get(demo.url(f"inbox/{free.pk}/transfer/")))
    assert page.one(css="notice").text == "Only a claimed conversation can be transferred."
    assert page.all("label", css="choice") == []


def test_a_switched_off_colleague_is_not_offered_and_not_given_anything(demo, admin, held):
    User.objects.filter(pk=demo.agent2.user_id).update(is_active=False)
    url = demo.url(f"inbox/{held.pk}/transfer/")
    choices = [choice.one("b").text for choice in parse(admin.get(url)).all("label", css="choice")]
    assert choices == ["Admin (you)", "Marketer"]

    answer = admin.post(url, {"to": demo.agent2.pk})

    assert (answer.status_code, parse(answer).id("id_to_error").text) == (422, "Choose an active colleague.")
    with pytest.raises(NotAllowed, match="Choose an active member of this workspace"):
        actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent2.pk)
    with pytest.raises(NotAllowed, match="You are no longer a member of this workspace"):
        actions.claim(member=demo.agent2, conversation_id=make_conversation(demo).pk)
    assert fresh(demo, held).holder_id == demo.agent1.pk


def test_only_the_holders_look_marks_as_read(demo, agent1, agent2, held):
    url = demo.url(f"inbox/{held.pk}/read/")
    assert agent2.post(url).status_code == 204
    assert fresh(demo, held).unread == 1
    assert agent1.post(url).status_code == 204
    assert fresh(demo, held).unread == 0
