"""Why a file cannot be imported at all. One row that cannot be is no reason: see verdicts.py."""

from django.utils.translation import gettext as _


class BadFile(ValueError):  # noqa: N818 - a plain no is no error
    """The file cannot be read. `code` says why; `words` puts it into the language of whoever looks."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def words(code: str) -> str:
    """Why the import failed and what to do."""
    said = {
        "large": _("This file is larger than 20 MB. Split it and send the parts."),
        "rows": _("This file has more than 200,000 rows. Split it and send the parts."),
        "columns": _("This file has more than 200 columns."),
        "empty": _("This file is empty."),
        "kind": _("This is no CSV and no XLSX file. Save it as one of these and send it again."),
        "broken": _("This XLSX file cannot be read. Open it, save it again, or save it as CSV."),
        "unpacked": _("This file is too large once it is unpacked. Split it and send the parts."),
        "far": _("This sheet has cells far outside the table. Copy the table to a new file."),
        "tries": _("The import stopped several times without getting on. Split the file and send the parts."),
    }
    return said.get(code, code)
