"""What WhatsApp's codes about templates are called on our pages, in the language of the page.

Codes: Meta, message_template_status_update and Template management, 2026-09. An unknown code is shown as it is.
"""

from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from templates_wa.definition import Definition
from templates_wa.models import Category, Request, Submission, Sync, Template
from whatsapp.errors import explain

Words = dict[str, str | Promise]

STATUS: Words = {
    "APPROVED": pgettext_lazy("template", "Approved"),
    "PENDING": _("In review"),
    "REJECTED": _("Rejected"),
    "PAUSED": pgettext_lazy("template", "Paused"),
    "DISABLED": _("Disabled"),
    "IN_APPEAL": _("In appeal"),
    "PENDING_DELETION": _("Being deleted"),
    "DELETED": _("Deleted"),
    "FLAGGED": _("Flagged"),
    "ARCHIVED": _("Archived"),
    "LIMIT_EXCEEDED": _("Limit exceeded"),
    "LOCKED": _("Locked"),
}
QUALITY: Words = {
    "GREEN": _("High quality"),
    "YELLOW": _("Medium quality"),
    "RED": _("Low quality"),
    "UNKNOWN": _("No rating yet"),
}
REASON: Words = {
    "ABUSIVE_CONTENT": _("WhatsApp finds the content abusive."),
    "INCORRECT_CATEGORY": _("The category does not fit the content."),
    "INVALID_FORMAT": _("Something about the format is wrong."),
    "PROMOTIONAL": _("The content is promotional, which this category does not allow."),
    "SCAM": _("WhatsApp takes the content for a scam."),
    "TAG_CONTENT_MISMATCH": _("The language or the category does not fit the content."),
    "CATEGORY_NOT_AVAILABLE": _("This category is not available to the account."),
    "FIRST_PAUSE": _("Paused for 3 hours, because customers reacted badly to it."),
    "SECOND_PAUSE": _("Paused for 6 hours, because customers reacted badly to it again."),
    "RATE_LIMITING_PAUSE": _("Paused while WhatsApp looks at the first reactions to it."),
    "DISABLED": _("Switched off by WhatsApp after repeated bad reactions."),
}
_CHIP = {
    "APPROVED": "ok",
    "PENDING": "brand",
    "IN_APPEAL": "brand",
    "PAUSED": "warn",
    "FLAGGED": "warn",
    "LIMIT_EXCEEDED": "warn",
    "REJECTED": "danger",
    "DISABLED": "danger",
    "LOCKED": "danger",
}


def status(template: Template) -> str:
    """What state it is in, in one or two words."""
    if template.gone is not None:
        return gettext("Deleted")
    return str(STATUS.get(template.status, template.status))


def chip(template: Template) -> str:
    """The colour of that: ok, brand, warn, danger or ""."""
    return "" if template.gone is not None else _CHIP.get(template.status, "")


def quality(template: Template) -> str:
    """How customers like it, as WhatsApp measures it."""
    return str(QUALITY.get(template.quality, template.quality))


def category(code: str) -> str:
    """Marketing, Utility, Authentication, or a newer one as it is."""
    return str(dict(Category.choices).get(code, code))


def reason(template: Template) -> tuple[str, str]:
    """Why it was rejected or paused: our words, and what WhatsApp adds."""
    code, _colon, added = template.reason.partition(": ")
    known = REASON.get(code.upper())
    if known is None:
        return ("", template.reason)
    return (str(known), added)


def language(code: str) -> str:
    """The language in the language of the page, with its region: English (US)."""
    main, _underscore, region = code.partition("_")
    try:
        name = str(get_language_info(main)["name_translated"])
    except KeyError:
        return code
    return f"{name} ({region})" if region else name


def why_not(template: Template, made: Definition) -> str:
    """Why it cannot be sent now, and what to do; "" if it can."""
    if template.gone is not None:
        return gettext("WhatsApp does not list this template any more. It was deleted.")
    if template.status != Template.APPROVED:
        return {
            "PENDING": gettext("WhatsApp is still reviewing it. It can be sent as soon as it is approved."),
            "REJECTED": gettext("WhatsApp rejected it. Change what it complains about and hand it in again."),
            "PAUSED": gettext("WhatsApp has paused it. It can be sent again when the pause is over."),
            "DISABLED": gettext("WhatsApp has switched it off for good. Make a new template."),
        }.get(template.status, gettext("Only approved templates can be sent."))
    if made.unsupported:
        return gettext("It has a part that cannot be sent from here yet: %(part)s.") % {
            "part": made.unsupported
        }
    return ""


def trouble(sync: Sync) -> str:
    """Why the last try to get a newer copy failed."""
    code, _space, argument = sync.detail.partition(" ")
    if code == "graph":
        number, _space, details = argument.partition(" ")
        return explain(int(number), details, translate=gettext)
    return {
        "unreachable": gettext("WhatsApp could not be reached. It is tried again by itself."),
        "unclear": gettext("WhatsApp gave no clear answer. It is tried again by itself."),
        "token": gettext(
            "The stored access token is empty or incomplete. An admin enters it under Settings."
        ),
    }.get(code, sync.detail)


def asked(request: Request) -> tuple[str, str]:
    """How far a request is, in words and as a colour: from its own state, then from its template's."""
    if request.template is not None and request.state == Request.State.SUBMITTED:
        return (status(request.template), chip(request.template))
    colours = {Request.State.OPEN: "brand", Request.State.ASKED: "warn", Request.State.SUBMITTED: "brand"}
    return (str(request.get_state_display()), colours.get(Request.State(request.state), ""))


def submitted(wish: Submission) -> str:
    """Why a wish was refused or is not carried out yet; "" where there is nothing to say."""
    if wish.code is not None:
        return explain(wish.code, wish.detail, translate=gettext)
    return {
        "unreachable": gettext("WhatsApp could not be reached. It is tried again by itself."),
        "unclear": gettext("The answer was lost. What became of it is seen after the next synchronisation."),
        "token": gettext(
            "The stored access token is empty or incomplete. An admin enters it under Settings."
        ),
        "sample": gettext("A sample file is not there any more. Choose it again in the builder."),
    }.get(wish.detail, wish.detail)
