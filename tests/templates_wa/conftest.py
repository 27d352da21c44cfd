"""What most tests of templates begin with."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership
from tests.templates_wa.graph import Graph


@pytest.fixture
def graph(settings: Any) -> Iterator[Graph]:
    """A Graph API that this process asks."""
    with Graph() as server:
        settings.WHATSAPP_GRAPH_URL = server.url
        yield server


@pytest.fixture
def browser() -> Callable[[Membership], Client]:
    """A browser in which the member is logged in."""

    def logged_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return logged_in
