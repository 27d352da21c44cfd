"""Whose turn it is in a campaign: takes some of the waiting, and decides for each whether they may still be written to.

Runs inside the slice's transaction, in which their messages are written down as well: who opts out before it commits is
skipped. Lock order: recipients, contacts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from accounts.models import PhoneNumber
from campaigns.models import Recipient, Skip
from inbox import bulk, failures
from inbox.letters import Person, Sheet
from phonebook.consent import MAY_MARKET_SQL
from phonebook.models import Marketing

State = Recipient.State

_CLAIM = f"""
    SELECT r.id, r.contact_id, r.template_id, r.values, m.id, m.status, m.attempt,
        m.id IS NOT NULL AND EXISTS (SELECT FROM inbox_message again WHERE again.retry_of_id = m.id)
    FROM campaigns_recipient r LEFT JOIN inbox_message m ON m.id = r.message_id
    WHERE r.campaign_id = %s AND r.state = {State.READY:d} AND r.due <= now()
    ORDER BY r.due, r.id LIMIT %s FOR NO KEY UPDATE OF r SKIP LOCKED
"""
# FOR SHARE: consent that is being withdrawn is waited for, and what is withdrawn afterwards waits for us.
_CONTACTS = f"""
    SELECT c.id, c.phone, CASE WHEN coalesce(c.phone, '') = '' THEN (
            SELECT i.value FROM phonebook_identity i
            WHERE i.contact_id = c.id AND i.kind = 'bsuid' AND i.portfolio_id = %s
            ORDER BY i.first_seen DESC, i.id DESC LIMIT 1) END,
        c.merged_into_id IS NOT NULL, c.blocked IS NOT NULL, {MAY_MARKET_SQL},
        CASE WHEN c.marketing = {Marketing.OPTED_OUT:d} THEN {Skip.OPTED_OUT:d}
            WHEN w.marketing_needs_opt_in AND c.marketing <> {Marketing.OPTED_IN:d} THEN {Skip.NO_CONSENT:d}
            ELSE {Skip.CAPPED:d} END
    FROM phonebook_contact c, (SELECT marketing_needs_opt_in FROM accounts_workspace WHERE id = %s) w
    WHERE c.id = ANY(%s) ORDER BY c.id FOR SHARE OF c
"""
_SETTLE = """
    UPDATE campaigns_recipient r SET state = n.state, skip = n.skip, message_id = coalesce(n.message_id, r.message_id),
        due = CASE WHEN n.pause IS NULL THEN r.due ELSE now() + n.pause * interval '1 second' END
    FROM jsonb_to_recordset(%s::jsonb) AS n (pk bigint, state smallint, skip smallint, message_id bigint, pause float8)
    WHERE r.id = n.pk
"""
_REFUSED = {
    Skip.OPTED_OUT: failures.OPTED_OUT,
    Skip.NO_CONSENT: failures.NO_CONSENT,
    Skip.CAPPED: failures.CAPPED,
    Skip.BLOCKED: failures.BLOCKED,
    Skip.NO_ADDRESS: failures.NO_ADDRESS,
    Skip.MERGED: failures.NO_ADDRESS,
}


class Contact(NamedTuple):
    """A contact as it is in this transaction; `no_marketing` is the reason where `may_market` is false."""

    pk: int
    phone: str | None
    user_id: str | None
    merged: bool
    blocked: bool
    may_market: bool
    no_marketing: int


class Change(NamedTuple):
    """What becomes of a recipient. With READY, `pause` is how many seconds until their next turn."""

    pk: int
    state: State
    skip: Skip | None = None
    message_id: int | None = None
    pause: float | None = None


@dataclass(frozen=True)
class Claimed:
    """The recipients that were taken: those to write to, and what is settled about the others."""

    count: int
    people: list[Person]
    changes: list[Change]


def claim(campaign_id: int, number: PhoneNumber, sheets: Mapping[int, Sheet], most: int) -> Claimed:
    """Takes up to `most` recipients that are due and locks them and their contacts."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [campaign_id, most])
        rows = cursor.fetchall()
        if not rows:
            return Claimed(0, [], [])
        ids = sorted({row[1] for row in rows})
        cursor.execute(_CONTACTS, [number.business_account.portfolio_id, number.workspace_id, ids])
        contacts = {row[0]: Contact(*row) for row in cursor.fetchall()}
    claimed = Claimed(len(rows), [], [])
    refused: dict[Skip, list[int]] = {}
    for row in rows:
        contact, person = contacts[row[1]], _person(row, contacts[row[1]], sheets)
        skip = _skip(contact, person.sheet)
        if person.is_settled or row[7]:
            claimed.changes.append(Change(person.key, State.HANDED))
        elif skip is None:
            claimed.people.append(person)
        elif person.before is None:
            claimed.changes.append(Change(person.key, State.SKIPPED, skip))
        else:
            # There is a message: it tells why it did not leave.
            claimed.changes.append(Change(person.key, State.HANDED))
            if person.goes_on:
                refused.setdefault(skip, []).append(person.before)
    for reason, message_ids in refused.items():
        bulk.refuse(message_ids, _REFUSED[reason])
    return claimed


def settle(changes: Sequence[Change]) -> None:
    """Writes down what became of recipients that this transaction has locked."""
    if not changes:
        return
    # One text for all of them: as arrays, each of their values would be written by itself.
    rows = msgspec.json.encode([change._asdict() for change in changes]).decode()
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [rows])


def _person(row: Sequence[Any], contact: Contact, sheets: Mapping[int, Sheet]) -> Person:
    key, contact_id, template_id, values, before, status, attempt, _again = row
    return Person(
        key=key,
        contact_id=contact_id,
        to=contact.phone or None,
        recipient=contact.user_id,
        sheet=sheets[template_id],
        values=msgspec.json.decode(values),
        before=before,
        before_status=status,
        before_attempt=attempt or 0,
    )


def _skip(contact: Contact, sheet: Sheet) -> Skip | None:
    if contact.merged:
        return Skip.MERGED
    if contact.blocked:
        return Skip.BLOCKED
    if sheet.template.is_marketing and not contact.may_market:
        return Skip(contact.no_marketing)
    if not (contact.phone or contact.user_id):
        return Skip.NO_ADDRESS
    return None
