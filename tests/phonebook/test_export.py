"""The phonebook as CSV: complete, filtered, harmless in a spreadsheet, sent while it is read."""

import csv
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient

from accounts.tenancy import scope
from phonebook import actions
from phonebook.downloads import cell
from phonebook.models import Contact, Marketing
from phonebook.views import export
from tests.inbox.browsing import browser
from tests.worlds import make_contact

HEADINGS = [
    "Name",
    "WhatsApp name",
    "Phone number",
    "Username",
    "Language",
    "Labels",
    "Marketing",
    "Since",
    "Blocked",
    "First seen",
]


def read(content):
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def exported(client, world, query=""):
    answer = client.get(world.url(f"phonebook/export/{query}"))
    assert answer.status_code == 200
    return read(answer.getvalue())


def test_everybody_is_exported_with_labels_consent_and_all_free_fields(demo, rival, marketer):
    make_contact(rival, "Somebody Else")
    rania, ali = make_contact(demo, "Rania", "962770000001"), make_contact(demo, "علي", "962770000002")
    actions.set_labels(member=demo.agent1, contact_id=rania.pk, label_ids=[], new=["VIP", "A"])
    with scope(demo.id):
        Contact.objects.filter(pk=rania.pk).update(fields={"City": "Amman"}, marketing=Marketing.OPTED_IN)
        Contact.objects.filter(pk=ali.pk).update(fields={"Size": "38"}, username="ali.k", language="ar")

    headings, *rows = exported(marketer, demo)

    assert headings == [*HEADINGS, "City", "Size"]
    assert [row[:9] + row[10:] for row in rows] == [
        ["Rania", "", "+962770000001", "", "", "A, VIP", "Opted in", "", "", "Amman", ""],
        ["علي", "", "+962770000002", "ali.k", "ar", "", "Not asked", "", "", "", "38"],
    ]


def test_the_filter_holds_and_merged_contacts_are_left_out(demo, marketer):
    kept, gone, _ali = make_contact(demo, "Rania"), make_contact(demo, "Rania H."), make_contact(demo, "Ali")
    actions.merge(member=demo.marketer, winner_id=kept.pk, loser_id=gone.pk)

    assert [row[0] for row in exported(marketer, demo, "?q=rania")[1:]] == ["Rania"]
    assert [row[0] for row in exported(marketer, demo)[1:]] == ["Ali", "Rania"]


def test_more_than_a_batch_is_complete(demo, marketer, monkeypatch):
    monkeypatch.setattr(export, "ROWS_PER_BATCH", 2)
    for n in range(5):
        make_contact(demo, f"Customer {n}")

    assert [row[0] for row in exported(marketer, demo)[1:]] == [f"Customer {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),
        ("+962790000001", "+962790000001"),
        ("+", "'+"),
        ("Rania = best", "Rania = best"),
        (None, ""),
        (7, "7"),
    ],
)
def test_no_cell_is_a_formula(value, shown):
    assert cell(value) == shown


def test_a_formula_in_a_name_a_field_or_its_heading_is_neutralised(demo, marketer):
    rania = make_contact(demo, '=HYPERLINK("http://evil")')
    with scope(demo.id):
        Contact.objects.filter(pk=rania.pk).update(fields={"=evil": "@evil;=1"})

    headings, row = exported(marketer, demo)

    assert (headings[-1], row[0], row[-1]) == ("'=evil", '\'=HYPERLINK("http://evil")', "'@evil;=1")


def test_under_asgi_it_is_sent_batch_by_batch_and_no_transaction_waits_for_the_reader(demo, monkeypatch):
    monkeypatch.setattr(export, "ROWS_PER_BATCH", 1)
    for n in range(3):
        make_contact(demo, f"Customer {n}")

    async def download():
        client = AsyncClient()
        await client.aforce_login(demo.marketer.user)
        answer = await client.get(demo.url("phonebook/export/"))
        assert answer.is_async
        return [part async for part in answer.streaming_content]

    parts = async_to_sync(download)()

    assert len(parts) == 4
    assert [row[0] for row in read(b"".join(parts))] == ["Name", "Customer 0", "Customer 1", "Customer 2"]
    assert not connection.in_atomic_block


def test_between_two_batches_no_scope_is_open(demo, marketer, monkeypatch):
    monkeypatch.setattr(export, "ROWS_PER_BATCH", 1)
    make_contact(demo, "One")
    make_contact(demo, "Two")
    answer = marketer.get(demo.url("phonebook/export/"))

    for _part in answer.streaming_content:
        assert not connection.in_atomic_block
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM phonebook_contact")
            assert cursor.fetchone() == (0,)


def test_agents_export_only_when_it_was_granted_and_outsiders_never(demo, rival):
    url = demo.url("phonebook/export/")
    assert browser(demo.agent1).get(url).status_code == 403
    assert browser(rival.admin).get(url).status_code == 404
    demo.agent1.sends_to_lists = True
    demo.agent1.save()
    assert browser(demo.agent1).get(url).status_code == 200
