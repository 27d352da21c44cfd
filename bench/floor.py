"""The floor of ingest: the same server, the same HMAC over the same bytes, and nothing stored."""

from typing import Any

from whatsapp.signature import verify

SECRETS = ["demo-app-secret"]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers 200 to a valid signature, else 401."""
    if scope["type"] != "http":
        return
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    valid = verify(SECRETS, b"".join(chunks), dict(scope["headers"]).get(b"x-hub-signature-256"))
    await send(
        {
            "type": "http.response.start",
            "status": 200 if valid else 401,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0")],
        }
    )
    await send({"type": "http.response.body", "body": b""})
