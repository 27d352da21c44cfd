"""What people type about an import: the file, what its columns are, who agreed to marketing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from phonebook import countries
from phonebook.importing.mapping import COLUMN, FIELD, NAME_AT_MOST, TARGETS, Mapping
from phonebook.models import Import, List

COLUMNS_AT_MOST = 200
SAMPLES = 3


class FileForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, at most 20 MB and 200,000 rows. The first row should hold the headings."),
        widget=forms.FileInput(
            attrs={
                "accept": ".csv,.tsv,.txt,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
        allow_empty_file=True,
        error_messages={"required": _("Choose a file.")},
    )

    def read(self, at_most: int) -> tuple[str, bytes]:
        """Name and content, cut one byte after the limit. Call on a valid form."""
        file = cast("UploadedFile", self.cleaned_data["file"])
        return file.name or "", file.read(at_most + 1)


@dataclass(frozen=True)
class Column:
    """A column of the file as the page shows it."""

    place: int
    heading: str
    samples: Sequence[str]
    target: str  # a key of TARGETS
    name: str  # of the field or the list's column


class MappingForm(forms.Form):
    """All but the columns, which are rows of a select `target` and an input `named` each, in the order of the file."""

    headings = forms.BooleanField(label=_("The first row holds the headings"), required=False)
    country = forms.ChoiceField(
        label=_("Country of numbers without a country code"),
        required=False,
    )
    target_list = forms.TypedChoiceField(
        label=_("Put everybody on the list"), coerce=int, empty_value=None, required=False
    )
    new_list = forms.CharField(
        label=_("or on a new list called"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    everybody = forms.BooleanField(
        label=_("Everybody in this file agreed to marketing"),
        required=False,
        help_text=_("Unless a column says something else of somebody."),
    )
    wording = forms.CharField(
        label=_("What they agreed to"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("In the words that they read, kept as the proof."),
    )
    at = forms.DateField(
        label=_("When they agreed"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("For rows without a date of their own. Dates in the file: 2026-01-31 or 31/01/2026."),
    )

    def __init__(self, *args: Any, row: Import, lists: Sequence[List], **options: Any) -> None:
        self.kept = Mapping.load(row.mapping)
        kept = self.kept
        options["initial"] = {
            "headings": kept.headings,
            "country": row.country,
            "target_list": row.list_id,
            "everybody": kept.everybody,
            "wording": kept.wording,
            "at": kept.at or None,
        }
        super().__init__(*args, **options)
        self.row = row
        countries_of = [("", _("None: every number has its own")), *countries.choices()]
        self.fields["country"].choices = countries_of  # type: ignore[attr-defined]
        self.fields["target_list"].choices = [("", _("No list")), *((one.pk, one.name) for one in lists)]  # type: ignore[attr-defined]

    @property
    def columns(self) -> list[Column]:
        """The columns with their first values and what they are: as sent, else as kept."""
        targets = self._sent if self.is_bound else self.kept.targets
        shown = self.row.sample[1 : SAMPLES + 1] or self.row.sample[:SAMPLES]
        return [
            Column(
                place,
                heading,
                [row[place] for row in shown if place < len(row) and row[place]],
                *_split(targets.get(place, ""), heading),
            )
            for place, heading in enumerate(self.row.columns)
        ]

    @property
    def targets(self) -> list[tuple[str, Any]]:
        """What a column may be."""
        return list(TARGETS.items())

    @property
    def mapping(self) -> Mapping:
        """What was said. Call on a valid form."""
        data = self.cleaned_data
        return Mapping(
            self._sent,
            headings=data["headings"],
            everybody=data["everybody"],
            wording=data["wording"],
            at=data["at"].isoformat() if data["at"] else "",
        )

    @property
    def _sent(self) -> dict[int, str]:
        data = cast("Any", self.data)
        sent = zip(data.getlist("target"), data.getlist("named"), strict=False)
        return {
            place: target + name.replace("\x00", "").strip() if target in {FIELD, COLUMN} else target
            for place, (target, name) in enumerate(sent)
            if place < COLUMNS_AT_MOST and target in TARGETS
        }


def _split(said: str, heading: str) -> tuple[str, str]:
    for prefix in (FIELD, COLUMN):
        if said.startswith(prefix):
            return prefix, said.removeprefix(prefix)
    return said, heading[:NAME_AT_MOST]
