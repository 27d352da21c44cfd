"""What colleagues say about consent: an entry for the ledger, the workspace's rule, its keywords."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Workspace
from accounts.tenancy import retrying_deadlocks, scope
from phonebook import consent
from phonebook.actions.addresses import locked
from phonebook.actions.refusals import Refused
from phonebook.models import Consent, Contact, Keyword, Marketing

WORD_CHARS = 60
# The clocks of a person's computer and the server differ a little; more is a mistake in the date.
AHEAD = timedelta(minutes=5)


@retrying_deadlocks
def record_consent(
    *, member: Membership, contact_id: int, choice: Marketing, wording: str, at: datetime
) -> Contact:
    """Writes down what the customer told a colleague, and when; the newest entry counts. Returns the contact as it is.

    An opt-in says in what words it was given. Raises Refused (with the field), Contact.DoesNotExist.
    """
    wording = wording.strip()
    if choice == Marketing.UNKNOWN:
        raise Refused(_("Say whether the customer wants marketing."), "choice")
    if choice == Marketing.OPTED_IN and not wording:
        raise Refused(_("Write down what the customer agreed to, and how."), "wording")
    if at > timezone.now() + AHEAD:
        raise Refused(_("This date is in the future."), "on")
    with scope(member.workspace_id, durable=True):
        contact = locked(contact_id)
        entry = consent.Entry(
            member.workspace_id, contact_id, choice, Consent.Source.AGENT, wording, at, member.pk
        )
        _check_new(entry)
        consent.record([entry])
        contact.refresh_from_db()
        return contact


def set_opt_in_rule(*, member: Membership, needs_opt_in: bool) -> Workspace:
    """An admin decides whether marketing needs a recorded opt-in. Holds from the next message on. Raises Refused."""
    _check_admin(member)
    with scope(member.workspace_id, durable=True):
        workspace = Workspace.objects.select_for_update(no_key=True).get(pk=member.workspace_id)
        workspace.marketing_needs_opt_in = needs_opt_in
        workspace.save(update_fields=["marketing_needs_opt_in"])
        return workspace


def set_keyword(*, member: Membership, word: str, choice: Marketing) -> str:
    """An admin says what a word means when a customer writes it: start, stop, or (UNKNOWN) nothing.

    Returns the word in the form in which it is compared. Raises Refused (field "word").
    """
    _check_admin(member)
    word = consent.normalised(word)
    if not word:
        raise Refused(_("Write a word with letters or digits."), "word")
    if len(word) > WORD_CHARS:
        raise Refused(
            _("A keyword has at most 60 characters: customers write nothing else beside it."), "word"
        )
    with scope(member.workspace_id, durable=True), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_keyword (workspace_id, word, choice) VALUES (%s, %s, %s)"
            " ON CONFLICT (workspace_id, word) DO UPDATE SET choice = excluded.choice",
            [member.workspace_id, word, int(choice)],
        )
    return word


def remove_keyword(*, member: Membership, keyword_id: int) -> str:
    """An admin takes a word of the workspace back; a built-in one counts again. Raises Refused, Keyword.DoesNotExist."""
    _check_admin(member)
    with scope(member.workspace_id, durable=True):
        keyword = Keyword.objects.get(pk=keyword_id)
        keyword.delete()
        return keyword.word


def _check_new(entry: consent.Entry) -> None:
    """A day that is over is one moment of the ledger, so its second entry would be lost without a word."""
    said = Consent.objects.filter(
        contact=entry.contact_id, at=entry.at, source=entry.source, choice=entry.choice
    )
    if said.exclude(wording=entry.wording).exists():
        raise Refused(_("This was recorded for that day already, in other words. It is in the list."), "on")


def _check_admin(member: Membership) -> None:
    if not member.is_admin:
        raise Refused(_("Only an admin may change this."))
