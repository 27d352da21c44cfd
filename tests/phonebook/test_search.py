"""The phonebook's pages and its search: in order, complete, within the workspace, and served by indexes."""

import pytest
from django.db import connection

from accounts.tenancy import reading, scope
from phonebook import actions, queries
from phonebook.models import Contact, ContactLabel, Label, List, Marketing
from phonebook.queries import Cursor, Filter
from tests.worlds import make_contact, make_list


def people(world, **fields):
    """Fills the phonebook: names → contacts."""
    with scope(world.id):
        made = Contact.objects.bulk_create(
            Contact(workspace=world.workspace, name=name, **more) for name, more in fields.pop("rows")
        )
    return {contact.name: contact for contact in made}


def found(world, q="", **chosen):
    with reading(world.id):
        return [row.contact.display_name for row in queries.page(world.id, Filter(q=q, **chosen)).rows]


def pages(world, chosen=None, size=50):
    seen, after = [], None
    while True:
        with reading(world.id):
            page = queries.page(world.id, chosen or Filter(), after, size=size)
        seen.append([row.contact.pk for row in page.rows])
        if page.more is None:
            return seen
        after = Cursor.parse(str(page.more))


def ids_by_name(world):
    with scope(world.id):
        return list(Contact.objects.order_by("sort_name", "id").values_list("pk", flat=True))


def test_the_phonebook_is_paged_by_name_without_loss_or_repetition_also_among_equal_names(demo):
    people(demo, rows=[(f"Customer_{n // 40}", {}) for n in range(130)])
    ids = ids_by_name(demo)

    assert pages(demo) == [ids[:50], ids[50:100], ids[100:]]
    assert pages(demo, Filter(q="customer")) == [ids[:50], ids[50:100], ids[100:]]


def test_the_order_is_what_contacts_are_called_whatever_it_comes_from(demo):
    people(demo, rows=[("zoe", {}), ("", {"profile_name": "Adam"}), ("", {"username": "mona"}), ("Lina", {})])

    assert found(demo) == ["Adam", "Lina", "mona", "zoe"]


def test_merged_contacts_are_nowhere(demo):
    kept, gone = make_contact(demo, "Rania K"), make_contact(demo, "Rania G")
    actions.merge(member=demo.marketer, winner_id=kept.pk, loser_id=gone.pk)

    assert found(demo) == found(demo, "rania") == ["Rania K"]


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("hadd", ["Rania Haddad"]),
        ("RANIA", ["Rania Haddad"]),
        ("@ali.k", ["Ali"]),
        ("ali.k", ["Ali"]),
        ("100%", ["100% Cotton"]),
        ("_", ["under_score"]),
        ("0790 123 456", ["Rania Haddad"]),
        ("+962790123456", ["Rania Haddad"]),
        ("00962 (79) 012-3456", ["Rania Haddad"]),
        ("3456", ["Rania Haddad", "Xóchitl"]),
        ("5511 8765 4321", ["Ana"]),
        ("+55 11 98765-4321", ["Ana", "Bia"]),
        ("+52 1 55 1234 5678", ["Xóchitl"]),
        ("وسيم", ["وسيم"]),
        ("王", ["王伟"]),
        ("nobody", []),
        ("Rania \0 Haddad", ["Rania Haddad"]),
    ],
)
def test_people_are_found_by_name_number_in_any_form_and_username(demo, rival, q, names):
    rows = [
        ("Rania Haddad", {"phone": "+962790123456"}),
        ("Ali", {"username": "ali.k"}),
        ("100% Cotton", {}),
        ("under_score", {}),
        ("Ana", {"phone": "+5511987654321"}),
        ("Bia", {"phone": "+551198765432"}),
        ("Xóchitl", {"phone": "+525512345678"}),
        ("وسيم", {}),
        ("王伟", {}),
    ]
    people(demo, rows=rows)
    people(rival, rows=rows)

    assert sorted(found(demo, q)) == sorted(name for name in names if name != "Bia")


def test_the_outsider_sees_only_their_own(demo, rival):
    make_contact(demo, "Rania")

    assert found(rival) == found(rival, "rania") == []
    with reading(rival.id), connection.cursor() as cursor:
        cursor.execute("SELECT phonebook_search('rania', NULL)")
        assert cursor.fetchall() == []
    with connection.cursor() as cursor:  # no scope at all
        cursor.execute("SELECT phonebook_search('rania', 10)")
        assert cursor.fetchall() == []


def test_filters_narrow_and_combine_with_words_and_each_other(demo):
    rania, ali, mona = (make_contact(demo, name) for name in ("Rania", "Ali", "Mona"))
    actions.set_labels(member=demo.agent1, contact_id=rania.pk, label_ids=[], new=["VIP"])
    actions.set_labels(member=demo.agent1, contact_id=ali.pk, label_ids=[], new=["vip"])
    with scope(demo.id):
        vip = Label.objects.get()
        Contact.objects.filter(pk=ali.pk).update(marketing=Marketing.OPTED_OUT)
        dynamic = List.objects.create(
            workspace=demo.workspace,
            name="Opted out",
            rule={
                "match": "all",
                "conditions": [{"about": "consent", "operator": "is", "value": "out"}],
            },
        )
    visitors = make_list(demo, [rania, mona])

    assert found(demo, label=vip) == ["Ali", "Rania"]
    assert found(demo, list=visitors) == ["Mona", "Rania"]
    assert found(demo, marketing=Marketing.UNKNOWN) == ["Mona", "Rania"]
    assert found(demo, label=vip, list=visitors) == ["Rania"]
    assert found(demo, "a", label=vip, marketing=Marketing.OPTED_OUT) == ["Ali"]
    assert found(demo, "a", list=visitors) == ["Mona", "Rania"]
    assert found(demo, list=dynamic) == found(demo, "a", list=dynamic) == ["Ali"]
    assert found(demo, "rania", list=dynamic) == []


def test_a_row_says_labels_and_how_many_lists(demo):
    rania = make_contact(demo, "Rania")
    actions.set_labels(member=demo.agent1, contact_id=rania.pk, label_ids=[], new=["B", "A"])
    make_list(demo, [rania], "One")
    make_list(demo, [rania], "Two")

    with reading(demo.id):
        [row] = queries.page(demo.id, Filter()).rows

    assert ([label.name for label in row.labels], row.lists) == (["A", "B"], 2)


@pytest.mark.parametrize("q", ["", "customer"])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_is_three_questions_however_many_rows(demo, rows, q, django_assert_num_queries):
    for n in range(rows):
        contact = make_contact(demo, f"Customer {n}")
        actions.set_labels(member=demo.agent1, contact_id=contact.pk, label_ids=[], new=[f"L{n}", "All"])
    with reading(demo.id), django_assert_num_queries(3):
        assert len(queries.page(demo.id, Filter(q=q)).rows) == rows


def test_the_next_page_is_a_comparison_of_rows_served_by_the_index_of_names(demo):
    make_contact(demo)
    with reading(demo.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        after = queries.matching(demo.id, Filter(), Cursor("rania", 7)).order_by("sort_name", "id")
        plan = after.explain()
    assert "Index Scan using phonebook_contact_by_name" in plan
    assert "ROW(sort_name, id) > ROW(" in plan
    assert "Sort" not in plan


def test_whoever_matches_is_one_select_for_lists_to_embed(demo):
    rania = make_contact(demo, "Rania")
    make_contact(demo, "Ali")
    with reading(demo.id), connection.cursor() as cursor:
        sql, values = queries.people_sql(demo.id, Filter(q="rania"))
        cursor.execute(f"SELECT contact_id FROM ({sql}) AS people", values)
        assert cursor.fetchall() == [(rania.pk,)]


def test_a_frequent_word_and_a_rare_one_are_both_complete_in_a_big_phonebook(demo):
    with scope(demo.id), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_contact (workspace_id, name, profile_name, phone, username, language, created)"
            " SELECT %s, CASE WHEN n %% 2 = 0 THEN 'Mohammad ' ELSE 'Person ' END || n, '', '+96279'"
            " || lpad(n::text, 7, '0'), '', '', now() FROM generate_series(1, 30000) AS n",
            [demo.id],
        )
    with scope(demo.id):
        frequent = list(
            Contact.objects.filter(name__startswith="Mohammad")
            .order_by("sort_name", "id")
            .values_list("pk", flat=True)
        )

    first, second, *_ = pages(demo, Filter(q="mohammad"), size=300)
    assert first + second == frequent[:600]
    assert found(demo, "person 29999") == ["Person 29999"]
    assert found(demo, "0790029998") == ["Mohammad 29998"]
    with reading(demo.id):
        assert queries.matching(demo.id, Filter(q="mohammad")).count() == 15000


@pytest.mark.parametrize("text", ["", "x", "7", "x_name", "-1_a", "1_\0", "1_" + "a" * 400])
def test_a_cursor_that_nobody_wrote_is_none(text):
    assert Cursor.parse(text) is None


def test_a_cursor_is_written_and_read_back():
    assert Cursor.parse(str(Cursor("a_b & ç", 7))) == Cursor("a_b & ç", 7)


def test_labels_come_with_how_many_carry_them(demo, rival):
    contact = make_contact(demo)
    actions.set_labels(member=demo.agent1, contact_id=contact.pk, label_ids=[], new=["B"])
    actions.create_label(member=demo.agent1, name="A")
    with reading(demo.id):
        assert [(label.name, label.carried) for label in queries.labels(demo.id)] == [("A", 0), ("B", 1)]
    with reading(rival.id):
        assert queries.labels(rival.id) == []
        assert not ContactLabel.objects.exists()
