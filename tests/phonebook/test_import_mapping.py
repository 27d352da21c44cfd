"""What the columns of a file are: guessed from headings, and what cannot be."""

from dataclasses import replace
from datetime import date

import pytest

from phonebook.importing.mapping import BadMapping, Mapping, checked, guess

TODAY = date(2026, 3, 1)


def look(mapping, *, width=4, has_list=False):
    return checked(mapping, width=width, has_list=has_list, today=TODAY)


@pytest.mark.parametrize(
    ("headings", "targets"),
    [
        (["Phone Number", "Full name", "City"], ["phone", "name", "field:City"]),
        (["الاسم", "رقم الهاتف", "اللغة", "المدينة"], ["name", "phone", "language", "field:المدينة"]),
        (["WhatsApp", "Tags", "Opt-in", "Opt-in date"], ["phone", "labels", "opt_in", "opt_in_at"]),
        (["Mobile", "Phone", ""], ["phone", "field:Phone", None]),
    ],
)
def test_headings_in_english_and_arabic_are_understood(headings, targets):
    mapping = guess([headings, ["x"] * len(headings)])
    assert [mapping.targets.get(place) for place in range(len(headings))] == targets
    assert mapping.headings is True


def test_a_file_without_headings_has_its_numbers_found():
    mapping = guess([["Rania", "+962 79 000 0001"], ["Omar", "0790000002"]])
    assert (mapping.headings, mapping.targets) == (False, {1: "phone"})


def test_headings_that_nobody_knows_still_have_their_numbers_found():
    mapping = guess([["A", "B"], ["Rania", "0790000001"]])
    assert mapping.targets == {0: "field:A", 1: "phone"}


def test_what_is_kept_is_read_again():
    mapping = Mapping(
        {0: "phone", 3: "column:Code"}, headings=False, everybody=True, wording="w", at="2026-01-31"
    )
    assert Mapping.load(mapping.kept()) == mapping
    assert Mapping.load({}) == Mapping({})


def test_names_are_tidied_and_columns_beyond_the_file_dropped():
    found = look(Mapping({0: "phone", 1: "field:  City \t of birth ", 9: "name", 2: ""}))
    assert found.targets == {0: "phone", 1: "field:City of birth"}


@pytest.mark.parametrize(
    ("targets", "field"),
    [
        ({0: "name"}, "phone"),
        ({0: "phone", 1: "phone"}, "phone"),
        ({0: "phone", 1: "name", 2: "name"}, "name"),
        ({0: "phone", 1: "field:City", 2: "field:City"}, ""),
        ({0: "phone", 1: "field:"}, ""),
        ({0: "phone", 1: "field:" + "x" * 61}, ""),
        ({0: "phone", 1: "password"}, ""),
        ({0: "phone", 1: "column:Code"}, "target_list"),
        ({0: "phone", 1: "opt_in_at"}, "opt_in"),
    ],
)
def test_columns_that_make_no_sense_are_refused(targets, field):
    with pytest.raises(BadMapping) as refused:
        look(Mapping(targets))
    assert (refused.value.field, bool(str(refused.value.message))) == (field, True)


def test_an_opt_in_needs_its_wording_and_its_day():
    columns = Mapping({0: "phone", 1: "opt_in", 2: "opt_in_at", 3: "opt_in_wording"})
    assert look(columns) == columns
    everybody = Mapping({0: "phone"}, everybody=True, wording=" I want news ", at="2026-01-31")
    assert look(everybody).wording == "I want news"
    for bad, field in [
        (replace(everybody, wording=" "), "wording"),
        (replace(everybody, wording="x" * 501), "wording"),
        (replace(everybody, at=""), "at"),
        (replace(everybody, at="31.1.2026"), "at"),
        (replace(everybody, at="2026-03-02"), "at"),
        (Mapping({0: "phone", 1: "opt_in"}), "wording"),
    ]:
        with pytest.raises(BadMapping) as refused:
            look(bad)
        assert refused.value.field == field


def test_wording_without_anybody_who_agreed_is_forgotten():
    assert look(Mapping({0: "phone"}, wording="w", at="2026-01-31")) == Mapping({0: "phone"})
