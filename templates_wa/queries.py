"""Reads templates: what can be sent, the list page, and how old our copy is. Inside the caller's scope; never writes."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan  # type: ignore[import-untyped]
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount
from templates_wa.definition import Definition
from templates_wa.drafting import Draft, from_components
from templates_wa.models import HeaderFile, Request, Submission, Sync, Template

PAGE = 50
# What the list is filtered by. What has no group of its own is "stopped": it was approved once.
GROUPS = {
    "all": pgettext_lazy("templates", "All"),
    "approved": pgettext_lazy("templates", "Approved"),
    "review": _("In review"),
    "stopped": pgettext_lazy("templates", "Paused"),
    "rejected": _("Rejected"),
    "gone": _("Deleted"),
}
_THERE = Q(gone=None) & ~Q(status="DELETED")
_RULES = {
    "all": _THERE,
    "approved": _THERE & Q(status=Template.APPROVED),
    "review": _THERE & Q(status__in=["PENDING", "IN_APPEAL"]),
    "stopped": _THERE & ~Q(status__in=[Template.APPROVED, "PENDING", "IN_APPEAL", "REJECTED"]),
    "rejected": _THERE & Q(status="REJECTED"),
    "gone": ~_THERE,
}


@dataclass(frozen=True)
class Page:
    """Some rows of the list, and the cursor of the next ones, or ""."""

    rows: list[Template]
    after: str


def sendable(account_id: int | None, *, category: str = "") -> QuerySet[Template]:
    """What WhatsApp lets an account send now, by name and language.

    Whether we can is `definition(template).unsupported`, which the database cannot tell.
    """
    rows = Template.objects.filter(account_id=account_id, status=Template.APPROVED, gone=None)
    if category:
        rows = rows.filter(category=category)
    return rows.order_by("name", "language")


def file_problems(made: Definition, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with kept files among the values, by slot key: gone, or not what the header wants. One query."""
    wanted = {
        slot.key: (slot.media, values.get(slot.key, "").removeprefix("file:"))
        for slot in made.slots
        if slot.media
    }
    ids = {
        key: int(number) for key, (_kind, number) in wanted.items() if number.isdigit() and len(number) < 19
    }
    kept = dict(HeaderFile.objects.filter(pk__in=ids.values()).values_list("pk", "mime")) if ids else {}
    kinds = {"application/pdf": "document"}
    return {
        key: gettext("This file is not there any more, or is of the wrong kind. Choose another one.")
        for key, number in ids.items()
        if kinds.get(kept.get(number, ""), kept.get(number, "").partition("/")[0]) != wanted[key][0]
    }


def page(*, group: str = "all", words: str = "", after: str = "") -> Page:
    """One page of the list, by name and language. `after` is the last page's cursor; a damaged one begins anew."""
    rows = Template.objects.select_related("account").filter(_RULES.get(group, _RULES["all"]))
    for word in words.split()[:5]:
        rows = rows.filter(name__icontains=word.replace("\x00", "").replace("-", "_"))
    name, language, number = ([*after.replace("\x00", "").split(":"), "", ""])[:3]
    if number.isascii() and number.isdigit() and len(number) < 19:
        key = Tuple(F("name"), F("language"), F("id"))
        rows = rows.filter(TupleGreaterThan(key, (name, language, int(number))))
    found = list(rows.order_by("name", "language", "id")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], f"{last.name}:{last.language}:{last.pk}" if last else "")


def counts() -> dict[str, int]:
    """How many templates each group has; "all" are those that WhatsApp still lists."""
    return Template.objects.aggregate(**{group: Count("id", filter=rule) for group, rule in _RULES.items()})


def syncs() -> list[Sync]:
    """How old our copies are, account by account; one that has just been connected waits for its first."""
    known = {sync.account_id: sync for sync in Sync.objects.select_related("account")}
    accounts = BusinessAccount.objects.exclude(access_token="").order_by("id")
    return [
        known.get(account.pk)
        or Sync(account=account, workspace_id=account.workspace_id, state=Sync.State.WAITING)
        for account in accounts
    ]


def requests(at_most: int = 100) -> list[Request]:
    """The newest requests to the support desk."""
    rows = Request.objects.select_related("requested_by__user", "template").order_by("-id")
    return list(rows[:at_most])


def request(request_id: int) -> Request | None:
    """One request, with who asked and what became of it."""
    rows = Request.objects.select_related("requested_by__user", "account", "template")
    return rows.filter(pk=request_id).first()


def submissions(at_most: int = 50) -> list[Submission]:
    """The newest wishes to WhatsApp."""
    return list(Submission.objects.select_related("member__user", "template").order_by("-id")[:at_most])


def handed_in(template: Template) -> Draft | None:
    """What was last handed in for a template from here, with its samples; None if nothing was, or not in this form."""
    wishes = Submission.objects.filter(
        template=template,
        verb__in=[Submission.Verb.CREATE, Submission.Verb.EDIT],
        state=Submission.State.DONE,
    )
    body = wishes.order_by("-id").values_list("body", flat=True).first() or {}
    return from_components(template.name, template.language, template.category, body.get("components") or [])
