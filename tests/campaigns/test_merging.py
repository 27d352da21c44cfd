"""A merge in the middle of a campaign: the person still gets it, once."""

from accounts.tenancy import scope
from campaigns.models import Recipient
from phonebook.actions import merge
from tests.campaigns.plans import prepared
from tests.worlds import make_contact


def places(world):
    with scope(world.id):
        return list(Recipient.objects.order_by("pk").values_list("contact_id", "state"))


def test_who_was_merged_waits_on_as_the_contact_that_is_kept(demo):
    winner, loser = make_contact(demo, "Rania"), make_contact(demo, "R. Haddad")
    prepared(demo, [loser])
    merge(member=demo.marketer, winner_id=winner.pk, loser_id=loser.pk)
    assert places(demo) == [(winner.pk, Recipient.State.READY)]


def test_with_both_in_the_campaign_the_kept_one_has_its_own_place(demo):
    winner, loser = make_contact(demo, "Rania"), make_contact(demo, "R. Haddad")
    prepared(demo, [winner, loser])
    merge(member=demo.marketer, winner_id=winner.pk, loser_id=loser.pk)
    assert sorted(places(demo)) == sorted(
        [(winner.pk, Recipient.State.READY), (loser.pk, Recipient.State.READY)]
    )


def test_another_workspaces_campaign_is_left_alone(demo, rival):
    winner, loser = make_contact(demo, "Rania"), make_contact(demo, "R. Haddad")
    theirs = make_contact(rival, "Rania")
    prepared(rival, [theirs])
    merge(member=demo.marketer, winner_id=winner.pk, loser_id=loser.pk)
    assert places(rival) == [(theirs.pk, Recipient.State.READY)]
