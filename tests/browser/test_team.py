"""Several people at the same conversations: claims, transfers and menus, and the company next door."""

from playwright.sync_api import expect

from inbox import actions
from tests.browser.customers import conversation


def test_a_claim_shows_at_once_in_the_colleagues_browser_and_names_who_holds_it(demo, people, sim):
    number = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    winner = people.open(demo.agent1, f"{number}/")
    colleague = people.open(demo.agent2, f"{number}/")
    colleague.field.fill("I was about to say")

    winner.presses("Claim and reply")
    winner.reads("Claimed by you", where="head")
    colleague.reads("Claimed by Agent1", where="head")
    colleague.reads("Agent1 claimed this conversation")
    colleague.reads("Agent1 has claimed this conversation", where="composer")
    expect(colleague.field).to_have_count(0)
    expect(colleague.composer.locator(".kept textarea")).to_have_value("I was about to say")

    colleague.page.locator(".tabs [data-count=claimed]").click()
    expect(colleague.page.locator("#rows-empty")).to_contain_text("You hold no conversation")
    colleague.page.locator(".seg").get_by_role("link", name="All").click()
    expect(colleague.row(number).locator(".row__holder")).to_contain_text("Agent1")
    assert colleague.stayed()


def test_the_loser_of_a_race_sees_who_won_and_keeps_the_text(demo, people, sim):
    number = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    loser = people.open(demo.agent2, f"{number}/", wired=True)
    expect(loser.field).to_be_visible()
    loser.goes_deaf()
    actions.claim(member=demo.agent1, conversation_id=number)

    loser.field.fill("Good morning, Rania!")
    loser.expects_refusal(409)
    loser.presses("Claim and reply")
    loser.reads("Agent1 has already claimed this conversation.", where="toasts")
    loser.reads("Agent1 has claimed this conversation", where="composer")
    expect(loser.composer.locator(".kept textarea")).to_have_value("Good morning, Rania!")
    assert conversation(demo, number).holder_id == demo.agent1.pk

    loser.hears_again()
    actions.unclaim(member=demo.agent1, conversation_id=number)
    expect(loser.field).to_have_value("Good morning, Rania!")
    assert sim.texts() == []


def test_an_admin_transfers_to_a_chosen_agent_with_a_note_and_an_agent_cannot(demo, people, sim):
    number = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    actions.claim(member=demo.agent1, conversation_id=number)
    holder = people.open(demo.agent1, f"{number}/")
    chosen = people.open(demo.agent2, f"{number}/")
    admin = people.open(demo.admin, f"{number}/")

    holder.presses("More actions")
    assert holder.verbs("menu-thread") == ["reply", "unclaim", "close"]
    forged = {"to": str(demo.agent2.pk), "note": "mine to give"}
    assert holder.posts(f"/w/demo/inbox/{number}/transfer/", **forged) == 403
    assert chosen.posts(f"/w/demo/inbox/{number}/transfer/", **forged) == 403
    assert conversation(demo, number).holder_id == demo.agent1.pk

    admin.presses("More actions")
    admin.page.locator("#menu-thread [data-verb=transfer]").click()
    dialog = admin.page.get_by_role("dialog")
    expect(dialog.get_by_role("radio")).to_have_count(3)  # everybody but the holder
    dialog.get_by_role("radio", name="Agent2").check()
    dialog.get_by_label("Note").fill("Speaks French")
    dialog.get_by_role("button", name="Transfer", exact=True).click()
    expect(dialog).to_have_count(0)

    admin.reads("You transferred this conversation to Agent2")
    holder.reads("Admin transferred this conversation to Agent2")
    holder.reads("Agent2 has claimed this conversation", where="composer")
    for person in (admin, holder, chosen):
        expect(person.log.locator(".event__note")).to_have_text("Speaks French")
    chosen.reads("Claimed by you", where="head")
    chosen.sends("Bonjour !")
    expect(holder.ticks("Bonjour !")).to_have_attribute("aria-label", "Delivered")
    assert sim.texts() == ["Bonjour !"]


def test_the_menu_holds_exactly_what_this_person_may_do_now_and_works_by_keyboard(demo, people, sim):
    free = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    mine = sim.customer(demo, "Omar Saleh").has_written("Hi!")
    theirs = sim.customer(demo, "Lina Aziz").has_written("Salam")
    actions.claim(member=demo.agent1, conversation_id=mine)
    actions.claim(member=demo.agent2, conversation_id=theirs)
    agent = people.open(demo.agent1, f"{free}/?tab=unclaimed")
    keyboard = agent.page.keyboard

    more = agent.row(free).locator(".row__more")
    more.focus()
    keyboard.press("Enter")
    items = agent.page.locator(f"#menu-row-{free} [role=menuitem]")
    expect(items.first).to_be_focused()
    assert agent.verbs(f"menu-row-{free}") == ["claim", "close"]
    keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(items.first).not_to_be_visible()

    admin = people.open(demo.admin)
    for number, of_agent, of_admin in [
        (free, ["claim", "close"], ["claim", "close"]),
        (mine, ["reply", "unclaim", "close"], ["unclaim", "close", "transfer"]),
        (theirs, [], ["unclaim", "close", "transfer"]),
    ]:
        for person, verbs in [(agent, of_agent), (admin, of_admin)]:
            person.opens(f"/w/demo/inbox/{number}/")
            person.head.get_by_role("button", name="More actions").focus()
            person.page.keyboard.press("Enter")
            expect(person.page.locator("#menu-thread")).to_be_visible()
            assert person.verbs("menu-thread") == verbs
            person.page.keyboard.press("Escape")
            expect(person.page.locator("#menu-thread")).not_to_be_visible()
            expect(person.head.get_by_role("button", name="More actions")).to_be_focused()


def test_single_keys_walk_the_list_reply_close_and_unclaim(demo, people, sim):
    first = sim.customer(demo, "Rania Haddad").has_written("Hello?")
    second = sim.customer(demo, "Omar Saleh").has_written("Hi!")
    for number in (first, second):
        actions.claim(member=demo.agent1, conversation_id=number)
    agent = people.open(demo.agent1, "?tab=claimed")
    keyboard = agent.page.keyboard
    expect(agent.row(first)).to_be_visible()
    newest, older = (int(each.get_attribute("data-id")) for each in agent.page.locator("#rows > li").all())

    keyboard.press("j")
    expect(agent.page.locator("#main")).to_have_attribute("data-thread", str(newest))
    keyboard.press("j")
    expect(agent.page.locator("#main")).to_have_attribute("data-thread", str(older))
    keyboard.press("k")
    expect(agent.page.locator("#main")).to_have_attribute("data-thread", str(newest))

    keyboard.press("r")
    expect(agent.field).to_be_focused()
    keyboard.type("just eke")  # letters, not shortcuts
    expect(agent.field).to_have_value("just eke")
    agent.field.fill("")
    agent.page.locator("#log").focus()
    keyboard.press("u")
    agent.reads("Unclaimed", where="head")
    keyboard.press("c")
    agent.reads("Claimed by you", where="head")
    agent.page.locator("#log").focus()
    keyboard.press("e")
    agent.reads("This conversation is closed", where="composer")
    assert conversation(demo, newest).state == "closed"
    assert conversation(demo, older).state == "claimed"


def test_a_neighbour_sees_and_hears_nothing_of_all_this(demo, rival, people, sim):
    stranger = people.open(rival.agent1)
    own = sim.customer(rival, "Nadia Karim").has_written("Is this the rival?")
    expect(stranger.row(own)).to_be_visible()

    secret = sim.customer(demo, "Rania Haddad").has_written("My order 4711")
    actions.claim(member=demo.agent1, conversation_id=secret)
    agent = people.open(demo.agent1, f"{secret}/")
    agent.sends("It left this morning.")
    expect(agent.ticks("It left this morning.")).to_have_attribute("aria-label", "Delivered")

    # What comes after all that has arrived at the neighbour, so nothing of it is still on its way.
    later = sim.customer(rival, "Sami Nasser").has_written("And now?")
    expect(stranger.row(later)).to_be_visible()
    heard = "".join(stranger.frames)
    assert "And now?" in heard
    for word in ("Rania", "4711", "this morning", f"row-{secret}", "/w/demo/"):
        assert word not in heard
    expect(stranger.page.locator("#rows > li")).to_have_count(2)
    expect(stranger.count("unclaimed")).to_have_text("2")
    expect(stranger.count("claimed")).to_have_text("0")
    for path in ("/w/demo/inbox/", f"/w/demo/inbox/{secret}/", f"/w/rival/inbox/{secret}/"):
        assert stranger.gets(path) == 404
    for verb in ("claim", "close", "reply"):
        assert stranger.posts(f"/w/rival/inbox/{secret}/{verb}/", text="me", seen_version="1") in {404, 422}
        assert stranger.posts(f"/w/demo/inbox/{secret}/{verb}/", text="me") == 404
    assert conversation(demo, secret).holder_id == demo.agent1.pk
    assert sim.texts() == ["It left this morning."]
