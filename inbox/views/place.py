"""Which list an agent is looking at: the query string, understood. Nonsense becomes the default, never an error."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict

from accounts.models import Membership, PhoneNumber
from inbox.models import Conversation
from inbox.queries import Cursor

MARKETING = "marketing"
TABS = ("unclaimed", "claimed", "closed", MARKETING)
WORDS_AT_MOST = 200
_ID_DIGITS = 18


@dataclass(frozen=True)
class Place:
    """A tab (claimed: mine or everybody's; marketing: the broadcasts, or the threads of one), or a search over all
    states; possibly of one number only."""

    tab: str = "unclaimed"
    owner: str = "mine"
    broadcast: int | None = None
    number: int | None = None
    q: str = ""
    before: Cursor | None = None

    @classmethod
    def read(cls, query: QueryDict, numbers: Sequence[PhoneNumber], default: "Place | None" = None) -> Self:
        """The place named by the query string; where it names no tab, the one of `default`."""
        default = default or Place()
        tab = query.get("tab", "")
        number = query.get("number", "")
        broadcast = query.get("broadcast", "")
        is_id = broadcast.isascii() and broadcast.isdigit() and len(broadcast) <= _ID_DIGITS
        return cls(
            tab=tab if tab in TABS else default.tab,
            owner=query.get("owner", "") if tab in TABS else default.owner,
            broadcast=int(broadcast) if is_id else None,
            number=next((row.pk for row in numbers if str(row.pk) == number), None),
            # PostgreSQL's text knows no NUL.
            q=" ".join(query.get("q", "").replace("\0", " ").split())[:WORDS_AT_MOST],
            before=Cursor.parse(query.get("before", "")),
        ).normal()

    @classmethod
    def of(cls, conversation: Conversation, member: Membership) -> "Place":
        """The tab in which the member finds the conversation."""
        if conversation.state == Conversation.State.CLAIMED:
            return Place(tab="claimed", owner="mine" if conversation.holder_id == member.pk else "all")
        if conversation.state == Conversation.State.OUTBOUND:
            return Place(tab=MARKETING)
        return Place(tab=conversation.state)

    def normal(self) -> Self:
        """The same place, written in one way."""
        return replace(
            self,
            owner="all" if self.tab == "claimed" and self.owner == "all" else "mine",
            broadcast=self.broadcast if self.tab == MARKETING else None,
        )

    def at(self, **changes: str | int | Cursor | None) -> str:
        """The query string of this place with `changes`: "?tab=claimed&owner=all"."""
        other = replace(self, **{"before": None, **changes}).normal()  # type: ignore[arg-type]
        words = {
            "tab": other.tab,
            "owner": "all" if other.owner == "all" else "",
            "broadcast": other.broadcast or "",
            "number": other.number or "",
            "q": other.q,
            "before": str(other.before or ""),
        }
        return "?" + urlencode({name: value for name, value in words.items() if value})

    @property
    def query(self) -> str:
        """The query string of the place, first page."""
        return self.at()

    @property
    def unclaimed(self) -> str:
        """The query string of Unclaimed, of the same number."""
        return self.at(tab="unclaimed", owner="mine", q="")

    @property
    def mine(self) -> str:
        """The query string of what I hold."""
        return self.at(tab="claimed", owner="mine", q="")

    @property
    def all(self) -> str:
        """The query string of what anybody holds."""
        return self.at(tab="claimed", owner="all", q="")

    @property
    def closed(self) -> str:
        """The query string of Closed."""
        return self.at(tab="closed", owner="mine", q="")

    @property
    def marketing(self) -> str:
        """The query string of the broadcasts."""
        return self.at(tab=MARKETING, broadcast=None, q="")

    @property
    def any_number(self) -> str:
        """The query string without the number. A broadcast is of one number: another one has other broadcasts."""
        return self.at(number=None, broadcast=None)

    @property
    def without_words(self) -> str:
        """The query string without the search."""
        return self.at(q="")
