"""The pages of imports: the way of a file from step to step, its odd rows as a download, and who may see them."""

import csv
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import scope
from phonebook import imports
from phonebook.importing.mapping import Mapping
from phonebook.models import Contact, Import, List, ListMember
from tests.inbox.browsing import HTMX, browser
from tests.inbox.dom import parse
from tests.phonebook.importing import check, contacts, fresh, imported, send, start, step, table
from tests.worlds import make_contact, make_list

CONTENT = table(
    ["Phone", "Name", "City"], ["0790000001", "Rania", "Amman"], ["x", "=cmd|' /C calc'!A0", "Irbid"]
)


def url_of(world, row=None, path=""):
    return world.url(f"phonebook/imports/{f'{row.pk}/' if row else ''}{path}")


def page(client, world, row=None, path=""):
    return parse(client.get(url_of(world, row, path)))


def the_row(world):
    with scope(world.id):
        return Import.objects.defer("content").get()


def download(client, world, row):
    answer = client.get(url_of(world, row, "errors/"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def verdicts(tree):
    return {one.one("dt").text: one.one("dd").text for one in tree.id("import").all("div", "verdict")}


def test_a_file_goes_through_all_steps_without_a_script(demo, marketer):
    tree = page(marketer, demo, path="new/")
    assert "at most 20 MB and 200,000 rows" in tree.one("form", enctype="multipart/form-data").text
    answer = marketer.post(url_of(demo, path="new/"), {"file": SimpleUploadedFile("people.csv", CONTENT)})
    row = the_row(demo)
    assert (answer.status_code, answer["Location"]) == (302, url_of(demo, row))
    tree = page(marketer, demo, row)
    assert "Reading the file" in tree.id("import").text
    assert tree.id("import")["hx-get"] == url_of(demo, row, "progress/")
    step(row)
    tree = page(marketer, demo, row)
    form = tree.id("import").one("form")
    chosen = [
        [option["value"] for option in select.all("option") if option.get("selected") is not None]
        for select in form.all("select", name="target")
    ]
    assert chosen == [["phone"], ["name"], ["field:"]]
    assert [node["value"] for node in form.all("input", name="named")] == ["Phone", "Name", "City"]
    sent = {
        "target": ["phone", "name", "field:"],
        "named": ["", "", "Town"],
        "headings": "on",
        "country": "JO",
    }
    answer = marketer.post(form["action"], {**sent, "new_list": "Trade fair"})
    assert answer["Location"] == url_of(demo, row)
    step(row)
    tree = page(marketer, demo, row)
    assert verdicts(tree) == {"New contacts": "1", "Not a phone number": "1"}
    preview, odd = tree.id("preview"), tree.id("odd")
    assert (preview.text, odd.text) == ("The first rows", "Rows that are not imported")
    said = [[cell.text for cell in line.all("td")] for line in tree.all("tbody")[1].all("tr")]
    assert said[0] == ["2", "Will be a new contact.", "0790000001", "Rania", "Amman"]
    assert contacts(demo) == {}
    button = tree.one("form", action=url_of(demo, row, "run/"))
    assert button.one("button").text == "Import 1 contact"
    assert marketer.post(button["action"])["Location"] == url_of(demo, row)
    assert "Importing" in page(marketer, demo, row).id("import").text
    step(row)
    tree = page(marketer, demo, row)
    assert verdicts(tree) == {"New contacts": "1", "Not a phone number": "1"}
    assert tree.id("import").get("hx-get") is None
    with scope(demo.id):
        assert ListMember.objects.get(list=List.objects.get(name="Trade fair")).contact.fields == {
            "Town": "Amman"
        }


def test_the_odd_rows_are_downloaded_as_they_were_and_harm_no_spreadsheet(demo, marketer):
    row = imported(demo, CONTENT)
    assert download(marketer, demo, row) == [
        ["Phone", "Name", "City", "Row", "Reason"],
        [
            "x",
            "'=cmd|' /C calc'!A0",
            "Irbid",
            "3",
            "This is not a phone number. Numbers of other countries need + and their country code.",
        ],
    ]


def test_a_download_has_every_odd_row_however_many(demo, marketer, monkeypatch):
    monkeypatch.setattr(imports, "ODD_PER_BATCH", 2)
    monkeypatch.setattr(imports.odd_rows, "__defaults__", (2,))
    row = check(demo, table(["A"], *([f"x{n}"] for n in range(7))), Mapping({0: "phone"}, headings=False))
    assert [line[0] for line in download(marketer, demo, row)] == ["", "A", *(f"x{n}" for n in range(7))]


def test_progress_is_a_piece_that_asks_again_only_while_there_is_work(demo, marketer):
    row = start(demo, CONTENT)
    answer = marketer.get(url_of(demo, row, "progress/"), headers={**HTMX, "HX-Target": "import"})
    tree = parse(answer)
    assert (tree.all("html"), tree.id("import")["hx-trigger"]) == ([], "every 1s")
    assert tree.one("progress")["value"] == "0"
    step(row)
    tree = parse(marketer.get(url_of(demo, row, "progress/")))
    assert tree.id("import").get("hx-trigger") is None


def test_a_file_that_failed_says_why(demo, marketer):
    row = send(demo, b"%PDF-1.7")
    assert "This is no CSV and no XLSX file." in page(marketer, demo, row).id("import").text


@pytest.mark.parametrize(("content", "words"), [(None, "Choose a file."), (b"", "This file is empty.")])
def test_no_file_or_an_empty_one_is_said_beside_the_field(demo, marketer, content, words):
    sent = {} if content is None else {"file": SimpleUploadedFile("a.csv", content)}
    answer = marketer.post(url_of(demo, path="new/"), sent)
    assert (answer.status_code, words in parse(answer).id("id_file_error").text) == (422, True)


def test_columns_that_make_no_sense_are_said_and_what_was_chosen_stays(demo, marketer):
    row = send(demo, CONTENT)
    sent = {
        "target": ["name", "", "column:"],
        "named": ["Phone", "Name", "Code"],
        "country": "JO",
        "everybody": "on",
        "wording": "I want news",
        "at": "2026-01-31",
    }
    answer = marketer.post(url_of(demo, row, "map/"), sent)
    tree = parse(answer)
    assert answer.status_code == 422
    assert "Say which column is the phone number." in tree.id("import").text
    assert [
        [option["value"] for option in select.all("option") if option.get("selected") is not None]
        for select in tree.all("select", name="target")
    ] == [["name"], [""], ["column:"]]
    assert [node["value"] for node in tree.all("input", name="named")] == ["Phone", "Name", "Code"]
    assert "I want news" in tree.one("textarea").text
    taken = make_list(demo, [])
    sent |= {"target": ["phone", "", ""], "new_list": taken.name}
    tree = parse(marketer.post(url_of(demo, row, "map/"), sent))
    assert "There is a list with this name already." in tree.id("id_new_list_error").text
    sent |= {"new_list": "", "wording": ""}
    tree = parse(marketer.post(url_of(demo, row, "map/"), sent))
    assert "Write what these people agreed to" in tree.id("id_wording_error").text
    assert fresh(row).state == "mapping"


def test_the_columns_can_be_looked_at_again_after_the_dry_run(demo, marketer):
    row = check(demo, CONTENT)
    tree = page(marketer, demo, row, "map/")
    assert len(tree.all("select", name="target")) == 3


def test_a_stale_button_leads_back_to_the_import_as_it_is(demo, marketer):
    row = imported(demo, CONTENT)
    answer = marketer.post(url_of(demo, row, "run/"), follow=True)
    assert "gone on meanwhile" in answer.content.decode()


def test_a_discarded_import_is_gone(demo, marketer):
    row = check(demo, CONTENT)
    assert "Discard" in page(marketer, demo, row, "discard/").one("h1").text
    answer = marketer.post(url_of(demo, row, "discard/"), follow=True)
    assert "The import was discarded." in answer.content.decode()
    assert marketer.get(url_of(demo, row)).status_code == 404


def test_agents_see_no_imports_and_other_workspaces_nothing_at_all(demo, rival, agent):
    row = check(demo, CONTENT)
    outsider = browser(rival.admin)
    for path in ("", "map/", "progress/", "errors/", "discard/"):
        assert agent.get(url_of(demo, row, path)).status_code == 403
        assert outsider.get(url_of(rival, row, path)).status_code == 404
    for path in ("map/", "run/", "discard/"):
        sent = {"target": ["phone"], "named": [""], "country": "JO"}
        assert agent.post(url_of(demo, row, path), sent).status_code == 403
        assert outsider.post(url_of(rival, row, path), sent).status_code == 404
    assert fresh(row).state == "checked"


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_imports_asks_one_question_and_loads_no_file(demo, marketer, number):
    for n in range(number):
        check(demo, CONTENT, new_list=f"List {n}")
    with CaptureQueriesContext(connection) as caught:
        tree = page(marketer, demo)
    asked = [query["sql"] for query in caught if "phonebook_" in query["sql"]]
    assert (len(asked), '"content"' in asked[0], '"prepared"' in asked[0]) == (1, False, False)
    assert len(tree.one("tbody").all("tr")) == number


def test_imports_come_in_pages_newest_first(demo, marketer, monkeypatch):
    monkeypatch.setattr(imports, "IMPORTS_PER_PAGE", 2)
    for n in range(3):
        send(demo, CONTENT, name=f"{n}.csv")
    tree = page(marketer, demo)
    assert [row.one("b").text for row in tree.one("tbody").all("tr")] == ["2.csv", "1.csv"]
    tree = parse(marketer.get(tree.one("a", rel="next")["href"]))
    assert [row.one("b").text for row in tree.one("tbody").all("tr")] == ["0.csv"]
    assert marketer.get(url_of(demo) + "?before=x&before=٣").status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_dry_run_asks_a_fixed_number_of_questions(demo, marketer, number):
    make_contact(demo, "Omar", "962790000009")
    rows = [[f"079000000{n}", f"Customer {n}"] for n in range(number)] + [["x", "y"]] * number
    row = check(demo, table(["Phone", "Name"], *rows))
    with CaptureQueriesContext(connection) as caught:
        assert marketer.get(url_of(demo, row)).status_code == 200
    # The import, who of the first rows is known, the first odd rows.
    assert sum("phonebook_" in query["sql"] for query in caught) == 3
    with scope(demo.id):
        assert Contact.objects.count() == 1
