"""Our copy of the templates: made, renewed, never older than what a webhook said, and never for anybody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import BusinessAccount
from accounts.tenancy import crossing, scope
from templates_wa import sync, tasks
from templates_wa.changes import TemplateChange, apply
from templates_wa.models import Sync, Template
from tests.templates_wa.graph import listed
from tests.worlds import make_template


def want(world, **options):
    with scope(world.id):
        sync.want([world.account.pk], **options)


def run(world):
    sync.run(workspace_id=world.id, account_id=world.account.pk)


def renewed(world):
    want(world)
    run(world)


def copies(world):
    with scope(world.id):
        return list(Template.objects.order_by("name", "language"))


def state(world):
    with scope(world.id):
        return Sync.objects.get(account_id=world.account.pk)


def older(world, **fields):
    fields.setdefault("told", timezone.now() - timedelta(hours=1))
    return make_template(world, **fields)


def test_the_first_sync_writes_down_what_whatsapp_lists(demo, graph):
    graph.listed = [
        listed(),
        listed(
            "order_update", "en-US", id="502", status="REJECTED", rejected_reason="SCAM", category="UTILITY"
        ),
    ]
    renewed(demo)

    rejected, approved = copies(demo)
    assert (approved.name, approved.language, approved.template_id) == ("showroom_weekend", "en", "501")
    assert (approved.status, approved.quality, approved.reason) == ("APPROVED", "GREEN", "")
    assert approved.components == [{"type": "BODY", "text": "Hello {{1}}."}]
    assert (rejected.language, rejected.status, rejected.reason) == ("en_US", "REJECTED", "SCAM")
    assert graph.asked == [
        ("GET", "/v26.0/200000000000001/message_templates", "Bearer demo-token-100000000000001")
    ]
    assert (state(demo).state, state(demo).finished is not None) == ("ok", True)


def test_pages_are_followed_with_one_call_each(demo, graph):
    graph.listed = [listed(f"t{n}", id=str(600 + n)) for n in range(5)]
    graph.page_size = 2
    renewed(demo)
    assert [copy.name for copy in copies(demo)] == ["t0", "t1", "t2", "t3", "t4"]
    assert len(graph.asked) == 3


def test_a_second_sync_renews_rows_in_their_place(demo, graph):
    graph.listed = [listed()]
    renewed(demo)
    before = copies(demo)[0].pk
    graph.listed = [listed(status="PAUSED", quality_score={"score": "RED"}, category="UTILITY")]
    renewed(demo)
    (copy,) = copies(demo)
    assert (copy.pk, copy.status, copy.quality, copy.category) == (before, "PAUSED", "RED", "UTILITY")


def test_what_is_not_listed_any_more_is_gone_and_comes_back_when_it_is(demo, graph):
    graph.listed = [listed(), listed("old_one", id="7")]
    renewed(demo)
    graph.listed = [listed()]
    renewed(demo)
    assert [(copy.name, copy.gone is not None, copy.is_sendable) for copy in copies(demo)] == [
        ("old_one", True, False),
        ("showroom_weekend", False, True),
    ]
    graph.listed = [listed("old_one", id="7")]
    renewed(demo)
    assert copies(demo)[0].gone is None


def test_an_answer_never_overwrites_what_a_webhook_said_while_it_was_on_its_way(demo, graph):
    paused = older(demo)
    unlisted = older(demo, name="brand_new")

    def webhook():
        with scope(demo.id):
            Template.objects.filter(pk=paused.pk).update(status="PAUSED", told=timezone.now())
            Template.objects.filter(pk=unlisted.pk).update(status="APPROVED", told=timezone.now())

    graph.before = webhook
    graph.listed = [listed()]
    renewed(demo)
    assert [(copy.status, copy.gone) for copy in copies(demo)] == [("APPROVED", None), ("PAUSED", None)]


def test_the_reason_of_a_pause_outlives_a_list_that_does_not_tell_it(demo, graph):
    older(demo, status="PAUSED", reason="FIRST_PAUSE")
    graph.listed = [listed(status="PAUSED")]
    renewed(demo)
    assert copies(demo)[0].reason == "FIRST_PAUSE"
    graph.listed = [listed()]
    renewed(demo)
    assert copies(demo)[0].reason == ""


def test_nothing_is_asked_when_nothing_is_wanted_or_somebody_is_at_it(demo, graph):
    run(demo)
    want(demo)
    graph.before = lambda: run(demo)
    run(demo)
    run(demo)
    assert len(graph.asked) == 1


def test_a_wish_that_comes_while_one_is_carried_out_is_carried_out_too(demo, graph):
    want(demo)
    graph.before = lambda: want(demo)
    run(demo)
    assert (state(demo).state, state(demo).finished is not None) == ("waiting", True)
    graph.before = lambda: None
    run(demo)
    assert (state(demo).state, len(graph.asked)) == ("ok", 2)


def test_webhooks_that_come_together_are_answered_by_one_list(demo, graph):
    want(demo, after=timedelta(seconds=4))
    due = state(demo).requested
    want(demo, after=timedelta(seconds=4))
    assert state(demo).requested == due
    run(demo)
    assert graph.asked == []


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((401, {"error": {"code": 190, "message": "Malformed access token demo-token"}}), "graph 190 "),
        ((400, {"error": {"code": 100, "message": "No such field"}}), "graph 100 No such field"),
        ((502, {}), "unclear"),
    ],
)
def test_a_failure_keeps_the_old_copy_and_says_why(demo, graph, answer, detail):
    older(demo)
    graph.answer = answer
    renewed(demo)
    assert (state(demo).state, state(demo).detail) == ("failed", detail)
    assert (copies(demo)[0].gone, state(demo).finished) == (None, None)


def test_whatsapp_away_is_tried_again_after_a_quarter_of_an_hour_and_a_refusal_is_not(demo, rival, settings):
    settings.WHATSAPP_GRAPH_URL = "http://127.0.0.1:9"
    for world in (demo, rival):
        renewed(world)
    assert state(demo).detail == "unreachable"
    assert sync.due() == []
    for world, detail in ((demo, "unreachable"), (rival, "graph 190 ")):
        with scope(world.id):
            Sync.objects.update(requested=timezone.now() - timedelta(minutes=16), detail=detail)
    assert sync.due() == [(demo.id, demo.account.pk)]


def test_an_account_that_was_just_connected_gets_its_first_sync_from_the_sweep(demo, rival, graph):
    with scope(rival.id):
        BusinessAccount.objects.update(access_token="")
    assert sync.due() == [(demo.id, demo.account.pk)]
    assert state(demo).state == "waiting"
    run(demo)
    assert sync.due() == []


def test_a_worker_that_died_loses_nothing(demo, graph):
    want(demo)
    sync._take(demo.id, demo.account.pk)
    run(demo)
    assert graph.asked == []
    with scope(demo.id):
        Sync.objects.update(requested=timezone.now() - timedelta(seconds=6))
    assert sync.due() == [(demo.id, demo.account.pk)]
    run(demo)
    assert state(demo).state == "ok"


def test_the_night_renews_everything(demo, rival, graph):
    for world in (demo, rival):
        renewed(world)
    tasks.nightly()
    with crossing():
        assert set(Sync.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_lost_task_is_found_by_the_sweep_and_redis_away_stops_nobody(demo, monkeypatch):
    def away(**_):
        raise OperationalError("away")

    monkeypatch.setattr(tasks.run, "apply_async", away)
    want(demo, after=-timedelta(seconds=10))
    assert sync.due() == [(demo.id, demo.account.pk)]
    tasks.sweep()
    assert sync.due() == [(demo.id, demo.account.pk)]


def test_an_account_that_vanishes_meanwhile_is_no_error(demo, graph):
    def vanish():
        with scope(demo.id):
            Sync.objects.all().delete()

    want(demo)
    graph.listed = [listed()]
    graph.before = vanish
    run(demo)
    assert copies(demo) == []


def test_a_sync_touches_nobody_else(demo, rival, graph):
    theirs = make_template(rival, told=timezone.now() - timedelta(hours=1))
    graph.listed = []
    renewed(demo)
    with scope(rival.id):
        assert Template.objects.get(pk=theirs.pk).gone is None
    with scope(demo.id):
        sync.want([rival.account.pk])
    with scope(rival.id):
        assert Sync.objects.count() == 0
    sync.run(workspace_id=demo.id, account_id=rival.account.pk)
    assert len(graph.asked) == 1


def test_the_token_is_in_no_row(demo, graph):
    graph.answer = (400, {"error": {"code": 100, "message": "demo-token-100000000000001 is odd"}})
    renewed(demo)
    assert state(demo).detail == "graph 100 … is odd"


def test_a_list_and_webhooks_that_meet_never_block_each_other_for_good(demo, graph):
    names = [f"t{n}" for n in range(30)]
    for name in reversed(names):
        older(demo, name=name)
    graph.listed = [listed(name, id=str(600 + n)) for n, name in enumerate(names)]

    def webhooks(_):
        try:
            now = timezone.now()
            items = [
                TemplateChange(
                    demo.account.waba_id,
                    "message_template_components_update",
                    {"message_template_name": name, "message_template_language": "en"},
                    now,
                )
                for name in names
            ]
            with crossing():
                apply(items)
        finally:
            connection.close()

    def syncs(_):
        try:
            renewed(demo)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        both = [pool.submit(work, n) for n in range(6) for work in (webhooks, syncs)]
        for each in both:
            each.result()
    assert len(copies(demo)) == 30
