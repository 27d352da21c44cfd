"""A workspace with a number, a template at the simulator and customers, for the benchmarks that send campaigns."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection, connections
from django.db.models.functions import Now

from accounts.models import BusinessAccount, Membership, PhoneNumber, Stream, User, Workspace
from accounts.tenancy import scope
from campaigns.models import Campaign
from inbox.models import Broadcast
from templates_wa.models import Template

LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# About 600 bytes in a request: two variables, a footer, a quick reply.
COMPONENTS = [
    {
        "type": "BODY",
        "text": "Hello {{1}}, our showroom opens on {{2}}. Coffee is on us, and so is the tour of the workshop.",
        "example": {"body_text": [["Rania", "Saturday"]]},
    },
    {"type": "FOOTER", "text": "Reply STOP to opt out"},
    {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Book a time"}]},
]
SENT = (
    "inbox_receipt, inbox_message, inbox_conversation, inbox_claim, inbox_systemline, inbox_tally, inbox_outreach,"
    " inbox_broadcast, campaigns_recipient, campaigns_language, campaigns_audience, campaigns_campaign,"
    " accounts_streamevent"
)
CONTACTS = """
    INSERT INTO phonebook_contact (workspace_id, name, profile_name, username, phone, language, created)
    SELECT %s, 'Rania ' || i, '', '', '+' || %s + i, 'en', now() FROM generate_series(1, %s) AS i
"""
RECIPIENTS = """
    INSERT INTO campaigns_recipient (workspace_id, campaign_id, contact_id, template_id, values, state, due)
    SELECT workspace_id, %s, id, %s, jsonb_build_object('body.1', name, 'body.2', 'Saturday'), 0, now()
    FROM phonebook_contact WHERE workspace_id = %s ORDER BY id
"""
CELERY = "-A config worker -P threads -c 8 -l INFO --without-gossip --without-mingle --without-heartbeat"


class Shop:
    """One company, its number and its customers: +962770000001, …"""

    def __init__(
        self, phone_number_id: str, *, people: int, throughput: str, first_phone: int = 962_770_000_000
    ) -> None:
        self.workspace = Workspace.objects.create(slug=f"shop-{phone_number_id}", name="Shop")
        user = User.objects.create(username=f"m-{phone_number_id}", email=f"{phone_number_id}@bench.test")
        self.member = Membership.objects.create(workspace=self.workspace, user=user, role="marketer")
        with scope(self.workspace.pk):
            Stream.objects.create(workspace=self.workspace)
            self.account = BusinessAccount.objects.create(
                workspace=self.workspace,
                waba_id=f"2{phone_number_id[1:]}",
                portfolio_id=f"p-{phone_number_id}",
                access_token=f"demo-token-{phone_number_id}",
                messaging_limit="TIER_100K",
            )
            self.number = PhoneNumber.objects.create(
                workspace=self.workspace,
                business_account=self.account,
                phone_number_id=phone_number_id,
                throughput=throughput,
            )
            self.template = Template.objects.create(
                workspace=self.workspace,
                account=self.account,
                name="showroom_weekend",
                language="en",
                category="MARKETING",
                status="APPROVED",
                components=COMPONENTS,
            )
            with connection.cursor() as cursor:
                cursor.execute(CONTACTS, [self.workspace.pk, first_phone, people])
        self.people = people

    def campaign(self) -> Campaign:
        """A campaign to everybody, frozen and running."""
        with scope(self.workspace.pk):
            broadcast = Broadcast.objects.create(
                workspace=self.workspace,
                number=self.number,
                name="Weekend opening",
                template_name=self.template.name,
                started_by=self.member,
                started=Now(),
            )
            campaign = Campaign.objects.create(
                workspace=self.workspace,
                broadcast=broadcast,
                number=self.number,
                created_by=self.member,
                launched_by=self.member,
                launched=Now(),
                request_id=uuid4(),
                state="running",
            )
            campaign.languages.create(workspace=self.workspace, template=self.template)
            with connection.cursor() as cursor:
                cursor.execute(RECIPIENTS, [campaign.pk, self.template.pk, self.workspace.pk])
        return campaign

    def is_running(self, campaign: Campaign) -> bool:
        """Whether it still is at work."""
        with scope(self.workspace.pk):
            state = Campaign.objects.values_list("state", flat=True).get(pk=campaign.pk)
        if state not in {"running", "done"}:
            raise RuntimeError(f"the campaign is {state}")
        return state == "running"


def forget() -> None:
    """Everything that was sent: the next campaign begins every conversation anew."""
    analyze()
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"TRUNCATE {SENT}")


def analyze() -> None:
    """PostgreSQL knows its tables, as in a database that has been at work for more than a minute."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ANALYZE {SENT}, phonebook_contact")


def control(simulator: str, path: str, body: Any = None) -> Any:
    """One call of the simulator's control API."""
    request = urllib.request.Request(
        f"{simulator}/control/{path}", data=None if body is None else json.dumps(body).encode()
    )
    with LOOPBACK.open(request, timeout=30) as answer:
        return json.load(answer)


def introduce(simulator: str, shop: Shop, **switches: Any) -> None:
    """Lets the simulator forget everything but the shop's number and template, and answer sends and do nothing else."""
    control(simulator, "reset", {})
    control(
        simulator,
        "numbers",
        {
            "phone_number_id": shop.number.phone_number_id,
            "waba_id": shop.account.waba_id,
            "display_phone_number": "+962 6 555 0101",
            "verified_name": "Shop",
        },
    )
    template = {"waba_id": shop.account.waba_id, "name": shop.template.name, "components": COMPONENTS}
    control(simulator, "templates", template | {"category": "MARKETING", "language": "en"})
    control(simulator, "switches", {"receipts": "none", "webhooks": False, **switches})


@contextmanager
def worker(simulator: str, queues: str, log: Path, *program: str) -> Iterator[None]:
    """A Celery worker as in production; `program` is what runs it, where that is not Celery itself."""
    words = [*(program or ["celery"]), *CELERY.split(), "-Q", queues, "-n", f"{queues}@%h"]
    with child(words, log, {**os.environ, "WHATSAPP_GRAPH_URL": simulator}, ready="ready."):
        yield


@contextmanager
def child(words: list[str], log: Path, env: dict[str, str], *, ready: str) -> Iterator[None]:
    """A process of the benchmark, ready when its log says so; ended afterwards."""
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", *words], env=env, stdout=out, stderr=out)
    try:
        while ready not in log.read_text(errors="replace"):
            if process.poll() is not None:
                raise RuntimeError(log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)  # noqa: TID251  a bounded wait for another process
        yield
    finally:
        process.terminate()
        process.wait(30)
