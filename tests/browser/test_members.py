"""The settings at work: somebody is invited, joins, and is sent away while online."""

from playwright.sync_api import expect

from tests.browser.customers import conversation


def test_a_person_joins_by_link_and_when_deactivated_is_thrown_out_and_their_claims_return(demo, people, sim):
    number = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    admin = people.open(demo.admin)
    admin.page.get_by_role("link", name="Settings").click()
    admin.page.locator("#id_email").fill("maya@demo.test")
    admin.page.get_by_role("button", name="Create invite link").click()
    link = admin.page.locator("#invite-link code").inner_text()

    maya = people.stranger("Maya")
    maya.page.goto(link)
    maya.page.get_by_label("Name", exact=True).fill("Maya")
    maya.page.get_by_label("Username").fill("maya")
    maya.page.get_by_label("Password").fill("a-long-quiet-river")
    maya.page.get_by_role("button", name="Create account and join").click()
    maya.row(number).locator(".row").click()
    maya.presses("Claim and reply")
    maya.reads("Claimed by you", where="head")

    colleague = people.open(demo.agent1)
    expect(colleague.count("unclaimed")).to_have_text("0")
    admin.page.get_by_role("link", name="Members").click()
    admin.page.get_by_role("row", name="Maya").get_by_role("link", name="Deactivate").click()
    admin.page.get_by_role("button", name="Deactivate").click()

    expect(maya.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(colleague.row(number)).to_be_visible()
    expect(colleague.count("unclaimed")).to_have_text("1")
    expect(colleague.count("claimed")).to_have_text("0")
    assert conversation(demo, number).holder_id is None
    colleague.row(number).locator(".row").click()
    colleague.reads("Maya left; this conversation went back to Unclaimed")
    expect(admin.page.get_by_role("row", name="Maya")).to_contain_text("Deactivated")

    maya.page.locator("[name=login]").fill("maya")
    maya.page.locator("[name=password]").fill("a-long-quiet-river")
    maya.page.locator("[name=password]").press("Enter")
    expect(maya.page.get_by_role("heading", name="No workspace yet")).to_be_visible()
    assert maya.gets("/w/demo/inbox/") == 404
