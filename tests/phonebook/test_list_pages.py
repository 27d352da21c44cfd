"""The pages of lists: what they show, what they take, who may, and how many questions they ask."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts.tenancy import scope
from phonebook import actions, lists, picking, queries
from phonebook.actions import lists as list_actions
from phonebook.models import Contact, List, ListMember
from tests.inbox.browsing import HTMX, browser
from tests.inbox.dom import parse
from tests.worlds import make_contact, make_list

ARABIC = {"match": "all", "conditions": [{"about": "language", "operator": "is", "value": "ar"}]}


def page(client, world, path=""):
    return parse(client.get(world.url(f"phonebook/lists/{path}")))


def names_on(world, name):
    with scope(world.id):
        return sorted(ListMember.objects.filter(list__name=name).values_list("contact__name", flat=True))


def label(world, contact, name):
    actions.set_labels(member=world.agent1, contact_id=contact.pk, label_ids=[], new=[name])


def shown(tree):
    return [row.one("b").text for row in tree.id("picker").all("li")]


def questions(client, url):
    """How many questions about the phonebook a page asks."""
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return sum("phonebook_" in query["sql"] for query in caught)


def test_the_list_of_lists_shows_people_rules_and_who_made_it(demo, rival, marketer):
    make_list(demo, [make_contact(demo), make_contact(demo)], "visitors")
    list_actions.create_list(member=demo.marketer, name="Arabic", rule=ARABIC)
    make_list(rival, [], "Outsiders")
    rows = page(marketer, demo).one("tbody").all("tr")
    assert [row.one("td", "cell-main").text for row in rows] == ["Arabic Language is العربيّة", "visitors"]
    assert [row.one("td", "cell-num").text for row in rows] == ["By rule", "2"]


def test_an_agent_looks_at_lists_and_changes_none(demo, agent):
    one = make_list(demo, [make_contact(demo)])
    for tree in (page(agent, demo), page(agent, demo, f"{one.pk}/")):
        main = tree.one("main")
        assert main.all("button") == [node for node in main.all("button") if "no-js" in node.classes]
        assert "+ New List" not in main.text
    assert page(agent, demo, f"{one.pk}/").all("input", type="checkbox") == []


def test_lists_come_in_pages_by_name(demo, marketer, monkeypatch):
    monkeypatch.setattr(lists, "LISTS_PER_PAGE", 2)
    for name in ("Cc", "aa", "Bb", "dd", "ee"):
        make_list(demo, [], name)
    seen, path = [], ""
    while path is not None:
        tree = page(marketer, demo, path)
        seen += [row.one("b").text for row in tree.one("tbody").all("tr")]
        following = tree.all("a", rel="next")
        path = following[0]["href"].partition("/lists/")[2] if following else None
    assert seen == ["aa", "Bb", "Cc", "dd", "ee"]


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_lists_asks_a_fixed_number_of_questions(demo, marketer, number):
    for n in range(number):
        make_list(demo, [make_contact(demo)], f"Static {n}")
        list_actions.create_list(member=demo.marketer, name=f"Dynamic {n}", rule=ARABIC)
    # The lists, their people, the labels that rules name.
    assert questions(marketer, demo.url("phonebook/lists/")) == 3


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_list_asks_a_fixed_number_of_questions(demo, marketer, number):
    contacts = [make_contact(demo) for _ in range(number)]
    for contact in contacts:
        label(demo, contact, "VIP")
    one = make_list(demo, contacts)
    # The list, how many are on it, the people, their labels, lists, columns, and the labels that rules name.
    assert questions(marketer, demo.url(f"phonebook/lists/{one.pk}/")) == 7


@pytest.mark.parametrize("number", [1, 3])
def test_choosing_contacts_asks_a_fixed_number_of_questions(demo, marketer, number):
    for _ in range(number):
        label(demo, make_contact(demo), "VIP")
    # The labels to choose from, the people, their labels and lists, how many match, who else is ticked: nobody.
    assert questions(marketer, demo.url("phonebook/lists/new/")) == 5


def test_a_new_list_is_named_filled_and_saved(demo, marketer):
    rania, *_ = [make_contact(demo, name) for name in ("Rania", "Omar", "Lina")]
    tree = page(marketer, demo)
    start = next(link for link in tree.all("a") if link.text == "+ New List")
    tree = parse(marketer.get(start["href"]))
    form = tree.one("form", method="post", action=demo.url("phonebook/lists/new/"))
    assert "List Name" in form.text
    assert [legend.text for legend in form.all("legend")] == ["Contacts"]
    assert form.all("button")[-1].text == "Save"
    answer = marketer.post(form["action"], {"name": "Trade fair", "contact": [rania.pk], "do": "save"})
    with scope(demo.id):
        made = List.objects.get()
    assert answer["Location"] == demo.url(f"phonebook/lists/{made.pk}/")
    assert names_on(demo, "Trade fair") == ["Rania"]
    assert "1 contact" in parse(marketer.get(answer["Location"])).one("main").text


def test_ticks_stay_while_searching_and_over_pages_without_a_script(demo, marketer):
    names = [f"Customer {n:02}" for n in range(queries.CONTACTS_PER_PAGE)] + ["Ella", "Fadi"]
    ids = {name: str(make_contact(demo, name).pk) for name in names}
    url = demo.url("phonebook/lists/new/")
    tree = page(marketer, demo, "new/")
    assert shown(tree) == names[:-2]
    after = tree.id("picker").one("input", name="after")["value"]
    ticked = [ids["Customer 07"]]
    tree = parse(marketer.post(url, {"name": "Some", "contact": ticked, "after": after, "do": "next"}))
    assert shown(tree) == ["Ella", "Fadi"]
    assert tree.one("input", name="name")["value"] == "Some"
    chosen = tree.id("picker").one("fieldset").one("input")
    assert (chosen["value"], chosen.get("checked")) == (ids["Customer 07"], "")
    ticked.append(ids["Ella"])
    tree = parse(marketer.post(url, {"name": "Some", "contact": ticked, "q": "fadi", "do": "look"}))
    assert shown(tree) == ["Fadi"]
    ticked.append(ids["Fadi"])
    marketer.post(url, {"name": "Some", "contact": ticked, "q": "fadi", "do": "save"})
    assert names_on(demo, "Some") == ["Customer 07", "Ella", "Fadi"]


def test_all_who_match_can_be_selected_at_once(demo, rival, marketer):
    for name in ("Rania", "Omar"):
        label(demo, make_contact(demo, name), "VIP")
    make_contact(demo, "Lina")
    label(rival, make_contact(rival, "Outsider"), "VIP")
    with scope(demo.id):
        vip = queries.label_choices(demo.id)[0].pk
    url = demo.url("phonebook/lists/new/")
    tree = parse(marketer.post(url, {"name": "VIPs", "label": vip, "do": "look"}))
    assert "Select all 2 who match" in tree.id("picker").text
    marketer.post(url, {"name": "VIPs", "label": vip, "everybody": "on", "do": "save"})
    assert names_on(demo, "VIPs") == ["Omar", "Rania"]


def test_a_name_that_cannot_be_is_said_beside_it_and_nothing_typed_is_lost(demo, marketer):
    contact = make_contact(demo, "Rania")
    make_list(demo, [], "Taken")
    url = demo.url("phonebook/lists/new/")
    answer = marketer.post(url, {"name": "TAKEN", "contact": [contact.pk], "q": "nobody", "do": "save"})
    tree = parse(answer)
    assert answer.status_code == 422
    assert "There is a list with this name already." in tree.id("id_name_error").text
    assert (tree.one("input", name="name")["value"], tree.id("q")["value"]) == ("TAKEN", "nobody")
    assert tree.id("picker").one("fieldset").one("input")["value"] == str(contact.pk)


def test_a_script_gets_only_the_people_to_tick(demo, marketer):
    make_contact(demo, "Rania")
    answer = marketer.post(
        demo.url("phonebook/lists/new/"), {"q": "ran"}, headers={**HTMX, "HX-Target": "picker"}
    )
    tree = parse(answer)
    assert (answer.status_code, tree.all("html"), shown(tree)) == (200, [], ["Rania"])


def test_people_are_added_and_taken_off(demo, marketer):
    rania, omar = make_contact(demo, "Rania"), make_contact(demo, "Omar")
    one = make_list(demo, [rania], "Some")
    url = demo.url(f"phonebook/lists/{one.pk}/")
    answer = marketer.post(f"{url}add/", {"contact": [rania.pk, omar.pk], "do": "save"}, follow=True)
    assert "1 contact was added." in answer.content.decode()
    answer = marketer.post(f"{url}remove/", {"contact": [rania.pk]}, follow=True)
    assert "1 contact was removed." in answer.content.decode()
    assert names_on(demo, "Some") == ["Omar"]


def test_the_page_of_a_list_has_its_people_its_columns_and_a_search(demo, marketer):
    rania, omar = make_contact(demo, "Rania"), make_contact(demo, "Omar")
    make_contact(demo, "Not on it")
    one = make_list(demo, [rania, omar])
    with scope(demo.id):
        ListMember.objects.filter(contact=rania).update(columns={"Code": "<A1>"})
    rows = page(marketer, demo, f"{one.pk}/").id("people").one("tbody").all("tr")
    assert [row.one("b").text for row in rows] == ["Omar", "Rania"]
    assert [tag.text for tag in rows[1].all("span", "tag")] == ["Code : <A1>"]
    rows = page(marketer, demo, f"{one.pk}/?q=ran").id("people").one("tbody").all("tr")
    assert [row.one("b").text for row in rows] == ["Rania"]


def test_a_list_by_rule_is_built_without_a_script_and_counts_whom_it_means(demo, marketer):
    with scope(demo.id):
        make_contact(demo, "Rania")
        Contact.objects.update(language="ar", fields={"City": "Amman"})
    url = demo.url("phonebook/lists/new/rule/")
    tree = page(marketer, demo, "new/rule/")
    assert "Field: City" in [option.text for option in tree.id("rule").all("option")]
    sent = {"name": "", "match": "all", "about": ["language"], "operator": [""], "value": [""], "rows": ""}
    tree = parse(marketer.post(url, sent))
    assert [option["value"] for option in tree.all("select", name="operator")[0].all("option")] == [
        "is",
        "is_not",
        "empty",
        "filled",
    ]
    sent |= {"operator": ["is"], "value": ["ar"], "rows": "add"}
    tree = parse(marketer.post(url, sent))
    assert len(tree.all("select", name="about")) == 2
    assert tree.id("rule").all("span", "rule__count") == []  # the new row says nothing yet
    rows = {"about": ["language", "field:City"], "operator": ["is", "contains"], "value": ["ar", "mm"]}
    tree = parse(marketer.post(url, {**sent, **rows, "rows": ""}, headers={**HTMX, "HX-Target": "rule"}))
    assert tree.one("span", "rule__count").text == "1 contact now"
    tree = parse(marketer.post(url, {**sent, **rows, "rows": "remove-0"}))
    assert len(tree.all("select", name="about")) == 1
    answer = marketer.post(url, {**sent, **rows, "rows": "", "name": "Arabic in Amman", "do": "save"})
    with scope(demo.id):
        made = List.objects.get()
    assert answer["Location"] == demo.url(f"phonebook/lists/{made.pk}/")
    assert [row["about"] for row in made.rule["conditions"]] == ["language", "field:City"]
    tree = parse(marketer.get(answer["Location"]))
    assert "Language is العربيّة and City contains mm · 1 contact" in tree.one("header").text
    tree = page(marketer, demo, f"{made.pk}/edit/")
    assert tree.one("input", name="value")["value"] == "mm"


def test_a_rule_that_cannot_be_is_said_beside_its_row(demo, marketer):
    url = demo.url("phonebook/lists/new/rule/")
    sent = {
        "name": "Some",
        "match": "any",
        "about": ["added", "name"],
        "operator": ["days", "is"],
        "value": ["0", "Rania"],
        "do": "save",
    }
    answer = marketer.post(url, sent)
    tree = parse(answer)
    assert answer.status_code == 422
    assert "between 1 and 3650" in tree.one("div", "rule__error").text
    assert [node["value"] for node in tree.all("input", name="value")] == ["0", "Rania"]
    with scope(demo.id):
        assert List.objects.count() == 0


def test_lists_are_copied_combined_renamed_and_deleted(demo, marketer):
    rania, omar = make_contact(demo, "Rania"), make_contact(demo, "Omar")
    one, two = make_list(demo, [rania, omar], "One"), make_list(demo, [omar], "Two")
    lists_url = demo.url("phonebook/lists/")
    tree = page(marketer, demo, f"{one.pk}/copy/")
    assert tree.one("input", name="name")["value"] == "Copy of One"
    marketer.post(f"{lists_url}{one.pk}/copy/", {"name": "Copy of One"})
    assert names_on(demo, "Copy of One") == ["Omar", "Rania"]
    combined = {"name": "Left", "kind": "difference", "first": one.pk, "others": [two.pk]}
    assert marketer.post(f"{lists_url}combine/", combined).status_code == 302
    assert names_on(demo, "Left") == ["Rania"]
    marketer.post(f"{lists_url}{two.pk}/edit/", {"name": "Second"})
    assert names_on(demo, "Second") == ["Omar"]
    answer = marketer.post(f"{lists_url}{two.pk}/delete/", follow=True)
    assert "The list “Second” was deleted." in answer.content.decode()
    with scope(demo.id):
        assert List.objects.count() == 3


def test_another_workspaces_list_is_not_there(demo, rival):
    one = make_list(rival, [make_contact(rival)])
    client = browser(demo.admin)
    for path in ("", "edit/", "add/", "copy/", "delete/"):
        assert client.get(demo.url(f"phonebook/lists/{one.pk}/{path}")).status_code == 404
    for path in ("edit/", "add/", "remove/", "copy/", "delete/"):
        answer = client.post(demo.url(f"phonebook/lists/{one.pk}/{path}"), {"name": "x", "do": "save"})
        assert answer.status_code == 404
    answer = client.post(
        demo.url("phonebook/lists/combine/"), {"name": "x", "kind": "union", "first": one.pk}
    )
    assert answer.status_code == 422
    assert names_on(rival, "Showroom visitors") == ["Rania Haddad"]


def test_garbage_in_a_form_or_a_link_is_no_error(demo, marketer):
    one = make_list(demo, [make_contact(demo)])
    for path in ("?after=x", "?after=9_a%00b", f"{one.pk}/?after=zz&q=%00", "new/?label=x&contact=y"):
        assert marketer.get(demo.url(f"phonebook/lists/{path}")).status_code == 200, path
    odd = {
        "contact": ["x", "-1", str(10**30), "٣"],
        "after": "nope",
        "label": "9" * 30,
        "do": "next",
        "q": "\x00",
    }
    assert marketer.post(demo.url("phonebook/lists/new/"), odd).status_code == 200
    assert marketer.post(demo.url("phonebook/lists/new/rule/"), {"rows": "remove-99"}).status_code == 200


def test_no_more_than_two_thousand_ticks_are_carried_along(demo):
    data = QueryDict(mutable=True)
    data.setlist("contact", [str(n) for n in range(picking.TICKS_AT_MOST + 5)])
    assert len(picking.Picker.read(data).ticked) == picking.TICKS_AT_MOST


def test_the_pages_speak_arabic(demo, marketer):
    make_list(demo, [make_contact(demo)])
    with override("ar"):
        answer = marketer.get(demo.url("phonebook/lists/"), headers={"Accept-Language": "ar"})
    assert 'dir="rtl"' in answer.content.decode()
