"""Making, changing, combining and deleting lists; who may, and what an outsider cannot reach."""

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection

from accounts.tenancy import scope
from campaigns.models import Audience, Campaign
from phonebook.actions import lists as actions
from phonebook.actions.refusals import Refused
from phonebook.models import Contact, List, ListMember
from phonebook.rules import BadRule
from tests.worlds import make_broadcast, make_contact, make_list

RULE = {"match": "all", "conditions": [{"about": "language", "operator": "is", "value": "ar"}]}


def people_on(world, one):
    with scope(world.id):
        rows = ListMember.objects.filter(list=one).values_list("contact__name", "columns")
        return dict(sorted(rows))


def three(world):
    return [make_contact(world, name) for name in ("Ali", "Bea", "Cem")]


def test_a_list_is_made_of_contacts_and_of_everybody_that_matches(demo, rival):
    ali, bea, cem = three(demo)
    outsider = make_contact(rival, "Outsider")
    with scope(demo.id):
        Contact.objects.filter(pk=cem.pk).update(merged_into=ali)
    made = actions.create_list(
        member=demo.marketer,
        name="  Spring \t visitors ",
        contact_ids=[bea.pk, bea.pk, outsider.pk, cem.pk, 10**15],
        query=("SELECT id AS contact_id FROM phonebook_contact WHERE name = ANY(%s)", [["Ali", "Outsider"]]),
    )
    assert (made.name, made.rule, made.created_by) == ("Spring visitors", None, demo.marketer)
    assert people_on(demo, made) == {"Ali": {}, "Bea": {}}


def test_people_of_a_figure_become_a_list(demo):
    ali, bea, _ = three(demo)
    query = ("SELECT id AS contact_id FROM phonebook_contact WHERE id = %s", [ali.pk])
    assert people_on(demo, actions.save_people(member=demo.marketer, name="Not answered", people=query)) == {
        "Ali": {}
    }
    assert people_on(demo, actions.save_people(member=demo.marketer, name="Failed", people=[bea.pk])) == {
        "Bea": {}
    }
    assert people_on(demo, actions.save_people(member=demo.marketer, name="Nobody", people=())) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Give the list a name."),
        (" \n", "Give the list a name."),
        ("x" * 121, "A name has 120 characters at most."),
        ("a\x00b", "A name has 120 characters at most."),
        ("SHOWROOM visitors", "There is a list with this name already."),
    ],
)
def test_a_name_is_needed_and_is_there_once(demo, name, words):
    make_list(demo, [])
    with pytest.raises(Refused) as refused:
        actions.create_list(member=demo.marketer, name=name)
    assert (str(refused.value.message), refused.value.field) == (words, "name")
    with scope(demo.id):
        assert List.objects.count() == 1


def test_the_same_name_may_be_used_next_door(demo, rival):
    make_list(rival, [])
    assert actions.create_list(member=demo.marketer, name="Showroom visitors").name == "Showroom visitors"


def test_only_who_may_send_to_lists_may_change_them(demo):
    ali, *_ = three(demo)
    one = make_list(demo, [ali])
    for verb, arguments in [
        (actions.create_list, {"name": "Mine"}),
        (actions.rename, {"list_id": one.pk, "name": "Mine"}),
        (actions.set_rule, {"list_id": one.pk, "name": "Mine", "rule": RULE}),
        (actions.add, {"list_id": one.pk, "contact_ids": [ali.pk]}),
        (actions.remove, {"list_id": one.pk, "contact_ids": [ali.pk]}),
        (actions.copy, {"list_id": one.pk, "name": "Mine"}),
        (actions.combine, {"kind": "union", "list_ids": [one.pk], "name": "Mine"}),
        (actions.delete, {"list_id": one.pk}),
    ]:
        with pytest.raises(Refused, match="You may not change lists"):
            verb(member=demo.agent1, **arguments)
    with scope(demo.id):
        assert list(List.objects.values_list("name", flat=True)) == ["Showroom visitors"]
    assert people_on(demo, one) == {"Ali": {}}
    demo.agent1.sends_to_lists = True
    demo.agent1.save()
    assert actions.create_list(member=demo.agent1, name="Mine").name == "Mine"


def test_an_outsider_reaches_no_list(demo, rival):
    ali, *_ = three(demo)
    one = make_list(demo, [ali])
    for verb, arguments in [
        (actions.rename, {"list_id": one.pk, "name": "Mine"}),
        (actions.set_rule, {"list_id": one.pk, "name": "Mine", "rule": RULE}),
        (actions.add, {"list_id": one.pk, "contact_ids": [ali.pk]}),
        (actions.remove, {"list_id": one.pk, "contact_ids": [ali.pk]}),
        (actions.copy, {"list_id": one.pk, "name": "Mine"}),
        (actions.combine, {"kind": "union", "list_ids": [one.pk], "name": "Mine"}),
        (actions.delete, {"list_id": one.pk}),
    ]:
        with pytest.raises(List.DoesNotExist):
            verb(member=rival.admin, **arguments)
    assert people_on(demo, one) == {"Ali": {}}
    with scope(rival.id):
        assert List.objects.count() == 0


def test_adding_and_removing_count_what_changed(demo):
    ali, bea, _ = three(demo)
    one = make_list(demo, [ali])
    assert actions.add(member=demo.marketer, list_id=one.pk, contact_ids=[ali.pk, bea.pk]) == 1
    everybody = ("SELECT id AS contact_id FROM phonebook_contact", [])
    assert actions.add(member=demo.marketer, list_id=one.pk, query=everybody) == 1
    assert actions.remove(member=demo.marketer, list_id=one.pk, contact_ids=[bea.pk, 10**15]) == 1
    assert people_on(demo, one) == {"Ali": {}, "Cem": {}}


def test_two_who_add_the_same_people_at_once_add_each_once(demo):
    contacts = [make_contact(demo, f"Customer {n}").pk for n in range(60)]
    one = make_list(demo, [])
    start, added = Barrier(4), []

    def add(ids):
        start.wait()
        added.append(actions.add(member=demo.marketer, list_id=one.pk, contact_ids=ids))
        connection.close()

    threads = [Thread(target=add, args=[contacts[:: 1 if n % 2 else -1]]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(added) == 60
    assert len(people_on(demo, one)) == 60


def test_a_copy_has_the_people_and_their_columns_or_the_rule(demo):
    ali, *_ = three(demo)
    one = make_list(demo, [ali])
    with scope(demo.id):
        ListMember.objects.update(columns={"code": "A1"})
    copied = actions.copy(member=demo.marketer, list_id=one.pk, name="Copy")
    assert people_on(demo, copied) == {"Ali": {"code": "A1"}}
    dynamic = actions.create_list(member=demo.marketer, name="Arabic", rule=RULE)
    assert actions.copy(member=demo.marketer, list_id=dynamic.pk, name="Arabic too").rule == RULE


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("union", {"Ali": {}, "Bea": {"code": "1"}, "Cem": {}}),
        ("intersection", {"Bea": {"code": "1"}}),
        ("difference", {"Ali": {}}),
    ],
)
def test_lists_are_combined_into_a_new_one(demo, kind, found):
    ali, bea, cem = three(demo)
    first, second = make_list(demo, [ali, bea], "First"), make_list(demo, [bea, cem], "Second")
    with scope(demo.id):
        ListMember.objects.filter(list=first, contact=bea).update(columns={"code": "1"})
        ListMember.objects.filter(list=second, contact=bea).update(columns={"code": "2"})
    made = actions.combine(
        member=demo.marketer, kind=kind, list_ids=[first.pk, second.pk, first.pk], name="New"
    )
    assert people_on(demo, made) == found
    assert len(people_on(demo, first)) == len(people_on(demo, second)) == 2


def test_a_dynamic_list_takes_part_as_it_is_now(demo):
    ali, bea, _ = three(demo)
    with scope(demo.id):
        Contact.objects.filter(pk=bea.pk).update(language="ar")
    dynamic = actions.create_list(member=demo.marketer, name="Arabic", rule=RULE)
    first = make_list(demo, [ali, bea], "First")
    made = actions.combine(
        member=demo.marketer, kind="difference", list_ids=[first.pk, dynamic.pk], name="Rest"
    )
    assert people_on(demo, made) == {"Ali": {}}
    frozen = actions.combine(member=demo.marketer, kind="union", list_ids=[dynamic.pk], name="Frozen")
    assert (people_on(demo, frozen), frozen.rule) == ({"Bea": {}}, None)


def test_combining_needs_lists(demo):
    one = make_list(demo, [])
    for kind, ids in [("union", []), ("difference", [one.pk]), ("intersection", [one.pk, one.pk])]:
        with pytest.raises(Refused, match="Choose at least two lists") as refused:
            actions.combine(member=demo.marketer, kind=kind, list_ids=ids, name="New")
        assert refused.value.field == "lists"
    with pytest.raises(Refused, match="Choose 20 lists at most"):
        actions.combine(member=demo.marketer, kind="union", list_ids=range(1, 22), name="New")


def test_a_dynamic_list_has_no_people_to_add_or_remove_and_a_static_one_no_rule(demo):
    ali, *_ = three(demo)
    dynamic = actions.create_list(member=demo.marketer, name="Arabic", rule=RULE)
    for verb in (actions.add, actions.remove):
        with pytest.raises(Refused, match="follow from its rule"):
            verb(member=demo.marketer, list_id=dynamic.pk, contact_ids=[ali.pk])
    static = make_list(demo, [ali])
    with pytest.raises(Refused, match="chosen one by one"):
        actions.set_rule(member=demo.marketer, list_id=static.pk, name="x", rule=RULE)
    other = {"match": "any", "conditions": [{"about": "name", "operator": "filled", "value": ""}]}
    changed = actions.set_rule(member=demo.marketer, list_id=dynamic.pk, name="Named", rule=other)
    assert (changed.name, changed.rule) == ("Named", other)
    with pytest.raises(BadRule):
        actions.create_list(member=demo.marketer, name="Bad", rule={"match": "all", "conditions": []})


def test_a_list_goes_and_its_contacts_stay(demo):
    one = make_list(demo, three(demo))
    actions.delete(member=demo.marketer, list_id=one.pk)
    with scope(demo.id):
        assert (List.objects.count(), ListMember.objects.count(), Contact.objects.count()) == (0, 0, 3)


def test_a_list_that_a_campaign_used_stays_and_says_why(demo):
    one = make_list(demo, three(demo))
    with scope(demo.id):
        campaign = Campaign.objects.create(
            workspace=demo.workspace,
            broadcast=make_broadcast(demo),
            number=demo.number,
            created_by=demo.marketer,
            request_id=uuid4(),
        )
        Audience.objects.create(workspace=demo.workspace, campaign=campaign, list=one)
    with pytest.raises(Refused, match="A campaign uses this list"):
        actions.delete(member=demo.marketer, list_id=one.pk)
    assert len(people_on(demo, one)) == 3


def test_a_list_that_goes_while_somebody_adds_to_it_is_a_refusal(demo, monkeypatch):
    ali, *_ = three(demo)
    one = make_list(demo, [])
    put_on = actions._put_on

    def then_deleted(target, query):
        added = put_on(target, query)

        def delete():
            actions.delete(member=demo.admin, list_id=one.pk)
            connection.close()

        other = Thread(target=delete)
        other.start()
        other.join()
        return added

    monkeypatch.setattr(actions, "_put_on", then_deleted)
    with pytest.raises(Refused, match="deleted meanwhile"):
        actions.add(member=demo.marketer, list_id=one.pk, contact_ids=[ali.pk])
    with scope(demo.id):
        assert ListMember.objects.count() == 0
