"""What colleagues record of consent, and the rules that admins make."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Workspace
from accounts.tenancy import scope
from phonebook import actions
from phonebook.actions import Refused
from phonebook.models import Consent, Contact, Keyword, Marketing
from tests.worlds import make_contact

IN, OUT = Marketing.OPTED_IN, Marketing.OPTED_OUT


def fresh(world, contact):
    with scope(world.id):
        return Contact.objects.get(pk=contact.pk)


def said(world, contact, choice, wording="At the fair", at=None):
    return actions.record_consent(
        member=world.agent1,
        contact_id=contact.pk,
        choice=choice,
        wording=wording,
        at=at or timezone.now() - timedelta(days=2),
    )


def test_what_a_colleague_records_is_in_the_ledger_with_their_name(demo):
    contact = make_contact(demo)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert said(demo, contact, IN, at=at).marketing == IN

    with scope(demo.id):
        entry = Consent.objects.get()
        assert (entry.choice, entry.source, entry.wording, entry.at, entry.member_id) == (
            IN,
            "agent",
            "At the fair",
            at,
            demo.agent1.pk,
        )


def test_an_older_opt_in_does_not_undo_an_opt_out(demo):
    contact = make_contact(demo)
    said(demo, contact, OUT, "")

    assert said(demo, contact, IN, at=timezone.now() - timedelta(days=3)).marketing == OUT


@pytest.mark.parametrize(
    ("choice", "wording", "at", "field"),
    [
        (IN, " ", None, "wording"),
        (Marketing.UNKNOWN, "x", None, "choice"),
        (IN, "x", datetime(2999, 1, 1, tzinfo=UTC), "on"),
    ],
)
def test_a_consent_that_proves_nothing_is_refused(demo, choice, wording, at, field):
    contact = make_contact(demo)

    with pytest.raises(Refused) as refused:
        said(demo, contact, choice, wording, at)

    assert refused.value.field == field
    assert fresh(demo, contact).marketing == Marketing.UNKNOWN


def test_a_second_entry_of_one_moment_in_other_words_is_refused_and_the_same_is_one(demo):
    contact = make_contact(demo)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    said(demo, contact, IN, "At the fair", at)
    said(demo, contact, IN, "At the fair", at)

    with pytest.raises(Refused):
        said(demo, contact, IN, "On the phone", at)

    with scope(demo.id):
        assert Consent.objects.count() == 1


def test_nobody_records_consent_for_another_workspaces_customer(demo, rival):
    theirs = make_contact(rival)

    with pytest.raises(Contact.DoesNotExist):
        said(demo, theirs, OUT)

    assert fresh(rival, theirs).marketing == Marketing.UNKNOWN


def test_only_admins_change_the_rule_and_the_keywords(demo, rival):
    actions.set_opt_in_rule(member=demo.admin, needs_opt_in=True)
    assert Workspace.objects.get(pk=demo.id).marketing_needs_opt_in is True
    assert Workspace.objects.get(pk=rival.id).marketing_needs_opt_in is False

    assert actions.set_keyword(member=demo.admin, word=" No more! ", choice=OUT) == "no more"
    actions.set_keyword(member=demo.admin, word="NO MORE", choice=Marketing.UNKNOWN)
    with scope(demo.id):
        keyword = Keyword.objects.get()
    assert (keyword.word, keyword.choice) == ("no more", 0)

    for member in (demo.agent1, demo.marketer):
        with pytest.raises(Refused):
            actions.set_opt_in_rule(member=member, needs_opt_in=False)
        with pytest.raises(Refused):
            actions.set_keyword(member=member, word="x", choice=OUT)
        with pytest.raises(Refused):
            actions.remove_keyword(member=member, keyword_id=keyword.pk)
    with pytest.raises(Keyword.DoesNotExist):
        actions.remove_keyword(member=rival.admin, keyword_id=keyword.pk)
    assert actions.remove_keyword(member=demo.admin, keyword_id=keyword.pk) == "no more"


@pytest.mark.parametrize("word", ["", "🙂", "x" * 61])
def test_a_keyword_that_nobody_could_write_is_refused(demo, word):
    with pytest.raises(Refused) as refused:
        actions.set_keyword(member=demo.admin, word=word, choice=OUT)
    assert refused.value.field == "word"
