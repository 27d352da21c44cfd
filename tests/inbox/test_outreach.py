"""Whom the business wrote to lately: what WhatsApp's messaging limit counts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BusinessAccount
from accounts.tenancy import scope
from inbox import outreach
from inbox.models import Outreach
from tests.worlds import make_contact


@pytest.mark.parametrize(
    ("told", "people"),
    [
        ("TIER_250", 250),
        ("TIER_1K", 1000),
        ("TIER_2K", 2000),
        ("TIER_10K", 10_000),
        ("TIER_100K", 100_000),
        ("TIER_UNLIMITED", None),
        ("", None),
        ("TIER_NOT_SET", None),
    ],
)
def test_the_limit_is_the_one_whatsapp_told(told, people):
    assert outreach.limit(BusinessAccount(messaging_limit=told)) == people


def test_people_count_once_for_24_hours_after_the_last_time(demo):
    people = [make_contact(demo).pk for _ in range(3)]
    portfolio = outreach.portfolio(demo.account)
    with scope(demo.id):
        outreach.record(demo.id, portfolio, people)
        outreach.record(demo.id, portfolio, [people[1], people[0], people[0]])
        assert outreach.used(demo.id, portfolio) == 3
        assert outreach.reached(demo.id, portfolio, [*people, 999]) == set(people)
        Outreach.objects.filter(contact=people[0]).update(at=timezone.now() - timedelta(hours=24, seconds=1))
        Outreach.objects.filter(contact=people[1]).update(at=timezone.now() - timedelta(hours=23, minutes=59))
        assert outreach.used(demo.id, portfolio) == 2
        assert outreach.reached(demo.id, portfolio, people) == set(people[1:])
        assert outreach.frees(demo.id, portfolio, 1) - timezone.now() < timedelta(minutes=1)
        assert outreach.frees(demo.id, portfolio, 2) - timezone.now() > timedelta(hours=23)


def test_the_allowance_is_what_the_limit_leaves(demo):
    portfolio = outreach.portfolio(demo.account)
    with scope(demo.id):
        assert outreach.allowance(demo.account) is None
        demo.account.messaging_limit = "TIER_250"
        assert outreach.allowance(demo.account) == 250
        outreach.record(demo.id, portfolio, [make_contact(demo).pk])
        assert outreach.allowance(demo.account) == 249
        assert outreach.frees(demo.id, "another", 1) is None


def test_an_account_without_a_portfolio_counts_for_itself(demo):
    assert outreach.portfolio(demo.account) == "p-demo"
    demo.account.portfolio_id = ""
    assert outreach.portfolio(demo.account) == demo.account.waba_id


def test_a_stranger_neither_counts_nor_is_counted(demo, rival):
    mine = make_contact(demo).pk
    with scope(demo.id):
        outreach.record(demo.id, "shared", [mine])
    with scope(rival.id):
        assert outreach.used(demo.id, "shared") == 0
        assert outreach.reached(demo.id, "shared", [mine]) == set()
        assert outreach.used(rival.id, "shared") == 0
