"""Processes die in the middle of the work: nothing is lost, nothing is sent twice, and the browsers catch up."""

import os
import re

import pytest
import redis
from playwright.sync_api import expect

from inbox import actions
from inbox.models import Message
from tests.browser.customers import messages
from tests.waiting import until


@pytest.fixture
def rania(demo, sim):
    """A customer whose conversation agent1 holds."""
    customer = sim.customer(demo, "Rania Haddad")
    customer.has_written("Where is my order?", ago=60)
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
    for text, ago in (("One", 3), ("Two", 2), ("Three", 1)):
        rania.writes(text, ago=ago, answered=False)
    other.writes("Hello from Omar", answered=False)
    actions.transfer(
        member=demo.admin, conversation_id=number, to_id=demo.agent2.pk, note="While you were away"
    )
    actions.transfer(member=demo.admin, conversation_id=number, to_id=demo.agent1.pk)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Reconnecting")

    stack.start("web")
    # Its next try may be half a minute away by now; who looks at the tab again does not wait for that.
    agent.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(banner).to_contain_text("Back online.")
    for text in ("One", "Two", "Three"):
        expect(agent.message(text)).to_have_count(1)
    expect(agent.log.locator(".event__note")).to_have_text("While you were away")
    # They were posted again in any order: the thread's is WhatsApp's.
    shown = [each.inner_text() for each in agent.log.locator(".msg .text").all()]
    assert shown == ["Where is my order?", "One", "Two", "Three"]
    expect(agent.count("unclaimed")).to_have_text("1")
    expect(agent.row(number)).to_contain_text("Three")
    agent.sends("I am back.")
    expect(agent.ticks("I am back.")).to_have_attribute("aria-label", "Delivered")
    expect(banner).to_be_hidden()
    assert agent.stayed()


def test_a_worker_killed_between_sending_and_the_answer_never_sends_twice(demo, people, sim, stack, rania):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/")
    sim.switch(latency_ms=3000, receipts="none")
    agent.sends("It left this morning.")
    until(lambda: sim.texts() == ["It left this morning."])  # accepted, and the answer waits
    (message,) = messages(demo, rania.conversation_id)
    assert message.status == Message.Status.SENDING
    stack.kill("sender")
    sim.switch(latency_ms=0)
    agent.sends("By plane.")

    stack.start("sender")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Unconfirmed")
    expect(agent.ticks("By plane.")).to_have_attribute("aria-label", "Sent")
    assert sim.texts() == ["It left this morning.", "By plane."]
    sim.receipt(sim.accepted()[0]["wamid"], "delivered")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")
    assert sim.texts() == ["It left this morning.", "By plane."]


def test_two_quick_replies_arrive_in_their_order_also_when_the_network_is_slower_than_the_typing(
    demo, people, sim, rania
):
    agent = people.open(demo.agent1, f"{rania.conversation_id}/")
    sim.switch(latency_ms=300)
    keyboard, reply, on_their_way = agent.page.keyboard, re.compile("/reply/"), []
    agent.page.route(reply, lambda route: on_their_way.append(route), times=1)  # noqa: PLW0108
    agent.field.focus()
    keyboard.type("One")
    with agent.page.expect_request(reply):
        keyboard.press("Enter")
    keyboard.type("Two")
    keyboard.press("Enter")
    on_their_way[0].continue_()
    expect(agent.ticks("Two")).to_have_attribute("aria-label", "Delivered")
    expect(agent.field).to_have_value("")
    expect(agent.field).to_be_focused()

    for text in ("Three", "Four"):
        keyboard.type(text)
        keyboard.press("Enter")
        expect(agent.message(text)).to_be_visible()
    expect(agent.ticks("Four")).to_have_attribute("aria-label", "Delivered")
    assert sim.texts() == ["One", "Two", "Three", "Four"]
    assert agent.stayed()


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
