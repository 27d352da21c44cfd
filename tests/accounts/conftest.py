"""Browsers for each kind of visitor, and login attempts that are counted from zero."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client

from accounts.models import Membership, User
from tests.accounts.graph import Graph


@pytest.fixture(autouse=True)
def no_attempts_yet() -> None:
    """The counters live in Valkey, which outlasts a test."""
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        for key in store.scan_iter("inbox:*"):
            store.delete(key)


@pytest.fixture
def browser() -> Callable[[Membership], Client]:
    """A browser in which the member is logged in."""

    def logged_in(member: Membership) -> Client:
        client = Client()
        # Afresh: a copy from before the member left would open a session that has ended already.
        client.force_login(User.objects.get(pk=member.user_id))
        return client

    return logged_in


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    """A Graph API that this process asks."""
    with Graph() as graph:
        settings.WHATSAPP_GRAPH_URL = graph.url
        yield graph
