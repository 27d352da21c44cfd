"""Typed text on its way from one page to the next, where no script carries it."""

from django.http import HttpRequest

from inbox.views.composer import Draft

KEY = "draft"


def keep(request: HttpRequest, conversation_id: int, text: str) -> None:
    """Remembers the text for the next page of this conversation; one draft at a time."""
    if text.strip():
        request.session[KEY] = [conversation_id, text]


def opened(request: HttpRequest, conversation_id: int) -> Draft:
    """The draft that a redirect left behind, once; and the message that ?quote= wants to answer."""
    text = ""
    if request.session.get(KEY, [None])[0] == conversation_id:
        text = request.session.pop(KEY)[1]
    quoted = request.GET.get("quote", "")
    return Draft(
        text=text, quoted=int(quoted) if quoted.isascii() and quoted.isdigit() and len(quoted) < 19 else None
    )
