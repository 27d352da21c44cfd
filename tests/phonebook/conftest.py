"""Browsers for each kind of visitor."""

import pytest

from tests.inbox.browsing import browser


@pytest.fixture
def agent(demo):
    """A browser of agent1."""
    return browser(demo.agent1)


@pytest.fixture
def marketer(demo):
    """A browser of the marketer."""
    return browser(demo.marketer)


@pytest.fixture
def admin(demo):
    """A browser of the admin."""
    return browser(demo.admin)
