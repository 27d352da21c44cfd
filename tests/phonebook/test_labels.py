"""Labels: made, renamed, deleted, and put on contacts as a whole."""

import pytest

from accounts.tenancy import scope
from phonebook import actions
from phonebook.actions import Refused
from phonebook.models import ContactLabel, Label
from tests.inbox.together import together
from tests.worlds import make_contact


def labels(world, contact):
    with scope(world.id):
        carried = ContactLabel.objects.filter(contact=contact).select_related("label")
        return sorted(one.label.name for one in carried)


def test_labels_are_set_as_a_whole(demo):
    contact = make_contact(demo)
    actions.set_labels(member=demo.agent1, contact_id=contact.pk, label_ids=[], new=["A", "B"])
    with scope(demo.id):
        b = Label.objects.get(name="B").pk

    actions.set_labels(member=demo.agent1, contact_id=contact.pk, label_ids=[b, 10**9], new=["C"])

    assert labels(demo, contact) == ["B", "C"]


def test_a_label_of_another_workspace_is_left_out(demo, rival):
    contact = make_contact(demo)
    theirs = actions.create_label(member=rival.agent1, name="Theirs")

    actions.set_labels(member=demo.agent1, contact_id=contact.pk, label_ids=[theirs.pk])

    assert labels(demo, contact) == []


def test_labels_are_made_renamed_and_deleted(demo, rival):
    contact = make_contact(demo)
    label = actions.create_label(member=demo.agent1, name="  Show   room ")
    actions.set_labels(member=demo.agent1, contact_id=contact.pk, label_ids=[label.pk])
    assert labels(demo, contact) == ["Show room"]

    actions.rename_label(member=demo.agent1, label_id=label.pk, name="Visitors")
    assert labels(demo, contact) == ["Visitors"]

    with pytest.raises(Refused) as refused:
        actions.create_label(member=demo.agent1, name="VISITORS")
    assert refused.value.field == "name"
    for outsider in (rival.admin,):
        with pytest.raises(Label.DoesNotExist):
            actions.rename_label(member=outsider, label_id=label.pk, name="Taken over")
        with pytest.raises(Label.DoesNotExist):
            actions.delete_label(member=outsider, label_id=label.pk)

    actions.delete_label(member=demo.agent1, label_id=label.pk)
    assert labels(demo, contact) == []


def test_a_label_deleted_while_it_is_put_on_people_leaves_nobody_with_it(demo):
    contacts = [make_contact(demo) for _ in range(7)]
    label = actions.create_label(member=demo.agent1, name="Brief")
    jobs = [
        lambda contact=contact: actions.set_labels(
            member=demo.agent1, contact_id=contact.pk, label_ids=[label.pk]
        )
        for contact in contacts
    ]

    outcomes = together(*jobs, lambda: actions.delete_label(member=demo.agent2, label_id=label.pk), *jobs)

    assert [each for each in outcomes if isinstance(each, Exception)] == []
    with scope(demo.id):
        assert (Label.objects.count(), ContactLabel.objects.count()) == (0, 0)
