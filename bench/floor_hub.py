"""The floor of live: a bare ASGI socket server that knows neither people nor pages.

One listener of the same pokes, one reading of the same log, one prepared frame per event, one bounded queue per socket.
"""

import asyncio
import json
import os
from typing import Any

import psycopg
import redis.asyncio

WORKSPACE = int(os.environ.get("FLOOR_WORKSPACE", "0"))
POKES = "inbox:pokes"  # accounts.stream.POKES; nothing of the product is imported here
PADDING = "x" * 1150
WAITING_LIMIT = 256

queues: "set[asyncio.Queue[str]]" = set()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Accepts every socket."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _socket(receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    await receive()
    listener = asyncio.create_task(_listen())
    await send({"type": "lifespan.startup.complete"})
    await receive()
    listener.cancel()
    await send({"type": "lifespan.shutdown.complete"})


async def _socket(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    queue: asyncio.Queue[str] = asyncio.Queue(WAITING_LIMIT)
    queues.add(queue)
    writer = asyncio.create_task(_write(queue, send))
    while (await receive())["type"] != "websocket.disconnect":
        pass
    queues.discard(queue)
    writer.cancel()


async def _write(queue: "asyncio.Queue[str]", send: Any) -> None:
    while True:
        await send({"type": "websocket.send", "text": await queue.get()})


async def _listen() -> None:
    """One fetch for all sockets, and one frame per event."""
    client = redis.asyncio.from_url(os.environ["REDIS_URL"])
    database = await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True)
    await database.execute("SELECT set_config('app.workspace_id', %s, false)", [str(WORKSPACE)])
    seq = 0
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(POKES)
        async for poke in pubsub.listen():
            if WORKSPACE not in dict(json.loads(poke["data"])):
                continue
            rows = await database.execute(
                "SELECT seq, object_id, messages FROM accounts_streamevent WHERE workspace_id = %s AND seq > %s"
                " ORDER BY seq",
                [WORKSPACE, seq],
            )
            async for seq, conversation_id, _ in rows:
                text = json.dumps({"seq": seq, "conversation": conversation_id, "row": PADDING})
                for queue in queues:
                    queue.put_nowait(text)
