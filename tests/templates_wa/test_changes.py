"""What template webhooks change at once, in any order and however often they come."""

from datetime import timedelta

from django.utils import timezone

from accounts.tenancy import crossing, scope
from templates_wa.changes import TemplateChange, apply
from templates_wa.models import Sync, Template
from tests.worlds import make_template

NOW = timezone.now().replace(microsecond=0)
STATUS = "message_template_status_update"


def template(world, **fields):
    fields.setdefault("told", NOW - timedelta(hours=1))
    made = make_template(world, **fields)
    with scope(world.id):
        Template.objects.filter(pk=made.pk).update(template_id="501")
    return made


def change(value, *, field=STATUS, waba="200000000000001", after=0, **more):
    about = {
        "message_template_id": 501,
        "message_template_name": "showroom_weekend",
        "message_template_language": "en",
    }
    return TemplateChange(waba, field, {**about, **value, **more}, NOW + timedelta(seconds=after))


def applied(*items):
    with crossing():
        apply(items)


def row(world, made):
    with scope(world.id):
        return Template.objects.get(pk=made.pk)


def wants_a_sync(world):
    with scope(world.id):
        return Sync.objects.filter(state="waiting").exists()


def test_a_rejection_says_why_in_whatsapp_s_own_words(demo):
    made = template(demo, status="PENDING")
    applied(
        change(
            {
                "event": "REJECTED",
                "reason": "INVALID_FORMAT",
                "rejection_info": {"reason": "The header is odd.", "recommendation": "Shorten it."},
            }
        )
    )
    now = row(demo, made)
    assert (now.status, now.reason) == ("REJECTED", "INVALID_FORMAT: The header is odd. Shorten it.")
    assert not wants_a_sync(demo)


def test_a_pause_and_its_end(demo):
    made = template(demo)
    applied(
        change(
            {
                "event": "PAUSED",
                "reason": "NONE",
                "other_info": {"title": "FIRST_PAUSE", "description": "3 h."},
            }
        )
    )
    assert (row(demo, made).status, row(demo, made).reason) == ("PAUSED", "FIRST_PAUSE: 3 h.")
    assert not row(demo, made).is_sendable
    applied(change({"event": "APPROVED", "other_info": {"title": "UNPAUSE"}}, after=60))
    assert (row(demo, made).status, row(demo, made).reason) == ("APPROVED", "")


def test_a_language_with_a_hyphen_is_the_one_with_an_underscore(demo):
    made = template(demo, language="en_US")
    applied(change({"event": "DISABLED"}, message_template_language="en-US"))
    assert row(demo, made).status == "DISABLED"


def test_a_deleted_template_is_gone(demo):
    made = template(demo)
    applied(change({"event": "DELETED"}))
    assert (row(demo, made).gone, row(demo, made).is_sendable) == (NOW, False)


def test_the_quality_is_noted_even_under_the_wrong_field_s_name(demo):
    made = template(demo, quality="GREEN")
    applied(change({"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}, field=STATUS))
    assert (row(demo, made).quality, row(demo, made).status) == ("YELLOW", "APPROVED")


def test_a_category_is_announced_and_then_changed(demo):
    made = template(demo, category="UTILITY")
    field = "template_category_update"
    applied(change({"new_category": "UTILITY", "correct_category": "MARKETING"}, field=field))
    assert (row(demo, made).category, row(demo, made).correct_category) == ("UTILITY", "MARKETING")
    applied(change({"previous_category": "UTILITY", "new_category": "MARKETING"}, field=field, after=60))
    assert (row(demo, made).category, row(demo, made).correct_category) == ("MARKETING", "")
    assert row(demo, made).is_marketing


def test_a_status_may_bring_another_category_with_it(demo):
    made = template(demo, category="UTILITY", status="PENDING")
    applied(change({"event": "APPROVED", "message_template_category": "MARKETING"}))
    assert row(demo, made).is_marketing


def test_changed_components_and_unknown_templates_are_asked_for(demo, rival):
    template(demo)
    applied(change({"message_template_element": "New text"}, field="message_template_components_update"))
    assert wants_a_sync(demo)
    applied(change({"event": "APPROVED"}, waba="200000000000002"))
    assert wants_a_sync(rival)


def test_a_template_that_comes_back_is_asked_for(demo):
    made = template(demo, status="DISABLED")
    applied(change({"event": "REINSTATED"}))
    assert (row(demo, made).status, wants_a_sync(demo)) == ("APPROVED", True)


def test_an_older_message_changes_nothing_but_is_asked_about(demo):
    made = template(demo)
    applied(change({"event": "PAUSED"}, after=60))
    assert not wants_a_sync(demo)
    applied(change({"event": "APPROVED"}))
    assert (row(demo, made).status, wants_a_sync(demo)) == ("PAUSED", True)


def test_the_order_within_a_batch_does_not_matter(demo):
    made = template(demo)
    late, early = change({"event": "APPROVED"}, after=60), change({"event": "PAUSED"})
    applied(late, early)
    assert (row(demo, made).status, wants_a_sync(demo)) == ("APPROVED", False)


def test_the_same_message_twice_is_the_same_as_once(demo):
    made = template(demo)
    applied(change({"event": "PAUSED"}))
    once = row(demo, made)
    applied(change({"event": "PAUSED"}), change({"event": "PAUSED"}))
    assert (row(demo, made).status, row(demo, made).told) == (once.status, once.told)
    assert not wants_a_sync(demo)


def test_a_message_about_a_deleted_template_does_not_touch_its_successor(demo):
    made = template(demo)
    applied(change({"event": "DELETED"}, message_template_id=400))
    assert (row(demo, made).gone, wants_a_sync(demo)) == (None, True)


def test_a_message_about_one_account_touches_no_other_workspace(demo, rival):
    ours, theirs = template(demo), template(rival)
    applied(change({"event": "DISABLED"}))
    assert (row(demo, ours).status, row(rival, theirs).status) == ("DISABLED", "APPROVED")
    assert not wants_a_sync(rival)


def test_nonsense_and_strangers_are_survived(demo):
    applied(
        change({"event": "APPROVED"}, waba="999999999999999"),
        TemplateChange("200000000000001", STATUS, {}, NOW),
        TemplateChange("200000000000001", STATUS, {"event": 7, "message_template_name": ["x"]}, NOW),
        change({"event": "PAUSED", "other_info": "x", "rejection_info": [], "reason": None}),
    )
    assert wants_a_sync(demo)


def test_many_changes_cost_as_many_queries_as_one(demo, django_assert_num_queries):
    template(demo)
    for name in ("a", "b", "c"):
        make_template(demo, name, told=NOW - timedelta(hours=1))
    one = [change({"event": "PAUSED"})]
    three = [
        change({"event": "PAUSED"}, after=5, message_template_name=name, message_template_id=None)
        for name in ("a", "b", "c")
    ]
    for items in (one, three):
        with crossing(), django_assert_num_queries(3):
            apply(items)
