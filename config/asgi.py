"""The ASGI entry: Meta's door in front of Django, the sockets beside it, and the lifespan that starts both.

Without the lifespan the server would start all the same and every webhook would be answered 503.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

django: Any = get_asgi_application()

# These need the apps loaded.
from inbox.hub import hub  # noqa: E402
from inbox.routing import sockets  # noqa: E402
from webhooks.door import Door, Receive, Scope, Send  # noqa: E402
from webhooks.tasks import Nudge  # noqa: E402

door = Door(stored=Nudge())
DOOR_PATHS = {"/webhooks/whatsapp/", "/webhooks/whatsapp"}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends each connection where it belongs. A plain function: a router would cost the door a tenth of its speed."""
    if scope["type"] == "http":
        if scope["path"] in DOOR_PATHS:
            await door(scope, receive, send)
        else:
            await django(scope, receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message: Any = await receive()
        if message["type"] == "lifespan.startup":
            await door.start()
            await hub.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await door.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
