"""Where a member gets the tests of their templates: their own number."""

from accounts.models import Membership
from accounts.tenancy import scope


def remember_test_phone(*, member: Membership, phone: str) -> None:
    """Remembers the E.164 number to which "Send a test to me" went."""
    with scope(member.workspace_id, durable=True):
        Membership.objects.filter(pk=member.pk, workspace_id=member.workspace_id).update(test_phone=phone)
