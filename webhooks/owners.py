"""Whose a webhook is: the number or the account it names, and the workspace that has it.

Knowing an id is not owning it: a workspace that only typed one in gets nothing of another's account. Reads only, inside
the caller's crossing.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db import connection

from accounts.models import PhoneNumber
from inbox.receiving import Number

_CHECKED = "*"  # no WABA is called so

Numbers = Mapping[tuple[str, str], Number]


class Owner(NamedTuple):
    """A workspace, and the portfolio in which its customers' user ids count."""

    workspace_id: int
    portfolio_id: str


def numbers(phone_number_ids: Iterable[str]) -> Numbers:
    """By (phone_number_id, WABA), and once more for those whose connection check has proved the token."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.phone_number_id, a.waba_id, n.check_state, n.id, n.workspace_id, a.portfolio_id"
            " FROM accounts_phonenumber n JOIN accounts_businessaccount a ON a.id = n.business_account_id"
            " WHERE n.phone_number_id = ANY(%s)",
            [sorted(set(phone_number_ids))],
        )
        found: dict[tuple[str, str], Number] = {}
        for phone_number_id, waba_id, check_state, *number in cursor.fetchall():
            found[phone_number_id, waba_id] = Number(*number)
            if check_state == PhoneNumber.Check.OK:
                found[phone_number_id, _CHECKED] = Number(*number)
        return found


def number(found: Numbers, phone_number_id: str, waba_id: str) -> Number | None:
    """The number of this id, if the webhook's account is its own or its connection was proved."""
    return found.get((phone_number_id, waba_id)) or found.get((phone_number_id, _CHECKED))


def accounts(waba_ids: Iterable[str]) -> dict[str, Owner]:
    """The owner of each account that somebody has connected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT waba_id, workspace_id, portfolio_id FROM accounts_businessaccount WHERE waba_id = ANY(%s)",
            [sorted(set(waba_ids))],
        )
        return {waba_id: Owner(*owner) for waba_id, *owner in cursor.fetchall()}
