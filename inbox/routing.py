"""The sockets' part of config/asgi.py: origin, session and member first, then the live socket.

`sockets` is the whole of it; nothing of ours is reached from a foreign page or without a session.
"""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path

from inbox.consumers import live


def keep_server_send(application: Any) -> Any:
    """Puts the server's own send into the scope, past Channels' session middleware, which wraps every message."""

    async def kept(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await application({**scope, "server_send": send}, receive, send)

    return kept


async def nowhere(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Any other path: refuses the handshake, so that a scanner is not an error in the log."""
    await receive()
    await send({"type": "websocket.close"})


_live: Any = live  # an ASGI application where Django expects a view
_nowhere: Any = nowhere
urlpatterns: Any = [path("ws/<slug:workspace>/", _live), re_path("", _nowhere)]
sockets: Any = AllowedHostsOriginValidator(keep_server_send(AuthMiddlewareStack(URLRouter(urlpatterns))))
