"""Who is on a list: static rows, and rules turned into SQL."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import scope
from phonebook.lists import counts, members_sql
from phonebook.models import Contact, ContactLabel, Label, List, ListMember, Marketing
from phonebook.rules import BadRule, checked
from tests.worlds import make_contact, make_list


def one(about, operator, value="", match="all"):
    return {"match": match, "conditions": [{"about": about, "operator": operator, "value": value}]}


def members(world, *lists):
    sql, values = members_sql(lists)
    with scope(world.id), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) AS people ORDER BY 1, 2", values)
        assert [column.name for column in cursor.description] == ["list_position", "contact_id", "columns"]
        return cursor.fetchall()


def names(world, rule):
    dynamic = List(workspace=world.workspace, rule=rule)
    found = {contact_id for _, contact_id, _ in members(world, dynamic)}
    with scope(world.id):
        return sorted(Contact.objects.filter(pk__in=found).values_list("name", flat=True))


def change(world, contact, **fields):
    with scope(world.id):
        Contact.objects.filter(pk=contact.pk).update(**fields)
    return contact


@pytest.fixture
def people(demo, rival):
    now = timezone.now()
    rania = make_contact(demo, "Rania", "962790000001")
    omar = make_contact(demo, "Omar", "971500000002")
    ines = make_contact(demo, "Inês", "5511987654321")
    change(demo, rania, language="ar", fields={"city": "Amman", "note": " "}, marketing=Marketing.OPTED_IN)
    change(demo, omar, language="en", fields={"city": " dubai "}, created=now - timedelta(days=30))
    change(demo, ines, language="pt_BR", marketing=Marketing.OPTED_OUT, created=now - timedelta(days=3))
    change(demo, make_contact(demo, "Rania again", "962790000009"), merged_into=rania, language="ar")
    change(rival, make_contact(rival, "Outsider", "962790000005"), language="ar", fields={"city": "Amman"})
    with scope(demo.id):
        vip = Label.objects.create(workspace=demo.workspace, name="VIP")
        ContactLabel.objects.create(workspace=demo.workspace, label=vip, contact=omar)
    return vip


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (one("language", "is", "ar"), ["Rania"]),
        (one("language", "is", "pt"), ["Inês"]),
        (one("language", "is", "pt-br"), ["Inês"]),
        (one("language", "is", "pt_PT"), []),
        (one("language", "is_not", "pt"), ["Omar", "Rania"]),
        (one("language", "filled"), ["Inês", "Omar", "Rania"]),
        (one("language", "empty"), []),
        (one("country", "is", "962"), ["Rania"]),
        (one("country", "is_not", "962"), ["Inês", "Omar"]),
        (one("consent", "is", "in"), ["Rania"]),
        (one("consent", "is", "unknown"), ["Omar"]),
        (one("consent", "is_not", "out"), ["Omar", "Rania"]),
        (one("field:city", "is", "AMMAN"), ["Rania"]),
        (one("field:city", "is", "Dubai"), ["Omar"]),
        (one("field:city", "is_not", "Amman"), ["Inês", "Omar"]),
        (one("field:city", "contains", "mm"), ["Rania"]),
        (one("field:city", "empty"), ["Inês"]),
        (one("field:city", "filled"), ["Omar", "Rania"]),
        (one("field:note", "empty"), ["Inês", "Omar", "Rania"]),
        (one("field:no such", "contains", "%"), []),
        (one("name", "contains", "an"), ["Rania"]),
        (one("added", "days", "7"), ["Inês", "Rania"]),
        (one("added", "since", "2020-01-31"), ["Inês", "Omar", "Rania"]),
        (one("added", "before", "2020-01-31"), []),
    ],
)
def test_each_condition_finds_exactly_its_people(demo, people, rule, found):
    assert names(demo, rule) == found


def test_labels_are_a_condition(demo, people):
    assert names(demo, one("label", "is", str(people.pk))) == ["Omar"]
    assert names(demo, one("label", "is_not", str(people.pk))) == ["Inês", "Rania"]


def test_all_and_any_combine_conditions(demo, people):
    rows = [
        {"about": "language", "operator": "is", "value": "ar"},
        {"about": "label", "operator": "is", "value": str(people.pk)},
    ]
    assert names(demo, {"match": "all", "conditions": rows}) == []
    assert names(demo, {"match": "any", "conditions": rows}) == ["Omar", "Rania"]


def test_a_day_begins_at_midnight_where_the_workspace_is(demo):
    contact = make_contact(demo, "Early")
    change(demo, contact, created="2026-03-09T21:30:00Z")  # half past midnight of the 10th in Amman
    assert names(demo, one("added", "since", "2026-03-10")) == ["Early"]
    assert names(demo, one("added", "before", "2026-03-10")) == []


def test_static_and_dynamic_lists_come_in_one_select_with_their_columns(demo, people, rival):
    rania = make_contact(demo, "On paper")
    static = make_list(demo, [rania], "Static")
    with scope(demo.id):
        ListMember.objects.update(columns={"code": "A1"})
        dynamic = List.objects.create(
            workspace=demo.workspace, name="Arabic", rule=one("language", "is", "ar")
        )
        arabic = Contact.objects.get(name="Rania").pk
    found = [(0, arabic, "{}"), (1, rania.pk, '{"code": "A1"}')]
    assert members(demo, dynamic, static) == found
    assert members(demo) == []
    with scope(demo.id):
        assert counts([static, dynamic, static]) == [1, 1, 1]
    # The outsider asks with the same lists and sees nobody.
    assert members(rival, dynamic, static) == []


@pytest.mark.parametrize(
    "rule",
    [
        None,
        [],
        {},
        {"match": "some", "conditions": [{"about": "name", "operator": "filled"}]},
        {"match": "all", "conditions": []},
        {"match": "all", "conditions": "name"},
        {"match": "all", "conditions": [{"about": "name", "operator": "filled"}] * 21},
        one("password", "is", "x"),
        one("field:", "is", "x"),
        one("name", "since", "2026-01-01"),
        one("name", "is", ""),
        one("name", "is", "x" * 201),
        one("name", "is", "a\x00b"),
        one("field:a\x00b", "is", "b"),
        one("label", "is", "1 OR 1=1"),
        one("label", "is", "9" * 19),
        one("label", "is", "\u0663"),
        one("country", "is", "JO"),
        one("consent", "is", "yes"),
        one("added", "since", "31.1.2026"),
        one("added", "days", "0"),
        one("added", "days", "9999"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_words(rule):
    with pytest.raises(BadRule) as refused:
        checked(rule)
    assert all(str(words) for _, words in refused.value.problems)


def test_what_people_type_is_never_sql(demo):
    make_contact(demo, "Rania")
    assert names(demo, one("field:x' OR '1'='1", "is", "'; DROP TABLE phonebook_contact; --")) == []
    assert names(demo, one("name", "contains", "%s")) == []
    assert names(demo, one("name", "filled")) == ["Rania"]


def test_a_checked_rule_keeps_only_what_is_known():
    rule = {
        "match": "any",
        "more": 1,
        "conditions": [{"about": " name ", "operator": "is", "value": " Rania ", "x": 1}],
    }
    assert checked(rule) == one("name", "is", "Rania", match="any")
