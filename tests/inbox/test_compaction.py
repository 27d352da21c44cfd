"""Folding the tally and forgetting old live events."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import StreamEvent
from accounts.tenancy import crossing, scope
from inbox import actions, compaction
from inbox.models import Tally
from tests.worlds import make_conversation


def test_folding_the_tally_keeps_every_sum(demo, rival):
    for world in (demo, rival):
        for _ in range(3):
            make_conversation(world)
        actions.claim(member=world.agent1, conversation_id=make_conversation(world).pk)

    def sums():
        with crossing(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT workspace_id, state, holder_id, sum(n)::int FROM inbox_tally"
                " GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3"
            )
            return cursor.fetchall()

    before = sums()
    assert before == sorted(
        row
        for world in (demo, rival)
        for row in [(world.id, "claimed", world.agent1.pk, 1), (world.id, "unclaimed", None, 3)]
    )
    assert compaction.fold_tallies() > 0
    assert sums() == before
    with crossing():
        assert Tally.objects.count() == 4
    assert compaction.fold_tallies() == 0
    assert sums() == before


def test_live_events_are_kept_for_three_days(demo, rival, monkeypatch):
    monkeypatch.setattr(compaction, "EVENTS_PER_BATCH", 2)
    now = timezone.now()
    for world in (demo, rival):
        with scope(world.id):
            StreamEvent.objects.bulk_create(
                StreamEvent(
                    workspace=world.workspace,
                    seq=seq,
                    kind="conversation",
                    object_id=1,
                    created=now - timedelta(hours=age),
                )
                for seq, age in enumerate([80, 79, 73, 71, 1])
            )
    assert compaction.forget_events() == 6
    with crossing():
        assert sorted(StreamEvent.objects.values_list("workspace_id", "seq")) == sorted(
            (world.id, seq) for world in (demo, rival) for seq in (3, 4)
        )
