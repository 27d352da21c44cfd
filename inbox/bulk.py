"""The rows of a mass message, many people at a time: what is about to leave is written down, then what became of it.

The same message rows as a reply's, with lease and attempt, so that a worker that dies leaves nobody in doubt. Runs
inside the caller's scope and talks to nobody. Lock order as everywhere: contacts, conversations, messages, streams.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import connection

from inbox import failures
from inbox.letters import Letter, Mailing, Person, Result, Status, write
from templates_wa.definition import plain, shown


class Thread(NamedTuple):
    """The conversation of a contact with the number, locked until COMMIT."""

    conversation_id: int
    outbound: bool
    window_open: bool
    busy: bool  # something waits in it, or is on its way


def threads(number_id: int, contact_ids: Iterable[int]) -> dict[int, Thread]:
    """Locks the conversations that the contacts have with the number, and says how each stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_id, id, state = 'outbound', coalesce(window_expires > now(), false)"
            " FROM inbox_conversation WHERE number_id = %s AND contact_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [number_id, list(contact_ids)],
        )
        found = cursor.fetchall()
        if not found:
            return {}
        # A statement of its own: what committed while the locks were waited for counts.
        cursor.execute(
            "SELECT DISTINCT conversation_id FROM inbox_message WHERE conversation_id = ANY(%s) AND outbox IS NOT NULL",
            [[row[1] for row in found]],
        )
        busy = {row[0] for row in cursor.fetchall()}
    return {
        contact_id: Thread(conversation_id, is_outbound, window_open, conversation_id in busy)
        for contact_id, conversation_id, is_outbound, window_open in found
    }


def open_letters(mailing: Mailing, people: Sequence[Person], found: Mapping[int, Thread]) -> list[Letter]:
    """Writes down what is about to leave: SENDING, with lease and attempt. `found` as `threads` gave it, none of them
    busy. People whose conversation somebody else began in this very moment are left out; it will be there next time.
    """
    ids = _message_ids(sum(not person.goes_on for person in people))
    numbered = [(person, person.before or 0 if person.goes_on else next(ids)) for person in people]
    begun = _begin(mailing, [(person, pk) for person, pk in numbered if person.contact_id not in found])
    conversations = {contact_id: thread.conversation_id for contact_id, thread in found.items()} | begun
    written = [
        (write(person, pk, conversations[person.contact_id]), person)
        for person, pk in numbered
        if person.contact_id in conversations
    ]
    added = [(letter, person) for letter, person in written if not person.goes_on]
    _insert(mailing, added)
    _go_on([letter for letter, person in written if person.goes_on])
    outbound = {contact_id for contact_id, thread in found.items() if thread.outbound}
    _show_last([letter for letter, _person in added if letter.contact_id in outbound])
    return [letter for letter, _person in written]


def record(results: Sequence[Result]) -> dict[int, int]:
    """Writes what became of the letters, unless a receipt or the sweep knows better; message id → status now shown,
    of those that this changed."""
    rows = [
        {
            "id": result.letter.message_id,
            "leased": result.letter.attempt,
            "attempt": result.letter.attempt - (not result.tried),
            "status": result.status.value,
            "wamid": result.wamid,
            "code": result.code,
            "details": result.details,
        }
        for result in results
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [_text(rows)])
        return dict(cursor.fetchall())


def refuse(message_ids: Sequence[int], details: str) -> None:
    """What was put off will not leave any more, for a reason of failures.py."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_message SET status = %s, error_code = NULL, error_details = %s, due = now() WHERE id IN ("
            " SELECT id FROM inbox_message WHERE id = ANY(%s) AND status = %s ORDER BY id FOR NO KEY UPDATE)",
            [Status.FAILED, details, list(message_ids), Status.PUT_OFF],
        )


def waiting_replies(conversation_ids: Sequence[int]) -> list[int]:
    """The conversations in which a reply waits; it found ours on its way and could not leave."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT conversation_id FROM inbox_message WHERE conversation_id = ANY(%s) AND outbox = %s",
            [list(conversation_ids), Status.QUEUED],
        )
        return [row[0] for row in cursor.fetchall()]


# Accepted is certain, whatever was assumed when the lease ran out, and receipts may be further already. A refusal is
# certain too; but a further try by ourselves must not come beside one by a person.
_RECORD = f"""
    WITH became AS MATERIALIZED (
        SELECT m.id, n.status, n.wamid, n.code, n.details, n.attempt
        FROM inbox_message m JOIN jsonb_to_recordset(%s::jsonb) AS n (id bigint, leased smallint, attempt smallint,
            status smallint, wamid text, code int, details text) ON n.id = m.id
        WHERE m.attempt = n.leased AND m.status >= {Status.SENDING:d}
            AND (n.status IN ({Status.SENT:d}, {Status.HELD:d}) OR m.status = {Status.SENDING:d}
                OR n.status = {Status.FAILED:d} AND m.status = {Status.UNCONFIRMED:d})
        ORDER BY m.id FOR NO KEY UPDATE OF m
    )
    UPDATE inbox_message m SET
        status = CASE WHEN became.wamid IS NULL THEN became.status ELSE greatest(m.status, became.status) END,
        wamid = coalesce(m.wamid, became.wamid), attempt = became.attempt,
        error_code = CASE WHEN became.wamid IS NULL THEN became.code ELSE m.error_code END,
        error_details = CASE WHEN became.wamid IS NULL THEN became.details ELSE m.error_details END,
        due = CASE WHEN became.wamid IS NULL THEN now() ELSE m.due END
    FROM became WHERE m.id = became.id RETURNING m.id, m.status
"""
_BEGIN = """
    INSERT INTO inbox_conversation
        (workspace_id, number_id, contact_id, state, claim_version, unread, last_message_id, last_at, created)
    SELECT %s, %s, n.contact_id, 'outbound', 0, 0, n.message_id, now(), now()
    FROM jsonb_to_recordset(%s::jsonb) AS n (contact_id bigint, message_id bigint)
    ON CONFLICT (number_id, contact_id) DO NOTHING RETURNING contact_id, id
"""
_INSERT = """
    INSERT INTO inbox_message (workspace_id, number_id, broadcast_id, sender_id, outgoing, kind, at, created, due,
        context_wamid, id, conversation_id, template_id, body, payload, status, attempt, error_details, retry_of_id)
    SELECT %s, %s, %s, %s, true, 'template', now(), now(), now() + make_interval(secs => %s), '', n.*
    FROM jsonb_to_recordset(%s::jsonb) AS n (id bigint, conversation_id bigint, template_id bigint, body text,
        payload jsonb, status smallint, attempt smallint, error_details text, retry_of_id bigint)
"""


def _message_ids(count: int) -> Iterator[int]:
    """New ids, known before the rows are written: a conversation names its message, and the message itself its id."""
    if not count:
        return iter(())
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('inbox_message_id_seq') FROM generate_series(1, %s)", [count])
        return iter([row[0] for row in cursor.fetchall()])


def _begin(mailing: Mailing, people: Sequence[tuple[Person, int]]) -> dict[int, int]:
    """Outbound conversations for people who have none with this number; contact id → conversation id."""
    if not people:
        return {}
    rows = [{"contact_id": person.contact_id, "message_id": pk} for person, pk in people]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [mailing.number.workspace_id, mailing.number.pk, _text(rows)])
        return dict(cursor.fetchall())


def _insert(mailing: Mailing, written: Sequence[tuple[Letter, Person]]) -> None:
    if not written:
        return
    number = mailing.number
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                number.workspace_id,
                number.pk,
                mailing.broadcast_id,
                mailing.sender_id,
                settings.SEND_LEASE_SECONDS,
                _text([_row(letter, person) for letter, person in written]),
            ],
        )


def _row(letter: Letter, person: Person) -> dict[str, Any]:
    sheet = person.sheet
    seen = shown(sheet.made, person.values)
    return {
        "id": letter.message_id,
        "conversation_id": letter.conversation_id,
        "template_id": sheet.template.pk,
        "body": plain(seen),
        "payload": {
            "values": person.values,
            "shown": seen,
            "name": sheet.template.name,
            "language": sheet.template.language,
            "category": sheet.template.category,
        },
        "status": _first_status(letter),
        "attempt": letter.attempt,
        "error_details": "" if letter.body else failures.BAD_VALUES,
        "retry_of_id": person.before,
    }


def _text(rows: Sequence[dict[str, Any]]) -> str:
    """A batch as one text: as arrays, each of its values would be written and escaped by itself."""
    return msgspec.json.encode(rows).decode()


def _first_status(letter: Letter) -> int:
    return (Status.SENDING if letter.body else Status.FAILED).value


def _go_on(letters: Sequence[Letter]) -> None:
    """Rows that were put off are on their way again."""
    if not letters:
        return
    ordered = sorted(letters, key=lambda letter: letter.message_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH put_off AS MATERIALIZED (SELECT id FROM inbox_message WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)"
            " UPDATE inbox_message m SET status = n.status, attempt = n.attempt,"
            " due = now() + make_interval(secs => %s), error_code = NULL,"
            " error_details = n.details FROM put_off, unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::text[])"
            " AS n (id, attempt, status, details) WHERE m.id = n.id AND put_off.id = m.id",
            [
                [letter.message_id for letter in ordered],
                settings.SEND_LEASE_SECONDS,
                [letter.message_id for letter in ordered],
                [letter.attempt for letter in ordered],
                [_first_status(letter) for letter in ordered],
                ["" if letter.body else failures.BAD_VALUES for letter in ordered],
            ],
        )


def _show_last(letters: Sequence[Letter]) -> None:
    """In conversations that only we have written in, the newest message is what there is to show. In others a mass
    message changes nothing: it must not push them to the top of anybody's list."""
    if not letters:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_conversation c SET last_message_id = n.message_id, last_at = now()"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS n (id, message_id) WHERE c.id = n.id",
            [[letter.conversation_id for letter in letters], [letter.message_id for letter in letters]],
        )
