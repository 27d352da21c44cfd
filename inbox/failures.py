"""Why a message of ours did not leave, in words for agents, where WhatsApp itself said nothing.

Stored as they are in Message.error_details, with error_code null; translated where they are shown (inbox/wording.py).
A sentence that changes here must keep its old wording in the catalog for as long as rows carry it.
"""

from django.utils.translation import gettext_noop

from inbox.models import Message

NO_TOKEN = gettext_noop("This number has no access token. An admin can enter one in the settings.")
NO_ADDRESS = gettext_noop("WhatsApp has told us neither a phone number nor a user id of this customer.")
UNREACHABLE = gettext_noop("WhatsApp could not be reached. Nothing was sent.")
UNSENDABLE = gettext_noop(
    "The text, the customer's address or the settings of this number are not valid. An admin can check the settings."
)
BLOCKED = gettext_noop(
    "This contact is blocked, so nothing is sent to them. You can unblock them in the phonebook."
)
NOT_APPROVED = gettext_noop(
    "WhatsApp does not accept this template now: it is not approved, paused, or gone."
)
OTHER_ACCOUNT = gettext_noop(
    "This template belongs to another business account than the number it would leave from."
)
UNSUPPORTED = gettext_noop("This template has a part that cannot be sent from here.")
BAD_VALUES = gettext_noop("What was filled in does not fit the template as it is now. Fill it in again.")
BAD_FILE = gettext_noop(
    "The file of this template’s header is gone, or WhatsApp does not accept it. Choose another one."
)
OPTED_OUT = gettext_noop("This customer opted out of marketing, and this template is marketing.")
NO_CONSENT = gettext_noop(
    "This template is marketing, and this workspace sends that only to customers whose opt-in is recorded."
)
CAPPED = gettext_noop(
    "WhatsApp delivers no more marketing to this customer for now. Try again tomorrow, or wait until they write."
)
FIRST_ARRIVED = gettext_noop("Not sent: the first one arrived after all.")


def needless(message: Message) -> bool:
    """Whether this is a second try that was withheld because the first one arrived: nothing is wrong with it."""
    return message.status == Message.Status.FAILED and message.error_details == FIRST_ARRIVED
