"""What a complete New Conversation form becomes: a template to one person, or a campaign to lists.

Turns the form into an order while its scope is open, then calls the actions that carry it out. Writes nothing itself.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts.models import Membership
from campaigns import actions, variables
from campaigns.actions import Plan
from campaigns.drafting import Draft
from campaigns.forms import NUMBER
from inbox import actions as inbox
from phonebook import actions as phonebook
from phonebook.models import Contact
from phonebook.phones import BadNumber
from templates_wa.definition import problems


@dataclass(frozen=True)
class Order:
    """A template to one person: a contact, or a phone number whose contact is made if there is none."""

    number_id: int
    template_id: int
    values: dict[str, str]
    request_id: UUID
    contact_id: int | None = None
    phone: str = ""
    name: str = ""
    is_test: bool = field(default=False)


def order(draft: Draft) -> Order | Plan:
    """What a draft that passed its check asks for."""
    chosen = draft.form.cleaned_data
    if draft.to_lists:
        return _plan(draft)
    to_number = draft.to == NUMBER
    return Order(
        number_id=chosen["number"].pk,
        template_id=chosen["template"].pk,
        values=draft.values,
        request_id=chosen["request_id"],
        contact_id=None if to_number else chosen["contact"].pk,
        phone=chosen["phone"] if to_number else "",
        name=chosen["name"] if to_number else "",
    )


def test_order(draft: Draft) -> Order | None:
    """The same to the person who asks for it; None when something is missing, which the draft's errors then say."""
    form, made_of = draft.form, draft.definition
    form.is_valid()
    for name in set(form.errors) - {"number", "template", "test_phone"}:
        del form.errors[name]  # whom it will go to does not matter yet
    try:
        phone = form.test_number()
    except BadNumber as bad:
        form.add_error("test_phone", str(bad.message))
        return None
    if form.errors or made_of is None or draft.template is None:
        return None
    values = draft.values
    if draft.to_lists:
        values = variables.filled(draft.variables, draft.contact or Contact(), draft.sample_columns)
    draft.problems = problems(made_of, values)
    if draft.problems:
        return None
    return Order(
        number_id=form.cleaned_data["number"].pk,
        template_id=draft.template.pk,
        values=values,
        request_id=uuid5(
            form.cleaned_data["request_id"], f"{phone} {draft.template.pk} {sorted(values.items())}"
        ),
        phone=phone,
        name=draft.member.name,
        is_test=True,
    )


def send(member: Membership, wanted: Order | Plan) -> str:
    """Carries it out and returns the page to go to. Raises the refusals of inbox.actions, actions and phonebook.actions."""
    slug = member.workspace.slug
    if isinstance(wanted, Plan):
        campaign = actions.prepare(member=member, plan=wanted)
        return reverse("campaigns:campaign", args=[slug, campaign.pk])
    contact_id = wanted.contact_id
    if contact_id is None:
        contact_id = phonebook.contact_of_number(member=member, text=wanted.phone, name=wanted.name).pk
    if wanted.is_test:
        accounts.remember_test_phone(member=member, phone=wanted.phone)
    message = inbox.start(
        member=member,
        number_id=wanted.number_id,
        contact_id=contact_id,
        template_id=wanted.template_id,
        values=wanted.values,
        request_id=wanted.request_id,
    )
    return reverse("inbox:thread", args=[slug, message.conversation_id])


def _plan(draft: Draft) -> Plan:
    chosen: dict[str, Any] = draft.form.cleaned_data
    others = [each.pk for each in draft.other_languages if each in chosen["languages"]]
    today = timezone.localdate().isoformat()
    name = chosen["title"] or _("%(template)s, %(day)s") % {"template": chosen["template"].name, "day": today}
    return Plan(
        request_id=chosen["request_id"],
        name=name[:120],
        number_id=chosen["number"].pk,
        list_ids=[each.pk for each in chosen["lists"]],
        excluded_ids=[each.pk for each in chosen["leave_out"]],
        template_ids=[chosen["template"].pk, *others],
        variables=draft.variables,
        starts=chosen["starts"],
        spread_seconds=(chosen["spread"] or 0) * 3600,
    )
