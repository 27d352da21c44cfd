"""One member of `messages`, `statuses` or `errors` in a webhook, read into an item or refused with a reason.

Must never raise anything but `NotUnderstood`, whatever the member looks like, nor look beyond its own change.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from whatsapp import limits
from whatsapp.items import STATUSES, AccountError, InboundMessage, Status
from whatsapp.wire import code_number, identifier, text, unix_seconds

_WITH_CAPTION = frozenset({"image", "video", "document"})
_UNNAMED = "unknown"


class NotUnderstood(Exception):  # noqa: N818 - named for what happened
    """A member lacks what every one of its kind has; the text completes "a message …" or "a status …"."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where in the POST a member stands: account, the entry's time, field, business number."""

    waba_id: str = ""
    at: int | None = None
    field: str | None = None
    phone_number_id: str | None = None


FindContact: TypeAlias = Callable[[str | None, str | None], dict[str, Any]]


class Senders:
    """The `contacts` beside some messages, found by the identifiers they share with a message."""

    def __init__(self, contacts: Any, messages: int) -> None:
        self._rows = [as_object(row) for row in contacts] if isinstance(contacts, list) else []
        self._messages = messages
        self._by_id: dict[str, dict[str, Any]] = {}
        for row in self._rows:
            for key in ("user_id", "wa_id"):
                value = identifier(row.get(key), limits.USER_ID_CHARS)
                if value is not None:
                    self._by_id.setdefault(value, row)

    def of(self, index: int, wa_id: str | None, user_id: str | None) -> dict[str, Any]:
        """Return the contact of the message at `index` with these identifiers, or an empty one.

        By position only as a last resort: nothing else matches, the lists pair up, and the contact there is
        not plainly somebody else. Among several people it then gives its name but not its identifiers: a
        wrong name is a blemish, a wrong identifier joins two people for good.
        """
        for given in (user_id, wa_id):
            if given is not None and given in self._by_id:
                return self._by_id[given]
        if len(self._rows) != self._messages:
            return {}
        row = self._rows[index]
        if (wa_id and row.get("wa_id")) or (user_id and row.get("user_id")):
            return {}
        alone = self._messages == 1 or (wa_id is None and user_id is None)
        return row if alone else {"profile": row.get("profile")}


def read_message(position: int, place: Place, message: Any, contact_of: FindContact) -> InboundMessage:
    """Read one member of `messages`. Raises `NotUnderstood` without id, number, sender or a possible time.

    `contact_of` finds the sender's contact by phone and user id. `from` and `wa_id` are absent, not empty,
    when the phone is hidden (Meta, Business-scoped user IDs, 2026-06).
    """
    number, wamid, at = _essentials(place, message)
    kind = identifier(message.get("type"), limits.TYPE_CHARS) or _UNNAMED
    content = as_object(message.get(kind))
    wa_id = identifier(message.get("from"), limits.WA_ID_CHARS)
    user_id = identifier(message.get("from_user_id"), limits.USER_ID_CHARS)
    contact = contact_of(wa_id, user_id)
    wa_id = wa_id or identifier(contact.get("wa_id"), limits.WA_ID_CHARS)
    user_id = user_id or identifier(contact.get("user_id"), limits.USER_ID_CHARS)
    if wa_id is None and user_id is None and kind == "system":
        user_id = _person_of_notice(content)
    if wa_id is None and user_id is None:
        raise NotUnderstood("has no sender")
    parent = message.get("from_parent_user_id") or contact.get("parent_user_id")
    profile = as_object(contact.get("profile"))
    target = content.get("message_id") if kind == "reaction" else content.get("original_message_id")
    return InboundMessage(
        position=position,
        waba_id=place.waba_id,
        phone_number_id=number,
        wamid=wamid,
        at=at,
        type=kind,
        wa_id=wa_id,
        user_id=user_id,
        parent_user_id=identifier(parent, limits.USER_ID_CHARS),
        username=_username(profile),
        profile_name=text(profile.get("name"), limits.NAME_CHARS),
        text=_text_of(kind, content),
        context_wamid=identifier(as_object(message.get("context")).get("id"), limits.WAMID_CHARS),
        target_wamid=identifier(target, limits.WAMID_CHARS),
        group_id=identifier(message.get("group_id"), limits.GROUP_ID_CHARS),
        raw=message,
    )


def read_status(position: int, place: Place, status: Any) -> Status:
    """Read one member of `statuses`. Raises `NotUnderstood` without id, number, state or possible time."""
    number, wamid, at = _essentials(place, status)
    state = identifier(status.get("status"), limits.TYPE_CHARS)
    if state not in STATUSES:
        raise NotUnderstood("has an unknown state")
    # In a group `recipient_id` is the group and the participant the person (Meta, Business-scoped user IDs,
    # 2026-06).
    in_group = status.get("recipient_type") == "group"
    prefix = "recipient_participant" if in_group else "recipient"
    code, title, details = _error_of(as_list(status.get("errors")))
    pricing = status.get("pricing")
    opaque = status.get("biz_opaque_callback_data")
    return Status(
        position=position,
        waba_id=place.waba_id,
        phone_number_id=number,
        wamid=wamid,
        status=state,
        at=at,
        recipient_wa_id=identifier(status.get(prefix + "_id"), limits.WA_ID_CHARS),
        recipient_user_id=identifier(status.get(prefix + "_user_id"), limits.USER_ID_CHARS),
        group_id=identifier(status.get("recipient_id"), limits.GROUP_ID_CHARS) if in_group else None,
        # Longer than we can have sent is not ours, and half of it would name another message.
        opaque=identifier(opaque, limits.OPAQUE_CHARS),
        error_code=code,
        error_title=title,
        error_details=details,
        pricing=pricing if isinstance(pricing, dict) else None,
        raw=status,
    )


def read_error(position: int, place: Place, error: Any) -> AccountError:
    """Read one member of `value.errors`. Raises `NotUnderstood` if it is no object."""
    if not isinstance(error, dict):
        raise NotUnderstood("is not an object")
    code, title, details = _error_of([error])
    return AccountError(
        position=position,
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        code=code,
        title=title,
        details=details,
        raw=error,
    )


def as_object(value: Any) -> dict[str, Any]:
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return `value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _essentials(place: Place, member: Any) -> tuple[str, str, int | None]:
    if not isinstance(member, dict):
        raise NotUnderstood("is not an object")
    if place.phone_number_id is None:
        raise NotUnderstood("names no business number")
    wamid = identifier(member.get("id"), limits.WAMID_CHARS)
    if wamid is None:
        raise NotUnderstood("has no usable id")
    try:
        return place.phone_number_id, wamid, unix_seconds(member.get("timestamp"))
    except ValueError:
        raise NotUnderstood("has an impossible timestamp") from None


def _person_of_notice(system: dict[str, Any]) -> str | None:
    """Return whom a change of identity is about by user id alone: the one we know, else the new one.

    Meta, changelog of 2026-08-11: `user_changed_user_id` carries both, and the phone may be absent.
    """
    before = identifier(system.get("previous_user_id"), limits.USER_ID_CHARS)
    return before or identifier(system.get("user_id"), limits.USER_ID_CHARS)


def _username(profile: dict[str, Any]) -> str | None:
    name = text(profile.get("username"), limits.NAME_CHARS)
    return (name.removeprefix("@") or None) if name else None


def _text_of(kind: str, content: dict[str, Any]) -> str | None:
    if kind == "edit":
        message = as_object(content.get("message"))
        kind = identifier(message.get("type"), limits.TYPE_CHARS) or _UNNAMED
        content = as_object(message.get(kind))
    words = None
    if kind == "text":
        words = content.get("body")
    elif kind in _WITH_CAPTION:
        words = content.get("caption")
    elif kind in {"button", "order"}:
        words = content.get("text")
    elif kind == "interactive":
        reply = as_object(content.get(identifier(content.get("type"), limits.TYPE_CHARS) or _UNNAMED))
        words = reply.get("title") or reply.get(
            "body"
        )  # a Flow's answer (`nfm_reply`) has a body and no title
    return text(words, limits.INBOUND_TEXT_CHARS)


def _error_of(errors: list[Any]) -> tuple[int | None, str | None, str | None]:
    """Return code, title and details of the first error (build on the first and last: titles will go)."""
    error = as_object(errors[0]) if errors else {}
    title = text(error.get("title"), limits.NAME_CHARS) or text(error.get("message"), limits.NAME_CHARS)
    details = text(as_object(error.get("error_data")).get("details"), limits.DETAILS_CHARS)
    return code_number(error.get("code")), title, details
