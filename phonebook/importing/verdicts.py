"""The verdict on a row of a file, as it is kept and in words.

Kept as one word, "duplicate" with the line it repeats ("duplicate:17"). "new" and "updated" rows leave only a count.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NEW, UPDATED, EMPTY, DUPLICATE = "new", "updated", "empty", "duplicate"
GOOD = (NEW, UPDATED)

NAMES: dict[str, Promise] = {
    NEW: gettext_lazy("New contacts"),
    UPDATED: gettext_lazy("Already there"),
    DUPLICATE: gettext_lazy("Twice in the file"),
    "no_number": gettext_lazy("No number"),
    "bad_number": gettext_lazy("Not a phone number"),
    "bad_length": gettext_lazy("Too short or too long"),
    "spreadsheet": gettext_lazy("Number shortened by the spreadsheet"),
    "too_long": gettext_lazy("A cell is too long"),
    "bad_language": gettext_lazy("Unknown language"),
    "bad_labels": gettext_lazy("A label is too long"),
    "bad_answer": gettext_lazy("Opt-in neither yes nor no"),
    "bad_date": gettext_lazy("Opt-in without a clear date"),
    EMPTY: gettext_lazy("Empty rows"),
}


def words(verdict: str) -> str:
    """What is wrong with a row and what to do, in the language of the page."""
    code, _separator, line = verdict.partition(":")
    said = {
        NEW: _("Will be a new contact."),
        UPDATED: _("Is in the phonebook already: what the file says is added."),
        EMPTY: _("This row is empty."),
        DUPLICATE: _("The same person as in row %(line)s, which was taken.") % {"line": line},
        "no_number": _("There is no phone number in this row."),
        "bad_number": _(
            "This is not a phone number. Numbers of other countries need + and their country code."
        ),
        "bad_length": _("This phone number is too short or too long for its country."),
        "spreadsheet": _(
            "The spreadsheet shortened this number. Format the column as text and type it again."
        ),
        "too_long": _("A cell is too long: names have 200 characters at most, others 1,000."),
        "bad_language": _("This language is not known. Write its code, such as ar or en."),
        "bad_labels": _("A label has 40 characters at most."),
        "bad_answer": _("The opt-in is neither yes nor no."),
        "bad_date": _(
            "The date of the opt-in is missing, in the future, or not clear. Write it as 2026-01-31."
        ),
    }
    return said.get(code, code)
