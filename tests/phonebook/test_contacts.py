"""Contacts: one per person whatever the spelling of the number, with fields and labels; blocked or not."""

import pytest

from accounts.tenancy import scope
from phonebook import actions
from phonebook.actions import Details, Refused, Taken
from phonebook.models import Contact, ContactLabel, Identity, Label
from tests.inbox.together import together
from tests.worlds import make_contact


def create(world, **details):
    return actions.create_contact(member=world.agent1, details=Details(**details))


def edit(world, contact, keep_old_number=False, **details):
    return actions.edit_contact(
        member=world.agent1,
        contact_id=contact.pk,
        details=Details(**{"name": contact.name, "phone": contact.phone or "", **details}),
        keep_old_number=keep_old_number,
    )


def contact_of(world, text):
    return actions.contact_of_number(member=world.agent1, text=text)


def identities(world, contact):
    with scope(world.id):
        found = Identity.objects.filter(contact=contact).order_by("kind", "value")
        return list(found.values_list("kind", "portfolio_id", "value"))


def fresh(world, contact):
    with scope(world.id):
        return Contact.objects.get(pk=contact.pk)


def labels(world, contact):
    with scope(world.id):
        carried = ContactLabel.objects.filter(contact=contact).select_related("label")
        return sorted(one.label.name for one in carried)


def count(world):
    with scope(world.id):
        return Contact.objects.count()


@pytest.mark.parametrize(
    "typed", ["0790 123 456", "+962 79 012 3456", "00962790123456", "962-79-0123456", "٠٧٩٠١٢٣٤٥٦"]
)
def test_a_number_in_any_form_becomes_the_one_of_the_workspaces_country(demo, typed):
    contact = create(demo, name="Rania Haddad", phone=typed)

    assert fresh(demo, contact).phone == "+962790123456"
    assert identities(demo, contact) == [("wa_id", "", "962790123456")]


def test_a_contact_is_kept_with_language_fields_and_labels(demo):
    with scope(demo.id):
        vip = Label.objects.create(workspace=demo.workspace, name="VIP")

    contact = create(
        demo,
        name="Rania",
        language="ar",
        fields={" city ": " Amman ", "empty": " ", " ": "nameless"},
        label_ids=[vip.pk],
        new_labels=["Showroom", "showroom", "vip"],
    )

    kept = fresh(demo, contact)
    assert (kept.name, kept.phone, kept.language, kept.fields) == ("Rania", None, "ar", {"city": "Amman"})
    assert labels(demo, contact) == ["Showroom", "VIP"]
    assert identities(demo, contact) == []


@pytest.mark.parametrize(
    ("details", "field", "words"),
    [
        ({"name": "R", "phone": "12"}, "phone", "too short"),
        ({"name": "R", "phone": "call me"}, "phone", "not a phone number"),
        ({}, "name", "Write a name or a number."),
        ({"name": "R", "fields": {"Phone": "1"}}, "fields", "a place of its own"),
        ({"name": "R", "fields": {"x" * 61: "1"}}, "fields", "too long"),
        ({"name": "R", "fields": {f"f{n}": "1" for n in range(51)}}, "fields", "at most 50"),
        ({"name": "R", "label_ids": [], "new_labels": ["x" * 41]}, "new_labels", "at most 40"),
    ],
)
def test_what_cannot_be_saved_is_explained_and_leaves_nothing(demo, details, field, words):
    with pytest.raises(Refused) as refused:
        create(demo, **details)

    assert (refused.value.field, words in str(refused.value.message)) == (field, True)
    assert count(demo) == 0


@pytest.mark.parametrize(
    ("known_as", "typed"),
    [
        ("5511987654321", "+55 11 8765-4321"),
        ("551187654321", "+55 11 98765-4321"),
        ("5215512345678", "+52 55 1234 5678"),
        ("525512345678", "+52 1 55 1234 5678"),
        ("5491123456789", "+54 11 2345 6789"),
        ("962790123456", "0790123456"),
    ],
)
def test_a_number_that_somebody_has_in_another_spelling_is_refused_with_who_it_is(demo, known_as, typed):
    first = create(demo, name="First", phone=f"+{known_as}")

    with pytest.raises(Taken) as taken:
        create(demo, name="Second", phone=typed)

    assert (taken.value.contact_id, taken.value.field) == (first.pk, "phone")
    assert count(demo) == 1
    assert contact_of(demo, typed).pk == first.pk


def test_the_same_number_in_another_workspace_is_another_person(demo, rival):
    create(demo, name="Ours", phone="+962790123456")

    theirs = actions.create_contact(
        member=rival.agent1, details=Details(name="Theirs", phone="+962790123456")
    )

    assert (count(demo), count(rival)) == (1, 1)
    with pytest.raises(Contact.DoesNotExist):
        edit(demo, theirs, name="Mine now")
    with pytest.raises(Contact.DoesNotExist):
        actions.block(member=demo.agent1, contact_id=theirs.pk)
    with pytest.raises(Contact.DoesNotExist):
        actions.set_labels(member=demo.agent1, contact_id=theirs.pk, label_ids=[], new=["Mine"])
    assert (fresh(rival, theirs).name, fresh(rival, theirs).blocked) == ("Theirs", None)


def test_a_corrected_number_replaces_the_wrong_one(demo):
    contact = create(demo, name="Rania", phone="0790123456")

    edit(demo, contact, phone="0790123457")

    assert identities(demo, contact) == [("wa_id", "", "962790123457")]
    assert contact_of(demo, "0790123456").pk != contact.pk


def test_a_new_number_of_somebody_who_has_written_leaves_the_old_one_theirs(demo):
    contact = create(demo, name="Rania", phone="0790123456")

    edit(demo, contact, phone="0790123457", keep_old_number=True)

    assert [value for _, _, value in identities(demo, contact)] == ["962790123456", "962790123457"]
    assert contact_of(demo, "0790123456").pk == contact.pk
    assert fresh(demo, contact).phone == "+962790123457"


def test_another_spelling_of_the_same_number_is_no_other_number(demo):
    contact = create(demo, name="Ana", phone="+551187654321")

    edit(demo, contact, phone="+55 11 98765 4321")

    assert fresh(demo, contact).phone == "+5511987654321"
    assert identities(demo, contact) == [("wa_id", "", "551187654321")]


def test_a_number_can_be_taken_away_but_not_the_last_thing_known(demo):
    contact = create(demo, name="Rania", phone="0790123456")

    edit(demo, contact, phone="")
    assert (fresh(demo, contact).phone, identities(demo, contact)) == (None, [])

    with pytest.raises(Refused) as refused:
        edit(demo, contact, name="", phone="")
    assert refused.value.field == "name"


def test_an_edit_onto_somebody_elses_number_changes_nothing(demo):
    first = create(demo, name="First", phone="0790123456")
    second = create(demo, name="Second", phone="0790123457")

    with pytest.raises(Taken) as taken:
        edit(demo, second, name="Changed", phone="+962790123456")

    assert taken.value.contact_id == first.pk
    assert (fresh(demo, second).name, fresh(demo, second).phone) == ("Second", "+962790123457")
    assert identities(demo, second) == [("wa_id", "", "962790123457")]


def test_a_number_is_found_or_made_and_a_bad_one_refused(demo):
    known = make_contact(demo, wa_id="962770000007")

    assert contact_of(demo, "077 0000 007").pk == known.pk
    made = contact_of(demo, "0770000008")
    assert (made.phone, contact_of(demo, "+962770000008").pk) == ("+962770000008", made.pk)
    for bad in ("", "12"):
        with pytest.raises(Refused) as refused:
            contact_of(demo, bad)
        assert refused.value.field == "phone"
    assert count(demo) == 2


def test_a_number_typed_by_fifteen_at_once_is_one_contact(demo):
    found = together(*[lambda: contact_of(demo, "0770000009").pk] * 15)

    assert len(set(found)) == 1
    assert count(demo) == 1


def test_of_fifteen_who_add_the_same_number_at_once_one_does(demo):
    made = together(*[lambda: create(demo, name="Rania", phone="0770000009")] * 15)

    winners = [each for each in made if isinstance(each, Contact)]
    assert len(winners) == 1
    assert {each.contact_id for each in made if isinstance(each, Taken)} == {winners[0].pk}
    assert sum(isinstance(each, Taken) for each in made) == 14


def test_blocking_is_kept_and_taken_back(demo):
    contact = make_contact(demo)

    first = actions.block(member=demo.agent1, contact_id=contact.pk).blocked
    assert actions.block(member=demo.agent2, contact_id=contact.pk).blocked == first
    assert actions.unblock(member=demo.agent1, contact_id=contact.pk).blocked is None
