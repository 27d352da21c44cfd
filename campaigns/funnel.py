"""A campaign's figures as a bar and a table: names, numbers, shares and places, drawn by the templates.

Words and geometry only; what is counted is figures.py's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.figures import PARTS, Figures
from campaigns.models import Campaign, Skip
from campaigns.people import Figure

UNITS = 1000  # width of the bar
LEAST = 8  # width of a part that is not empty: one person in 100,000 must be seen

LABELS: dict[str, str | Promise] = {
    "recipients": _("Recipients"),
    "waiting": pgettext_lazy("campaign figure", "Queued"),
    "sent": pgettext_lazy("campaign figure", "Sent"),
    "held": _("Held by WhatsApp"),
    "delivered": pgettext_lazy("campaign figure", "Delivered"),
    "read": pgettext_lazy("campaign figure", "Read"),
    "replied": pgettext_lazy("campaign figure", "Replied"),
    "unanswered": _("Read, but no answer"),
    "failed": pgettext_lazy("campaign figure", "Failed"),
    "unconfirmed": pgettext_lazy("campaign figure", "Unconfirmed"),
    "skipped": pgettext_lazy("campaign figure", "Skipped"),
}
NOT_SENT = pgettext_lazy("campaign figure", "Not sent")
_ROWS = ("waiting", "sent", "held", "delivered", "read", "replied", "failed", "unconfirmed", "skipped")
# Nobody is there most of the time: shown only when somebody is.
_SELDOM = {"held", "unconfirmed"}
# Shares are of those it went to; only who was skipped is a share of everybody.
_OF_ALL = {"skipped"}


@dataclass(frozen=True)
class Part:
    """A piece of the bar, in units of UNITS."""

    name: str
    label: str | Promise
    n: int
    x: int
    width: int


@dataclass(frozen=True)
class Row:
    """A figure of the table; `share` in percent."""

    name: str
    label: str | Promise
    n: int
    share: float

    @property
    def query(self) -> str:
        """Who stands behind it, as a query string."""
        return Figure(self.name).query


def label(campaign: Campaign, name: str) -> str | Promise:
    """What a figure is called: who still waits when a campaign is over gets nothing any more."""
    over = campaign.state in {Campaign.State.CANCELLED, Campaign.State.FAILED}
    return NOT_SENT if name == "waiting" and over else LABELS[name]


def title(campaign: Campaign, figure: Figure) -> str | Promise:
    """The heading of a page of people."""
    if figure.name == "skipped" and figure.reason in Skip.values:
        return Skip(figure.reason).label
    return label(campaign, figure.name)


def bar(campaign: Campaign, figures: Figures) -> list[Part]:
    """The parts that are not empty, from who answered to who was skipped. Their widths add up to UNITS."""
    present = [(name, figures.parts.get(name, 0)) for name in PARTS if figures.parts.get(name, 0)]
    widths = _widths([n for _name, n in present])
    parts, x = [], 0
    for (name, n), width in zip(present, widths, strict=True):
        parts.append(Part(name, label(campaign, name), n, x, width))
        x += width
    return parts


def rows(campaign: Campaign, figures: Figures) -> list[Row]:
    """The table: each figure with those who got further, so that the numbers fall from sent to replied."""
    found = []
    for name in _ROWS:
        n: int = getattr(figures, name)
        if n or name not in _SELDOM:
            of = figures.recipients if name in _OF_ALL else figures.ready
            found.append(Row(name, label(campaign, name), n, n / of * 100 if of else 0.0))
    return found


def _widths(numbers: Sequence[int]) -> list[int]:
    """Shares of UNITS, none below LEAST; what rounding leaves over goes to the widest."""
    total = sum(numbers)
    widths = [max(LEAST, n * UNITS // total) for n in numbers]
    if widths:
        widest = widths.index(max(widths))
        widths[widest] += UNITS - sum(widths)
    return widths
