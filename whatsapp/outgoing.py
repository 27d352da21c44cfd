"""The bodies of messages that a business sends, checked before anything leaves. Plain data in, plain data out.

Must never talk to WhatsApp and never alter what it is given: what cannot be right is refused.
"""

import re
from collections.abc import Sequence
from typing import Any

from whatsapp import limits

__all__ = ["template_message", "text_message"]

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
# ENT marks a parent id (Meta, Business-scoped user IDs, 2026-06).
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
# Lower case, digits and underscores (Meta, Template management, 2026-09); a language is en or en_US there.
_TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:_[A-Za-z0-9]{2,8})*")


def text_message(
    *,
    to: str | None = None,
    recipient: str | None = None,
    body: str,
    context_wamid: str | None = None,
    opaque: str | None = None,
    preview_url: bool = False,
) -> dict[str, Any]:
    """A free text of 1 to 4,096 characters, as an answer to `context_wamid` if given.

    `to` is a phone with its leading "+": without it WhatsApp puts the business's own country code in front and
    delivers to a stranger (Meta, Send messages, 2026-09). `recipient` is a user id: in `to` it would be answered
    with 200 and lost (field reports, 2026-07). With both, the phone wins. `opaque` comes back in every receipt.
    Raises ValueError (`limits.LimitExceeded` for lengths).
    """
    limits.check_text(body)
    message = _message(to, recipient, "text", {"preview_url": preview_url, "body": body}, opaque)
    if context_wamid is not None:
        message["context"] = {"message_id": context_wamid}
    return message


def template_message(
    *,
    to: str | None = None,
    recipient: str | None = None,
    name: str,
    language: str,
    components: Sequence[dict[str, Any]] = (),
    opaque: str | None = None,
) -> dict[str, Any]:
    """An approved template with its parameters; `components` in the form of a send (Meta, Templates, 2026-09).

    Whether they fit the template is for its definition to say, not for this. Addresses as in `text_message`. Raises
    ValueError.
    """
    if not _TEMPLATE_NAME.fullmatch(name):
        raise ValueError("a template's name has lower case letters, digits and underscores only")
    if not _LANGUAGE.fullmatch(language):
        raise ValueError("a template's language looks like en or en_US")
    template: dict[str, Any] = {"name": name, "language": {"code": language}}
    if components:
        template["components"] = list(components)
    return _message(to, recipient, "template", template, opaque)


def _message(
    to: str | None, recipient: str | None, kind: str, content: dict[str, Any], opaque: str | None
) -> dict[str, Any]:
    message: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    message |= _addressee(to, recipient)
    message |= {"type": kind, kind: content}
    if opaque is not None:
        limits.check_opaque(opaque)
        message["biz_opaque_callback_data"] = opaque
    return message


def _addressee(to: str | None, recipient: str | None) -> dict[str, str]:
    if to is None and recipient is None:
        raise ValueError("a message needs `to` or `recipient`")
    fields = {}
    if to is not None:
        if not _PHONE.fullmatch(to):
            raise ValueError("`to` is a phone number with its leading + and country code, digits only")
        fields["to"] = to
    if recipient is not None:
        if not _USER_ID.fullmatch(recipient):
            raise ValueError("`recipient` is a business-scoped user id, such as US.13491208655302741918")
        fields["recipient"] = recipient
    return fields
