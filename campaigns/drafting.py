"""The New Conversation form half filled in: what is chosen so far, what that asks for, and what it would look like.

Reads only, inside the caller's scope. Sending is `inbox.actions.start` or `actions.prepare`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.functional import cached_property

from accounts.models import Membership, PhoneNumber
from campaigns import variables
from campaigns.actions.plans import PERSONAL
from campaigns.forms import CONTACT, LISTS, NewConversationForm
from phonebook import queries as phonebook
from phonebook.lists import members_sql
from phonebook.models import Contact, List, Marketing
from templates_wa.definition import Definition, definition, problems, shown
from templates_wa.forms import Field, fields, values_from
from templates_wa.models import Template

FOUND_AT_MOST = 8
KEYS_FROM = 200  # members of a list whose columns and fields are offered


@dataclass(frozen=True)
class Slotted:
    """A slot of the form: the field for one value for everybody, or for what differs from person to person."""

    field: Field
    varies: bool
    variable: Mapping[str, str]

    @property
    def alone(self) -> list[Field]:
        """For templates_wa/_slots.html, which draws lists."""
        return [self.field]


@dataclass
class Draft:
    """One state of the form. `values` are for one person, `variables` for a campaign."""

    form: NewConversationForm
    member: Membership
    values: dict[str, str] = field(default_factory=dict)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: Mapping[str, Any] = field(default_factory=dict)

    @property
    def to(self) -> str:
        """contact, number or lists."""
        picked = str(self.form["to"].value() or "")
        return picked if picked in dict(self.form.fields["to"].choices) else CONTACT  # type: ignore[attr-defined]

    @property
    def to_lists(self) -> bool:
        """Whether this will be a campaign."""
        return self.to == LISTS

    @cached_property
    def numbers(self) -> list[PhoneNumber]:
        """The numbers to choose from."""
        return list(self._choices("number"))

    @cached_property
    def templates(self) -> list[Template]:
        """What can be sent now, from the chosen number's account."""
        return [each for each in self._choices("template") if not definition(each).unsupported]

    @cached_property
    def template(self) -> Template | None:
        """The chosen template, if it can be sent."""
        picked = str(self.form["template"].value() or "")
        return next((each for each in self.templates if str(each.pk) == picked), None)

    @cached_property
    def definition(self) -> Definition | None:
        """What the template is made of."""
        return definition(self.template) if self.template else None

    @cached_property
    def other_languages(self) -> list[Template]:
        """The same template in other languages, as far as it asks for the same values."""
        chosen, made_of = self.template, self.definition
        if chosen is None or made_of is None:
            return []
        keys = [slot.key for slot in made_of.slots]
        return [
            each
            for each in self.templates
            if each.name == chosen.name
            and each.pk != chosen.pk
            and [s.key for s in definition(each).slots] == keys
        ]

    @cached_property
    def contact(self) -> Contact | None:
        """Whom the preview shows: the chosen contact, or the first one of the chosen lists."""
        if self.to == CONTACT:
            picked = str(self.form["contact"].value() or "")
            chosen = self._choices("contact")
            return (
                chosen.filter(pk=int(picked)).first()
                if picked.isascii() and picked.isdigit() and len(picked) < 19
                else None
            )
        return self._sample[0] if self.to_lists and self._sample else None

    @cached_property
    def found(self) -> list[Contact]:
        """Contacts that match the search words; the first ones of the phonebook where there are none."""
        words = phonebook.Filter(q=str(self.form["who"].value() or ""))
        page = phonebook.page(self.member.workspace_id, words, size=FOUND_AT_MOST)
        return [row.contact for row in page.rows]

    @cached_property
    def lists(self) -> list[List]:
        """Every list, by name."""
        return list(self._choices("lists"))

    @cached_property
    def chosen_lists(self) -> list[List]:
        """The lists that are ticked."""
        picked = {str(each) for each in self.form["lists"].value() or ()}
        return [each for each in self.lists if str(each.pk) in picked]

    @cached_property
    def left_out_lists(self) -> list[List]:
        """The lists whose members are left out."""
        picked = {str(each) for each in self.form["leave_out"].value() or ()}
        return [each for each in self.lists if str(each.pk) in picked]

    @cached_property
    def estimate(self) -> dict[str, int]:
        """{"people": n, "opted_out": n}: how many are on the chosen lists. The preflight counts exactly."""
        if not self.chosen_lists:
            return {"people": 0, "opted_out": 0}
        chosen, parameters = members_sql(self.chosen_lists)
        without = ""
        if self.left_out_lists:
            out, more = members_sql(self.left_out_lists)
            without, parameters = f" EXCEPT SELECT contact_id FROM ({out}) AS left_out", [*parameters, *more]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE contact.marketing = %s) FROM phonebook_contact AS contact"
                f" WHERE contact.id IN (SELECT contact_id FROM ({chosen}) AS chosen{without})",
                [Marketing.OPTED_OUT, *parameters],
            )
            people, opted_out = cursor.fetchone()
        return {"people": people, "opted_out": opted_out}

    @cached_property
    def columns(self) -> list[str]:
        """The columns that the chosen lists have."""
        return sorted({key for _, columns in self._members for key in columns})

    @cached_property
    def fields(self) -> list[str]:
        """The free fields that contacts of the chosen lists have."""
        return sorted({key for contact, _ in self._members for key in contact.fields})

    @property
    def slots(self) -> list["Slotted"]:
        """What is to be filled in, with what is there and what is wrong with it."""
        if self.definition is None:
            return []
        return [
            Slotted(
                field, self.to_lists and field.slot.kind in PERSONAL, self.variables.get(field.slot.key, {})
            )
            for field in fields(self.definition, self.values, self.problems)
        ]

    @property
    def kinds(self) -> list[tuple[str, Any]]:
        """Where a variable can come from."""
        return variables.KINDS

    @cached_property
    def field_choices(self) -> list[tuple[str, Any]]:
        """The fields of contacts, built-in ones first."""
        return [*variables.BUILT_IN, *((name, name) for name in self.fields)]

    @property
    def sample_columns(self) -> dict[str, Any]:
        """What the chosen lists say of the contact in the preview."""
        return self._sample[1] if self._sample else {}

    @property
    def shown(self) -> dict[str, Any] | None:
        """What the customer would see, as far as it is filled in; examples stand where it is not."""
        if self.definition is None:
            return None
        values = self.values
        if self.to_lists:
            contact, columns = self._sample or (Contact(), {})
            values = variables.filled(self.variables, contact, columns)
        examples = {slot.key: slot.example for slot in self.definition.slots}
        return shown(self.definition, examples | {key: value for key, value in values.items() if value})

    def check(self) -> bool:
        """Whether it can be sent as it is; `problems` and the form's errors say what is missing."""
        complete = self.form.is_valid()
        if self.definition is not None:
            self.problems = (
                self._variable_problems(self.definition)
                if self.to_lists
                else problems(self.definition, self.values)
            )
        return complete and not self.problems

    def _variable_problems(self, made_of: Definition) -> dict[str, Any]:
        """Fixed texts are checked now; what comes from a contact is checked person by person in the preflight."""
        looked_up = {key for key, variable in self.variables.items() if variable["kind"] != variables.TEXT}
        values = {key: variable["value"] for key, variable in self.variables.items()}
        return {
            key: problem
            for key, problem in problems(made_of, values).items()
            if key not in looked_up or not values[key]
        }

    @cached_property
    def _sample(self) -> tuple[Contact, dict[str, Any]] | None:
        return self._members[0] if self._members else None

    @cached_property
    def _members(self) -> list[tuple[Contact, dict[str, Any]]]:
        """The first members of the chosen lists with their columns."""
        if not self.chosen_lists:
            return []
        chosen, parameters = members_sql(self.chosen_lists)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT contact_id, columns FROM ({chosen}) AS chosen LIMIT %s", [*parameters, KEYS_FROM]
            )
            rows = dict(cursor.fetchall())
        contacts = Contact.objects.in_bulk(rows)
        return [(contacts[pk], columns or {}) for pk, columns in rows.items() if pk in contacts]

    def _choices(self, name: str) -> Any:
        return self.form.fields[name].queryset  # type: ignore[attr-defined]


def read(
    data: Any, member: Membership, initial: Mapping[str, Any], kept: Mapping[str, str] | None = None
) -> Draft:
    """The draft that was posted (a QueryDict; `kept` are the values of files that came with it), or a new one."""
    form = NewConversationForm(data, member=member, initial=initial)
    draft = Draft(form, member)
    if data is not None:
        draft.values = values_from(data)
        draft.values |= kept or {}
        for slot in draft.definition.slots if draft.definition else ():
            draft.variables[slot.key] = {
                "kind": data.get(f"k:{slot.key}") or variables.TEXT,
                "value": draft.values.get(slot.key, ""),
                "otherwise": data.get(f"o:{slot.key}", ""),
            }
    return draft
