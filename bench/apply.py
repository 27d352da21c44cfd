"""20,000 events (60 % receipts, five tenants) through the real handlers, against two baselines.

Against one ORM transaction per event, and against the same code as one single batch.
"""

import json
import random
import time

from django.db import connection, connections

from accounts.models import BusinessAccount, PhoneNumber, Stream, Workspace
from accounts.tenancy import crossing, scope
from bench import orm
from bench.harness import Report
from inbox.models import Message
from webhooks import processing
from webhooks.models import Delivery

EVENTS = 20_000
TENANTS = 5
MESSAGES = EVENTS * 4 // 10  # inbound
SENT = EVENTS * 6 // 10 // 3  # outgoing messages with three receipts each
CUSTOMERS = 400  # per tenant
ORM_SAMPLE = 300
TABLES = (
    "webhooks_event, webhooks_delivery, inbox_receipt, inbox_message, inbox_conversation, inbox_claim,"
    " inbox_systemline, inbox_tally, phonebook_identity, phonebook_contact, accounts_streamevent"
)


def run(report: Report) -> None:
    """Each measurement starts from the same stored deliveries and sent messages."""
    numbers = _tenants()
    report.pairs("apply-orm", "events/s", lambda: _batched(numbers, 500), lambda: _orm(numbers), at_least=50)
    report.pairs(
        "apply-batch",
        "events/s",
        lambda: _batched(numbers, 500),
        lambda: _batched(numbers, EVENTS),
        at_least=0.4,
    )
    report.claim("apply-complete", *_complete())
    _empty()


def _tenants() -> list[PhoneNumber]:
    numbers = []
    for index in range(TENANTS):
        workspace = Workspace.objects.create(slug=f"bench-{index}", name=f"Bench {index}")
        with scope(workspace.pk):
            Stream.objects.create(workspace=workspace)
            account = BusinessAccount.objects.create(
                workspace=workspace, waba_id=f"3{index:014d}", portfolio_id=f"p{index}"
            )
            numbers.append(
                PhoneNumber.objects.create(
                    workspace=workspace, business_account=account, phone_number_id=f"4{index:014d}"
                )
            )
    return numbers


def _batched(numbers: list[PhoneNumber], size: int) -> float:
    _start(numbers)
    processing.EVENTS_PER_TRANSACTION = processing.DELIVERIES_PER_TRANSACTION = size
    processing.BYTES_PER_TRANSACTION = max(8 * 1024 * 1024, size * 4096)
    started = time.perf_counter()
    while processing.drain():
        pass
    return EVENTS / (time.perf_counter() - started)


def _orm(numbers: list[PhoneNumber]) -> float:
    _start(numbers)
    started = time.perf_counter()
    orm.drain(ORM_SAMPLE)
    return ORM_SAMPLE / (time.perf_counter() - started)


def _complete() -> tuple[bool, str]:
    with crossing(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM inbox_message WHERE NOT outgoing), (SELECT count(*) FROM inbox_receipt),"
            " (SELECT sum(unread) FROM inbox_conversation), (SELECT count(*) FROM inbox_message WHERE status = 40),"
            " (SELECT count(*) FROM webhooks_delivery WHERE drained IS NULL)"
        )
        row = cursor.fetchone()
    return row == (MESSAGES, SENT * 3, MESSAGES, SENT, 0), f"messages, receipts, unread, read, left = {row}"


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {'; DELETE FROM '.join(TABLES.split(', '))}")


def _start(numbers: list[PhoneNumber]) -> None:
    """The same state before every run: sent messages in place, 20,000 deliveries waiting, statistics fresh."""

    with connections["owner"].cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
    outgoing = _sent_messages(numbers)
    random.Random(7).shuffle(bodies := [*_inbound(numbers), *_receipts(outgoing)])
    Delivery.objects.bulk_create([Delivery(body=body) for body in bodies], batch_size=2000)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def _sent_messages(numbers: list[PhoneNumber]) -> list[tuple[str, str]]:
    outgoing = []
    for tenant, number in enumerate(numbers):
        each = SENT // TENANTS
        with scope(number.workspace_id), connection.cursor() as cursor:
            cursor.execute(
                "WITH contact AS (INSERT INTO phonebook_contact (workspace_id, name, profile_name, username, phone,"
                " language, created) SELECT %s, '', 'Customer', '', '+' || (962700000000 + n), '', now()"
                " FROM generate_series(1, %s) n RETURNING id, phone),"
                " identity AS (INSERT INTO phonebook_identity (workspace_id, portfolio_id, kind, value, contact_id,"
                " first_seen) SELECT %s, '', 'wa_id', ltrim(phone, '+'), id, now() FROM contact)"
                " INSERT INTO inbox_conversation (workspace_id, number_id, contact_id, state, claim_version, unread,"
                " last_at, created) SELECT %s, %s, id, 'unclaimed', 0, 0, now() - interval '3 day', now() FROM contact",
                [
                    number.workspace_id,
                    CUSTOMERS,
                    number.workspace_id,
                    number.workspace_id,
                    number.pk,
                ],
            )
            cursor.execute("SELECT id FROM inbox_conversation ORDER BY id")
            conversations = [row[0] for row in cursor.fetchall()]
            Message.objects.bulk_create(
                Message(
                    workspace_id=number.workspace_id,
                    conversation_id=conversations[n % CUSTOMERS],
                    number=number,
                    outgoing=True,
                    body="Your order is on its way.",
                    status=Message.Status.SENT,
                    wamid=f"wamid.out.{tenant}.{n}",
                )
                for n in range(each)
            )
            outgoing += [(number.phone_number_id, f"wamid.out.{tenant}.{n}") for n in range(each)]
    return outgoing


def _post(phone_number_id: str, value: dict[str, object]) -> bytes:
    metadata = {"display_phone_number": "96265550101", "phone_number_id": phone_number_id}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": f"3{phone_number_id[1:]}", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def _inbound(numbers: list[PhoneNumber]) -> list[bytes]:
    bodies = []
    for n in range(MESSAGES):
        wa_id = str(962_700_000_000 + 1 + n // TENANTS % CUSTOMERS)
        message = {
            "from": wa_id,
            "id": f"wamid.in.{n}",
            "timestamp": str(1_790_000_000 + n),
            "type": "text",
            "text": {"body": "Is my order on its way? It should have been here yesterday."},
        }
        contacts = [{"profile": {"name": "Customer"}, "wa_id": wa_id}]
        bodies.append(
            _post(numbers[n % TENANTS].phone_number_id, {"contacts": contacts, "messages": [message]})
        )
    return bodies


def _receipts(outgoing: list[tuple[str, str]]) -> list[bytes]:
    return [
        _post(
            phone_number_id,
            {
                "statuses": [
                    {
                        "id": wamid,
                        "status": status,
                        "timestamp": "1790000000",
                        "recipient_id": "962700000001",
                        "pricing": {
                            "billable": True,
                            "pricing_model": "PMP",
                            "type": "regular",
                            "category": "service",
                        },
                    }
                ]
            },
        )
        for phone_number_id, wamid in outgoing
        for status in ("sent", "delivered", "read")
    ]
