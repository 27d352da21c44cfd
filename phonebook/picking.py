"""Choosing contacts in a form: a search whose ticks stay, page after page, with and without a script.

The form sends itself to itself until it is saved; whoever was ticked and is not on the page shown now stands above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django.db import connection
from django.http import QueryDict

from phonebook import queries
from phonebook.models import Contact, Label
from phonebook.queries import Cursor, Filter

TICKS_AT_MOST = 2_000  # more than anybody ticks by hand


@dataclass
class Picker:
    """What was searched for and ticked; `fill` looks up what the page shows."""

    q: str = ""
    label_id: str = ""
    after: Cursor | None = None
    ticked: list[int] = field(default_factory=list)
    everybody: bool = False
    labels: Sequence[Label] = ()
    page: queries.Page = field(default_factory=lambda: queries.Page([]))
    total: int = 0
    elsewhere: Sequence[Contact] = ()

    @classmethod
    def read(cls, data: QueryDict) -> Self:
        """From a form or a query string; `do` is the pressed button."""
        ticked = [
            int(each)
            for each in data.getlist("contact")
            if each.isascii() and each.isdigit() and len(each) < 19
        ]
        ticked = [each for each in dict.fromkeys(ticked) if each < 2**63]
        going_on = data.get("do") == "next"
        return cls(
            q=data.get("q", "").strip(),
            label_id=data.get("label", ""),
            after=Cursor.parse(data.get("after", "")) if going_on else None,
            ticked=ticked[:TICKS_AT_MOST],
            everybody=data.get("everybody") == "on" and not going_on,
        )

    def chosen(self, workspace_id: int) -> Filter:
        """The search. What is no label of the workspace counts as none. One question."""
        self.labels = self.labels or queries.label_choices(workspace_id)
        return Filter(
            q=self.q, label=next((each for each in self.labels if str(each.pk) == self.label_id), None)
        )

    def query(self, workspace_id: int) -> tuple[str, Sequence[Any]] | None:
        """A SELECT of everybody who matches, if that was asked for; inside a reading scope."""
        return queries.people_sql(workspace_id, self.chosen(workspace_id)) if self.everybody else None

    def fill(self, workspace_id: int) -> Self:
        """Looks up the page of people, how many match, and who else is ticked. Inside a reading scope."""
        chosen = self.chosen(workspace_id)
        self.page = queries.page(workspace_id, chosen, self.after)
        sql, values = queries.people_sql(workspace_id, chosen)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({sql}) AS people", list(values))
            self.total = cursor.fetchone()[0]
        shown = {row.contact.pk for row in self.page.rows}
        others = [each for each in self.ticked if each not in shown]
        elsewhere = Contact.objects.filter(pk__in=others, merged_into__isnull=True).order_by(
            "sort_name", "id"
        )
        self.elsewhere = list(elsewhere)
        return self
