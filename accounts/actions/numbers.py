"""Business accounts and phone numbers of a workspace, and the wish to check their connection.

An access token goes in and never comes out. Ids are unique across all workspaces, so a conflict may only be told
without saying with whom.
"""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import tasks
from accounts.actions.members import administering
from accounts.actions.refusals import Refused, violated
from accounts.models import BusinessAccount, Membership, PhoneNumber


@dataclass(frozen=True, kw_only=True)
class NumberDetails:
    """What an admin types about a number. An empty `access_token` means: keep the one that is stored."""

    waba_id: str
    waba_name: str
    phone_number_id: str
    name: str
    access_token: str = ""

    def __repr__(self) -> str:
        return f"<NumberDetails {self.phone_number_id}>"


def save_number(*, member: Membership, number_id: int | None, details: NumberDetails) -> PhoneNumber:
    """An admin adds a number (`number_id` None) or changes one; a new or changed connection is checked at once.

    Its `phone_number_id` is what conversations and webhooks hang on, so that never changes.
    Raises Refused (with the field it is about), PhoneNumber.DoesNotExist.
    """
    with administering(member):
        number = PhoneNumber(workspace_id=member.workspace_id)
        if number_id is not None:
            number = PhoneNumber.objects.select_related("business_account").get(pk=number_id)
            if number.phone_number_id != details.phone_number_id:
                raise Refused(
                    _("The phone number ID of a number cannot be changed. Add a new number instead."),
                    "phone_number_id",
                )
        left = number.business_account if number.pk else None
        account = _account(member, details)
        number.business_account = account
        number.phone_number_id = details.phone_number_id
        number.name = details.name
        if details.access_token or left is None or left.pk != account.pk:
            _want_check(number)
        try:
            with transaction.atomic():
                number.save()
        except IntegrityError as error:
            raise _taken(error) from error
        if left and left.pk != account.pk and not left.numbers.exists():
            left.delete()
        if number.check_state == PhoneNumber.Check.WAITING:
            tasks.enqueue_check(workspace_id=number.workspace_id, number_id=number.pk)
    return number


def request_check(*, member: Membership, number_id: int) -> PhoneNumber:
    """An admin wants to know whether the number works; the answer appears in its row. Raises Refused, DoesNotExist."""
    with administering(member):
        number = PhoneNumber.objects.get(pk=number_id)
        _want_check(number)
        number.save(update_fields=["check_state", "check_requested", "check_finished", "check_detail"])
        tasks.enqueue_check(workspace_id=number.workspace_id, number_id=number.pk)
    return number


def _want_check(number: PhoneNumber) -> None:
    number.check_state = PhoneNumber.Check.WAITING
    number.check_requested = timezone.now()
    number.check_finished = None
    number.check_detail = ""


def _account(member: Membership, details: NumberDetails) -> BusinessAccount:
    account = BusinessAccount.objects.filter(waba_id=details.waba_id).first()
    if account is None:
        account = BusinessAccount(workspace_id=member.workspace_id, waba_id=details.waba_id)
    if not (details.access_token or account.access_token):
        raise Refused(_("A new business account needs its access token."), "access_token")
    account.name = details.waba_name
    if details.access_token:
        account.access_token = details.access_token
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise _taken(error) from error
    return account


def _taken(error: IntegrityError) -> Refused:
    constraint = violated(error)
    if "waba_id" in constraint:
        return Refused(_("This business account is connected to another workspace already."), "waba_id")
    if "phone_number_id" in constraint:
        return Refused(_("This phone number id is in use already."), "phone_number_id")
    raise error
