"""The customers' side of a journey: the simulator's control API, and people who write with its phones."""

import json
import time
import urllib.request
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from accounts.tenancy import scope
from dev.stack import LOOPBACK
from inbox.models import Conversation, Message
from tests.waiting import until
from tests.worlds import World

DAY = 24 * 3600
_serial = count(1)


class Simulator:
    """Orders to the simulator, and what it has accepted."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET without a body, else POST; the answer as it is."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with LOOPBACK.open(request, timeout=20) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def reset(self) -> None:
        """Everything forgotten, all switches back."""
        self.call("/control/reset", {})

    def switch(self, **switches: Any) -> None:
        """Makes the Cloud API misbehave, see simulator/README.md."""
        self.call("/control/switches", switches)

    def fail(self, code: int, where: str) -> None:
        """The next send is refused (`response`) or fails afterwards (`receipt`)."""
        self.switch(fail=[{"code": code, "times": 1, "where": where}])

    def receipt(self, wamid: str, status: str) -> None:
        """Tells the product what became of a message."""
        assert self.call("/control/receipt", {"wamid": wamid, "status": status})["status"] == 200

    def accepted(self) -> list[dict[str, Any]]:
        """Every send that was accepted since the reset, in order."""
        rows: list[dict[str, Any]] = self.call("/control/accepted")["messages"]
        return rows

    def texts(self) -> list[str]:
        """The texts of those, in order."""
        return [row["request"]["text"]["body"] for row in self.accepted()]

    def customer(self, world: World, name: str) -> "Customer":
        """Somebody with a phone of their own who has not written yet."""
        return Customer(self, world, name, f"96279{next(_serial):07d}")


@dataclass
class Customer:
    """A person who writes to the workspace's number."""

    simulator: Simulator
    world: World
    name: str
    wa_id: str
    conversation_id: int = field(default=0)

    def writes(self, text: str, *, ago: float = 0, answered: bool = True) -> None:
        """Writes `ago` seconds ago; `answered`: the door takes it at once (else it is tried again later)."""
        order = {"phone_number_id": self.world.number.phone_number_id, "from": self.wa_id, "name": self.name}
        outcome = self.simulator.call(
            "/control/inbound", order | {"text": text, "timestamp": time.time() - ago}
        )
        assert outcome["status"] == (200 if answered else None), outcome

    def has_written(self, text: str, *, ago: float = 0) -> int:
        """Writes, waits until the message is in the inbox, and returns the conversation's id."""
        self.writes(text, ago=ago)
        self.conversation_id = until(lambda: self._conversation_with(text))
        return self.conversation_id

    def looks(self) -> None:
        """Opens the chat on the phone, which marks what is there as read."""
        self.simulator.call(
            "/handset/look", {"phone_number_id": self.world.number.phone_number_id, "wa_id": self.wa_id}
        )

    def _conversation_with(self, text: str) -> int:
        with scope(self.world.id):
            written = Message.objects.filter(
                body=text, outgoing=False, conversation__contact__phone=f"+{self.wa_id}"
            )
            return written.values_list("conversation_id", flat=True).first() or 0


def conversation(world: World, conversation_id: int) -> Conversation:
    """The row as it is now."""
    with scope(world.id):
        return Conversation.objects.get(pk=conversation_id)


def messages(world: World, conversation_id: int) -> list[Message]:
    """All outgoing messages, oldest first."""
    with scope(world.id):
        return list(Message.objects.filter(conversation_id=conversation_id, outgoing=True).order_by("pk"))
