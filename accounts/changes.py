"""What WhatsApp tells about numbers and accounts by webhook: how fast a number may send, how many people it may reach.

Shapes: Meta, phone_number_quality_update (2026-09) and business_capability_update (2025-12). Foreign JSON: what cannot
be understood changes nothing. Runs inside the caller's crossing or scope; never talks to WhatsApp.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from accounts.models import BusinessAccount, PhoneNumber

NUMBER, CAPABILITY = "phone_number_quality_update", "business_capability_update"
FIELDS = frozenset({NUMBER, CAPABILITY})

_THROUGHPUT = {"THROUGHPUT_UPGRADE": "HIGH"}  # 1,000 messages a second
_LIMIT_KEYS = ("max_daily_conversations_per_business", "current_limit", "max_daily_conversation_per_phone")
_TIER = re.compile(r"TIER_[A-Z0-9]{1,24}")
_UNLIMITED = -1
_THOUSAND = 1000


class AccountChange(NamedTuple):
    """One change of one of FIELDS, as it came."""

    waba_id: str
    field: str
    value: Mapping[str, Any]


def apply(items: Sequence[AccountChange]) -> None:
    """Applies the changes in the order given. Accounts that nobody has connected are left alone."""
    waba_ids = {item.waba_id for item in items}
    accounts = {
        account.waba_id: account
        for account in BusinessAccount.objects.filter(waba_id__in=waba_ids).order_by("pk")
    }
    for item in items:
        account = accounts.get(item.waba_id)
        if account is None:
            continue
        tier = _tier(item.value)
        if tier:
            keep_limit(account, tier)
        if item.field == NUMBER:
            _keep_throughput(account, item.value)


def keep_limit(account: BusinessAccount, tier: str) -> None:
    """Stores the messaging limit, which is the portfolio's: for all its accounts in the workspace."""
    siblings = BusinessAccount.objects.filter(workspace_id=account.workspace_id)
    of_portfolio = siblings.filter(portfolio_id=account.portfolio_id)
    same = of_portfolio if account.portfolio_id else siblings.filter(pk=account.pk)
    same.update(messaging_limit=tier[:32])


def _keep_throughput(account: BusinessAccount, value: Mapping[str, Any]) -> None:
    throughput = _THROUGHPUT.get(str(value.get("event")))
    digits = _digits(value.get("display_phone_number"))
    if throughput is None or not digits:
        return
    # Within its account only: what is displayed is no key by itself (field reports from Brazil, 2026-08).
    numbers = PhoneNumber.objects.filter(business_account_id=account.pk).order_by("pk")
    for number in numbers:
        if _digits(number.display_number) == digits:
            PhoneNumber.objects.filter(pk=number.pk).update(throughput=throughput)


def _tier(value: Mapping[str, Any]) -> str:
    """TIER_250, TIER_2K … TIER_UNLIMITED; documented as such, but Meta's own example says 2000, and -1 for no limit."""
    for key in _LIMIT_KEYS:
        told = value.get(key)
        if isinstance(told, str) and _TIER.fullmatch(told):
            return told
        if type(told) is int and (told > 0 or told == _UNLIMITED):
            return _spelled(told)
    return ""


def _spelled(people: int) -> str:
    if people == _UNLIMITED:
        return "TIER_UNLIMITED"
    thousands, rest = divmod(people, _THOUSAND)
    return f"TIER_{people}" if rest else f"TIER_{thousands}K"


def _digits(written: Any) -> str:
    return re.sub(r"[^0-9]", "", written) if isinstance(written, str) else ""
