"""Labels and consent settings, and the navigation between the phonebook’s pages."""

from datetime import UTC, datetime

from accounts.tenancy import scope
from phonebook import consent
from phonebook.models import Marketing
from tests.inbox.browsing import browser
from tests.inbox.dom import parse
from tests.phonebook.pages import label_id, page, rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN, OUT = Marketing.OPTED_IN, Marketing.OPTED_OUT


def test_labels_are_made_renamed_and_deleted_on_their_page(demo, rival, agent):
    agent.post(demo.url("phonebook/labels/"), {"name": "VIP"})
    one = label_id(demo)
    assert agent.post(demo.url("phonebook/labels/"), {"name": "vip"}).status_code == 422
    assert [row[:2] for row in rows(page(agent, demo, "labels/"))] == [("VIP", "0")]
    outsider = browser(rival.admin)
    for path in (f"labels/{one}/", f"labels/{one}/delete/"):
        assert outsider.post(rival.url(f"phonebook/{path}"), {"name": "Theirs"}).status_code == 404

    agent.post(demo.url(f"phonebook/labels/{one}/"), {"name": "Visitors"})
    assert page(agent, demo, f"labels/{one}/delete/").one("h1").text == "Delete Visitors ?"
    agent.post(demo.url(f"phonebook/labels/{one}/delete/"))

    assert "No labels yet" in page(agent, demo, "labels/").text


def test_admins_choose_the_rule_and_the_words(demo, rival, admin):
    settings = demo.url("phonebook/consent/")
    assert parse(admin.get(settings)).one("input", name="needs_opt_in", checked="")["value"] == "no"

    admin.post(demo.url("phonebook/consent/rule/"), {"needs_opt_in": "yes"})
    admin.post(demo.url("phonebook/consent/keywords/"), {"word": "No more!", "choice": OUT})
    admin.post(demo.url("phonebook/consent/keywords/"), {"word": "stop", "choice": 0})

    tree = parse(admin.get(settings))
    assert tree.one("input", name="needs_opt_in", checked="")["value"] == "yes"
    assert [row[:2] for row in rows(tree)] == [
        ("no more", "Stop marketing"),
        ("stop", "Nothing (switched off)"),
    ]
    assert [struck.text for struck in tree.all("s")] == ["stop"]
    with scope(demo.id):
        assert consent.wanted([(demo.id, "STOP"), (demo.id, "no more")]) == [None, OUT]
    assert (
        admin.post(demo.url("phonebook/consent/keywords/"), {"word": "🙂", "choice": OUT}).status_code == 422
    )
    assert admin.post(demo.url("phonebook/consent/rule/"), {"needs_opt_in": "maybe"}).status_code == 422
    for form in tree.all("form"):
        if "remove" in (form.get("action") or ""):
            admin.post(form["action"])
    assert rows(parse(admin.get(settings))) == []


def test_the_navigation_shows_where_we_are(demo, admin, agent):
    for path, words in [
        ("", "Contacts"),
        ("contacts/new/", "Contacts"),
        ("labels/", "Labels"),
        ("consent/", "Consent"),
    ]:
        nav = page(admin, demo, path).one("nav", "tabs--page")
        assert [tab.text for tab in nav.all("a", aria_current="page")] == [words]
    assert "Consent" not in page(agent, demo).one("nav", "tabs--page").text
