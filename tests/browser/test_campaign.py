"""The eight steps of the help page: a list, a conversation from it, a campaign, and the customer's answer."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.tenancy import scope
from inbox.models import Conversation
from phonebook.models import Contact
from templates_wa.models import Template
from tests.waiting import until
from tests.worlds import make_contact

PEOPLE = ("Rania Haddad", "Lina Odeh", "Nour Saleh")


@pytest.fixture
def approved(demo):
    """The account's templates as the product fetched them by itself; the name of one for marketing."""

    def fetched():
        with scope(demo.id):
            return Template.objects.filter(name="back_in_stock", status="APPROVED").exists()

    until(fetched, within=40)
    return "back_in_stock"


def test_from_the_login_over_a_list_to_a_campaign_and_the_answer_in_unclaimed(demo, people, sim, approved):
    customers = {name: sim.customer(demo, name) for name in PEOPLE}
    for name, customer in customers.items():
        make_contact(demo, name, customer.wa_id)

    # Step 1: Log in
    marketer = people.stranger("marketer")
    marketer.logs_in("marketer-demo")
    page = marketer.page
    expect(page.locator(".rail")).to_be_visible()

    # Step 2: Navigate to Phonebook
    page.locator(".rail").get_by_role("link", name="Phonebook").click()
    expect(page.locator("#main")).to_contain_text("Rania Haddad")

    # Step 3: Click Lists and + New List
    page.locator("#main").get_by_role("link", name="Lists", exact=True).click()
    page.locator("#main").get_by_role("link", name="+ New List").first.click()

    # Step 4: List Name, Contacts, Save
    page.get_by_label("List Name").fill("Showroom visitors")
    for name in PEOPLE:
        page.locator("#main").get_by_role("checkbox", name=name).check()
    marketer.presses("Save")
    expect(page.locator("#main")).to_contain_text("Showroom visitors")
    expect(page.locator("#main")).to_contain_text("Nour Saleh")

    # Step 5: back to WhatsApp, New Conversation
    page.locator(".rail").get_by_role("link", name=re.compile("WhatsApp")).click()
    page.locator("#list").get_by_role("link", name="New Conversation").click()

    # Step 6: From
    page.get_by_label("From").select_option(str(demo.number.pk))
    settled(page)

    # Step 7: Recipient: Lists, and the list
    page.locator("#new .seg").get_by_text("Lists", exact=True).click()
    page.locator("#new").get_by_role("checkbox", name="Showroom visitors").check()
    expect(page.locator("#new")).to_contain_text("3 contacts")

    # Step 8: the template, and what it asks for
    option = page.locator("#id_template option", has_text=approved).first.get_attribute("value")
    page.get_by_label("Template").select_option(option)
    settled(page)
    page.locator("[name='k:body.first_name']").select_option("field")
    page.locator("select[name='v:body.first_name']").select_option("first_name")
    page.locator("[name='v:body.product']").fill("the walnut shelf")
    page.locator("[name='v:body.pieces']").fill("twelve")
    expect(page.locator("#new-preview")).to_contain_text("the walnut shelf is in the warehouse again")
    settled(page)
    page.locator("#new .send").click()

    # The preflight, and Send
    expect(page.locator("#main")).to_contain_text("Ready")
    page.locator("#main").get_by_role("button", name="Send to 3 people").click()
    with scope(demo.id):
        until(lambda: len(sim.accepted()) == len(PEOPLE))
    expect(page.locator("#main")).to_contain_text(re.compile("Sent"))
    assert sorted(row["wa_id"] for row in sim.accepted()) == sorted(c.wa_id for c in customers.values())

    # A customer answers: the thread is in Unclaimed, with the campaign
    agent = people.open(demo.agent1)
    expect(agent.count("unclaimed")).to_have_text("0")
    rania = customers["Rania Haddad"]
    rania.writes("I take one, please!")
    with scope(demo.id):
        contact = Contact.objects.get(phone=f"+{rania.wa_id}")
    conversation = until(lambda: _unclaimed(demo, contact))
    row = agent.row(conversation.pk)
    expect(row).to_contain_text("I take one, please!")
    expect(agent.count("unclaimed")).to_have_text("1")
    row.locator(".row").click()
    marketer.page.reload()
    expect(agent.log).to_contain_text("the walnut shelf")
    expect(agent.message("I take one, please!")).to_be_visible()
    agent.claims()


def test_a_list_of_another_workspace_is_no_choice_and_its_campaign_is_not_there(demo, rival, people):
    outsider = people.open(rival.marketer)
    outsider.expects_refusal(404)
    assert outsider.gets(demo.url("campaigns/")) == 404
    assert outsider.gets(demo.url("new/")) == 404
    assert Client().get(demo.url("new/")).status_code == 302
    outsider.page.goto(demo.url("phonebook/"))


def settled(page):
    """Waits until the form stands as the last choice made it."""
    expect(page.locator(".htmx-request")).to_have_count(0)


def _unclaimed(world, contact):
    with scope(world.id):
        return Conversation.objects.filter(contact=contact, state="unclaimed").first()
