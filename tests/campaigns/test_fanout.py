"""A campaign at work: each person once, in the thread as a message, and nobody who must not be written to."""

import threading
import time
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Stream, StreamEvent
from accounts.tenancy import scope
from campaigns import actions, fanout, reasons
from campaigns.models import Campaign, Recipient, Skip
from inbox import delivery, dispatch, failures, pace
from inbox.models import Conversation, Message
from phonebook import consent
from phonebook.models import Consent, Contact, Identity, Marketing
from templates_wa.models import Template
from tests.campaigns.crowd import refuse
from tests.campaigns.plans import fresh, prepared
from tests.campaigns.sending import (
    drive,
    make_campaign,
    make_people,
    message_to,
    now_due,
    recipient,
    shown,
    waiting,
)
from tests.waiting import until
from tests.worlds import make_conversation, make_list, make_message, make_template


def test_everybody_gets_it_once_and_the_campaign_is_done(brisk, graph):
    people = make_people(brisk, 2 * fanout.MOST + 50)
    campaign = make_campaign(brisk, people)
    said = drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people}
    assert shown(brisk, campaign) == {"SENT": 2 * fanout.MOST + 50}
    campaign = fresh(brisk, campaign)
    assert campaign.state == Campaign.State.DONE
    assert campaign.finished is not None
    assert [each.is_busy for each in said] == [True, True, False, False]


def test_what_leaves_is_the_template_with_our_mark(brisk, graph):
    [rania] = people = make_people(brisk, 1)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    message = message_to(brisk, campaign, rania)
    [call] = graph.calls
    assert call.token == "demo-token-100000000000001"
    assert call.path == "/v26.0/100000000000001/messages"
    assert call.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+962770000000",
        "type": "template",
        "template": {
            "name": message.template.name,
            "language": {"code": "en"},
            "components": [
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": "Rania"}, {"type": "text", "text": "Saturday"}],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": f"m{message.pk}.0"}],
                },
            ],
        },
        "biz_opaque_callback_data": f"{message.pk}.1",
    }


def test_it_is_a_message_in_the_persons_thread(brisk, graph):
    [rania] = people = make_people(brisk, 1)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    message = message_to(brisk, campaign, rania)
    assert message.body == "Hello Rania, our showroom opens on Saturday. Coffee is on us."
    assert (message.kind, message.status, message.wamid, message.sender_id) == (
        "template",
        Message.Status.SENT,
        "wamid.1",
        brisk.marketer.pk,
    )
    assert set(message.payload) == {"values", "shown", "name", "language", "category"}
    assert message.payload["values"] == {"body.1": "Rania", "body.2": "Saturday"}
    with scope(brisk.id):
        [conversation] = Conversation.objects.all()
    assert (conversation.state, conversation.last_message_id, conversation.unread) == (
        "outbound",
        message.pk,
        0,
    )


def test_existing_threads_stay_where_they_are(brisk, graph):
    states = {}
    people = make_people(brisk, 4)
    for contact, state in zip(people, ["unclaimed", "closed", "outbound", None], strict=True):
        holder = brisk.agent1 if state is None else None
        states[contact.pk] = make_conversation(
            brisk, state=state or "unclaimed", holder=holder, contact=contact
        )
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert shown(brisk, campaign) == {"SENT": 4}
    with scope(brisk.id):
        for contact_id, before in states.items():
            now = Conversation.objects.get(contact=contact_id)
            assert (now.pk, now.state, now.claim_id, now.claim_version, now.unread) == (
                before.pk,
                before.state,
                before.claim_id,
                before.claim_version,
                before.unread,
            )
            moved = now.last_message_id != before.last_message_id
            assert moved == (now.last_at > before.last_at) == (before.state == "outbound")


def test_somebody_known_by_a_user_id_only_is_written_to_by_it(brisk, graph):
    with scope(brisk.id):
        hidden = Contact.objects.create(workspace=brisk.workspace, name="Sara", username="sara")
        for portfolio, value in [("p-demo", "JO.1111"), ("p-demo", "JO.2222"), ("p-other", "JO.3333")]:
            Identity.objects.create(
                workspace=brisk.workspace, contact=hidden, kind="bsuid", portfolio_id=portfolio, value=value
            )
    campaign = make_campaign(brisk, [hidden])
    drive(brisk, campaign)
    [call] = graph.calls
    assert (call.body["recipient"], "to" in call.body) == ("JO.2222", False)


def skip_of(world, campaign, contact):
    row = recipient(world, campaign, contact)
    return (Recipient.State(row.state).name, row.skip and Skip(row.skip).name, row.message_id)


def change(world, contact, **fields):
    with scope(world.id):
        Contact.objects.filter(pk=contact.pk).update(**fields)


def test_who_must_not_be_written_to_any_more_is_skipped_with_the_reason(brisk, graph):
    people = make_people(brisk, 7)
    campaign = make_campaign(brisk, people)
    out, capped, blocked, merged, gone, past, wants = people
    change(brisk, out, marketing=Marketing.OPTED_OUT)
    change(brisk, capped, marketing_not_before=timezone.now() + timedelta(hours=1))
    change(brisk, blocked, blocked=timezone.now())
    change(brisk, merged, merged_into=wants)
    change(brisk, gone, phone=None)
    change(brisk, past, marketing_not_before=timezone.now() - timedelta(hours=1))
    drive(brisk, campaign)
    assert sorted(graph.reached) == [past.phone, wants.phone]
    assert [skip_of(brisk, campaign, each) for each in (out, capped, blocked, merged, gone)] == [
        ("SKIPPED", "OPTED_OUT", None),
        ("SKIPPED", "CAPPED", None),
        ("SKIPPED", "BLOCKED", None),
        ("SKIPPED", "MERGED", None),
        ("SKIPPED", "NO_ADDRESS", None),
    ]
    assert fresh(brisk, campaign).state == "done"


def test_without_a_recorded_opt_in_nobody_gets_marketing_where_the_workspace_asks_for_it(brisk, graph):
    brisk.workspace.marketing_needs_opt_in = True
    brisk.workspace.save()
    asked, wants = people = make_people(brisk, 2)
    change(brisk, wants, marketing=Marketing.OPTED_IN)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert list(graph.reached) == [wants.phone]
    assert skip_of(brisk, campaign, asked) == ("SKIPPED", "NO_CONSENT", None)


def test_the_category_of_now_decides_whether_consent_is_needed(brisk, graph):
    [out] = people = make_people(brisk, 1)
    change(brisk, out, marketing=Marketing.OPTED_OUT)
    template = make_template(brisk, category="UTILITY")
    drive(brisk, make_campaign(brisk, people, template=template))
    assert graph.reached == {out.phone: 1}
    # WhatsApp files it under marketing between two campaigns, or between two slices.
    with scope(brisk.id):
        Template.objects.update(category="MARKETING")
    campaign = make_campaign(brisk, people, template=template)
    drive(brisk, campaign)
    assert graph.reached == {out.phone: 1}
    assert skip_of(brisk, campaign, out) == ("SKIPPED", "OPTED_OUT", None)


def test_an_opt_out_between_two_slices_is_heeded(brisk, graph, monkeypatch):
    monkeypatch.setattr(fanout, "MOST", 10)
    people = make_people(brisk, 20)
    campaign = make_campaign(brisk, people)
    fanout.run_slice(campaign.pk, brisk.id)
    late = people[15]
    with scope(brisk.id, durable=True):
        consent.record(
            [
                consent.Entry(
                    brisk.id, late.pk, Marketing.OPTED_OUT, Consent.Source.KEYWORD, "STOP", timezone.now()
                )
            ]
        )
    drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people if each != late}


def test_an_opt_out_that_is_being_committed_is_waited_for(brisk, graph):
    """The slice begins while the opt-out is not committed: it must neither miss it nor fail."""
    [rania] = people = make_people(brisk, 1)
    campaign = make_campaign(brisk, people)
    recorded, commit = threading.Event(), threading.Event()

    def opt_out():
        with scope(brisk.id, durable=True):
            entry = consent.Entry(
                brisk.id, rania.pk, Marketing.OPTED_OUT, Consent.Source.KEYWORD, "STOP", timezone.now()
            )
            consent.record([entry])
            recorded.set()
            assert commit.wait(30)
        connection.close()

    writer = threading.Thread(target=opt_out)
    writer.start()
    assert recorded.wait(30)
    sending = threading.Thread(target=lambda: (drive(brisk, campaign), connection.close()))
    sending.start()
    while not sql_waits():
        pass
    commit.set()
    writer.join()
    sending.join()
    assert graph.calls == []
    assert skip_of(brisk, campaign, rania) == ("SKIPPED", "OPTED_OUT", None)


def sql_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


def test_someone_to_whom_something_is_on_its_way_is_put_off_for_seconds(brisk, graph):
    people = make_people(brisk, 3)
    queued, sending, _free = (make_conversation(brisk, holder=brisk.agent1, contact=each) for each in people)
    reply = make_message(brisk, queued, outgoing=True)
    other = make_message(brisk, sending, outgoing=True, status=Message.Status.SENDING)
    campaign = make_campaign(brisk, people)
    drive(brisk, campaign)
    assert list(graph.reached) == [people[2].phone]
    assert fresh(brisk, campaign).state == "running"
    row = recipient(brisk, campaign, people[0])
    assert (row.state, row.message_id) == (Recipient.State.READY, None)
    assert timedelta(0) < row.due - timezone.now() <= timedelta(seconds=3)
    with scope(brisk.id):
        Message.objects.filter(pk__in=[reply.pk, other.pk]).update(status=Message.Status.SENT)
    now_due(brisk, campaign)
    drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people}
    assert fresh(brisk, campaign).state == "done"


def test_a_reply_that_waits_behind_the_campaigns_message_is_told_of(brisk, graph):
    people = make_people(brisk, 2)
    held = make_conversation(brisk, holder=brisk.agent1, contact=people[0])
    campaign = make_campaign(brisk, people)
    graph.shut()
    said = []
    worker = threading.Thread(target=lambda: (said.extend(drive(brisk, campaign)), connection.close()))
    worker.start()
    for _ in people:
        graph.arrived.get(timeout=30)
    make_message(brisk, held, outgoing=True)
    assert delivery.deliver_next(held.pk, brisk.id).seconds is None  # one at a time
    graph.open()
    worker.join()
    assert said[0].replies == [held.pk]


def test_a_list_that_is_edited_after_launch_changes_nothing(brisk, graph):
    people = make_people(brisk, 5)
    listed = make_list(brisk, people[:3])
    campaign = prepared(brisk, [], lists=[listed])
    campaign = actions.launch(member=brisk.marketer, campaign_id=campaign.pk)
    with scope(brisk.id):
        listed.members.filter(contact=people[0]).delete()
        listed.members.create(workspace=brisk.workspace, contact=people[4])
    drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people[:3]}


def test_a_paused_campaign_sends_nothing_after_the_slices_in_hand(brisk, graph):
    people = make_people(brisk, 800)
    campaign = make_campaign(brisk, people)
    graph.shut()
    workers = [
        threading.Thread(target=lambda: (drive(brisk, campaign), connection.close())) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    until(lambda: sum(shown(brisk, campaign).values()) == 2 * fanout.MOST)
    actions.pause(member=brisk.marketer, campaign_id=campaign.pk)
    graph.open()
    for worker in workers:
        worker.join()
    assert dispatch.IN_FLIGHT <= len(graph.calls) <= 2 * fanout.MOST
    assert len(graph.calls) + waiting(brisk, campaign) == 800
    fanout.run_slice(campaign.pk, brisk.id)
    assert len(graph.calls) + waiting(brisk, campaign) == 800
    actions.resume(member=brisk.marketer, campaign_id=campaign.pk)
    drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people}
    assert shown(brisk, campaign) == {"SENT": 800}


def test_while_whatsapp_is_slow_what_found_no_connection_in_time_goes_back(brisk, graph, monkeypatch):
    monkeypatch.setattr(dispatch, "QUEUE_SECONDS", 0.0)  # so a second after the slice began
    people = make_people(brisk, 200)
    campaign = make_campaign(brisk, people)
    graph.shut()
    worker = threading.Thread(target=lambda: (fanout.run_slice(campaign.pk, brisk.id), connection.close()))
    worker.start()
    for _ in range(dispatch.IN_FLIGHT):
        graph.arrived.get(timeout=30)
    threading.Event().wait(dispatch.SLICE_SECONDS + 0.1)
    graph.open()
    worker.join()
    assert len(graph.calls) == dispatch.IN_FLIGHT
    assert shown(brisk, campaign) == {"SENT": dispatch.IN_FLIGHT, "PUT_OFF": 200 - dispatch.IN_FLIGHT}
    drive(brisk, campaign)
    assert graph.reached == {each.phone: 1 for each in people}
    assert shown(brisk, campaign) == {"SENT": 200}


def test_a_cancelled_campaign_never_ends_up_with_anybody_waiting(brisk, graph):
    """Cancelled while two are under way; one of them is to be tried again, and comes back after the cancel."""
    _once, again = people = make_people(brisk, 2)
    graph.answers[again.phone] = refuse(131016)
    campaign = make_campaign(brisk, people)
    graph.shut()
    worker = threading.Thread(target=lambda: (drive(brisk, campaign), connection.close()))
    worker.start()
    for _ in people:
        graph.arrived.get(timeout=30)
    actions.cancel(member=brisk.marketer, campaign_id=campaign.pk)
    graph.open()
    worker.join()
    assert shown(brisk, campaign) == {"SENT": 1, "FAILED": 1}
    message = message_to(brisk, campaign, again)
    assert (message.error_code, message.error_details) == (None, reasons.CANCELLED_FIRST)
    assert waiting(brisk, campaign) == 0
    assert fresh(brisk, campaign).state == "cancelled"


def test_a_stranger_can_neither_run_nor_be_reached_by_anothers_campaign(brisk, rival, graph):
    people = make_people(brisk, 2)
    theirs = make_people(rival, 2, prefix="96278")
    campaign = make_campaign(brisk, people)
    assert fanout.run_slice(campaign.pk, rival.id) == fanout.Next(None)
    assert graph.calls == []
    own = make_campaign(rival, theirs)
    drive(brisk, campaign)
    drive(rival, own)
    assert graph.reached == {each.phone: 1 for each in [*people, *theirs]}
    assert {call.token for call in graph.calls[:2]} == {"demo-token-100000000000001"}
    assert {call.token for call in graph.calls[2:]} == {"demo-token-100000000000002"}
    assert sorted(fanout.due()) == []


def test_a_template_that_no_longer_fits_fails_in_words_and_nothing_leaves(brisk, graph):
    [rania] = people = make_people(brisk, 1)
    campaign = make_campaign(brisk, people)
    with scope(brisk.id):
        Template.objects.update(components=[{"type": "BODY", "text": "Hello {{1}} {{2}} {{3}}"}])
    drive(brisk, campaign)
    message = message_to(brisk, campaign, rania)
    assert (message.status, message.error_details) == (Message.Status.FAILED, failures.BAD_VALUES)
    assert graph.calls == []
    assert fresh(brisk, campaign).state == "done"


def test_spread_over_hours_a_campaign_takes_its_time(brisk, graph):
    people = make_people(brisk, 100)
    campaign = make_campaign(brisk, people, spread_seconds=50)  # two a second, so four at once
    fanout.run_slice(campaign.pk, brisk.id)
    assert len(graph.calls) == 4
    assert 0 < fanout.run_slice(campaign.pk, brisk.id).seconds <= 2
    assert len(graph.calls) == 4


def test_a_number_that_is_busy_costs_a_spread_campaign_nothing_of_its_share(brisk, graph, monkeypatch):
    campaign = make_campaign(brisk, make_people(brisk, 100), spread_seconds=50)
    free, busy = pace.lease, lambda *_: pace.Lease(0, 0.1)
    monkeypatch.setattr(pace, "lease", busy)
    for _ in range(5):
        assert fanout.run_slice(campaign.pk, brisk.id).seconds == 0.1
    assert graph.calls == []
    monkeypatch.setattr(pace, "lease", free)
    fanout.run_slice(campaign.pk, brisk.id)
    assert len(graph.calls) == 4


def test_live_events_come_once_a_second_and_leave_no_message_out(brisk, graph, monkeypatch):
    monkeypatch.setattr(fanout, "MOST", 20)
    people = make_people(brisk, 200)
    campaign = make_campaign(brisk, people)
    with scope(brisk.id):
        before = Stream.objects.get().seq
    started = time.monotonic()
    drive(brisk, campaign)
    seconds = time.monotonic() - started
    with scope(brisk.id):
        events = list(StreamEvent.objects.filter(seq__gt=before).order_by("seq"))
        messages = set(Message.objects.values_list("pk", flat=True))
    assert {(each.kind, each.object_id) for each in events} == {("broadcast", campaign.broadcast_id)}
    assert {pk for each in events for pk in each.messages} == messages
    assert len(events) <= seconds + 3


def test_the_number_of_queries_does_not_depend_on_the_number_of_people(brisk, graph, monkeypatch):
    def queries(count, prefix):
        campaign = make_campaign(brisk, make_people(brisk, count, prefix))
        with CaptureQueriesContext(connection) as seen:
            fanout.run_slice(campaign.pk, brisk.id)
        return len(seen)

    assert queries(1, "96277") == queries(3, "96278") == queries(150, "96279")
