"""Every error code of the Cloud API in words for an agent: what happened and what to do now.

English, marked for translation; the rooms above translate when they show it. Must never mention codes or
field names: whoever shows the sentence puts the code beside it.
"""

from collections.abc import Iterable


def gettext_noop(message: str) -> str:
    """Mark `message` for the extractor of translations, which looks for this name, and return it
    unchanged."""
    return message


UNKNOWN = gettext_noop("WhatsApp refused this for a reason we do not know. Show the details to an admin.")
SERVER_TROUBLE = gettext_noop("WhatsApp had a problem of its own. Try again in a few minutes.")
TOO_MANY = gettext_noop("Too many requests to WhatsApp at once. Try again in a few minutes.")
NO_PERMISSION = gettext_noop(
    "WhatsApp does not let us use this number. An admin must check its permissions and connect it again."
)
WITH_DETAILS = gettext_noop("%(words)s WhatsApp says: %(details)s")

_ROWS: list[tuple[Iterable[int], str]] = [
    ([1, 2, 131000, 131016, 133004], SERVER_TROUBLE),
    ([4, 17, 613, 80007], TOO_MANY),
    ([3, 10, 104, 131005], NO_PERMISSION),
    ([135000], UNKNOWN),
    # The number and its account
    ([0, 190], gettext_noop("The connection of this number has expired. An admin must connect it again.")),
    ([33, 803], gettext_noop("WhatsApp does not know this business number. An admin must check it.")),
    (
        [131045, 133000, 133006, 133010],
        gettext_noop("This business number is not registered with WhatsApp. An admin must register it."),
    ),
    (
        [368],
        gettext_noop(
            "WhatsApp has restricted this account for breaking its rules. An admin must look into it."
        ),
    ),
    ([131031], gettext_noop("WhatsApp has locked this account. An admin must look in WhatsApp Manager.")),
    (
        [131037],
        gettext_noop("The display name of this number is not approved yet. An admin must see to it."),
    ),
    (
        [131042, 131044],
        gettext_noop("WhatsApp cannot charge this account. An admin must check the payment method."),
    ),
    (
        [131048],
        gettext_noop("WhatsApp limits this number because people blocked or reported it. Wait some hours."),
    ),
    ([131057, 2494100], gettext_noop("WhatsApp is working on this account. Try again in a few minutes.")),
    (
        [130429],
        gettext_noop("This number sends faster than WhatsApp allows. Wait a moment, then try again."),
    ),
    # The person
    (
        [131047],
        gettext_noop(
            "More than 24 hours have passed since the customer last wrote. Send a template instead."
        ),
    ),
    (
        [131056],
        gettext_noop("Too many messages to this person in a short time. Wait a minute before the next one."),
    ),
    (
        [131026],
        gettext_noop("This person is not on WhatsApp, or the app is too old. Try another way to reach them."),
    ),
    ([130403], gettext_noop("Your company has blocked this person. Unblock them first.")),
    (
        [130472],
        gettext_noop(
            "WhatsApp does not deliver marketing to this person at present. Nothing is wrong on your side."
        ),
    ),
    ([130497], gettext_noop("This account may not write to people in that country. Ask an admin.")),
    ([131021], gettext_noop("A number cannot write to itself. Choose another recipient.")),
    (
        [131030],
        gettext_noop("This is a test number, and the recipient is not on its list. An admin can add them."),
    ),
    (
        [131049],
        gettext_noop(
            "WhatsApp held this message back to spare the person. Do not try again for at least a day."
        ),
    ),
    (
        [131050],
        gettext_noop("This person has stopped marketing from your company. Do not send them any more."),
    ),
    (
        [131062],
        gettext_noop(
            "This kind of message needs a phone number, and the person hides theirs. Ask them for it first."
        ),
    ),
    (
        [137000],
        gettext_noop("Somebody else may have this number now. Make sure who it is before you write."),
    ),
    # The message
    (
        [100, 131008, 131009],
        gettext_noop("WhatsApp did not accept the form of this message. Show the details to an admin."),
    ),
    ([131051], gettext_noop("WhatsApp cannot carry this kind of message. Send it in another form.")),
    ([131052], gettext_noop("The customer's file could not be fetched. Ask them to send it again.")),
    ([131053], gettext_noop("WhatsApp cannot use this file. Convert it to another format.")),
    (
        [131055, 131063, 134100, 134102],
        gettext_noop("Marketing messages of this account are sent in another way. Ask an admin."),
    ),
    ([134101], gettext_noop("WhatsApp is still preparing this template. Try again in ten minutes.")),
    # Templates
    (
        [132000, 132008, 132012, 132018],
        gettext_noop("The values do not fit the template. Synchronise the templates, then fill it in again."),
    ),
    (
        [132001],
        gettext_noop("This template is not approved or not there in that language. Choose another one."),
    ),
    ([132005], gettext_noop("The text is too long with these values. Shorten them.")),
    ([132007], gettext_noop("WhatsApp found that this text breaks its rules. Change the text.")),
    (
        [132015],
        gettext_noop("WhatsApp has paused this template because of poor feedback. Choose another one."),
    ),
    ([132016], gettext_noop("WhatsApp has disabled this template for good. Choose another one.")),
    (
        [131064],
        gettext_noop(
            "Templates of this account are limited because some were in the wrong category. Ask an admin."
        ),
    ),
    ([2388019], gettext_noop("This account has as many templates as WhatsApp allows. Delete one first.")),
    ([2388024], gettext_noop("A template of this name and language exists already. Choose another name.")),
    ([2388039], gettext_noop("This template is under review. Wait for the result before you change it.")),
    (
        [2388040, 2388047, 2388072, 2388073, 2388293, 2388299],
        gettext_noop("WhatsApp does not accept the text of this template. Change it as the details say."),
    ),
    (
        range(200005, 200008),
        gettext_noop("WhatsApp has no figures for this template. Try again another day."),
    ),
    # Groups, calls, forms, blocking
    (
        [131020, 131041, 131059, *range(131201, 131216)],
        gettext_noop("WhatsApp could not do this in the group. Read the details."),
    ),
    (range(138000, 138019), gettext_noop("WhatsApp could not make or change this call. Read the details.")),
    (
        [132068, 132069, *range(139000, 139005)],
        gettext_noop("The form in this message does not work at present. An admin must check it."),
    ),
    (
        range(139100, 139104),
        gettext_noop("WhatsApp could not change who is blocked. Read the details, then try again."),
    ),
    # Setting up
    (
        [133005, 133008, 133009, 136024, 136025],
        gettext_noop("WhatsApp did not accept the PIN or code of this number. An admin must check it."),
    ),
    ([133015], gettext_noop("This number was deleted a moment ago. Try again in five minutes.")),
    ([133016], gettext_noop("This number was registered too often. Try again in three days.")),
    ([134011], gettext_noop("WhatsApp's payment terms are not accepted yet. An admin must accept them.")),
    (
        range(147001, 147006),
        gettext_noop("WhatsApp did not accept this business username. Read the details."),
    ),
    (
        [2388012, 2388091, 2388093, 2388103],
        gettext_noop("WhatsApp could not move this number. An admin must read the details."),
    ),
    (range(2494164, 2494180), gettext_noop("WhatsApp did not accept this sign-up link. Read the details.")),
    (
        range(2593107, 2593110),
        gettext_noop("What is in the Business app can no longer be copied. An admin must connect it again."),
    ),
    ([1752041], gettext_noop("This was asked for already. Nothing needs to be done.")),
]

WORDS: dict[int, str] = {code: words for codes, words in _ROWS for code in codes}
