"""A browser's side of the live socket: opened with a member's session, read frame by frame."""

import json
import time
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from accounts.models import Membership
from inbox.hub import hub
from inbox.routing import sockets

PATIENCE = 5.0  # seconds


async def sockets_only(scope: Any, receive: Any, send: Any) -> None:
    """The sockets' part of config/asgi.py."""
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    while scope["type"] == "lifespan":
        message = await receive()
        if message["type"] == "lifespan.startup":
            await hub.start()
        else:
            await hub.stop()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            break


def session_of(member: Membership | None) -> dict[str, str]:
    """The cookie header of a logged-in member; nothing for nobody."""
    if member is None:
        return {}
    client = Client()
    client.force_login(member.user)
    name = settings.SESSION_COOKIE_NAME
    return {"Cookie": f"{name}={client.cookies[name].value}"}


class Browser:
    """One open socket. `frames` is all it has received so far."""

    def __init__(
        self,
        site: str,
        member: Membership | None,
        *,
        workspace: str = "demo",
        headers: dict[str, str] | None = None,
        origin: str = "",
        **query: Any,
    ) -> None:
        url = f"{site.replace('http', 'ws', 1)}/ws/{workspace}/?{urlencode(query)}"
        headers = session_of(member) if headers is None else headers
        self._opening = connect(
            url,
            origin=origin or site,
            additional_headers=headers,
            compression=None,
            proxy=None,
            open_timeout=10,
        )
        self.frames: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self.socket = self._opening.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._opening.__exit__(*problem)  # type: ignore[arg-type]

    def until(self, key: str, within: float = PATIENCE) -> dict[str, Any]:
        """The next frame that has `key`."""
        end = time.monotonic() + within
        while True:
            frame = json.loads(self.socket.recv(timeout=max(0.0, end - time.monotonic())))
            self.frames.append(frame)
            if key in frame:
                return frame

    def caught_up(self) -> list[dict[str, Any]]:
        """Everything up to the moment at which the server says that nothing is missing, without the counts."""
        self.until("caught_up")
        return [frame for frame in self.frames if "counts" not in frame and "caught_up" not in frame]

    def code(self, within: float = PATIENCE) -> int:
        """The code with which the server closes."""
        end = time.monotonic() + within
        with suppress(ConnectionClosed):
            while True:
                self.frames.append(json.loads(self.socket.recv(timeout=max(0.0, end - time.monotonic()))))
        code = self.socket.close_code
        assert code is not None
        return code

    def say(self, **words: Any) -> None:
        """Tells the server something, as live.js does."""
        self.socket.send(json.dumps(words))
