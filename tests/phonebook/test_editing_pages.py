"""The form of a contact: what it takes, keeps and refuses, with or without a script."""

from datetime import UTC, datetime

import pytest

from accounts.tenancy import scope
from phonebook.models import Contact, Identity, Label, Marketing
from tests.inbox.dom import parse
from tests.phonebook.pages import fresh, of, update
from tests.worlds import make_contact

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN, OUT = Marketing.OPTED_IN, Marketing.OPTED_OUT


FORM = {"name": "Rania", "phone": "0770 000 001", "language": "ar", "new_labels": "VIP، Showroom, "}


def test_a_contact_is_added_in_one_form(demo, agent):
    answer = agent.post(
        demo.url("phonebook/contacts/new/"),
        {**FORM, "field": ["City", "", "Size"], "value": ["Amman", "", "38"]},
    )

    with scope(demo.id):
        contact = Contact.objects.get()
        assert (contact.name, contact.phone, contact.language, contact.fields) == (
            "Rania",
            "+962770000001",
            "ar",
            {"City": "Amman", "Size": "38"},
        )
        assert sorted(Label.objects.values_list("name", flat=True)) == ["Showroom", "VIP"]
    assert answer["Location"] == demo.url(f"phonebook/{of(contact)}")


def pairs(tree):
    return [
        (item.one("input", name="field")["value"], item.one("input", name="value")["value"])
        for item in tree.all("li", "pair")
    ]


def test_rows_come_and_go_without_a_script_and_nothing_typed_is_lost_or_saved(demo, agent):
    url = demo.url("phonebook/contacts/new/")
    assert pairs(parse(agent.get(url))) == [("", "")]
    typed = {**FORM, "phone": "12", "field": ["City", "Size"], "value": ["Amman", "38"]}

    more = agent.post(url, {**typed, "rows": "add"})
    less = agent.post(url, {**typed, "rows": "remove-0"})

    assert (more.status_code, less.status_code) == (200, 200)
    assert pairs(parse(more)) == [("City", "Amman"), ("Size", "38"), ("", "")]
    assert pairs(parse(less)) == [("Size", "38")]
    assert parse(more).one("input", name="phone")["value"] == "12"
    assert pairs(parse(agent.post(url, {**FORM, "rows": "remove-99"}))) == [("", "")]
    with scope(demo.id):
        assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "12"}, "too short or too long"),
        ({"phone": "hello"}, "not a phone number"),
        ({"name": "", "phone": ""}, "Write a name or a number."),
        ({"field": [""], "value": ["Amman"]}, "Give every field a name."),
        ({"field": ["City", "City"], "value": ["a", "b"]}, "Two fields have the same name."),
        ({"field": ["phone"], "value": ["a"]}, "a place of its own"),
        ({"language": "xx"}, "Select a valid choice"),
        ({"new_labels": "x" * 41}, "at most 40"),
    ],
)
def test_what_cannot_be_saved_is_explained_and_what_was_typed_stays(demo, agent, changes, words):
    answer = agent.post(demo.url("phonebook/contacts/new/"), {**FORM, "field": [], "value": [], **changes})

    tree = parse(answer)
    assert answer.status_code == 422
    assert words in tree.text
    assert (tree.one("input", name="name").get("value") or "") == changes.get("name", "Rania")
    with scope(demo.id):
        assert not Contact.objects.exists()


def test_a_number_that_somebody_has_leads_to_them_and_to_a_merge(demo, agent, marketer):
    first = make_contact(demo, "First", "551187654321")
    second = make_contact(demo, "Second", "962770000002")
    typed = {**FORM, "phone": "+55 11 98765-4321"}

    added = parse(agent.post(demo.url("phonebook/contacts/new/"), typed))
    edited = parse(marketer.post(demo.url(f"phonebook/{of(second, 'edit/')}"), typed))

    assert "“ First ” has this number" in added.text
    links = [link["href"] for link in added.one(css="notice--warn").all("a")]
    assert links == [demo.url(f"phonebook/{of(first)}")]
    links = [link["href"] for link in edited.one(css="notice--warn").all("a")]
    assert links == [
        demo.url(f"phonebook/{of(first)}"),
        demo.url(f"phonebook/{of(second, 'merge/')}") + f"?with={first.pk}",
    ]
    assert fresh(demo, second).name == "Second"


def test_an_edit_begins_with_what_is_stored_and_keeps_the_old_number_only_where_asked(demo, agent):
    rania = make_contact(demo, "Rania", "962770000001")
    update(demo, rania, fields={"B": "2", "A": "1"}, language="xx-strange")
    url = demo.url(f"phonebook/{of(rania, 'edit/')}")

    tree = parse(agent.get(url))
    assert pairs(tree) == [("A", "1"), ("B", "2"), ("", "")]
    assert tree.one("input", name="phone")["value"] == "+962 7 7000 0001"
    assert tree.one("option", value="xx-strange").get("selected") == ""
    assert "checked" not in tree.one("input", name="keep_old_number").attributes

    update(demo, rania, profile_name="rania")  # has written
    tree = parse(agent.get(url))
    assert "checked" in tree.one("input", name="keep_old_number").attributes
    agent.post(url, {**FORM, "phone": "0770000002", "language": "xx-strange", "keep_old_number": "on"})

    with scope(demo.id):
        assert sorted(Identity.objects.values_list("value", flat=True)) == ["962770000001", "962770000002"]
        assert Contact.objects.get().phone == "+962770000002"
