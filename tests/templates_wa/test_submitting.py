"""From the builder to WhatsApp: wishes are rows, carried out once, and a lost answer never makes a second template."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.tenancy import crossing, scope
from templates_wa import desk, submitting
from templates_wa.actions import asking
from templates_wa.drafting import Draft
from templates_wa.models import Note, Request, Submission, Sync, Template
from tests.worlds import make_template

DRAFT = Draft(
    name="order_ready",
    language="en",
    category="UTILITY",
    body="Hello {{1}}, your order is ready to be picked up.",
    examples={"body.1": "Rania"},
)


@pytest.fixture
def graph_says(graph):
    """The fake Graph API answers every call with this."""

    def says(status, body):
        graph.answer = (status, body)

    return says


def carry_out(world, wish):
    submitting.carry_out(workspace_id=world.id, submission_id=wish.pk)
    with scope(world.id):
        return Submission.objects.get(pk=wish.pk)


def submit(world, **changes):
    return asking.submit(
        member=world.admin,
        account_id=world.account.pk,
        draft=DRAFT,
        request_id=changes.get("request_id", uuid4()),
    )


def test_an_admins_draft_is_handed_in_and_appears_as_pending(demo, graph, graph_says):
    graph_says(200, {"id": "9001", "status": "PENDING", "category": "MARKETING"})
    wish = carry_out(demo, submit(demo))
    assert (wish.state, wish.code) == ("done", None)
    with scope(demo.id):
        template = Template.objects.get(name="order_ready")
        assert (template.template_id, template.status, template.category) == ("9001", "PENDING", "MARKETING")
        assert wish.template_id == template.pk
        assert Sync.objects.get(account=demo.account).state == "waiting"
    assert graph.paths == [f"/v26.0/{demo.account.waba_id}/message_templates"]


def test_the_same_form_twice_is_one_wish_and_one_call(demo, graph, graph_says):
    graph_says(200, {"id": "9001", "status": "PENDING", "category": "UTILITY"})
    request_id = uuid4()
    first, second = submit(demo, request_id=request_id), submit(demo, request_id=request_id)
    assert first.pk == second.pk
    carry_out(demo, first)
    carry_out(demo, second)
    assert len(graph.asked) == 1


def test_what_whatsapp_refuses_is_said_in_words_and_makes_no_template(demo, graph_says):
    graph_says(400, {"error": {"code": 100, "message": "x", "error_data": {"details": "The name is taken."}}})
    wish = carry_out(demo, submit(demo))
    assert (wish.state, wish.code, wish.detail) == ("refused", 100, "The name is taken.")
    with scope(demo.id):
        assert not Template.objects.exists()


def test_a_creation_whose_worker_died_is_unclear_and_never_sent_again(demo, graph):
    wish = submit(demo)
    with scope(demo.id):
        Submission.objects.filter(pk=wish.pk).update(
            lease=timezone.now() - timedelta(seconds=1), created=timezone.now() - timedelta(minutes=5)
        )
    assert submitting.due() == [(demo.id, wish.pk)]
    assert carry_out(demo, wish).state == "unclear"
    assert graph.asked == []
    assert submitting.due() == []


def test_a_deletion_whose_worker_died_is_repeated_because_that_does_no_harm(demo, graph, graph_says):
    graph_says(200, {"success": True})
    template = make_template(demo)
    wish = asking.delete(member=demo.admin, template_id=template.pk)
    with scope(demo.id):
        Submission.objects.filter(pk=wish.pk).update(lease=timezone.now() - timedelta(seconds=1))
    assert carry_out(demo, wish).state == "done"
    with scope(demo.id):
        assert not Template.objects.get(pk=template.pk).is_sendable


def test_editing_sends_it_back_to_review_and_keeps_an_approved_category(demo, graph_says):
    graph_says(200, {"success": True})
    template = make_template(demo)
    wish = asking.edit(member=demo.admin, template_id=template.pk, draft=DRAFT, request_id=uuid4())
    assert set(wish.body) == {"components"}
    carry_out(demo, wish)
    with scope(demo.id):
        assert Template.objects.get(pk=template.pk).status == "PENDING"


@pytest.mark.parametrize("status", ["PENDING", "DISABLED"])
def test_only_approved_rejected_and_paused_templates_are_edited(demo, status):
    template = make_template(demo, status=status)
    with pytest.raises(asking.Refused):
        asking.edit(member=demo.admin, template_id=template.pk, draft=DRAFT, request_id=uuid4())


def test_without_the_right_nobody_hands_in(demo):
    for member in (demo.agent1, demo.marketer):
        with pytest.raises(asking.Refused):
            asking.submit(member=member, account_id=demo.account.pk, draft=DRAFT, request_id=uuid4())
    demo.workspace.submits_templates = False
    demo.admin.workspace = demo.workspace
    with pytest.raises(asking.Refused):
        submit(demo)


def request(world, member=None, **options):
    return asking.request_template(
        member=member or world.marketer,
        account_id=world.account.pk,
        draft=DRAFT,
        description="For orders that wait in the shop.",
        request_id=options.get("request_id", uuid4()),
    )


def test_a_request_reaches_the_desk_is_asked_about_answered_and_handed_in(demo, graph_says):
    asked = request(demo)
    with crossing():
        desk.ask_back(Request.objects.get(pk=asked.pk), "Which shop is it?")
    with scope(demo.id):
        assert Request.objects.get(pk=asked.pk).state == "asked"
    asking.answer_support(member=demo.marketer, request_id=asked.pk, text="The one in Amman.")
    with scope(demo.id):
        assert Request.objects.get(pk=asked.pk).state == "open"
        assert [(note.member_id, note.text) for note in Note.objects.order_by("pk")] == [
            (None, "Which shop is it?"),
            (demo.marketer.pk, "The one in Amman."),
        ]
    with crossing():
        wish = desk.hand_in(Request.objects.get(pk=asked.pk))
        assert desk.hand_in(Request.objects.get(pk=asked.pk)).pk == wish.pk
    graph_says(200, {"id": "9002", "status": "PENDING", "category": "UTILITY"})
    assert carry_out(demo, wish).state == "done"
    with scope(demo.id):
        asked = Request.objects.select_related("template").get(pk=asked.pk)
        assert (asked.state, asked.template.name) == ("submitted", "order_ready")
    with pytest.raises(asking.Refused):
        asking.withdraw(member=demo.marketer, request_id=asked.pk)


def test_an_agent_asks_for_nothing_unless_lists_were_granted(demo):
    with pytest.raises(asking.Refused):
        request(demo, member=demo.agent1)
    demo.agent1.sends_to_lists = True
    demo.agent1.save()
    assert request(demo, member=demo.agent1).state == "open"


def test_the_same_request_twice_is_one(demo):
    request_id = uuid4()
    assert request(demo, request_id=request_id).pk == request(demo, request_id=request_id).pk


def test_another_workspace_sees_and_changes_nothing(demo, rival):
    asked, template = request(demo), make_template(demo)
    with pytest.raises(Request.DoesNotExist):
        asking.answer_support(member=rival.marketer, request_id=asked.pk, text="hello")
    with pytest.raises(Template.DoesNotExist):
        asking.delete(member=rival.admin, template_id=template.pk)
    with pytest.raises(Exception, match="matching query"):
        asking.submit(member=rival.admin, account_id=demo.account.pk, draft=DRAFT, request_id=uuid4())
