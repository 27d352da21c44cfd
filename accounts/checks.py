"""The connection check: asks WhatsApp about a number and writes down what it said.

Runs in a worker. Never holds a transaction while it waits for the network, never logs or stores a token.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from accounts.changes import keep_limit
from accounts.models import PhoneNumber
from accounts.tenancy import crossing, scope
from whatsapp.client import Ambiguous, Client, GraphError, NotSent, PhoneNumberInfo
from whatsapp.errors import explain

log = structlog.get_logger(__name__)

# A check takes about a second. What waits this long has lost its task; asking twice does no harm.
OVERDUE = timedelta(seconds=30)
CONNECTED = "CONNECTED"
_BAD_TOKEN = 190
_NO_SUCH_OBJECT = 33  # subcode of error 100: the token does not reach this number


class _Wanted(NamedTuple):
    """One check as it was asked for."""

    phone_number_id: str
    token: str
    requested: datetime | None


class _Outcome(NamedTuple):
    """What a check found. `detail` is a reason and its argument, put into words only when shown (see `words`)."""

    state: PhoneNumber.Check
    detail: str
    told: PhoneNumberInfo | None = None


def check(*, workspace_id: int, number_id: int) -> None:
    """Carries out a check that is still wanted; the result counts only if no newer one was asked for meanwhile."""
    wanted = _wanted(workspace_id, number_id)
    if wanted is None:
        return
    outcome = _ask(wanted)
    with scope(workspace_id):
        found = PhoneNumber.objects.select_related("business_account").filter(pk=number_id)
        number = found.select_for_update(of=("self",)).first()
        if number is None or not _is_still(number, wanted):
            return
        number.check_state = outcome.state
        number.check_detail = outcome.detail[:500]
        number.check_finished = timezone.now()
        if outcome.told is not None:
            _keep(number, outcome.told)
        if outcome.state == PhoneNumber.Check.OK:
            _start_again(number)
        number.save()
    log.info("check.finished", number=number_id, state=str(outcome.state))


def overdue(now: datetime | None = None) -> list[tuple[int, int]]:
    """(workspace id, number id) of every check that has waited too long, in all workspaces."""
    with crossing():
        return list(
            PhoneNumber.objects.filter(
                check_state=PhoneNumber.Check.WAITING, check_requested__lt=(now or timezone.now()) - OVERDUE
            )
            .order_by("id")
            .values_list("workspace_id", "id")
        )


def stopped_words(number: PhoneNumber) -> str:
    """Why WhatsApp refuses what the number starts, for an admin, in the language of the page; "" when it does not."""
    if number.stopped is None:
        return ""
    return explain(number.stopped_code, number.stopped_detail, translate=gettext)


def quality_words(number: PhoneNumber) -> str:
    """How customers take to what the number sends, as WhatsApp rates it; "" while it has not."""
    said = {"GREEN": gettext("High"), "YELLOW": gettext("Medium"), "RED": gettext("Low")}
    return said.get(number.quality, "")


def limit_words(number: PhoneNumber) -> str:
    """How many people WhatsApp lets the whole portfolio write to first, in a day; "" while it has not told."""
    people = number.business_account.messaging_limit.removeprefix("TIER_")
    if people == "UNLIMITED":
        return gettext("No limit")
    return gettext("%(people)s people in 24 hours") % {"people": people} if people else ""


def words(number: PhoneNumber) -> str:
    """What the last check found, for an admin, in the language of the page."""
    reason, _, argument = number.check_detail.partition(" ")
    if reason == "graph":
        code, _, details = argument.partition(" ")
        return explain(int(code), details, translate=gettext)
    said = {
        "ok": gettext("WhatsApp knows this number as “%s”.") % argument if argument else "",
        "status": gettext("WhatsApp reports this number as %s. It can send once it is connected.") % argument,
        "unreachable": gettext("WhatsApp could not be reached. Try again in a moment."),
        "unclear": gettext("WhatsApp gave no clear answer. Try again in a moment."),
        "token": gettext("The stored access token is empty or incomplete. Enter it again."),
    }
    return said.get(reason, "")


def _wanted(workspace_id: int, number_id: int) -> _Wanted | None:
    with scope(workspace_id):
        number = (
            PhoneNumber.objects.select_related("business_account")
            .filter(pk=number_id, check_state=PhoneNumber.Check.WAITING)
            .first()
        )
        if number is None:
            return None
        return _Wanted(number.phone_number_id, number.business_account.access_token, number.check_requested)


def _is_still(number: PhoneNumber, wanted: _Wanted) -> bool:
    return number.check_state == PhoneNumber.Check.WAITING and number.check_requested == wanted.requested


def _keep(number: PhoneNumber, told: PhoneNumberInfo) -> None:
    """What it did not tell stays as it was."""
    number.display_number = (told.display_phone_number or "")[:32] or number.display_number
    number.name = number.name or (told.verified_name or "")[:120]
    number.throughput = (told.throughput or "")[:32] or number.throughput
    number.quality = (told.quality_rating or "")[:16] or number.quality
    if told.messaging_limit:
        keep_limit(number.business_account, told.messaging_limit)


def _start_again(number: PhoneNumber) -> None:
    """A good check ends a stop from before it was asked for; one that came since is newer than its answer."""
    asked = number.check_requested
    if number.stopped is not None and asked is not None and number.stopped <= asked:
        number.stopped, number.stopped_code, number.stopped_detail = None, None, ""


def _ask(wanted: _Wanted) -> _Outcome:
    failed = PhoneNumber.Check.FAILED
    try:
        with Client(
            settings.WHATSAPP_GRAPH_URL,
            settings.WHATSAPP_GRAPH_VERSION,
            wanted.token,
            settings.WHATSAPP_APP_SECRETS[0],
        ) as client:
            info = client.phone_number(wanted.phone_number_id)
    except ValueError:
        return _Outcome(failed, "token")
    except NotSent:
        return _Outcome(failed, "unreachable")
    except Ambiguous:
        return _Outcome(failed, "unclear")
    except GraphError as error:
        return _Outcome(failed, _refusal(error, wanted.token))
    if info.status not in {None, CONNECTED}:
        return _Outcome(failed, f"status {info.status}", info)
    return _Outcome(PhoneNumber.Check.OK, f"ok {info.verified_name or ''}", info)


def _refusal(error: GraphError, token: str) -> str:
    code = _NO_SUCH_OBJECT if error.subcode == _NO_SUCH_OBJECT else error.code
    # Complaints about a token quote it ("Malformed access token …"), and this text is shown.
    details = "" if error.code == _BAD_TOKEN else (error.details or error.message).replace(token, "…")
    return f"graph {code} {details}"
