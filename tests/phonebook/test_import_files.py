"""Files as people have them: encodings, separators, quotation marks, spreadsheets, and what is no such file."""

import zipfile
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest

from phonebook.importing import files, sheets
from phonebook.importing.refusal import BadFile, words

ROWS = [["Phone", "Name"], ["0791", "رانيا حداد"], ["0792", "Inês"]]


def read(content):
    return [list(row) for row in files.read(content)]


def csv_of(separator=",", end="\n"):
    return end.join(separator.join(row) for row in ROWS) + end


def xlsx(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_unicode_is_read_with_any_separator(encoding, separator):
    assert read(csv_of(separator).encode(encoding)) == ROWS


def test_arabic_and_western_windows_files_are_told_apart():
    arabic = "الاسم;الهاتف\nرانيا حداد;0791\n"
    western = "Nom;Téléphone\nÉlodie Garçon;0791\nJosé;0792\n"
    assert read(arabic.encode("cp1256")) == [["الاسم", "الهاتف"], ["رانيا حداد", "0791"]]
    assert read(western.encode("cp1252"))[1:] == [["Élodie Garçon", "0791"], ["José", "0792"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_row_and_a_unicode_separator_does_not(end):
    assert read(csv_of(end=end).encode()) == ROWS
    assert read("Phone,Name\n0791,Ra\u2028nia\x0b\n".encode()) == [
        ["Phone", "Name"],
        ["0791", "Ra\u2028nia"],
    ]


def test_a_separator_inside_quotation_marks_is_text():
    content = b'Name;Note;Phone\n"Haddad, Rania";"a;b\nc";0791\n"Nasser, Omar";"d";0792\n'
    assert read(content) == [
        ["Name", "Note", "Phone"],
        ["Haddad, Rania", "a;b\nc", "0791"],
        ["Nasser, Omar", "d", "0792"],
    ]


def test_excels_own_hint_names_the_separator():
    assert read(b"sep=|\r\nPhone|Name\r\n0791|a,b,c\r\n") == [["Phone", "Name"], ["0791", "a,b,c"]]


def test_an_open_quotation_mark_swallows_no_rows():
    content = b'Name,Phone\n"Ali,0791\nBea,0792\nCem "the king" C,0793\n'
    rows = read(content)
    assert len(rows) == 4
    assert rows[2:] == [["Bea", "0792"], ['Cem "the king" C', "0793"]]


def test_a_single_column_needs_no_separator():
    assert read(b"0791234567\n0791234568\n") == [["0791234567"], ["0791234568"]]


def test_lines_are_counted_as_a_spreadsheet_counts_them():
    assert read(b"Phone\n\n0791\n\n\n") == [["Phone"], [], ["0791"]]


def test_nul_bytes_are_dropped():
    assert read(b"Phone,Name\n0791,Ra\x00nia\n") == [["Phone", "Name"], ["0791", "Rania"]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n , \n", "empty"),
        (b"%PDF-1.7", "kind"),
        (b"\xd0\xcf\x11\xe0old", "kind"),
        (b"PK\x03\x04nonsense", "broken"),
        (b",".join([b"x"] * 201), "columns"),
        (b"x" * (files.BYTES_AT_MOST + 1), "large"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content, code):
    with pytest.raises(BadFile) as refused:
        read(content)
    assert refused.value.code == code
    assert words(code) != code


def test_rows_are_limited_and_empty_ones_at_the_end_do_not_count(monkeypatch):
    monkeypatch.setattr(files, "ROWS_AT_MOST", 2)
    assert len(read(b"Phone\n1\n2\n" + b",,,\n" * 50)) == 3
    with pytest.raises(BadFile) as refused:
        read(b"Phone\n1\n2\n3\n")
    assert refused.value.code == "rows"


def test_a_spreadsheet_is_read_as_it_looks():
    content = xlsx(
        ["Phone", "Name", "Since", "At", "Share", "VIP"],
        [962790000001, "رانيا", date(2026, 1, 31), datetime(2026, 1, 31, 14, 5), 0.5, True],  # noqa: DTZ001 - as spreadsheets have it
        ["+962 79 000 0002", None, None, None, 3.0, None],
    )
    assert read(content) == [
        ["Phone", "Name", "Since", "At", "Share", "VIP"],
        ["962790000001", "رانيا", "2026-01-31", "2026-01-31 14:05:00", "0.5", "True"],
        ["+962 79 000 0002", "", "", "", "3", ""],
    ]


def test_the_first_sheet_that_has_rows_is_the_one():
    book = openpyxl.Workbook()
    book.create_sheet("People").append(["Phone"])
    file = BytesIO()
    book.save(file)
    assert read(file.getvalue()) == [["Phone"]]


def test_a_cell_far_outside_is_refused_before_room_is_made_for_it():
    book = openpyxl.Workbook()
    book.active["A1"] = "Phone"
    book.active["XFD1000"] = "x"
    file = BytesIO()
    book.save(file)
    with pytest.raises(BadFile) as refused:
        read(file.getvalue())
    assert refused.value.code == "far"
    book.active["A300000"] = "x"
    book.save(file := BytesIO())
    with pytest.raises(BadFile) as refused:
        read(file.getvalue())
    assert refused.value.code == "rows"


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(sheets, "UNPACKED_AT_MOST", 1000)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 5000)
    with pytest.raises(BadFile) as refused:
        read(file.getvalue())
    assert refused.value.code == "unpacked"


def test_a_zip_that_is_no_spreadsheet_is_broken():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(BadFile) as refused:
        read(file.getvalue())
    assert refused.value.code == "broken"
