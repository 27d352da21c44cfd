"""Long runs (`make soak`): a worker killed at 50 random points of a campaign of 500, counted at WhatsApp's end."""

import random

import pytest

from campaigns import fanout
from inbox import dispatch
from tests.campaigns.crowd import Crowd
from tests.campaigns.killing import Worker, accounted, finish
from tests.campaigns.plans import fresh
from tests.campaigns.sending import fast, make_campaign, make_people, shown

pytestmark = pytest.mark.soak
PEOPLE = 500
STATEMENTS = 75  # of a campaign of 500, about


@pytest.fixture
def graph(settings):
    with Crowd() as server:
        settings.WHATSAPP_GRAPH_URL = server.url
        yield server
        dispatch.close()


@pytest.mark.parametrize("seed", range(50))
def test_killed_anywhere_everybody_gets_it_once_or_is_visibly_unconfirmed(demo, graph, seed):
    """Every other time at a statement to the database, the other times at a request that has arrived."""
    dice = random.Random(seed)
    fast(demo)
    people = make_people(demo, PEOPLE)
    campaign = make_campaign(demo, people)
    if seed % 2:
        arrivals = dice.randrange(1, PEOPLE)
        with Worker(demo, campaign, graph) as worker:
            for _ in range(arrivals):
                graph.arrived.get(timeout=60)
            worker.kill()
    else:
        point = dice.randrange(STATEMENTS)
        statement = "django.db.backends.utils:CursorWrapper.execute"
        with Worker(demo, campaign, graph, stop_at=statement, after=point) as worker:
            worker.stopped()
            worker.kill()
    finish(demo, campaign)
    unconfirmed = accounted(demo, campaign, graph, people)
    assert len(unconfirmed) <= fanout.MOST


def test_killed_again_and_again_by_the_hundreds_a_campaign_still_ends(demo, graph):
    """Twenty workers in a row, each killed after some requests; then one that is let live."""
    dice = random.Random(7)
    fast(demo)
    people = make_people(demo, 2 * PEOPLE)
    campaign = make_campaign(demo, people)
    for _ in range(20):
        with Worker(demo, campaign, graph) as worker:
            for _ in range(dice.randrange(1, 60)):
                if fresh(demo, campaign).state != "running" or sum(shown(demo, campaign).values()) == len(
                    people
                ):
                    break
                graph.arrived.get(timeout=60)
            worker.kill()
    finish(demo, campaign)
    accounted(demo, campaign, graph, people)
