"""A file from the upload to the last row: what is taken over, what is kept aside, and that nothing is lost."""

from datetime import UTC, datetime

import pytest

from accounts.models import Workspace
from accounts.tenancy import scope
from phonebook.actions import imports as actions
from phonebook.actions.refusals import Refused
from phonebook.importing import files
from phonebook.importing.mapping import Mapping
from phonebook.models import (
    Consent,
    Contact,
    ContactLabel,
    Identity,
    Import,
    ImportRow,
    List,
    ListMember,
    Marketing,
)
from phonebook.resolve import Person, resolve
from tests.phonebook.importing import change, check, contacts, fresh, imported, send, start, step, table
from tests.worlds import make_contact, make_list

PHONE, NAME = Mapping({0: "phone"}), Mapping({0: "phone", 1: "name"})


def odd(row):
    with scope(row.workspace_id):
        return list(ImportRow.objects.order_by("line").values_list("line", "verdict", "cells"))


def test_a_file_is_read_and_its_columns_are_guessed(demo):
    row = send(demo, table(["Name", "Phone", "City"], ["Rania", "0790000001", "Amman"]))
    assert (row.state, row.rows, row.columns, row.country) == ("mapping", 1, ["Name", "Phone", "City"], "JO")
    assert row.sample == [["Name", "Phone", "City"], ["Rania", "0790000001", "Amman"]]
    assert Mapping.load(row.mapping).targets == {0: "name", 1: "phone", 2: "field:City"}
    assert (row.lease, row.tries) == (None, 0)


def test_a_file_that_cannot_be_read_fails_with_a_reason_and_is_not_kept(demo):
    row = send(demo, b"%PDF-1.7")
    assert (row.state, row.detail, bytes(row.content)) == ("failed", "kind", b"")


def test_the_dry_run_changes_nothing_and_has_a_verdict_on_every_row(demo):
    make_contact(demo, "Omar", "962790000002")
    row = check(
        demo,
        table(
            ["Phone", "Name", "Language"],
            ["0790000001", "Rania", "ar"],
            ["+962 79 000 0002", "Omar", ""],
            ["00962790000001", "Rania again", ""],
            ["", "Nobody", ""],
            ["", "", ""],
            ["12", "Short", ""],
            ["no number", "Words", ""],
            ["9.6279E+11", "Spoiled", ""],
            ["0790000003", "x" * 201, ""],
            ["0790000004", "Lina", "Klingon"],
        ),
    )
    assert (row.state, row.at_row, row.tries, row.lease) == ("checked", 0, 0, None)
    assert row.counts == {
        "new": 1,
        "updated": 1,
        "duplicate": 1,
        "no_number": 1,
        "empty": 1,
        "bad_length": 1,
        "bad_number": 1,
        "spreadsheet": 1,
        "too_long": 1,
        "bad_language": 1,
    }
    assert [(line, verdict) for line, verdict, _ in odd(row)] == [
        (4, "duplicate:2"),
        (5, "no_number"),
        (7, "bad_length"),
        (8, "bad_number"),
        (9, "spreadsheet"),
        (10, "too_long"),
        (11, "bad_language"),
    ]
    assert odd(row)[0][2] == ["00962790000001", "Rania again", ""]
    assert contacts(demo) == {"+962790000002": "Omar"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("+5511987654321", "+551187654321"),  # Brazil, with and without the ninth digit
        ("+5215512345678", "+525512345678"),  # Mexico, with and without the 1
        ("+5491123456789", "+541123456789"),  # Argentina, with and without the 9
        ("0790000001", "+962 (79) 000-0001"),
    ],
)
def test_two_spellings_of_a_number_are_one_person(demo, first, second):
    row = imported(demo, table(["Phone", "Name"], [first, "First"], [second, "Second"]), NAME)
    assert row.counts == {"new": 1, "duplicate": 1}
    assert list(contacts(demo).values()) == ["First"]
    again = imported(demo, table(["Phone", "Name"], [second, "Second"]), NAME)
    assert again.counts == {"updated": 1}
    assert list(contacts(demo).values()) == ["Second"]


def test_good_rows_are_imported_and_bad_ones_kept(demo, rival):
    content = table(
        ["Phone", "Name", "Language", "City"],
        ["0790000001", "Rania", "Arabic", "Amman"],
        ["nonsense", "Lost?", "", ""],
        ["0790000002", "Omar", "", ""],
    )
    row = imported(demo, content)
    assert (row.state, row.counts) == ("done", {"new": 2, "bad_number": 1})
    assert (bytes(row.content), bytes(row.prepared), row.lease) == (b"", b"", None)
    assert row.finished is not None
    assert odd(row) == [(3, "bad_number", ["nonsense", "Lost?", "", ""])]
    with scope(demo.id):
        rania = Contact.objects.get(name="Rania")
        assert (rania.phone, rania.language, rania.fields) == ("+962790000001", "ar", {"City": "Amman"})
        assert Identity.objects.get(contact=rania).value == "962790000001"
        assert Contact.objects.get(name="Omar").fields == {}
    with scope(rival.id):
        assert (Contact.objects.count(), Import.objects.count(), ImportRow.objects.count()) == (0, 0, 0)


def test_what_is_known_of_somebody_is_added_to_and_never_erased(demo):
    omar = make_contact(demo, "Omar", "962790000002")
    with scope(demo.id):
        Contact.objects.filter(pk=omar.pk).update(language="ar", fields={"City": "Irbid", "Size": "L"})
    imported(
        demo,
        table(["Phone", "Name", "Language", "City", "Since"], ["0790000002", "", "", "", "2020"]),
    )
    with scope(demo.id):
        kept = Contact.objects.get(pk=omar.pk)
        assert (kept.name, kept.language) == ("Omar", "ar")
        assert kept.fields == {"City": "Irbid", "Size": "L", "Since": "2020"}
    imported(demo, table(["Phone", "Name", "City"], ["0790000002", "Omar Nasser", "Amman"]))
    with scope(demo.id):
        kept = Contact.objects.get(pk=omar.pk)
        assert (kept.name, kept.fields["City"]) == ("Omar Nasser", "Amman")


def test_somebody_known_by_an_inbound_message_is_not_made_twice(demo):
    with scope(demo.id):
        [known] = resolve([Person(demo.id, "p-demo", "BSUID1", None, "5511987654321", "Inês")])
    row = imported(demo, table(["Phone", "Name"], ["+55 11 8765-4321", "Inês Souza"]), NAME)
    assert row.counts == {"updated": 1}
    with scope(demo.id):
        assert list(Contact.objects.values_list("id", "name", "profile_name")) == [
            (known, "Inês Souza", "Inês")
        ]


def test_people_go_on_a_list_with_its_own_columns(demo):
    omar = make_contact(demo, "Omar", "962790000002")
    target = make_list(demo, [omar])
    with scope(demo.id):
        ListMember.objects.update(columns={"Code": "old", "Shelf": "7"})
    content = table(["Phone", "Name", "Code"], ["0790000001", "Rania", "A1"], ["0790000002", "", "A2"])
    columns = Mapping({0: "phone", 1: "name", 2: "column:Code"})
    imported(demo, content, columns, list_id=target.pk)
    with scope(demo.id):
        rows = ListMember.objects.filter(list=target).values_list("contact__name", "columns")
        assert dict(rows) == {"Rania": {"Code": "A1"}, "Omar": {"Code": "A2", "Shelf": "7"}}
        assert Contact.objects.get(name="Rania").fields == {}


def test_a_new_list_is_made_for_them(demo):
    row = imported(demo, table(["Phone"], ["0790000001"]), PHONE, new_list="  Trade fair ")
    with scope(demo.id):
        assert List.objects.get().name == "Trade fair"
        assert (row.list_id, ListMember.objects.count()) == (List.objects.get().pk, 1)


def test_labels_are_made_and_stuck_on(demo):
    content = table(
        ["Phone", "Labels"], ["0790000001", "VIP;Irbid"], ["0790000002", "vip"], ["0790000003", ""]
    )
    imported(demo, content, Mapping({0: "phone", 1: "labels"}))
    imported(demo, content, Mapping({0: "phone", 1: "labels"}))
    with scope(demo.id):
        stuck = ContactLabel.objects.values_list("contact__phone", "label__name")
        assert sorted((phone, name.lower()) for phone, name in stuck) == [
            ("+962790000001", "irbid"),
            ("+962790000001", "vip"),
            ("+962790000002", "vip"),
        ]


def test_an_imported_opt_in_goes_into_the_ledger_with_wording_and_date(demo):
    content = table(
        ["Phone", "Opt-in", "Opt-in date", "Wording"],
        ["0790000001", "yes", "31/01/2026", "Newsletter"],
        ["0790000002", "no", "", ""],
        ["0790000003", "", "", ""],
        ["0790000004", "yes", "31 January", ""],
        ["0790000005", "maybe", "", ""],
        ["0790000006", "yes", "2999-01-01", ""],
    )
    row = imported(demo, content, Mapping({0: "phone", 1: "opt_in", 2: "opt_in_at", 3: "opt_in_wording"}))
    assert row.counts == {"new": 3, "bad_date": 2, "bad_answer": 1}
    with scope(demo.id):
        states = dict(Contact.objects.order_by("phone").values_list("phone", "marketing"))
        assert list(states.values()) == [Marketing.OPTED_IN, Marketing.OPTED_OUT, Marketing.UNKNOWN]
        entry = Consent.objects.get(choice=Marketing.OPTED_IN)
        assert (entry.source, entry.wording, entry.member_id) == ("import", "Newsletter", demo.marketer.pk)
        assert entry.at == datetime(2026, 1, 30, 21, tzinfo=UTC)  # midnight in Amman
        assert Consent.objects.get(choice=Marketing.OPTED_OUT).at == row.created


def test_everybody_in_a_file_may_have_agreed_and_an_opt_out_that_came_later_stays(demo):
    everybody = Mapping({0: "phone"}, everybody=True, wording="I want news", at="2026-01-31")
    imported(demo, table(["Phone"], ["0790000001"]), everybody)
    with scope(demo.id):
        assert Contact.objects.get().marketing == Marketing.OPTED_IN
    answers = Mapping({0: "phone", 1: "opt_in"}, wording="No more", at="2026-02-01")
    imported(demo, table(["Phone", "In"], ["0790000001", "no"]), answers)
    imported(demo, table(["Phone"], ["0790000001"]), everybody)
    with scope(demo.id):
        assert Contact.objects.get().marketing == Marketing.OPTED_OUT
        assert Consent.objects.count() == 2


def test_tabs_line_ends_backslashes_and_quotes_arrive_as_they_are(demo):
    nasty = 'Ra\tni\\a "x"\r\nTab\\N \u2028 👍'
    content = f'Phone,Name,Note\n0790000001,"{nasty.replace(chr(34), chr(34) * 2)}",\\.\n'.encode()
    imported(demo, content)
    with scope(demo.id):
        kept = Contact.objects.get()
        assert kept.name == nasty
        assert kept.fields == {"Note": "\\."}


def test_the_first_row_counts_when_it_is_no_heading(demo):
    row = check(
        demo, table(["0790000001", "Rania"], ["0790000001", "Twice"]), Mapping({0: "phone"}, headings=False)
    )
    assert (row.rows, row.counts) == (2, {"new": 1, "duplicate": 1})
    assert odd(row) == [(2, "duplicate:1", ["0790000001", "Twice"])]


def test_the_columns_can_be_changed_after_the_dry_run(demo):
    row = check(demo, table(["Phone", "Number"], ["x", "0790000001"]), PHONE)
    assert row.counts == {"bad_number": 1}
    actions.map_import(member=demo.marketer, import_id=row.pk, mapping=Mapping({1: "phone"}), country="JO")
    row = step(row)
    assert (row.counts, odd(row)) == ({"new": 1}, [])


def test_the_country_decides_about_numbers_without_a_code(demo):
    row = check(demo, table(["Phone"], ["0501234567"]), PHONE, country="AE")
    assert row.counts == {"new": 1}
    actions.map_import(member=demo.marketer, import_id=row.pk, mapping=PHONE, country="")
    assert step(row).counts == {"bad_number": 1}
    with pytest.raises(Refused, match="Choose a country"):
        actions.map_import(member=demo.marketer, import_id=row.pk, mapping=PHONE, country="XX")


def test_nothing_is_started_twice_or_too_early(demo):
    row = send(demo, table(["Phone"], ["0790000001"]))
    with pytest.raises(Refused, match="gone on meanwhile"):
        actions.run_import(member=demo.marketer, import_id=row.pk)
    row = start(demo, table(["Phone"], ["0790000001"]), PHONE)
    for verb in (actions.run_import, actions.discard_import):
        with pytest.raises(Refused, match="gone on meanwhile"):
            verb(member=demo.marketer, import_id=row.pk)
    with pytest.raises(Refused, match="gone on meanwhile"):
        actions.map_import(member=demo.marketer, import_id=row.pk, mapping=PHONE, country="JO")
    nothing = check(demo, table(["Phone"], ["x"]), PHONE)
    with pytest.raises(Refused, match="no row that can be imported"):
        actions.run_import(member=demo.marketer, import_id=nothing.pk)


def test_a_file_that_is_too_large_or_empty_is_refused_at_once(demo):
    for content, words in [(b"x" * (files.BYTES_AT_MOST + 1), "20 MB"), (b"", "empty")]:
        with pytest.raises(Refused, match=words) as refused:
            actions.start_import(member=demo.marketer, name="a.csv", content=content)
        assert refused.value.field == "file"


def test_twenty_unfinished_files_are_enough(demo):
    rows = [actions.start_import(member=demo.marketer, name="a.csv", content=b"x") for _ in range(20)]
    with pytest.raises(Refused, match="20 unfinished"):
        actions.start_import(member=demo.marketer, name="a.csv", content=b"x")
    actions.discard_import(member=demo.marketer, import_id=rows[0].pk)
    assert actions.start_import(member=demo.marketer, name="\x00", content=b"x").name == "file"


def test_a_dynamic_list_or_one_next_door_takes_nobody(demo, rival):
    row = send(demo, table(["Phone"], ["0790000001"]))
    theirs = make_list(rival, [])
    with scope(demo.id):
        rule = {"match": "all", "conditions": [{"about": "name", "operator": "filled", "value": ""}]}
        dynamic = List.objects.create(workspace=demo.workspace, name="By rule", rule=rule)
    for target in (theirs, dynamic):
        with pytest.raises(Refused) as refused:
            actions.map_import(
                member=demo.marketer, import_id=row.pk, mapping=PHONE, country="JO", list_id=target.pk
            )
        assert refused.value.field == "target_list"


def test_an_agent_may_not_import_and_an_outsider_reaches_nothing(demo, rival):
    row = check(demo, table(["Phone"], ["0790000001"]), PHONE)
    verbs = [
        (actions.map_import, {"mapping": PHONE, "country": "JO"}),
        (actions.run_import, {}),
        (actions.discard_import, {}),
    ]
    for verb, arguments in verbs:
        with pytest.raises(Refused, match="You may not"):
            verb(member=demo.agent1, import_id=row.pk, **arguments)
        with pytest.raises(Import.DoesNotExist):
            verb(member=rival.admin, import_id=row.pk, **arguments)
    with pytest.raises(Refused, match="You may not"):
        actions.start_import(member=demo.agent1, name="a.csv", content=b"x")
    assert fresh(row).state == "checked"


def test_a_discarded_import_takes_its_rows_along_and_no_contacts(demo):
    row = imported(demo, table(["Phone"], ["0790000001"], ["x"]), PHONE)
    actions.discard_import(member=demo.marketer, import_id=row.pk)
    with scope(demo.id):
        assert (Import.objects.count(), ImportRow.objects.count(), Contact.objects.count()) == (0, 0, 1)


def test_a_list_that_was_deleted_before_the_import_ran_is_left_out(demo):
    target = make_list(demo, [])
    row = start(demo, table(["Phone"], ["0790000001"]), PHONE, list_id=target.pk)
    with scope(demo.id):
        target.delete()
    row = step(row)
    assert (row.state, row.list_id, len(contacts(demo))) == ("done", None, 1)


def test_a_day_is_one_of_the_workspaces_zone(demo):
    Workspace.objects.filter(pk=demo.id).update(timezone="Pacific/Auckland")
    row = send(demo, table(["Phone"], ["0790000001"]))
    change(row, created="2026-01-31T12:00:00Z")
    mapping = Mapping({0: "phone"}, everybody=True, wording="w", at="2026-02-01")  # has begun there
    actions.map_import(member=demo.marketer, import_id=row.pk, mapping=mapping, country="JO")
    assert step(row).counts == {"new": 1}
