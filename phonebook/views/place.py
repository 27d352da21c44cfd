"""Where somebody is in the phonebook: the filter as the query string says it, and the links that change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from phonebook import queries
from phonebook.models import Label, List
from phonebook.queries import CHOICES, Cursor, Filter


@dataclass(frozen=True)
class Place:
    """A filter, the cursor, and what there is to choose from."""

    chosen: Filter
    after: Cursor | None
    labels: list[Label]
    lists: list[List]

    @classmethod
    def read(cls, query: Mapping[str, str], workspace_id: int) -> Self:
        """From ?q=&label=&list=&marketing=&after=. What is not of this workspace counts as not given. Two questions."""
        labels, lists = queries.label_choices(workspace_id), queries.list_choices(workspace_id)
        chosen = Filter(
            q=query.get("q", "").strip(),
            label=next((each for each in labels if str(each.pk) == query.get("label")), None),
            list=next((each for each in lists if str(each.pk) == query.get("list")), None),
            marketing=CHOICES.get(query.get("marketing", "")),
        )
        return cls(chosen, Cursor.parse(query.get("after", "")), labels, lists)

    @property
    def marketing(self) -> str:
        """The state of consent as the query string names it."""
        return next((name for name, choice in CHOICES.items() if choice == self.chosen.marketing), "")

    @property
    def is_filtered(self) -> bool:
        """Whether less than everybody is meant."""
        return self.chosen != Filter()

    @property
    def query(self) -> str:
        """The query string of the filter, first page: "?label=3", or ""."""
        return self._written(None)

    def query_after(self, cursor: Cursor) -> str:
        """The query string of the page after the cursor."""
        return self._written(cursor)

    def _written(self, after: Cursor | None) -> str:
        chosen = self.chosen
        words = {
            "q": chosen.q,
            "label": chosen.label.pk if chosen.label else "",
            "list": chosen.list.pk if chosen.list else "",
            "marketing": self.marketing,
            "after": str(after or ""),
        }
        given = {name: value for name, value in words.items() if value}
        return "?" + urlencode(given) if given else ""
