"""The composer: who may write, what is held or refused, and that no text is ever lost."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.tenancy import scope
from inbox import actions
from inbox.models import Message
from tests.inbox.browsing import send
from tests.inbox.dom import parse
from tests.inbox.rows import fresh, reply, screen
from tests.worlds import make_conversation, make_message


def test_the_loser_of_a_claim_sees_who_won_and_keeps_the_text(demo, agent2):
    conversation = make_conversation(demo)
    page = parse(agent2.get(demo.url(f"inbox/{conversation.pk}/?tab=unclaimed")))
    actions.claim(member=demo.agent1, conversation_id=conversation.pk)

    answer = send(agent2, page.id("composer"), text="I can help")

    assert answer.status_code == 409
    page = parse(answer)
    # The address of the form is none for a link: on this page they are written out.
    assert page.all("a", css="tab")[0]["href"] == demo.url(f"inbox/{conversation.pk}/?tab=unclaimed")
    assert page.id("toasts").text == "Agent1 has already claimed this conversation."
    composer = page.id("composer")
    assert composer.one("b").text == "Agent1 has claimed this conversation"
    assert composer.one(css="kept").one("textarea").text == "I can help"
    assert composer.all("button") == []
    assert fresh(demo, conversation).holder_id == demo.agent1.pk


def test_a_colleagues_conversation_is_read_only_and_names_the_holder_everywhere(demo, agent2, held):
    page = parse(agent2.get(demo.url(f"inbox/{held.pk}/?tab=claimed&owner=all")))
    assert page.id(f"row-{held.pk}").one(css="row__holder").one(css="other-only").text == "Agent1"
    assert page.id("controls-head").one(css="own").text == "Claimed by Agent1"
    assert page.id("panel-claim").text == "Claimed by Agent1"
    assert page.id("composer").one("p").text == (
        "Agent1 has claimed this conversation Only Agent1 can reply. You can read along."
    )
    assert page.id("reply") is None
    data = {"text": "x", "request_id": str(uuid4()), "seen_version": 1, "seen_message": held.last_message_id}
    answer = agent2.post(demo.url(f"inbox/{held.pk}/reply/"), data)
    assert answer.status_code == 409
    assert parse(answer).id("composer").one(css="kept").one("textarea").text == "x"
    for verb in ("claim", "unclaim", "close"):
        answer = agent2.post(demo.url(f"inbox/{held.pk}/{verb}/"))
        assert answer.status_code == 409
        assert "Agent1" in parse(answer).id("toasts").text
    assert fresh(demo, held).holder_id == demo.agent1.pk
    with scope(demo.id):
        assert Message.objects.count() == 1


def test_a_reply_from_an_outdated_screen_is_held_and_sent_on_confirmation(demo, agent1, held):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    actions.unclaim(member=demo.agent1, conversation_id=held.pk)
    actions.claim(member=demo.agent2, conversation_id=held.pk)
    reply(demo, held, "He already wrote", member=demo.agent2)
    actions.transfer(member=demo.admin, conversation_id=held.pk, to_id=demo.agent1.pk, note="Yours again")

    answer = send(agent1, page.id("composer"), text="My answer")

    assert answer.status_code == 409
    composer = parse(answer).id("composer")
    held_back = composer.one(css="held")
    assert held_back.one(css="held__title").text == "Not sent yet: something changed while you were writing"
    changes = [li.text.split(" · ")[0] for li in held_back.all("li")]
    assert changes[-2] == "Agent2 replied: He already wrote"
    assert changes[-1].startswith("Admin transferred this conversation to Agent1")
    assert changes[-1].endswith("Yours again")
    assert composer.one("button", css="send").text == "Send anyway"
    assert composer.form()["text"] == "My answer"
    with scope(demo.id):
        assert not Message.objects.filter(body="My answer").exists()

    answer = send(agent1, composer)

    assert answer.status_code == 303
    with scope(demo.id):
        assert Message.objects.get(body="My answer").sender_id == demo.agent1.pk


def test_a_new_message_of_the_customer_does_not_hold_a_reply(demo, agent1, held):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    make_message(demo, held, body="And one more thing")
    assert send(agent1, page.id("composer"), text="Sure").status_code == 303


def test_a_closed_window_offers_no_free_text_and_refuses_it(demo, agent1):
    conversation = make_conversation(demo, holder=demo.agent1, window=timedelta(hours=-1))
    page = parse(agent1.get(demo.url(f"inbox/{conversation.pk}/")))
    composer = page.id("composer")
    assert composer.one("b").text.startswith("The 24-hour reply window closed: ")
    assert "only accepts an approved template" in composer.text
    assert (composer.all("textarea"), composer.all("button")) == ([], [])
    seen = screen(demo, conversation)
    data = {
        "text": "Too late",
        "request_id": str(uuid4()),
        "seen_version": seen.version,
        "seen_message": seen.message_id,
    }
    answer = agent1.post(demo.url(f"inbox/{conversation.pk}/reply/"), data)
    assert answer.status_code == 422
    assert parse(answer).id("composer").one(css="kept").one("textarea").text == "Too late"


def test_an_unclaimed_conversation_with_a_closed_window_offers_the_claim_alone(demo, agent1):
    conversation = make_conversation(demo, window=None)
    composer = parse(agent1.get(demo.url(f"inbox/{conversation.pk}/"))).id("composer")
    assert composer.all("textarea") == []
    assert composer.one("button", css="send").text == "Claim"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "  \n"}, "Write something first."),
        ({"text": "x" * 4097}, "The text has 4097 characters; WhatsApp accepts at most 4096."),
        (
            {"text": "hi", "request_id": "nonsense"},
            "This form is incomplete. Load the page again; your text is kept here.",
        ),
        (
            {"text": "hi", "seen_version": ""},
            "This form is incomplete. Load the page again; your text is kept here.",
        ),
        (
            {"text": "hi", "quoted": "999999"},
            "This message cannot be quoted: WhatsApp does not know it in this conversation.",
        ),
    ],
)
def test_a_reply_that_cannot_be_sent_comes_back_with_the_reason(demo, agent1, held, fields, said):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    answer = send(agent1, page.id("composer"), **fields)
    assert answer.status_code == 422
    composer = parse(answer).id("composer")
    assert composer.one(css="composer__error").text == said
    assert composer.form()["text"] == fields["text"]
    assert composer.form()["request_id"] != "nonsense"
    with scope(demo.id):
        assert Message.objects.count() == 1


def test_a_message_is_quoted_by_its_link(demo, agent1, held):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    link = page.id(f"message-{held.last_message_id}").one("a", css="msg__quote")
    assert link["href"] == demo.url(f"inbox/{held.pk}/?quote={held.last_message_id}#reply")
    page = parse(agent1.get(link["href"]))
    assert page.id("composer-quote").text == "Rania Haddad Hello, is my order on its way?"
    send(agent1, page.id("composer"), text="Yes")
    with scope(demo.id):
        assert Message.objects.get(body="Yes").context_wamid == held.last_message.wamid


def test_a_form_sent_twice_is_one_reply(demo, agent1, held):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/")))
    first, second = (send(agent1, page.id("composer"), text="Once") for _ in range(2))
    assert first["Location"] == second["Location"]
    with scope(demo.id):
        assert Message.objects.filter(body="Once").count() == 1
