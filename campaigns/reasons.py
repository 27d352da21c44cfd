"""Why a campaign is paused, waits or failed, and why messages did: in words, with what to do about it.

Codes are stored in Campaign.reason and hold_reason, words are made when they are shown. Must never decide anything but
which failures a person may have tried again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from inbox import failures
from whatsapp.errors import Kind, explain, find_rule

# Campaign.reason; what reason_detail holds stands behind each.
MEMBER = "member"  # the colleague's name
NUMBER = "number"  # the error code of WhatsApp with which the number was stopped
TOKEN = "token"  # noqa: S105 - a code, no secret
TEMPLATE = "template"  # name, language and status: "showroom_weekend (en): PAUSED"; or a sentence of inbox/failures.py
SNAPSHOT = "snapshot"  # the recipients could not be listed
# Campaign.hold_reason, which may carry an error code of WhatsApp: "whatsapp:131048".
ALLOWANCE = "allowance"
WHATSAPP = "whatsapp"

# Message.error_details of what was still waiting when a campaign was cancelled (with error_code null).
CANCELLED_FIRST = gettext_noop("Not sent: the campaign was cancelled first.")

# Ours, without a code, and worth another try once a person has looked.
_MAY_PASS = frozenset({failures.UNREACHABLE, failures.NO_TOKEN})
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Reason:
    """What happened, and what to do."""

    what: str
    todo: str = ""


def words(reason: str, detail: str = "") -> Reason:
    """A pause, a hold or a failure of a campaign in words of the active language; nothing to say is an empty Reason."""
    code, _sign, argument = reason.partition(":")
    say = _REASONS.get(code)
    return say(detail or argument) if say else Reason(detail)


def explained(code: int | None, details: str = "") -> Reason:
    """Why a message failed, by WhatsApp's code or by our own words (inbox/failures.py), and what to do now."""
    if code is None and details:
        return Reason(_(details), _advice(code, details))
    return Reason(explain(code, translate=_), _advice(code, details))


def retry_after(code: int | None, details: str = "") -> int | None:
    """Seconds after its failure from which a message may be sent to the same person again; None: never.

    What WhatsApp will refuse again is never tried again, what it asks to leave alone for a time not before that
    (131049: 24 hours; Meta, Error codes, 2026-09). What stopped a number or template is fine once they work again.
    """
    if code is None:
        return 0 if details in _MAY_PASS else None
    rule = find_rule(code)
    if rule.kind is Kind.NEVER:
        return None
    return (
        rule.wait_seconds if rule.wait_seconds >= _MINUTE else 0
    )  # seconds have passed before a person presses


def _advice(code: int | None, details: str) -> str:
    if code is None and details == CANCELLED_FIRST:
        return _("Duplicate the campaign to write to them after all.")
    wait = retry_after(code, details)
    if wait is None:
        return _("Sending again would fail again.")
    if code is None or find_rule(code).kind in {Kind.STOP_CHANNEL, Kind.STOP_TEMPLATE}:
        return _("You can send to them again once that is put right.")
    if wait < _HOUR:
        return _("You can send to them again.")
    hours = wait // _HOUR
    said = ngettext(
        "You can send to them again %(hours)s hour after the failure.",
        "You can send to them again %(hours)s hours after the failure.",
        hours,
    )
    return said % {"hours": hours}


def _by_member(name: str) -> Reason:
    what = _("Paused by %(name)s.") % {"name": name} if name else _("Paused.")
    return Reason(what, _("Resume it when you are ready."))


def _number(code: str) -> Reason:
    number = _code(code)
    said = (
        _("WhatsApp refuses everything from this number.") if number is None else explain(number, translate=_)
    )
    return Reason(said, _("Resume the campaign when the number's connection check succeeds."))


def _token(_detail: str) -> Reason:
    return Reason(_(failures.NO_TOKEN), _("Resume the campaign after that."))


def _template(detail: str) -> Reason:
    return Reason(
        _("The template cannot be sent at the moment: %(template)s.") % {"template": _(detail).rstrip(".")},
        _("Whoever has not received it waits. Resume the campaign when WhatsApp has approved it again."),
    )


def _snapshot(detail: str) -> Reason:
    return Reason(
        detail or _("The recipients could not be listed."), _("Duplicate the campaign to try again.")
    )


def _allowance(_detail: str) -> Reason:
    return Reason(
        _(
            "WhatsApp's limit of new conversations in 24 hours is used up, by all numbers of the portfolio together."
        ),
        _("The campaign goes on by itself as soon as there is room."),
    )


def _whatsapp(code: str) -> Reason:
    return Reason(explain(_code(code), translate=_), _("The campaign goes on by itself after a pause."))


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


_REASONS: dict[str, Callable[[str], Reason]] = {
    MEMBER: _by_member,
    NUMBER: _number,
    TOKEN: _token,
    TEMPLATE: _template,
    SNAPSHOT: _snapshot,
    ALLOWANCE: _allowance,
    WHATSAPP: _whatsapp,
}
