"""What somebody types while the page is fetched anew is not lost."""

from playwright.sync_api import Route, expect

from tests.waiting import until


def test_words_typed_while_the_preview_is_fetched_stay_in_the_builder(demo, people):
    marketer = people.stranger("marketer")
    marketer.logs_in("marketer-demo")
    marketer.opens("/w/demo/templates/new/")
    page, held = marketer.page, list[Route]()
    form = page.locator("#builder")
    page.route("**/templates/new/", lambda route: route.continue_() if held else held.append(route))

    page.get_by_label("Name").fill("eid_opening")
    page.get_by_label("Name").press("Tab")
    until(lambda: page.wait_for_timeout(30) or held)
    form.evaluate("form => form.dataset.old = '1'")
    page.get_by_label("What it is for").fill("That we open late on Eid")
    held[0].continue_()

    expect(page.locator("#builder[data-old]")).to_have_count(0)
    expect(page.get_by_label("Name")).to_have_value("eid_opening")
    expect(page.get_by_label("What it is for")).to_have_value("That we open late on Eid")
