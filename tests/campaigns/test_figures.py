"""The figures: each person once, by their newest message, and exactly the people who stand behind each number."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tenancy import scope
from campaigns import funnel, queries
from campaigns.figures import PARTS, Figures, figures, lately
from campaigns.models import Recipient, Skip
from campaigns.people import NAMES, Figure, everybody, people
from campaigns.reasons import CANCELLED_FIRST, explained, retry_after, words
from inbox import failures
from inbox.models import Message
from tests.campaigns.plans import answer, fresh, hand_over, launched, prepared, sent
from tests.worlds import make_contact

S = Message.Status
ALL = [
    S.SENDING,
    S.PUT_OFF,
    S.UNCONFIRMED,
    S.HELD,
    S.SENT,
    S.FAILED,
    S.FAILED,
    S.FAILED,
    S.DELIVERED,
    S.READ,
    S.READ,
    S.PLAYED,
]


@pytest.fixture
def campaign(demo):
    """Twelve messages in every status, two answers, one of them to a message that is only known as sent; two people
    still wait and one was skipped."""
    campaign, messages = sent(demo, ALL, state="running")
    with scope(demo.id):
        for message, code in zip(messages[5:8], (131026, 131026, 131049), strict=True):
            Message.objects.filter(pk=message.pk).update(error_code=code)
        for message in (messages[4], messages[10]):
            answer(demo, campaign, message.conversation.contact)
        for state, skip in ((0, None), (0, None), (2, Skip.BLOCKED)):
            Recipient.objects.create(
                workspace=demo.workspace,
                campaign=campaign,
                contact=make_contact(demo),
                state=state,
                skip=skip,
            )
        Recipient.objects.update(due=timezone.now())  # all at one moment, as an expansion writes it
    return campaign


def counted(world, campaign):
    with scope(world.id):
        return figures(campaign)


def names(world, campaign, figure, **options):
    with scope(world.id):
        return sorted(row.contact.name for row in people(campaign, figure, **options).rows)


def test_every_person_is_counted_once_and_what_got_further_counts_as_sent_too(demo, campaign):
    found = counted(demo, campaign)

    assert (found.recipients, found.ready, found.skipped) == (15, 14, 1)
    assert (found.waiting, found.held, found.unconfirmed) == (4, 1, 1)
    assert (found.sent, found.delivered, found.read) == (5, 4, 3)
    assert (found.replied, found.unanswered, found.failed) == (2, 2, 3)
    assert [(group.code, group.n) for group in found.failures] == [(131026, 2), (131049, 1)]
    assert found.skips == {Skip.BLOCKED: 1}
    assert sum(found.parts.values()) == found.recipients
    assert found.retryable == 1


def test_the_figures_are_one_question_however_many_campaigns_and_people(demo, campaign):
    another, _ = sent(demo, [S.READ])
    for campaigns in ([campaign], [campaign, another]):
        with scope(demo.id), CaptureQueriesContext(connection) as asked:
            assert len(lately(campaigns, age=lambda _: -1)) == len(campaigns)
        assert len(asked) == 1


def test_each_number_opens_exactly_its_people(demo, campaign):
    found = counted(demo, campaign)
    numbers = {name: getattr(found, name) for name in NAMES}
    with scope(demo.id):
        assert {name: everybody(campaign, Figure(name)).count() for name in numbers} == numbers
        for group in found.failures:
            assert everybody(campaign, Figure("failed", code=group.code)).count() == group.n
        assert everybody(campaign, Figure("skipped", reason=Skip.BLOCKED)).count() == 1
        assert everybody(campaign, Figure("skipped", reason=Skip.MERGED)).count() == 0


@pytest.mark.parametrize("name", NAMES)
def test_pages_of_people_follow_each_other_without_a_gap_or_a_repetition(demo, campaign, name):
    figure, seen, after = Figure(name), [], ""
    with scope(demo.id):
        whole = {row.pk for row in everybody(campaign, figure)}
        while True:
            page = people(campaign, figure, after, at_most=2)
            seen += [row.pk for row in page.rows]
            after = page.more
            if not after:
                break
    assert len(seen) == len(set(seen))
    assert set(seen) == whole


@pytest.mark.parametrize("cursor", ["x", "1", "_", "1_x", "99999999999999999999_1", "-1_-1", "1_²"])
def test_a_cursor_that_makes_no_sense_is_the_beginning(demo, campaign, cursor):
    assert names(demo, campaign, Figure("failed"), after=cursor) == names(demo, campaign, Figure("failed"))


def test_a_page_of_people_is_one_question(demo, campaign):
    for name in NAMES:
        with scope(demo.id), CaptureQueriesContext(connection) as asked:
            for row in people(campaign, Figure(name)).rows:
                assert row.contact.display_name
                assert row.message is None or row.message.status
        assert len(asked) == 1, name


def test_whoever_is_tried_again_counts_by_the_new_message_only(demo):
    campaign, [failed] = sent(demo, [S.FAILED], error_code=131000)
    with scope(demo.id):
        Recipient.objects.update(state=Recipient.State.READY)
    assert (counted(demo, campaign).failed, counted(demo, campaign).waiting) == (0, 1)

    hand_over(demo, campaign, failed.conversation.contact, S.DELIVERED, retry_of=failed)

    found = counted(demo, campaign)
    assert (found.failed, found.delivered, found.recipients) == (0, 1, 1)


def test_an_answer_to_another_campaign_is_not_counted(demo):
    first, [message] = sent(demo, [S.READ])
    second = launched(demo, [message.conversation.contact])
    hand_over(demo, second, message.conversation.contact, S.READ)
    answer(demo, second, message.conversation.contact)
    answer(demo, second, message.conversation.contact)

    assert (counted(demo, first).replied, counted(demo, second).replied) == (0, 1)


def test_our_own_words_are_a_reason_of_their_own(demo):
    campaign, messages = sent(demo, [S.FAILED, S.FAILED, S.FAILED])
    with scope(demo.id):
        for message, said in zip(
            messages, (failures.UNREACHABLE, failures.UNREACHABLE, CANCELLED_FIRST), strict=True
        ):
            Message.objects.filter(pk=message.pk).update(error_details=said)

    found = counted(demo, campaign)

    assert [(group.code, group.details, group.n) for group in found.failures] == [
        (None, failures.UNREACHABLE, 2),
        (None, CANCELLED_FIRST, 1),
    ]
    with scope(demo.id):
        assert everybody(campaign, Figure("failed", said=failures.UNREACHABLE)).count() == 2


def test_an_outsider_sees_no_figures(demo, rival, campaign):
    with scope(rival.id):
        assert figures(campaign) == Figures(parts=dict.fromkeys(PARTS, 0), failures=[], skips={})
        assert people(campaign, Figure()).rows == []


def test_what_was_counted_within_the_second_is_shared_and_forgotten_after_an_action(demo):
    campaign, [message] = sent(demo, [S.SENT])
    with scope(demo.id):
        assert lately([campaign])[campaign.pk].read == 0
        Message.objects.filter(pk=message.pk).update(status=S.READ)
        assert lately([campaign], age=lambda _: 60)[campaign.pk].read == 0
        assert lately([campaign], age=lambda _: -1)[campaign.pk].read == 1


@pytest.mark.parametrize(
    ("numbers", "widths"),
    [
        ([], []),
        ([5], [1000]),
        ([1, 99_999], [8, 992]),
        ([1, 1, 1], [334, 333, 333]),
        ([1, 1, 1, 100_000], [8, 8, 8, 976]),
    ],
)
def test_the_bar_is_always_full_and_shows_the_smallest_part(numbers, widths):
    assert funnel._widths(numbers) == widths


def test_the_bar_and_the_table_say_the_same(demo, campaign):
    found = counted(demo, campaign)
    bar, rows = funnel.bar(campaign, found), funnel.rows(campaign, found)

    # The only one known as no more than sent has answered.
    assert [part.name for part in bar] == [name for name in PARTS if name != "sent"]
    assert sum(part.width for part in bar) == funnel.UNITS
    assert [(row.name, str(row.label), row.n, round(row.share)) for row in rows] == [
        ("waiting", "Queued", 4, 29),
        ("sent", "Sent", 5, 36),
        ("held", "Held by WhatsApp", 1, 7),
        ("delivered", "Delivered", 4, 29),
        ("read", "Read", 3, 21),
        ("replied", "Replied", 2, 14),
        ("failed", "Failed", 3, 21),
        ("unconfirmed", "Unconfirmed", 1, 7),
        ("skipped", "Skipped", 1, 7),
    ]


def test_who_waits_in_a_cancelled_campaign_was_not_sent_to(demo):
    campaign = prepared(demo, [make_contact(demo)])
    assert funnel.label(campaign, "waiting") == "Queued"
    campaign.state = "cancelled"
    assert funnel.label(fresh(demo, campaign), "waiting") == "Queued"
    assert funnel.label(campaign, "waiting") == "Not sent"


@pytest.mark.parametrize(
    ("code", "details", "seconds"),
    [
        (131026, "", None),
        (131050, "", None),
        (131000, "", 0),
        (130429, "", 0),
        (131049, "", 24 * 3600),
        (131048, "", 4 * 3600),
        (132015, "", 0),
        (190, "", 0),
        (2147483000, "", None),
        (None, failures.UNREACHABLE, 0),
        (None, failures.NO_ADDRESS, None),
        (None, "", None),
    ],
)
def test_when_somebody_may_be_tried_again(code, details, seconds):
    assert retry_after(code, details) == seconds


def test_reasons_are_words_with_what_to_do():
    assert explained(131049).todo == "You can send to them again 24 hours after the failure."
    assert explained(131026).todo == "Sending again would fail again."
    assert explained(None, CANCELLED_FIRST).what == "Not sent: the campaign was cancelled first."
    assert words("number", "131042").what.startswith("WhatsApp cannot charge this account")
    assert words("template", "news (en): PAUSED").what.endswith("news (en): PAUSED.")
    assert words("whatsapp:131048").what.startswith("WhatsApp limits this number")
    assert words("allowance").todo.startswith("The campaign goes on by itself")
    assert words("never heard of", "but told").what == "but told"
    assert words("").what == ""


def test_the_expected_end_follows_pace_spread_and_allowance(demo):
    demo.account.messaging_limit = "TIER_250"
    with scope(demo.id):
        demo.account.save()
    campaign = prepared(demo, [make_contact(demo)], spread_seconds=7200)
    with scope(demo.id):
        campaign = queries.campaign(demo.id, campaign.pk)
        pace = queries.expected(campaign, Figures(waiting=700))
        campaign.launched = timezone.now() - timedelta(seconds=7000)
        later = queries.expected(campaign, Figures(waiting=200))
        campaign.spread_seconds = 0
        fast = queries.expected(campaign, Figures(waiting=200))

    assert (pace.seconds, pace.allowance, pace.limit, pace.today, pace.days) == (7200, 250, 250, 250, 2)
    assert timedelta(days=2, hours=1, minutes=59) < pace.ends - timezone.now() < timedelta(days=2, hours=2)
    assert 195 < later.seconds <= 200
    assert (fast.seconds, fast.days, fast.waits) == (3, 0, False)
