"""What the columns of a file are: guessed from their headings in English and Arabic, then said by a person.

Kept in Import.mapping as {"0": "phone", "1": "field:city", …} beside "headings" (whether the first row is one),
"everybody" (all of them agreed to marketing), and "wording" and "at" of those rows that do not say so themselves.
"""

import re
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAME_AT_MOST = 60  # characters of a field's or a column's name
FIELD, COLUMN = "field:", "column:"
TARGETS: dict[str, Promise] = {
    "": _("Do not import"),
    "phone": _("Phone number"),
    "name": _("Name"),
    "language": _("Language"),
    "labels": _("Labels"),
    "opt_in": _("Opt-in: yes or no"),
    "opt_in_at": _("Opt-in: date"),
    "opt_in_wording": _("Opt-in: wording"),
    FIELD: _("Contact field"),
    COLUMN: _("Column of the list"),
}
SINGLE = ("phone", "name", "language", "labels", "opt_in", "opt_in_at", "opt_in_wording")

_HEADINGS = {
    "phone": """phone phonenumber phoneno telephone tel telno mobile mobilephone mobilenumber mobileno cell cellphone
        number whatsapp whatsappnumber waid msisdn contactnumber e164 phone1value
        هاتف الهاتف رقمالهاتف رقم الرقم جوال الجوال رقمالجوال موبايل الموبايل رقمالموبايل تلفون التلفون خلوي الخلوي واتساب
        رقمالواتساب رقمواتساب محمول المحمول رقمالمحمول""",
    "name": """name fullname contactname customername customer contact displayname clientname client
        اسم الاسم الإسم الاسمالكامل اسمالعميل العميل اسمالزبون الزبون اسمجهةالاتصال""",
    "language": "language lang locale languagecode لغة اللغة",
    "labels": "label labels tag tags group groups وسم وسوم الوسوم تصنيف التصنيف مجموعة المجموعة",
    "opt_in": """optin optedin optinstatus consent consented marketing marketingconsent subscribed acceptsmarketing
        موافقة الموافقة مشترك الموافقةعلىالتسويق""",
    "opt_in_at": """optindate optedinat optedinon consentdate consentat consenttime subscribedat subscriptiondate
        تاريخالموافقة تاريخالاشتراك""",
    "opt_in_wording": "optinwording optintext consenttext consentwording wording نصالموافقة صيغةالموافقة",
}
_GUESSES = {word: target for target, words in _HEADINGS.items() for word in words.split()}
_NO_LETTERS = re.compile(r"[\W_]+")
_LOOKS_DIALLED = re.compile(r"\+?[\d\s().\-]{7,20}")


class BadMapping(ValueError):  # noqa: N818 - a plain no is no error
    """The file cannot be imported like this. `message` says so, translated when shown; `field` names what it is about."""

    def __init__(self, message: str | Promise, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


@dataclass(frozen=True)
class Mapping:
    """What each column is, by its place in the row."""

    targets: dict[int, str]
    headings: bool = True
    everybody: bool = False
    wording: str = ""
    at: str = ""  # 2026-01-31

    def place(self, target: str) -> int | None:
        """Which column is this, if any."""
        return next((place for place, said in self.targets.items() if said == target), None)

    def named(self, prefix: str) -> dict[int, str]:
        """The names of the contact fields (FIELD) or the list's columns (COLUMN), by place."""
        return {
            place: said.removeprefix(prefix)
            for place, said in self.targets.items()
            if said.startswith(prefix)
        }

    def kept(self) -> dict[str, Any]:
        """As it stands in Import.mapping."""
        rows = {str(place): said for place, said in sorted(self.targets.items()) if said}
        consent = {"everybody": self.everybody, "wording": self.wording, "at": self.at}
        return {**rows, "headings": self.headings, **consent}

    @classmethod
    def load(cls, kept: AnyMapping[str, Any]) -> Self:
        """What `kept` wrote."""
        targets = {int(key): str(said) for key, said in kept.items() if key.isdigit()}
        return cls(
            targets,
            headings=bool(kept.get("headings", True)),
            everybody=bool(kept.get("everybody")),
            wording=str(kept.get("wording", "")),
            at=str(kept.get("at", "")),
        )


def guess(rows: Sequence[Sequence[str]]) -> Mapping:
    """What the columns of these first rows probably are. What is not known by its heading is a contact field."""
    first = rows[0] if rows else []
    headings = not any(_looks_dialled(cell) for cell in first)
    targets: dict[int, str] = {}
    if headings:
        for place, heading in enumerate(first):
            known = _GUESSES.get(_NO_LETTERS.sub("", heading.lower()), "")
            targets[place] = known if known and known not in targets.values() else _as_field(heading)
    if "phone" not in targets.values():
        dialled = _most_dialled(rows[1:] if headings else rows)
        if dialled is not None:
            targets[dialled] = "phone"
    return Mapping({place: said for place, said in targets.items() if said}, headings)


def checked(mapping: Mapping, *, width: int, has_list: bool, today: date) -> Mapping:
    """The mapping with its names tidied, if a file of `width` columns can be imported with it. Raises BadMapping."""
    targets = {place: _tidy(said) for place, said in mapping.targets.items() if said and 0 <= place < width}
    said = list(targets.values())
    if "phone" not in said:
        raise BadMapping(_("Say which column is the phone number."), "phone")
    for single in SINGLE:
        if said.count(single) > 1:
            raise BadMapping(_("Two columns cannot both be: %(what)s.") % {"what": TARGETS[single]}, single)
    named = [each for each in said if each.startswith((FIELD, COLUMN))]
    if len(set(named)) < len(named):
        raise BadMapping(_("Two columns have the same name. Give one of them another name."))
    if not has_list and any(each.startswith(COLUMN) for each in named):
        raise BadMapping(
            _("Choose the list whose columns these are, or keep them as contact fields."), "target_list"
        )
    return _with_consent(replace(mapping, targets=targets), said, today)


def _with_consent(mapping: Mapping, said: Sequence[str], today: date) -> Mapping:
    if not mapping.everybody and "opt_in" not in said:
        if {"opt_in_at", "opt_in_wording"} & set(said):
            raise BadMapping(
                _("Choose also the column that says yes or no, or that everybody agreed."), "opt_in"
            )
        return replace(mapping, wording="", at="")
    mapping = replace(mapping, wording=mapping.wording.strip(), at=mapping.at.strip())
    if not mapping.wording and "opt_in_wording" not in said:
        raise BadMapping(_("Write what these people agreed to, in the words that they read."), "wording")
    if len(mapping.wording) > 500 or "\x00" in mapping.wording:
        raise BadMapping(_("The wording has 500 characters at most."), "wording")
    if mapping.at or "opt_in_at" not in said:
        _check_day(mapping.at, today)
    return mapping


def _check_day(at: str, today: date) -> None:
    try:
        day = date.fromisoformat(at)
    except ValueError:
        raise BadMapping(_("Write the date as 2026-01-31."), "at") from None
    if day > today:
        raise BadMapping(_("This date is in the future."), "at")


def _tidy(said: str) -> str:
    for prefix in (FIELD, COLUMN):
        if said.startswith(prefix):
            name = " ".join(said.removeprefix(prefix).split())
            if not name or len(name) > NAME_AT_MOST or "\x00" in name:
                raise BadMapping(_("Give every field and column a name of 60 characters at most."))
            return prefix + name
    if said not in TARGETS:
        raise BadMapping(_("Choose what each column is."))
    return said


def _as_field(heading: str) -> str:
    name = " ".join(heading.split())[:NAME_AT_MOST].strip()
    return FIELD + name if name else ""


def _looks_dialled(cell: str) -> bool:
    return bool(_LOOKS_DIALLED.fullmatch(cell)) and sum(letter.isdigit() for letter in cell) >= 7


def _most_dialled(rows: Sequence[Sequence[str]]) -> int | None:
    found = [place for row in rows for place, cell in enumerate(row) if _looks_dialled(cell)]
    return max(sorted(set(found)), key=found.count, default=None)
