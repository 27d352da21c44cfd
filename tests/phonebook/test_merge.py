"""Merging two contacts: everything moves, the newest word counts, and nobody is written to a contact that is gone."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from django.db import connection, connections

from accounts.tenancy import crossing, scope
from phonebook import actions, consent
from phonebook.actions import Refused, merging
from phonebook.consent import Entry
from phonebook.models import Consent, Contact, Identity, Label, ListMember, Marketing
from phonebook.resolve import Person, resolve
from tests.inbox.together import together
from tests.worlds import make_contact, make_list

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN, OUT = Marketing.OPTED_IN, Marketing.OPTED_OUT


def merge(world, winner, loser, member=None):
    return actions.merge(member=member or world.marketer, winner_id=winner.pk, loser_id=loser.pk)


def fresh(world, contact):
    with scope(world.id):
        return Contact.objects.get(pk=contact.pk)


def change(world, contact, **fields):
    with scope(world.id):
        Contact.objects.filter(pk=contact.pk).update(**fields)


def say(world, contact, choice, at, source=Consent.Source.KEYWORD):
    with scope(world.id):
        consent.record([Entry(world.id, contact.pk, choice, source, "", at)])


@pytest.fixture
def pair(demo):
    """Two contacts: the first is kept."""
    return (
        make_contact(demo, "Rania", wa_id="962770000001"),
        make_contact(demo, "Rania H.", wa_id="962770000002"),
    )


def test_the_winner_keeps_what_it_says_and_gets_what_it_does_not(demo, pair):
    winner, loser = pair
    change(demo, winner, fields={"city": "Amman"}, username="")
    change(
        demo,
        loser,
        fields={"city": "Irbid", "size": "38"},
        username="rania.h",
        language="ar",
        profile_name="R",
        blocked=NOON,
    )

    kept = merge(demo, winner, loser)

    assert (kept.name, kept.phone, kept.username, kept.language, kept.profile_name) == (
        "Rania",
        "+962770000001",
        "rania.h",
        "ar",
        "R",
    )
    assert kept.fields == {"city": "Amman", "size": "38"}
    assert kept.blocked == NOON
    assert (fresh(demo, winner).merged_into_id, fresh(demo, loser).merged_into_id) == (None, winner.pk)
    with scope(demo.id):
        owners = Identity.objects.order_by("value").values_list("value", "contact_id")
        assert list(owners) == [("962770000001", winner.pk), ("962770000002", winner.pk)]


def test_labels_and_lists_come_together(demo, pair):
    winner, loser = pair
    actions.set_labels(member=demo.agent1, contact_id=winner.pk, label_ids=[], new=["A", "B"])
    actions.set_labels(member=demo.agent1, contact_id=loser.pk, label_ids=[], new=["B", "C"])
    both, one = make_list(demo, [winner, loser], "Both"), make_list(demo, [loser], "One")
    with scope(demo.id):
        ListMember.objects.filter(list=both, contact=winner).update(columns={"seat": "1"})
        ListMember.objects.filter(list=both, contact=loser).update(columns={"seat": "2", "row": "F"})

    merge(demo, winner, loser)

    with scope(demo.id):
        carried = Label.objects.filter(pk__in=winner.label_rows.values("label_id")).values_list(
            "name", flat=True
        )
        assert sorted(carried) == ["A", "B", "C"]
        assert not loser.label_rows.exists()
        members = ListMember.objects.order_by("list_id").values_list("list_id", "contact_id", "columns")
        assert list(members) == [
            (both.pk, winner.pk, {"seat": "1", "row": "F"}),
            (one.pk, winner.pk, {}),
        ]


@pytest.mark.parametrize(
    ("winners", "losers", "expected"),
    [
        (None, None, (Marketing.UNKNOWN, None)),
        ((IN, NOON), None, (IN, NOON)),
        (None, (OUT, NOON), (OUT, NOON)),
        ((OUT, NOON), (IN, NOON + timedelta(hours=1)), (IN, NOON + timedelta(hours=1))),
        ((IN, NOON + timedelta(hours=1)), (OUT, NOON), (IN, NOON + timedelta(hours=1))),
        ((IN, NOON), (OUT, NOON), (OUT, NOON)),
        ((OUT, NOON), (IN, NOON), (OUT, NOON)),
    ],
)
def test_the_newest_word_on_marketing_counts_and_a_tie_is_an_opt_out(demo, pair, winners, losers, expected):
    for contact, said in zip(pair, (winners, losers), strict=True):
        if said:
            say(demo, contact, *said)

    kept = merge(demo, *pair)

    assert (kept.marketing, kept.marketing_at) == expected
    with scope(demo.id):
        assert Consent.objects.filter(contact=kept).count() == bool(winners) + bool(losers)


def test_the_same_entry_in_both_ledgers_is_one_and_the_longer_pause_stays(demo, pair):
    for contact, hours in zip(pair, (2, 24), strict=True):
        say(demo, contact, OUT, NOON)
        change(demo, contact, marketing_not_before=NOON + timedelta(hours=hours))

    kept = merge(demo, *pair)

    assert kept.marketing_not_before == NOON + timedelta(hours=24)
    with scope(demo.id):
        assert list(Consent.objects.values_list("contact_id", "choice")) == [(kept.pk, OUT)]


def test_a_chain_of_merges_points_at_the_last(demo, pair):
    first, second = pair
    third = make_contact(demo)
    merge(demo, second, first)
    merge(demo, third, second)

    assert fresh(demo, first).merged_into_id == fresh(demo, second).merged_into_id == third.pk
    for gone, other in ((first, third), (third, second)):
        with pytest.raises(Contact.DoesNotExist):
            merge(demo, gone, other)


def test_rooms_above_move_theirs_in_the_same_transaction(demo, pair, monkeypatch):
    heard = []

    def fold(*about):
        heard.append((about, fresh(demo, pair[1]).merged_into_id))

    monkeypatch.setattr(merging, "on_merge", [fold])
    merge(demo, *pair)
    assert heard == [((demo.id, pair[0].pk, pair[1].pk), pair[0].pk)]


def test_if_a_room_above_cannot_nothing_is_merged(demo, pair, monkeypatch):
    def fold(*_about):
        raise RuntimeError

    monkeypatch.setattr(merging, "on_merge", [fold])
    with pytest.raises(RuntimeError):
        merge(demo, *pair)

    assert fresh(demo, pair[1]).merged_into_id is None
    with scope(demo.id):
        assert Identity.objects.get(value="962770000002").contact_id == pair[1].pk


def test_only_who_may_send_to_lists_merges_and_never_across_workspaces(demo, rival, pair):
    with pytest.raises(Refused):
        merge(demo, *pair, member=demo.agent1)
    with pytest.raises(Refused):
        merge(demo, pair[0], pair[0])
    theirs = make_contact(rival)
    for winner, loser in ((pair[0], theirs), (theirs, pair[0])):
        with pytest.raises(Contact.DoesNotExist):
            merge(demo, winner, loser)
    assert fresh(rival, theirs).merged_into_id is None


def test_two_who_merge_the_same_pair_in_opposite_directions_leave_one(demo, pair):
    first, second = pair

    outcomes = together(lambda: merge(demo, first, second), lambda: merge(demo, second, first))

    assert sum(isinstance(each, Contact) for each in outcomes) == 1
    assert sum(isinstance(each, Contact.DoesNotExist) for each in outcomes) == 1
    gone = [contact for contact in pair if fresh(demo, contact).merged_into_id]
    assert len(gone) == 1


def writes(world, wa_id, user_id=None):
    return Person(world.id, f"p-{world.slug}", user_id, None, wa_id, "Rania")


def test_whoever_writes_from_either_address_is_the_winner(demo, pair):
    merge(demo, *pair)

    with crossing():
        people = [
            writes(demo, "962770000002"),
            writes(demo, "962770000001"),
            writes(demo, "962770000002", "U.1"),
        ]
        assert resolve(people) == [pair[0].pk] * 3


def test_a_merge_waits_for_a_message_that_is_being_taken_in(demo, rival, pair):
    winner, loser = pair
    resolved, go = Event(), Event()
    found = []

    def take_in():
        try:
            with crossing():
                found.append(resolve([writes(demo, "962770000002")]))
                resolved.set()
                assert go.wait(20)
                with connection.cursor() as cursor:  # what the message writes to the contact it found
                    cursor.execute("SELECT merged_into_id FROM phonebook_contact WHERE id = %s", [loser.pk])
                    found.append(cursor.fetchone()[0])
        finally:
            connections.close_all()

    def merging_meanwhile():
        merge(demo, winner, loser)
        connections.close_all()

    worker, merger = Thread(target=take_in), Thread(target=merging_meanwhile)
    worker.start()
    assert resolved.wait(20)
    merger.start()
    merger.join(0.3)
    assert merger.is_alive()
    # Another workspace does not wait.
    merge(rival, make_contact(rival), make_contact(rival))
    go.set()
    worker.join(20)
    merger.join(20)

    assert found == [[loser.pk], None]
    assert fresh(demo, loser).merged_into_id == winner.pk
