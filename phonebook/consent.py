"""Who wants marketing: the ledger, the contact's state that follows from it, and the question before every send.

Entries may come twice, late and in any order, from several workers: the result is the same. Nothing else writes
`marketing`, `marketing_at` and `marketing_not_before`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from django.db import connection

from phonebook.keywords import BUILT_IN, LONGEST_TEXT, normalised
from phonebook.models import Consent, Contact, Marketing
from phonebook.twins import with_twins

__all__ = ["MAY_MARKET_SQL", "Entry", "adopt", "defer", "normalised", "record", "refusal", "wanted"]

WORDING_CHARS = 500

# The same as `refusal(…) is None`, over the aliases c (phonebook_contact) and w (accounts_workspace).
MAY_MARKET_SQL = (
    f"(c.marketing = {Marketing.OPTED_IN:d}"
    f" OR c.marketing = {Marketing.UNKNOWN:d} AND NOT w.marketing_needs_opt_in)"
    " AND (c.marketing_not_before IS NULL OR c.marketing_not_before <= now())"
)


@dataclass(frozen=True)
class Entry:
    """One line for the ledger. `at` is when the customer said it, by the clock of whoever heard it."""

    workspace_id: int
    contact_id: int
    choice: Marketing
    source: Consent.Source
    wording: str
    at: datetime
    member_id: int | None = None


class _Standing(NamedTuple):
    contact_id: int
    merged_into: int | None
    marketing: int
    at: datetime | None


def record(entries: Sequence[Entry]) -> list[int]:
    """Adds to the ledger; the contact follows its newest entry, and an opt-out wins over an opt-in of the same moment.

    Returns the ids of the contacts who now want something else than before, ascending. What is said of a contact that
    was merged counts for the one that was kept, and what one says counts for all who have the same number. Inside the
    caller's scope or crossing; locks the contacts, ascending.
    """
    twins = with_twins({entry.contact_id for entry in entries})
    entries = [
        replace(entry, contact_id=each) for entry in entries for each in sorted(twins[entry.contact_id])
    ]
    standing = _locked({entry.contact_id for entry in entries})
    known = {key: each.contact_id for key, each in standing.items()}
    # A contact of another workspace, or none at all, is left out here, as row-level security would have it.
    rows = [(known[entry.contact_id], entry) for entry in entries if entry.contact_id in known]
    _write(rows)
    newest: dict[int, tuple[datetime, int]] = {}
    for contact_id, entry in rows:
        said = (entry.at, int(entry.choice))
        newest[contact_id] = max(said, newest.get(contact_id, said))
    before = {each.contact_id: each for each in standing.values()}
    news = {contact_id: said for contact_id, said in newest.items() if _counts_more(said, before[contact_id])}
    _follow(news)
    return sorted(
        contact_id for contact_id, (_at, choice) in news.items() if choice != before[contact_id].marketing
    )


def defer(contact_ids: Collection[int], until: datetime) -> None:
    """No marketing to these people before `until` (WhatsApp's 131049); a later date that is set already stays.

    Inside the caller's scope or crossing; locks the contacts, ascending.
    """
    ids = sorted({each.contact_id for each in _locked(contact_ids).values()})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE phonebook_contact SET marketing_not_before = greatest(marketing_not_before, %s)"
            " WHERE id = ANY(%s)",
            [until, ids],
        )


def adopt(*, winner_id: int, loser_id: int) -> None:
    """The winner of a merge gets the loser's ledger; its newest entry counts, and the longer pause.

    Inside the caller's scope, with both contacts locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE phonebook_consent AS c SET contact_id = %s WHERE contact_id = %s AND NOT EXISTS ("
            " SELECT FROM phonebook_consent AS same WHERE same.contact_id = %s"
            " AND (same.at, same.source, same.choice) = (c.at, c.source, c.choice))",
            [winner_id, loser_id, winner_id],
        )
        cursor.execute("DELETE FROM phonebook_consent WHERE contact_id = %s", [loser_id])
        cursor.execute(
            "UPDATE phonebook_contact AS w SET"
            " marketing_not_before = greatest(w.marketing_not_before, l.marketing_not_before),"
            " marketing = CASE WHEN newer THEN l.marketing ELSE w.marketing END,"
            " marketing_at = CASE WHEN newer THEN l.marketing_at ELSE w.marketing_at END"
            " FROM (SELECT l.*, l.marketing_at IS NOT NULL AND (k.marketing_at IS NULL"
            " OR (l.marketing_at, l.marketing) > (k.marketing_at, k.marketing)) AS newer"
            " FROM phonebook_contact AS l, phonebook_contact AS k WHERE l.id = %s AND k.id = %s) AS l"
            " WHERE w.id = %s",
            [loser_id, winner_id, winner_id],
        )


def wanted(pairs: Sequence[tuple[int, str]]) -> list[Marketing | None]:
    """What each (workspace id, text of a message) asks for: OPTED_IN, OPTED_OUT, or None if it is no keyword.

    One query, none where no text is short enough. A keyword of the workspace overrides a built-in one.
    """
    words = [
        (workspace_id, normalised(text)) if text and len(text) <= LONGEST_TEXT else (workspace_id, "")
        for workspace_id, text in pairs
    ]
    asked = sorted({word for word in words if word[1]})
    own = _own_keywords(asked) if asked else {}
    found: list[Marketing | None] = []
    for key in words:
        choice = own.get(key, BUILT_IN.get(key[1]))
        found.append(choice or None)  # UNKNOWN is 0: the workspace has switched a built-in word off
    return found


def refusal(
    contact: Contact, *, needs_opt_in: bool, now: datetime
) -> Literal["opted_out", "no_consent", "capped"] | None:
    """Why no marketing may go to the contact now; None if it may. `needs_opt_in` is the workspace's rule."""
    if contact.marketing == Marketing.OPTED_OUT:
        return "opted_out"
    if needs_opt_in and contact.marketing != Marketing.OPTED_IN:
        return "no_consent"
    if contact.marketing_not_before is not None and contact.marketing_not_before > now:
        return "capped"
    return None


def _locked(contact_ids: Collection[int]) -> dict[int, _Standing]:
    """Locks the contacts, or those they were merged into; under each given id, what is kept of it."""
    standing: dict[int, _Standing] = {}
    target = {contact_id: contact_id for contact_id in contact_ids}
    while target:
        found = _lock(set(target.values()))
        standing |= {
            given: found[now] for given, now in target.items() if now in found and not found[now].merged_into
        }
        # Those that somebody is merging right now were read before that commit and locked after it.
        target = {
            given: into for given, now in target.items() if now in found and (into := found[now].merged_into)
        }
    return standing


def _lock(contact_ids: Iterable[int]) -> dict[int, _Standing]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, merged_into_id, marketing, marketing_at FROM phonebook_contact"
            " WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [sorted(contact_ids)],
        )
        return {row[0]: _Standing(*row) for row in cursor.fetchall()}


def _counts_more(said: tuple[datetime, int], before: _Standing) -> bool:
    return before.at is None or said > (before.at, before.marketing)


def _write(rows: Sequence[tuple[int, Entry]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO phonebook_consent"
            " (workspace_id, contact_id, choice, source, wording, at, member_id, created)"
            " SELECT n.*, now() FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[],"
            " %s::timestamptz[], %s::bigint[]) AS n ON CONFLICT (contact_id, at, source, choice) DO NOTHING",
            [
                [entry.workspace_id for _id, entry in rows],
                [contact_id for contact_id, _entry in rows],
                [int(entry.choice) for _id, entry in rows],
                [str(entry.source) for _id, entry in rows],
                [entry.wording[:WORDING_CHARS] for _id, entry in rows],
                [entry.at for _id, entry in rows],
                [entry.member_id for _id, entry in rows],
            ],
        )


def _follow(news: dict[int, tuple[datetime, int]]) -> None:
    if not news:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE phonebook_contact AS c SET marketing = n.choice, marketing_at = n.at"
            " FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[]) AS n (id, choice, at)"
            " WHERE c.id = n.id",
            [list(news), [choice for _at, choice in news.values()], [at for at, _choice in news.values()]],
        )


def _own_keywords(asked: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Marketing]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workspace_id, word, choice FROM phonebook_keyword"
            " JOIN unnest(%s::bigint[], %s::text[]) AS k (workspace_id, word) USING (workspace_id, word)",
            [[workspace_id for workspace_id, _word in asked], [word for _workspace, word in asked]],
        )
        return {(workspace_id, word): Marketing(choice) for workspace_id, word, choice in cursor.fetchall()}
