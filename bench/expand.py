"""Freezing the recipients of a campaign on a list of 100,000, with all its checks, against the plain INSERT … SELECT.

The baseline writes the very same rows into the same table, through the same login and with the same commit.
"""

import os
import time
from uuid import uuid4

from django.db import connections

from accounts.models import BusinessAccount, Membership, PhoneNumber, Stream, User, Workspace
from accounts.tenancy import scope
from bench.harness import Report
from campaigns import expansion
from campaigns.models import Audience, Campaign, Language, Recipient
from inbox.models import Broadcast
from phonebook.models import List
from templates_wa.models import Template

PEOPLE = int(os.environ.get("RECIPIENTS", "100000"))
AT_MOST = 2.0
PAIRS = 7
TABLES = ["campaigns_recipient", "campaigns_audience", "campaigns_language", "campaigns_campaign"]
BODY = [{"type": "BODY", "text": "Hello {{1}}, your seat is {{2}}. We open on {{3}}."}]
VARIABLES = {
    "body.1": {"kind": "field", "value": "first_name", "otherwise": "friend"},
    "body.2": {"kind": "column", "value": "seat", "otherwise": ""},
    "body.3": {"kind": "text", "value": "Saturday", "otherwise": ""},
}
# One in a hundred is blocked, has no number, opted out, lacks the seat or has a line break in it; every third has
# Arabic as the language.
CONTACTS = """
    INSERT INTO phonebook_contact (workspace_id, name, profile_name, username, phone, language, created, blocked, marketing)
    SELECT %(workspace)s, 'Rania ' || i, '', '', CASE WHEN mod(i, 100) <> 1 THEN '+' || 962770000000 + i END,
        CASE WHEN mod(i, 3) = 0 THEN 'ar_JO' ELSE 'en' END, now(), CASE WHEN mod(i, 100) = 2 THEN now() END,
        CASE WHEN mod(i, 100) = 3 THEN 2 ELSE 0 END
    FROM generate_series(1, %(people)s) AS i
"""
IDENTITIES = """
    INSERT INTO phonebook_identity (workspace_id, contact_id, portfolio_id, kind, value, first_seen)
    SELECT workspace_id, id, '', 'wa_id', substr(phone, 2), now() FROM phonebook_contact WHERE phone IS NOT NULL
"""
MEMBERS = """
    INSERT INTO phonebook_listmember (workspace_id, list_id, contact_id, columns, added)
    SELECT workspace_id, %(list)s, id, CASE mod(id, 100) WHEN 4 THEN '{}'::jsonb
        WHEN 5 THEN jsonb_build_object('seat', E'A\n1') ELSE jsonb_build_object('seat', 'A' || id, 'row', 'x') END, now()
    FROM phonebook_contact
"""
PLAIN = """
    INSERT INTO campaigns_recipient (workspace_id, campaign_id, contact_id, template_id, values, state, skip, due)
    SELECT workspace_id, %s, contact_id, template_id, values, state, skip, due FROM bench_recipient
"""


def run(report: Report) -> None:
    """Seconds until everybody is frozen and committed, an empty table each time."""
    plan = _Plan()
    plan.expanded()  # what the baseline copies; warms up both
    plan.keep()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE state = 2), count(DISTINCT skip) FROM bench_recipient"
        )
        people, skipped, reasons = cursor.fetchone()
    report.claim(
        "expand-rows", people == PEOPLE, f"{people} recipients, {skipped} skipped for {reasons} reasons"
    )
    report.pairs("expand", "s", plan.expanded, plan.plain, at_most=AT_MOST, pairs=PAIRS)


class _Plan:
    """A workspace with one long list, and campaigns to it."""

    def __init__(self) -> None:
        self.workspace = Workspace.objects.create(slug=f"bench-{uuid4().hex[:8]}", name="Bench")
        person = User.objects.create(username=f"m-{uuid4().hex[:8]}", email=f"{uuid4().hex}@bench.test")
        self.member = Membership.objects.create(workspace=self.workspace, user=person, role="marketer")
        digits = str(uuid4().int)[:14]
        with scope(self.workspace.pk):
            Stream.objects.create(workspace=self.workspace)
            account = BusinessAccount.objects.create(
                workspace=self.workspace, waba_id=digits, portfolio_id="p"
            )
            self.number = PhoneNumber.objects.create(
                workspace=self.workspace, business_account=account, phone_number_id=digits
            )
            self.templates = [
                Template.objects.create(
                    workspace=self.workspace,
                    account=account,
                    name="seats",
                    language=language,
                    category="MARKETING",
                    status="APPROVED",
                    components=BODY,
                )
                for language in ("en", "ar")
            ]
            self.list = List.objects.create(
                workspace=self.workspace, name="Everybody", created_by=self.member
            )
        with connections["owner"].cursor() as cursor:
            values = {"workspace": self.workspace.pk, "people": PEOPLE, "list": self.list.pk}
            for sql in (CONTACTS, IDENTITIES, MEMBERS):
                cursor.execute(sql, values)
            cursor.execute("VACUUM ANALYZE")

    def expanded(self) -> float:
        """The worker's function, from the lease to the commit that makes the campaign ready."""
        campaign = self._campaign()
        started = time.perf_counter()
        assert expansion.expand(campaign.pk, self.workspace.pk)
        return time.perf_counter() - started

    def plain(self) -> float:
        """The same rows, for another campaign, without a question."""
        campaign = self._campaign()
        started = time.perf_counter()
        with scope(self.workspace.pk, durable=True), connections["default"].cursor() as cursor:
            cursor.execute(PLAIN, [campaign.pk])
        return time.perf_counter() - started

    def keep(self) -> None:
        """Puts the rows aside, for the baseline to copy."""
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_recipient")
            cursor.execute("CREATE TABLE bench_recipient AS SELECT * FROM campaigns_recipient ORDER BY id")
            cursor.execute("VACUUM ANALYZE bench_recipient")
        with scope(self.workspace.pk):
            assert Recipient.objects.count() == PEOPLE

    def _campaign(self) -> Campaign:
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        with scope(self.workspace.pk):
            broadcast = Broadcast.objects.create(
                workspace=self.workspace, number=self.number, name="Bench", template_name="seats"
            )
            campaign = Campaign.objects.create(
                workspace=self.workspace,
                broadcast=broadcast,
                number=self.number,
                created_by=self.member,
                request_id=uuid4(),
                variables=VARIABLES,
            )
            Audience.objects.create(workspace=self.workspace, campaign=campaign, list=self.list)
            Language.objects.bulk_create(
                Language(workspace=self.workspace, campaign=campaign, template=template, position=position)
                for position, template in enumerate(self.templates)
            )
        return campaign
