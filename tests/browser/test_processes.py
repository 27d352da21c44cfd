"""Processes die in the middle of the work: nothing is lost, nothing is sent twice, and the browsers catch up."""

import os
import re

import pytest
import redis
from playwright.sync_api import expect

from inbox import actions
from inbox.models import Message
from tests.browser.customers import messages
from tests.browser.waiting import until


@pytest.fixture
def rania(demo, sim):
    """A customer whose conversation agent1 holds."""
    customer = sim.customer(demo, "Rania Haddad")
    customer.has_written("Where is my order?")
    actions.claim(member=demo.agent1, conversation_id=customer.conversation_id)
    return customer


def test_after_the_web_process_died_the_page_catches_up_completely_without_reload(
    demo, people, sim, stack, rania
):
    number = rania.conversation_id
    agent = people.open(demo.agent1, f"{number}/?tab=claimed")
    expect(agent.message("Where is my order?")).to_be_visible()
    banner = agent.page.locator("#offline")
    agent.expects(r"ERR_CONNECTION_REFUSED")

    stack.kill("web")
    other = sim.customer(demo, "Omar Saleh")
    for text in ("One", "Two", "Three"):
        rania.writes(text, answered=False)
    other.writes("Hello from Omar", answered=False)
    actions.transfer(
        member=demo.admin, conversation_id=number, to_id=demo.agent2.pk, note="While you were away"
    )
    actions.transfer(member=demo.admin, conversation_id=number, to_id=demo.agent1.pk)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Reconnecting")

    stack.start("web")
    expect(banner).to_contain_text("Back online.", timeout=40_000)
    for text in ("One", "Two", "Three"):
        expect(agent.message(text)).to_have_count(1)
    expect(agent.log.locator(".event__note")).to_have_text("While you were away")
    # Three were posted at the same time and tried again as it pleased: the thread's order is WhatsApp's.
    shown = [each.inner_text() for each in agent.log.locator(".msg .text").all()]
    assert shown == ["Where is my order?", "One", "Two", "Three"]
    expect(agent.count("unclaimed")).to_have_text("1")
    expect(agent.row(number)).to_contain_text("Three")
    expect(banner).to_be_hidden()
    agent.sends("I am back.")
    expect(agent.ticks("I am back.")).to_have_attribute("aria-label", "Delivered")
    assert agent.stayed()


def test_a_worker_killed_between_sending_and_the_answer_never_sends_twice(demo, people, sim, stack, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/")
    sim.switch(latency_ms=3000, receipts="none")
    agent.sends("It left this morning.")
    until(lambda: sim.texts() == ["It left this morning."])  # accepted, and the answer waits
    (message,) = messages(demo, rania.conversation_id)
    assert message.status == Message.Status.SENDING
    stack.kill("sender")
    sim.switch(latency_ms=0, receipts="all")
    agent.sends("By plane.")

    stack.start("sender")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Unconfirmed")
    expect(agent.ticks("By plane.")).to_have_attribute("aria-label", "Delivered")
    assert sim.texts() == ["It left this morning.", "By plane."]
    sim.receipt(sim.accepted()[0]["wamid"], "delivered")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")
    assert sim.texts() == ["It left this morning.", "By plane."]


def test_quick_replies_arrive_in_their_order(demo, people, sim, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/")
    sim.switch(latency_ms=300)
    texts = [f"Line {n}" for n in range(1, 5)]
    for text in texts:
        agent.sends(text)
        expect(agent.message(text)).to_be_visible()
    expect(agent.ticks(texts[-1])).to_have_attribute("aria-label", "Delivered")
    assert sim.texts() == texts


def test_redis_emptied_in_mid_flight_loses_nothing(demo, people, sim, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/?tab=unclaimed")
    sim.switch(latency_ms=200)
    newcomers = [sim.customer(demo, f"Customer {n}") for n in range(1, 9)]
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as server:
        for n, newcomer in enumerate(newcomers):
            agent.sends(f"Line {n}")
            newcomer.writes("Hello?")
            server.flushall()
            expect(agent.message(f"Line {n}")).to_be_visible()
    for n in range(len(newcomers)):
        expect(agent.ticks(f"Line {n}")).to_have_attribute("aria-label", re.compile("Sent|Delivered"))
    expect(agent.page.locator("#rows > li")).to_have_count(len(newcomers))
    expect(agent.count("unclaimed")).to_have_text(str(len(newcomers)))
    assert sim.texts() == [f"Line {n}" for n in range(len(newcomers))]
