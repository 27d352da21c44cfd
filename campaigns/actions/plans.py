"""What a person wants to send to lists, and whether it can be: the checks before anything is written.

Runs inside the action's scope, so another workspace's ids are not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actions.refusals import Refused
from accounts.models import PhoneNumber
from campaigns.variables import COLUMN, FIELD, KINDS
from phonebook.models import List
from templates_wa.definition import Definition, definition, problems
from templates_wa.models import Template
from templates_wa.queries import file_problems

NAME_CHARS = 120
VARIABLE_CHARS = 2000
FARTHEST = timedelta(days=180)
LONGEST_SPREAD_SECONDS = 7 * 24 * 3600
# A clock that is a little behind must not turn "now" into "too late".
SLACK = timedelta(minutes=1)
# What differs from person to person; a picture, a place or the end of an offer is the same for all.
PERSONAL = frozenset({"text", "suffix", "code"})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Lists × template × number. `request_id` is one submit of the form. The first of `template_ids` is for everybody
    whose language has none. `variables`: slot key → {"kind": "text" | "field" | "column", "value", "otherwise"}."""

    request_id: UUID
    name: str
    number_id: int
    list_ids: Sequence[int]
    template_ids: Sequence[int]
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    excluded_ids: Sequence[int] = ()
    starts: datetime | None = None
    spread_seconds: int = 0


@dataclass(frozen=True)
class Checked:
    """A plan that can be carried out, with the rows it names, in its order."""

    plan: Plan
    name: str
    number: PhoneNumber
    included: list[List]
    excluded: list[List]
    templates: list[Template]
    variables: dict[str, dict[str, str]]


def checked(plan: Plan) -> Checked:
    """The plan with its rows. Raises Refused (with the field it is about)."""
    number = PhoneNumber.objects.filter(pk=plan.number_id).first()
    if number is None:
        raise Refused(_("Choose a number to send from."), "number")
    check_starts(plan.starts)
    if not 0 <= plan.spread_seconds <= LONGEST_SPREAD_SECONDS:
        raise Refused(_("Sending can be spread over a week at most."), "spread")
    templates = _templates(plan, number)
    included, excluded = _lists(plan)
    variables = _variables(plan, [definition(template) for template in templates])
    return Checked(plan, _name(plan), number, included, excluded, templates, variables)


def check_starts(starts: datetime | None) -> None:
    """Raises Refused for a time that has passed or is too far away."""
    if starts is None:
        return
    if starts < timezone.now() - SLACK:
        raise Refused(_("This time has passed already."), "starts")
    if starts > timezone.now() + FARTHEST:
        raise Refused(_("A campaign can be scheduled for the next 180 days at most."), "starts")


def _name(plan: Plan) -> str:
    name = " ".join(plan.name.replace("\0", "").split())
    if not name:
        raise Refused(_("Give the campaign a name."), "title")
    if len(name) > NAME_CHARS:
        raise Refused(_("The name can have 120 characters at most."), "title")
    return name


def _lists(plan: Plan) -> tuple[list[List], list[List]]:
    found = List.objects.in_bulk([*plan.list_ids, *plan.excluded_ids])
    wanted, left_out = dict.fromkeys(plan.list_ids), dict.fromkeys(plan.excluded_ids)
    if not wanted or not all(list_id in found for list_id in wanted):
        raise Refused(_("Choose a list."), "lists")
    if not all(list_id in found for list_id in left_out):
        raise Refused(_("A list that was to be left out is gone. Choose again."), "leave_out")
    if any(list_id in wanted for list_id in left_out):
        raise Refused(_("A list cannot be chosen and left out at the same time."), "leave_out")
    return [found[list_id] for list_id in wanted], [found[list_id] for list_id in left_out]


def _templates(plan: Plan, number: PhoneNumber) -> list[Template]:
    found = Template.objects.filter(account=number.business_account_id).in_bulk(plan.template_ids)
    templates = [found[pk] for pk in dict.fromkeys(plan.template_ids) if pk in found]
    if not templates or len(templates) < len(set(plan.template_ids)):
        raise Refused(_("Choose a template of the number's own account."), "template")
    if len({template.name for template in templates}) > 1:
        raise Refused(_("The languages of a campaign must be of one template."), "languages")
    for template in templates:
        unsupported = definition(template).unsupported
        if not template.is_sendable or unsupported:
            raise Refused(
                format_lazy(
                    _("{template} cannot be sent: {why}."),
                    template=template,
                    why=unsupported or template.status,
                ),
                "template",
            )
    return templates


def _variables(plan: Plan, made: Sequence[Definition]) -> dict[str, dict[str, str]]:
    """One variable for every slot of every language, and no others."""
    kinds = dict(KINDS)
    kept: dict[str, dict[str, str]] = {}
    for slot in (slot for each in made for slot in each.slots):
        given = plan.variables.get(slot.key, {})
        kind, said, otherwise = (str(given.get(part, "")) for part in ("kind", "value", "otherwise"))
        kind = kind or "text"
        if kind not in kinds or (kind in {FIELD, COLUMN} and slot.kind not in PERSONAL):
            raise Refused(_("This has to be the same for everybody."), slot.key)
        if kind in {FIELD, COLUMN} and not said:
            raise Refused(_("Choose where it is taken from."), slot.key)
        if len(said) > VARIABLE_CHARS or len(otherwise) > VARIABLE_CHARS or "\0" in said + otherwise:
            raise Refused(_("This value is too long, or has characters that cannot be kept."), slot.key)
        kept[slot.key] = {"kind": kind, "value": said, "otherwise": otherwise if kind != "text" else ""}
    _check_fixed(made, kept)
    return kept


def _check_fixed(made: Sequence[Definition], variables: Mapping[str, Mapping[str, str]]) -> None:
    """What is the same for everybody must be right now, and so must what stands in for an empty value."""
    fixed = {
        key: variable["otherwise" if variable["kind"] in {FIELD, COLUMN} else "value"]
        for key, variable in variables.items()
    }
    for each in made:
        for key, message in problems(each, fixed).items():
            varies = variables[key]["kind"] in {FIELD, COLUMN}
            # An empty stand-in is allowed: without a value the person is skipped.
            if fixed[key].strip() or not varies:
                raise Refused(message, key)
        for key, message in file_problems(each, fixed).items():
            raise Refused(message, key)
