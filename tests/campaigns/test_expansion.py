"""The snapshot: who gets what in which language, who does not and why, and that nothing changes it afterwards."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import scope
from campaigns import actions, expansion
from campaigns.models import Campaign, Recipient
from phonebook.models import Contact, ListMember
from tests.campaigns.plans import FIXED, fresh, plan, prepared, recipients, skips
from tests.inbox.together import together
from tests.worlds import make_contact, make_list, make_template


def change(world, contact, **fields):
    with scope(world.id):
        Contact.objects.filter(pk=contact.pk).update(**fields)
    return contact


def columns(world, listed, contact, **cells):
    with scope(world.id):
        ListMember.objects.filter(list=listed, contact=contact).update(columns=cells)


def column(name, otherwise=""):
    return {"body.1": {"kind": "column", "value": name, "otherwise": otherwise}, "body.2": FIXED["body.2"]}


def test_a_list_that_is_edited_afterwards_changes_nothing(demo):
    rania, omar = make_contact(demo, name="Rania"), make_contact(demo, name="Omar")
    listed = make_list(demo, [rania])
    campaign = prepared(demo, [], lists=[listed])

    with scope(demo.id):
        ListMember.objects.create(workspace=demo.workspace, list=listed, contact=omar)
        ListMember.objects.filter(contact=rania).delete()
    change(demo, rania, name="Rania Saleh")

    assert recipients(demo, campaign) == {"Rania Saleh": ("en", {"body.1": "Rania", "body.2": "Saturday"})}
    assert expansion.expand(campaign.pk, demo.id) is False
    assert len(recipients(demo, campaign)) == 1


def test_a_dynamic_list_is_frozen_as_well(demo):
    make_contact(demo, name="Rania"), make_contact(demo, name="Omar")
    listed = make_list(demo, [])
    with scope(demo.id):
        listed.rule = {
            "match": "all",
            "conditions": [{"about": "name", "operator": "contains", "value": "ran"}],
        }
        listed.save()

    campaign = prepared(demo, [], lists=[listed])
    make_contact(demo, name="Ranim")

    assert skips(demo, campaign) == {"Rania": None}


def test_a_crash_half_way_leaves_nothing_and_the_next_worker_starts_clean(demo, monkeypatch):
    listed = make_list(demo, [make_contact(demo) for _ in range(3)])
    campaign = actions.prepare(member=demo.marketer, plan=plan(demo, [listed], [make_template(demo)]))

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(expansion.stream, "broadcast_changed", dies)
        with pytest.raises(KeyboardInterrupt):
            expansion.expand(campaign.pk, demo.id)
    assert (fresh(demo, campaign).state, recipients(demo, campaign)) == ("checking", {})
    assert expansion.expand(campaign.pk, demo.id) is False  # the lease of the dead one
    with scope(demo.id):
        Campaign.objects.update(
            lease=timezone.now() - timedelta(seconds=1), created=timezone.now() - timedelta(hours=1)
        )

    assert expansion.overdue() == [(demo.id, campaign.pk)]
    assert expansion.expand(campaign.pk, demo.id)

    assert fresh(demo, campaign).state == "ready"
    with scope(demo.id):
        assert Recipient.objects.count() == 3
    assert expansion.overdue() == []


def test_many_workers_make_one_snapshot(demo):
    listed = make_list(demo, [make_contact(demo) for _ in range(5)])
    campaign = actions.prepare(member=demo.marketer, plan=plan(demo, [listed], [make_template(demo)]))

    assert sorted(together(*[lambda: expansion.expand(campaign.pk, demo.id)] * 6)) == [False] * 5 + [True]

    with scope(demo.id):
        assert Recipient.objects.count() == 5


def test_a_campaign_that_is_cancelled_while_it_is_listed_stays_empty(demo, monkeypatch):
    listed = make_list(demo, [make_contact(demo)])
    campaign = actions.prepare(member=demo.marketer, plan=plan(demo, [listed], [make_template(demo)]))
    written, cancelled = Event(), Event()
    real = expansion._statement

    def slowly(made):
        written.set()
        assert cancelled.wait(10)
        return real(made)

    monkeypatch.setattr(expansion, "_statement", slowly)
    done = []

    def work():
        done.append(expansion.expand(campaign.pk, demo.id))
        connection.close()

    worker = Thread(target=work)
    worker.start()
    assert written.wait(10)
    actions.cancel(member=demo.marketer, campaign_id=campaign.pk)
    cancelled.set()
    worker.join(10)

    assert done == [False]
    assert (fresh(demo, campaign).state, recipients(demo, campaign)) == ("cancelled", {})


def test_a_plan_that_cannot_be_carried_out_fails_with_a_reason(demo):
    listed = make_list(demo, [])
    with scope(demo.id):
        listed.rule = {"match": "all", "conditions": []}
        listed.save()
    campaign = actions.prepare(member=demo.marketer, plan=plan(demo, [listed], [make_template(demo)]))

    assert expansion.expand(campaign.pk, demo.id) is False

    campaign = fresh(demo, campaign)
    assert (campaign.state, campaign.reason) == ("failed", "snapshot")


def test_nobody_of_another_workspace_is_ever_listed(demo, rival):
    make_contact(rival, name="Theirs")
    listed = make_list(demo, [make_contact(demo, name="Ours")])
    with scope(demo.id):
        listed.rule = {"match": "any", "conditions": [{"about": "name", "operator": "filled"}]}
        listed.save()

    campaign = prepared(demo, [], lists=[listed])

    assert skips(demo, campaign) == {"Ours": None}
    with scope(rival.id):
        assert Recipient.objects.count() == 0
    assert expansion.expand(campaign.pk, rival.id) is False
