"""The table of verb × state × role, cell by cell."""

import pytest

from accounts.models import Membership
from inbox.models import Conversation
from inbox.rules import Verb, allowed, verbs

ME, COLLEAGUE, WORKSPACE, OTHER_WORKSPACE = 1, 2, 10, 11
ROLES = ["agent", "marketer", "admin"]

# As the product promises it: for each state what an agent or marketer may do, and what an admin may do besides.
PROMISED = {
    "outbound": (["claim", "close"], []),
    "unclaimed": (["claim", "close"], []),
    "mine": (["reply", "unclaim", "close"], ["transfer"]),
    "another's": ([], ["unclaim", "close", "transfer"]),
    "closed": (["claim"], []),
}


def member(role, **fields):
    return Membership(**{"pk": ME, "workspace_id": WORKSPACE, "role": role, "is_active": True, **fields})


def conversation(column):
    holder = {"mine": ME, "another's": COLLEAGUE}.get(column)
    return Conversation(pk=5, workspace_id=WORKSPACE, state="claimed" if holder else column, holder_id=holder)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("column", PROMISED)
def test_each_role_may_do_exactly_what_the_table_says(column, role):
    everybody, admins = PROMISED[column]
    promised = set(everybody) | (set(admins) if role == "admin" else set())
    assert {verb.value for verb in Verb if allowed(verb, conversation(column), member(role))} == promised
    assert verbs(conversation(column), member(role)) == [verb for verb in Verb if verb in promised]


@pytest.mark.parametrize("column", PROMISED)
@pytest.mark.parametrize("role", ROLES)
def test_an_outsider_and_somebody_who_left_may_do_nothing(column, role):
    assert verbs(conversation(column), member(role, workspace_id=OTHER_WORKSPACE)) == []
    assert verbs(conversation(column), member(role, is_active=False)) == []


def test_the_menu_lists_the_verbs_in_one_order():
    assert [verb.value for verb in Verb] == ["claim", "reply", "unclaim", "close", "transfer"]
