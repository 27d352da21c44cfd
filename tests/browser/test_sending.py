"""Replies on their way: outdated screens, the window's end, lost answers, refusals."""

import pytest
from playwright.sync_api import expect

from inbox import actions
from inbox.actions import Seen
from tests.browser.customers import DAY, conversation, messages
from tests.waiting import until

ENDS_IN = 3  # seconds


@pytest.fixture
def rania(demo, sim):
    """A customer whose conversation agent1 holds."""
    customer = sim.customer(demo, "Rania Haddad")
    customer.has_written("Where is my order?")
    actions.claim(member=demo.agent1, conversation_id=customer.conversation_id)
    return customer


def test_a_reply_written_while_the_conversation_changed_hands_is_held_and_sent_on_confirmation(
    demo, people, sim, rania
):
    number = rania.conversation_id
    agent = people.open(demo.agent1, f"{number}/", wired=True)
    agent.field.fill("It left this morning.")
    agent.goes_deaf()
    actions.transfer(member=demo.admin, conversation_id=number, to_id=demo.agent2.pk, note="Please look")
    now = conversation(demo, number)
    actions.reply(
        member=demo.agent2,
        conversation_id=number,
        text="We are checking.",
        request_id="6a0e8e5c-9d1c-4a52-9f0b-6c4d3c5b7a01",
        seen=Seen(version=now.claim_version, message_id=now.last_message_id),
    )
    actions.transfer(member=demo.admin, conversation_id=number, to_id=demo.agent1.pk)
    rania.has_written("Hello??")

    agent.expects_refusal(409)
    agent.field.press("Enter")
    agent.reads("Not sent yet", where="held")
    expect(agent.held.locator("li")).to_have_count(3)
    agent.reads("Admin transferred this conversation to Agent2", "Please look", where="held")
    agent.reads("Agent2 replied: We are checking.", where="held")
    agent.reads("Admin transferred this conversation to Agent1", where="held")
    expect(agent.field).to_have_value("It left this morning.")
    until(lambda: sim.texts() == ["We are checking."])

    agent.hears_again()
    expect(agent.message("We are checking.")).to_be_visible()
    agent.presses("Send anyway")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")
    expect(agent.field).to_have_value("")
    expect(agent.held).to_have_count(0)
    assert sim.texts() == ["We are checking.", "It left this morning."]
    assert agent.stayed()


def test_new_messages_of_the_customer_alone_never_hold_a_reply(demo, people, sim, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/", wired=True)
    agent.goes_deaf()
    rania.has_written("Hello??")
    agent.sends("It left this morning.")
    expect(agent.field).to_have_value("")
    until(lambda: sim.texts() == ["It left this morning."])
    agent.hears_again()
    expect(agent.message("Hello??")).to_be_visible()
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")
    assert agent.stayed()


def test_the_composer_closes_by_itself_at_the_end_of_the_window_and_the_server_refuses_too(demo, people, sim):
    customer = sim.customer(demo, "Rania Haddad")
    number = customer.has_written("Where is my order?", ago=DAY - ENDS_IN)
    actions.claim(member=demo.agent1, conversation_id=number)
    agent = people.open(demo.agent1, f"{number}/")
    agent.field.fill("It left this")

    agent.reads("The 24-hour reply window closed", where="composer")
    expect(agent.composer.locator(".kept textarea")).to_have_value("It left this")
    now = conversation(demo, number)
    forged = {
        "text": "It left this morning.",
        "request_id": "6a0e8e5c-9d1c-4a52-9f0b-6c4d3c5b7a02",
        "seen_version": str(now.claim_version),
        "seen_message": str(now.last_message_id),
    }
    assert agent.posts(f"/w/demo/inbox/{number}/reply/", **forged) == 422
    assert messages(demo, number) == []
    assert sim.texts() == []

    customer.has_written("Still there?")
    expect(agent.field).to_have_value("It left this")
    assert agent.stayed()


def test_a_lost_answer_is_unconfirmed_until_the_receipt_settles_it(demo, people, sim, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/")
    sim.switch(lose_response=1, receipts="none")
    agent.sends("It left this morning.")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Unconfirmed")
    agent.reads("WhatsApp has not confirmed this message.")

    (sent,) = sim.accepted()
    sim.receipt(sent["wamid"], "delivered")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")
    expect(agent.message("It left this morning.").locator(".fail")).to_have_count(0)
    assert sim.texts() == ["It left this morning."]


def test_without_any_receipt_send_again_is_offered_with_advice_after_the_grace(demo, people, sim, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/")
    sim.switch(lose_response=1, receipts="none")
    agent.sends("It left this morning.")
    again = agent.log.get_by_role("button", name="Send again")
    expect(again).to_be_visible()
    agent.reads("Sending again may deliver it twice: look for an answer first.")

    sim.switch(receipts="all")
    agent.field.fill("Something else")
    again.click()
    first, second = (
        agent.message("It left this morning.").all()[0],
        agent.message("It left this morning.").nth(1),
    )
    expect(second.locator(".meta [role=img]")).to_have_attribute("aria-label", "Delivered")
    expect(first).to_contain_text("Sent again.")
    expect(again).to_have_count(0)
    expect(agent.field).to_have_value("Something else")
    assert sim.texts() == ["It left this morning."] * 2


def test_a_failure_is_told_in_words_with_its_code_and_can_be_sent_again(demo, people, sim, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/?tab=claimed")
    for code, where, words in [
        (131026, "receipt", "Not delivered. This person is not on WhatsApp"),
        (130429, "receipt", "Not delivered. This number sends faster than WhatsApp allows."),
        (131047, "response", "Not sent. More than 24 hours have passed since the customer last wrote."),
    ]:
        text = f"Has it arrived? {code}"
        sim.fail(code, where)
        agent.sends(text)
        expect(agent.ticks(text)).to_have_attribute("aria-label", "Failed")
        failure = agent.message(text).locator(".fail")
        expect(failure).to_contain_text(words)
        expect(failure).to_contain_text(f"({code})")
        expect(agent.row(rania.conversation_id).locator(".row__prev [aria-label=Failed]")).to_be_visible()

        before = sim.texts()
        failure.get_by_role("button", name="Send again").click()
        expect(agent.message(text)).to_have_count(2)
        expect(agent.ticks(text).last).to_have_attribute("aria-label", "Delivered")
        expect(agent.message(text).first).to_contain_text("Sent again.")
        assert sim.texts() == [*before, text]
