"""Failures that WhatsApp reports later, by receipt: what they mean for the customer and for the number."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from inbox import aftermath
from inbox.aftermath import Failure
from inbox.models import Message
from phonebook.models import Consent, Marketing
from tests.inbox.rows import FAILED, SENT, UNCONFIRMED, change, fresh
from tests.webhooks.bodies import body, status
from tests.webhooks.test_processing import drained, ledger
from tests.worlds import make_broadcast, make_conversation, make_message
from webhooks.parked import rematch

NOW = int(timezone.now().timestamp())


@pytest.fixture
def sent(demo):
    conversation = make_conversation(demo, state="outbound")
    return make_message(
        demo, conversation, outgoing=True, status=SENT, wamid="wamid.OUT", broadcast=make_broadcast(demo)
    )


@pytest.fixture
def unsure(demo):
    """Its answer was lost, so its wamid is not known."""
    conversation = make_conversation(demo, state="outbound")
    return make_message(demo, conversation, outgoing=True, status=UNCONFIRMED, attempt=1)


def failed(code, at=NOW, **fields):
    return body(status(fields.pop("wamid", "wamid.OUT"), "failed", code=code, at=at, **fields))


def consents(world):
    with scope(world.id):
        return list(Consent.objects.values_list("contact_id", "choice", "source", "at"))


def contact(world, message):
    with scope(world.id):
        return Message.objects.select_related("conversation__contact").get(pk=message.pk).conversation.contact


def test_an_opt_out_reported_later_is_entered_once_at_its_own_time(demo, rival, sent):
    drained(failed(131050), failed(131050))
    drained(failed(131050))
    who = contact(demo, sent)
    assert consents(demo) == [(who.pk, Marketing.OPTED_OUT, "refused", datetime.fromtimestamp(NOW, UTC))]
    assert who.marketing == Marketing.OPTED_OUT
    assert fresh(demo, sent).status == FAILED
    assert consents(rival) == []


def test_an_opt_out_of_before_the_customer_came_back_changes_nothing(demo, sent):
    change(demo, contact(demo, sent), marketing=Marketing.OPTED_IN, marketing_at=timezone.now())
    drained(failed(131050, NOW - 3600))
    assert contact(demo, sent).marketing == Marketing.OPTED_IN


def test_a_day_without_marketing_counts_from_the_failure_and_never_shrinks(demo, sent):
    drained(failed(131049, NOW - 3600))
    day = datetime.fromtimestamp(NOW - 3600, UTC) + timedelta(hours=24)
    until = contact(demo, sent).marketing_not_before
    assert day < until <= day + timedelta(minutes=1)
    drained(failed(131049, NOW - 7200))
    assert contact(demo, sent).marketing_not_before == until


@pytest.mark.parametrize("code", [368, 131042, 131031, 190])
def test_what_concerns_the_whole_number_stops_it_at_once(demo, rival, sent, code):
    drained(failed(code))
    number = fresh(demo, demo.number)
    assert (number.stopped, number.stopped_code) == (datetime.fromtimestamp(NOW, UTC), code)
    assert number.stopped_detail == ("" if code == 190 else "why")
    assert fresh(rival, rival.number).stopped is None


def test_the_first_reason_stays_and_a_good_check_outdates_older_failures(demo, sent):
    drained(failed(368, NOW - 5))
    drained(failed(131042, NOW - 9))
    assert fresh(demo, demo.number).stopped_code == 368
    checked = datetime.fromtimestamp(NOW, UTC)
    change(demo, demo.number, stopped=None, stopped_code=None, check_state="ok", check_finished=checked)
    drained(failed(368, NOW - 5))
    assert fresh(demo, demo.number).stopped is None
    drained(failed(368, NOW + 1))
    assert fresh(demo, demo.number).stopped_code == 368


@pytest.mark.parametrize("code", [131026, 130472, 131047, 132015, 131000, None])
def test_other_failures_are_about_their_message_alone(demo, sent, code):
    drained(failed(code))
    assert fresh(demo, sent).status == FAILED
    assert consents(demo) == []
    assert contact(demo, sent).marketing_not_before is None
    assert fresh(demo, demo.number).stopped is None


def test_a_failure_that_comes_before_its_wamid_is_heeded_when_that_is_known(demo, unsure):
    drained(failed(131050))
    assert (ledger()[0][1], consents(demo)) == ("parked", [])
    change(demo, unsure, wamid="wamid.OUT")
    rematch()
    assert len(consents(demo)) == 1


def test_a_failure_that_echoes_our_mark_is_matched_at_once(demo, unsure):
    drained(failed(131050, opaque=f"{unsure.pk}.1"))
    assert len(consents(demo)) == 1


def test_another_workspaces_number_cannot_opt_my_customer_out(demo, rival, unsure):
    post = body(
        status("wamid.X", "failed", code=131050, opaque=f"{unsure.pk}.1"),
        number="100000000000002",
        waba="200000000000002",
    )
    drained(post)
    assert consents(demo) == consents(rival) == []


def test_a_thousand_failures_at_once_are_a_few_questions(demo, django_assert_max_num_queries):
    people = [make_conversation(demo) for _ in range(3)]
    at = datetime.fromtimestamp(NOW - NOW % 60, UTC)
    codes = [131050, 131049, 368]
    failures = [
        Failure(demo.id, each.contact_id, demo.number.pk, codes[n % 3], at + timedelta(seconds=n % 50))
        for n in range(1000)
        for each in [people[n % 3]]
    ]
    with scope(demo.id), django_assert_max_num_queries(10):
        aftermath.settle(failures)
    with scope(demo.id):
        assert PhoneNumber.objects.get().stopped == at + timedelta(
            seconds=min(n % 50 for n in range(2, 1000, 3))
        )
