"""What most tests of the inbox begin with."""

from datetime import timedelta

import pytest

from inbox import posting
from tests.inbox.browsing import browser
from tests.inbox.graph import Graph
from tests.worlds import make_conversation


@pytest.fixture
def held(demo):
    """A conversation that agent1 holds, window open, one unread message."""
    return make_conversation(demo, holder=demo.agent1)


@pytest.fixture
def outside(demo):
    """A conversation that agent1 holds, whose window is closed."""
    return make_conversation(demo, holder=demo.agent1, window=timedelta(hours=-1))


@pytest.fixture
def graph(settings):
    """A Graph API that this process sends to."""
    with Graph() as server:
        settings.WHATSAPP_GRAPH_URL = server.url
        yield server
    # The connections of this process to a server that is gone.
    posting.http().close()
    posting.http.cache_clear()


@pytest.fixture
def agent1(demo):
    """A browser of agent1."""
    return browser(demo.agent1)


@pytest.fixture
def agent2(demo):
    """A browser of agent2."""
    return browser(demo.agent2)


@pytest.fixture
def admin(demo):
    """A browser of the admin."""
    return browser(demo.admin)
