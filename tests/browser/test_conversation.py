"""The whole way of a conversation: written, claimed, answered, read, closed, and back again."""

import re

from playwright.sync_api import expect

from tests.browser.customers import conversation
from tests.browser.people import PHONE

ARABIC = re.compile("[\u0600-\u06ff]")


def test_a_message_appears_by_itself_is_claimed_answered_and_closed_and_comes_back_with_the_next(
    demo, people, sim
):
    agent = people.stranger("agent1")
    agent.logs_in("agent1-demo")
    agent.opens("/w/demo/inbox/")
    expect(agent.count("unclaimed")).to_have_text("0")
    rania = sim.customer(demo, "Rania Haddad")

    number = rania.has_written("Where is my order?")
    row = agent.row(number)
    expect(row).to_contain_text("Rania Haddad")
    expect(row).to_contain_text("Where is my order?")
    expect(row.locator(".badge")).to_contain_text("1")
    expect(agent.count("unclaimed")).to_have_text("1")
    expect(agent.page).to_have_title(re.compile(r"^\(1\) "))

    row.locator(".row").click()
    expect(agent.message("Where is my order?")).to_be_visible()
    agent.field.fill("It left this morning.")
    agent.presses("Claim and reply")
    expect(agent.composer.get_by_role("button", name="Send")).to_be_visible()
    expect(agent.field).to_have_value("It left this morning.")
    expect(agent.count("unclaimed")).to_have_text("0")
    expect(agent.count("claimed")).to_have_text("1")
    agent.reads("You claimed this conversation")
    expect(row).to_have_count(0)

    agent.field.press("Enter")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")
    expect(agent.field).to_have_value("")
    rania.looks()
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Read")
    assert sim.texts() == ["It left this morning."]

    agent.head.get_by_role("button", name="Close").click()
    agent.reads("This conversation is closed", where="composer")
    expect(agent.count("closed")).to_have_text("1")
    expect(agent.count("claimed")).to_have_text("0")

    rania.writes("It is here, thank you!")
    expect(agent.row(number)).to_contain_text("It is here, thank you!")
    expect(agent.message("It is here, thank you!")).to_be_visible()
    agent.reads("Unclaimed", where="head")
    expect(agent.count("unclaimed")).to_have_text("1")
    expect(agent.count("closed")).to_have_text("0")
    assert agent.stayed()


def test_the_same_way_in_arabic_from_right_to_left(demo, people, sim):
    agent = people.open(demo.agent1)
    agent.page.locator(".rail__me").click()
    agent.page.get_by_role("menuitemradio", name="العربيّة").click()
    expect(agent.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(agent.page.locator("html")).to_have_attribute("lang", "ar")
    agent.opens("/w/demo/inbox/")
    for tab in agent.page.locator(".tabs .tab").all():
        expect(tab).to_have_text(ARABIC)
    assert agent.overflow() == []

    number = sim.customer(demo, "رانيا حداد").has_written("أين طلبي؟")
    agent.row(number).locator(".row").click()
    expect(agent.message("أين طلبي؟")).to_be_visible()
    expect(agent.composer.locator(".send")).to_have_text(ARABIC)
    agent.claims()
    expect(agent.log.locator(".event")).to_contain_text(ARABIC)
    agent.sends("خرج هذا الصباح. Order 4711")
    expect(agent.ticks("خرج هذا الصباح. Order 4711")).to_have_attribute("aria-label", ARABIC)
    assert agent.overflow() == []
    # The list stands on the reader's side, and own messages on the other.
    at = {name: agent.page.locator(name).bounding_box()["x"] for name in (".list", ".thread")}
    assert at[".list"] > at[".thread"]

    agent.head.locator("button.btn[data-key=KeyE]").click()
    expect(agent.head.locator(".own--closed")).to_have_text(ARABIC)
    assert conversation(demo, number).state == "closed"
    assert agent.stayed()


def test_on_a_phone_one_pane_is_shown_at_a_time_and_nothing_is_wider_than_the_screen(demo, people, sim):
    number = sim.customer(demo, "Rania Haddad").has_written("https://example.test/" + "x" * 200)
    agent = people.open(
        demo.agent1,
        viewport=PHONE,
        color_scheme="dark",
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
    )
    row, thread = agent.row(number).locator(".row"), agent.page.locator("#main")
    expect(row).to_be_visible()
    expect(thread).not_to_be_visible()
    assert agent.overflow() == []

    row.tap()
    expect(thread).to_be_visible()
    expect(row).not_to_be_visible()
    agent.field.fill("I am looking.")
    agent.composer.get_by_role("button", name="Claim and reply").tap()
    send = agent.composer.get_by_role("button", name="Send")
    expect(send).to_be_in_viewport(ratio=1)
    send.tap()
    expect(agent.ticks("I am looking.")).to_have_attribute("aria-label", "Delivered")
    assert agent.overflow() == []
    assert sim.texts() == ["I am looking."]

    agent.page.get_by_role("link", name="Back to list").tap()
    expect(thread).not_to_be_visible()
    expect(agent.count("claimed")).to_have_text("1")
    assert agent.overflow() == []


def test_without_a_script_people_log_in_claim_answer_and_close_by_forms(demo, people, sim):
    number = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    agent = people.stranger("agent1 without a script", java_script_enabled=False)
    agent.logs_in("agent1@demo.test")
    agent.row(number).locator(".row").click()
    agent.field.fill("Good morning!")
    agent.presses("Claim and reply")
    expect(agent.field).to_have_value("Good morning!")
    agent.composer.get_by_role("button", name="Send").click()
    expect(agent.message("Good morning!")).to_be_visible()

    agent.page.goto(f"/w/demo/inbox/{number}/")
    agent.row(number).locator(".row__more").click()
    agent.page.locator("[data-verb=close]").click()
    agent.page.goto(f"/w/demo/inbox/{number}/")
    agent.reads("This conversation is closed", where="composer")
    assert conversation(demo, number).state == "closed"
    assert sim.texts() == ["Good morning!"]
