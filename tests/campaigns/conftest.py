"""What tests of campaigns at work begin with."""

import json
from ast import literal_eval

import pytest
import redis
from django.core.cache import cache

from inbox import dispatch
from tests.campaigns.crowd import Crowd
from tests.campaigns.sending import fast
from tests.inbox.browsing import browser


@pytest.fixture
def graph(settings):
    """A Graph API that this process sends to."""
    with Crowd() as server:
        settings.WHATSAPP_GRAPH_URL = server.url
        yield server
        dispatch.close()


@pytest.fixture
def brisk(demo):
    """The workspace under test, with a number that takes 1,000 a second: tests need not wait for the pace."""
    fast(demo)
    return demo


@pytest.fixture
def broker(settings):
    """The Redis of the queues."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushall()
        yield client


@pytest.fixture
def queue(settings):
    """(task, workspace, campaign) of what was enqueued since it was last asked. No lane is taken for busy."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:

        def read():
            keys = [key for key in broker.scan_iter("*") if broker.type(key) == b"list"]
            hints = [json.loads(hint)["headers"] for key in keys for hint in broker.lrange(key, 0, -1)]
            for key in [*keys, *broker.scan_iter("inbox:lane:*")]:
                broker.delete(key)
            ids = [literal_eval(hint["kwargsrepr"]) for hint in hints]
            return [
                (hint["task"], each["workspace_id"], each["campaign_id"])
                for hint, each in zip(hints, ids, strict=True)
                if "campaign_id" in each
            ]

        read()
        yield read


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    """What a page counted a second ago is not what the test wrote since."""
    cache.clear()


@pytest.fixture
def marketer(demo):
    """A browser of the marketer."""
    return browser(demo.marketer)
