"""The support desk's form in /admin/: asks back about what was only described, and hands a draft in."""

import json

import pytest
from django.test import Client

from accounts.models import User
from accounts.tenancy import scope
from templates_wa.models import Note, Request, Submission
from tests.inbox.browsing import browser

BODY = [{"type": "BODY", "text": "On Eid we are open from eight until two."}]


@pytest.fixture
def asked(demo):
    with scope(demo.id):
        return Request.objects.create(
            workspace=demo.workspace,
            account=demo.account,
            requested_by=demo.marketer,
            name="eid_opening",
            language="en",
            category="UTILITY",
            description="That we open late",
        )


def post(asked, do, words="", components="[]"):
    staff = User.objects.create_superuser(username="desk", email="desk@platform.test")
    form = {"name": "eid_opening", "language": "en", "category": "UTILITY", "components": components}
    form |= {"do": do, "words": words, "notes-TOTAL_FORMS": "0", "notes-INITIAL_FORMS": "0"}
    client = Client()
    client.force_login(staff)
    return client.post(f"/admin/templates_wa/request/{asked.pk}/change/", form)


def test_what_was_only_described_can_be_asked_about(demo, asked):
    assert post(asked, "ask", "From when on?").status_code == 302
    with scope(demo.id):
        asked.refresh_from_db()
        assert (asked.state, asked.components) == (Request.State.ASKED, [])
        assert [note.text for note in Note.objects.filter(request=asked)] == ["From when on?"]


def test_a_draft_is_saved_and_handed_in(demo, asked):
    assert post(asked, "hand_in", components=json.dumps(BODY)).status_code == 302
    with scope(demo.id):
        asked.refresh_from_db()
        assert asked.components == BODY
        assert Submission.objects.get(support_request=asked).state == Submission.State.WAITING


@pytest.mark.parametrize("components", ['{"type": "BODY"}', '["BODY"]', "7", "[{]"])
def test_what_are_no_components_is_refused_and_kept_on_the_form(demo, asked, components):
    answer = post(asked, "hand_in", components=components)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    with scope(demo.id):
        asked.refresh_from_db()
        assert (asked.components, Submission.objects.count()) == ([], 0)


def test_a_member_finds_no_desk(demo, asked):
    answer = browser(demo.admin).get(f"/admin/templates_wa/request/{asked.pk}/change/")
    assert answer.status_code == 403
