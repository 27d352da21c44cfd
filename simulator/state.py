"""Everything the simulator knows: numbers, customers, threads, messages, what it accepted and refused.

Plain data and the few rules that keep it consistent. It never sends anything and never waits. What a send
touches costs the same however much is known, and what it leaves behind is bounded.
"""

import itertools
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Literal

import msgspec

from simulator import phones
from simulator.files import Library
from simulator.shelf import Shelf, Template

WINDOW_S = 24 * 3600
PHONE_STAYS_KNOWN_S = 30 * 24 * 3600
PAIR_INTERVAL_S = 6.0
PAIR_BURST = 45
KEPT_RECORDS = 100_000
KEPT_MESSAGES = 100_000
# Events that are no message of the person; whether they open the service window is undocumented, so the
# simulator takes the strict reading.
NOT_OPENERS = frozenset({"reaction", "edit", "revoke", "system", "unsupported"})
UNSEEN = frozenset({"read", "failed", "held"})  # nothing to be read, or not yet
RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4}


class Number(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A business phone number. `token` and `portfolio_id` default to values derived from the ids."""

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    verified_name: str
    token: str = ""
    portfolio_id: str = ""
    quality_rating: str = "GREEN"
    status: str = "CONNECTED"
    throughput: str = "STANDARD"
    messaging_limit: str = "TIER_100K"  # of the portfolio; whatsapp_business_manager_messaging_limit

    def __post_init__(self) -> None:
        self.token = self.token or f"demo-token-{self.phone_number_id}"
        self.portfolio_id = self.portfolio_id or self.waba_id

    @property
    def digits(self) -> str:
        return phones.digits_of(self.display_phone_number)


class Customer(msgspec.Struct, gc=False):
    """A person with a phone; `username_only` hides it from businesses, `unreachable` is not on WhatsApp.

    `refuse` is the error every send to this person ends with, in the answer or by receipt. A `stranger` is
    only known because somebody sent something there.
    """

    wa_id: str
    name: str
    username: str = ""
    username_only: bool = False
    unreachable: bool = False
    refuse: int | None = None
    refuse_where: Literal["response", "receipt"] = "receipt"
    stranger: bool = False

    @property
    def called(self) -> str:
        # Looked up when shown: formatting a number costs more than a whole send.
        return self.name or phones.display(self.wa_id)


class Record(msgspec.Struct, gc=False, kw_only=True):
    """One send that was accepted (with `wamid`) or refused (with `code`). `request` is the body as it came."""

    seq: int
    time: float
    phone_number_id: str
    request: msgspec.Raw


class AcceptedRecord(Record, gc=False, kw_only=True):
    """An accepted send; `held` waits for the assessment of its template."""

    wamid: str
    wa_id: str | None
    opaque: str | None
    lost: bool
    dropped: bool
    held: bool


class RejectedRecord(Record, gc=False, kw_only=True):
    """A refused send; `code` is None when a gateway answered."""

    code: int | None
    details: str
    http_status: int


class Message(msgspec.Struct, kw_only=True, gc=False):
    """One message of either side. `at` is unix seconds; `via` is how the business addressed the person.

    One from a template names the edition in `template` and keeps the request, from which the phone draws it.
    """

    wamid: str
    phone_number_id: str
    wa_id: str
    sender: Literal["customer", "business"]
    type: str
    text: str
    at: float
    status: str = "accepted"
    quoted: str | None = None
    error: str | None = None
    via: Literal["phone", "bsuid"] = "phone"
    opaque: str | None = None
    category: str = "service"  # for which it is charged
    template: str = ""
    request: msgspec.Raw = msgspec.Raw(b"null")


class Thread(msgspec.Struct):
    """What one person and one number wrote to each other, and the clocks that hang on the pair."""

    phone_number_id: str
    wa_id: str
    messages: list[Message] = []
    last_customer_at: float | None = None
    phone_known_at: float | None = None
    typing_until: float = 0.0
    pair_free_at: float = 0.0
    unread: int = 0

    def window_until(self) -> float | None:
        """When free text ends (unix seconds), or None if this person never wrote."""
        return None if self.last_customer_at is None else self.last_customer_at + WINDOW_S

    def window_open(self, now: float) -> bool:
        until = self.window_until()
        return until is not None and now < until

    def take_pair_slot(self, now: float) -> bool:
        """Take one slot of the pair limit: one message per 6 s, with 45 borrowed from the future at most."""
        free_at = max(self.pair_free_at, now)
        if free_at - now > PAIR_INTERVAL_S * (PAIR_BURST - 1):
            return False
        self.pair_free_at = free_at + PAIR_INTERVAL_S
        return True


class World:
    """The memory of one run. `version` grows with every change, so that a page can ask for news only."""

    def __init__(
        self,
        numbers: Iterable[Number],
        customers: Iterable[Customer],
        version: int,
        templates: Iterable[Template] = (),
    ) -> None:
        # Copies: a changed token must not leak back into the presets that a reset returns to.
        self.numbers = {number.phone_number_id: msgspec.structs.replace(number) for number in numbers}
        self.customers = {customer.wa_id: customer for customer in customers}
        self.templates = Shelf(templates)
        self.files = Library()
        self.stopped: set[tuple[str, str]] = set()  # (portfolio, wa_id) of who stopped marketing
        self.threads: dict[tuple[str, str], Thread] = {}
        self.messages: dict[str, Message] = {}
        self.order: deque[str] = deque()  # of the messages: the front of a dict is not cheap to drop
        self.accepted: deque[AcceptedRecord] = deque(maxlen=KEPT_RECORDS)
        self.rejected: deque[RejectedRecord] = deque(maxlen=KEPT_RECORDS)
        self.counts: Counter[str] = Counter()
        self.version = version
        self._user_ids: dict[str, dict[str, str]] = {}
        self._indexed: Counter[str] = Counter()

    def touch(self) -> None:
        self.version += 1

    def thread(self, phone_number_id: str, wa_id: str) -> Thread:
        """The thread of this pair, begun if there is none."""
        key = (phone_number_id, wa_id)
        if key not in self.threads:
            self.threads[key] = Thread(phone_number_id, wa_id)
        return self.threads[key]

    def customer(self, wa_id: str, name: str = "") -> Customer:
        """The person behind a WhatsApp id; a stranger is created, a new name replaces the old one."""
        person = self.customers.get(wa_id)
        if person is None:
            person = self.customers[wa_id] = Customer(wa_id=wa_id, name=name)
        elif name:
            person.name = name
        return person

    def person_behind(self, portfolio_id: str, user_id: str) -> Customer | None:
        """The person of a business-scoped user id, or None: ids of another portfolio mean nobody here."""
        known = self._user_ids.setdefault(portfolio_id, {})
        if user_id not in known:
            # Only who came since the last question: people are added at the end and seldom leave.
            newer = itertools.islice(self.customers, self._indexed[portfolio_id], None)
            known.update({phones.bsuid(portfolio_id, wa_id): wa_id for wa_id in newer})
            self._indexed[portfolio_id] = len(self.customers)
        return self.customers.get(known.get(user_id, ""))

    def add(self, message: Message) -> None:
        """Put a message into its thread, moving the service window by its own timestamp."""
        thread = self.thread(message.phone_number_id, message.wa_id)
        thread.messages.append(message)
        self.messages[message.wamid] = message
        self.order.append(message.wamid)
        if len(self.order) > KEPT_MESSAGES:
            self._forget(self.messages.pop(self.order.popleft(), None))
        if message.sender == "business":
            thread.typing_until = 0.0
            thread.unread += message.status not in UNSEEN
            if message.via == "phone" and message.status != "failed":
                thread.phone_known_at = message.at
        elif message.type not in NOT_OPENERS:
            thread.last_customer_at = max(thread.last_customer_at or 0.0, message.at)
        self.touch()

    def advance(self, message: Message, status: str, error: str | None = None) -> None:
        """Move a message forward to `status`; a lower one than it has is ignored. `failed` always counts."""
        if status == "failed":
            message.error = error
        elif RANK.get(status, -1) <= RANK.get(message.status, -1):
            return
        message.status = status
        self.touch()

    def read_up_to(self, message: Message) -> None:
        """The business read this customer message, and with it everything the customer wrote before."""
        for earlier in self.thread(message.phone_number_id, message.wa_id).messages:
            if earlier.sender == "customer":
                self.advance(earlier, "read")
            if earlier is message:
                break

    def unread_for_customer(self, thread: Thread) -> list[Message]:
        """Take what the customer has not read yet, oldest first: opening the chat reads it."""
        waiting = [m for m in thread.messages if m.sender == "business" and m.status in RANK]
        unread = [message for message in waiting if RANK[message.status] < RANK["read"]]
        for message in unread:
            self.advance(message, "read")
        thread.unread = 0
        return unread

    def phone_is_visible(self, person: Customer, phone_number_id: str) -> bool:
        """Whether webhooks to this number carry the person's phone (it may be hidden behind a username)."""
        if not person.username_only:
            return True
        known_at = self.thread(phone_number_id, person.wa_id).phone_known_at
        return known_at is not None and time.time() - known_at < PHONE_STAYS_KNOWN_S

    def restore(self, thread: Thread) -> None:
        """Take in a whole thread of an earlier run, clocks included."""
        self.threads[thread.phone_number_id, thread.wa_id] = thread
        for message in thread.messages:
            self.messages[message.wamid] = message
            self.order.append(message.wamid)

    def _forget(self, message: Message | None) -> None:
        """Drop the oldest message, and with their last one the people who never did anything here."""
        key = None if message is None else (message.phone_number_id, message.wa_id)
        thread = None if key is None else self.threads.get(key)
        if message is None or key is None or thread is None:
            return
        thread.messages.remove(message)
        person = self.customers.get(message.wa_id)
        if not thread.messages and person is not None and person.stranger:
            del self.threads[key], self.customers[message.wa_id]
            for portfolio_id, known in self._user_ids.items():
                known.pop(phones.bsuid(portfolio_id, message.wa_id), None)
                # One less in front of those who are not indexed yet.
                self._indexed[portfolio_id] = max(0, self._indexed[portfolio_id] - 1)

    def count(self, where: Literal["accepted", "rejected"], phone_number_id: str) -> int:
        """Count one send of that number, and return its `seq`, from 1."""
        self.counts[where] += 1
        self.counts[f"{where}:{phone_number_id}"] += 1
        self.touch()
        return self.counts[where]
