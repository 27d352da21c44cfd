"""The demo's content: everything the issue's reader looks for is there, and holds together."""

from collections import Counter

from django.contrib.auth import authenticate
from django.utils import timezone

from accounts.models import Membership, PhoneNumber, Workspace
from accounts.tenancy import crossing, scope
from campaigns.models import Campaign, Recipient
from dev.companies import PASSWORD, fill
from inbox.models import Claim, Conversation, Message, SystemLine
from inbox.queries import counts
from phonebook.models import Contact, List, Marketing
from simulator import memory
from simulator.config import DEFAULT_NUMBERS
from simulator.state import World
from templates_wa.models import Template


def test_the_logins_and_ids_are_the_published_ones(db):
    fill()

    people = Membership.objects.values_list("workspace__slug", "user__username", "user__email", "role")
    assert set(people) == {
        ("demo", "agent1", "agent1@demo.test", "agent"),
        ("demo", "agent2", "agent2@demo.test", "agent"),
        ("demo", "marketer", "marketer@demo.test", "marketer"),
        ("demo", "admin", "admin@demo.test", "admin"),
        ("rival", "rival-agent1", "agent1@rival.test", "agent"),
    }
    assert authenticate(None, username="agent1", password=PASSWORD)
    with crossing():
        numbers = PhoneNumber.objects.values_list(
            "workspace__slug",
            "phone_number_id",
            "business_account__waba_id",
            "business_account__access_token",
        )
        assert set(numbers) == {
            ("demo", "100000000000001", "200000000000001", "demo-token-100000000000001"),
            ("rival", "100000000000002", "200000000000002", "demo-token-100000000000002"),
        }


def test_conversations_of_every_kind_are_there(db):
    fill()

    demo = Workspace.objects.get(slug="demo")
    now = timezone.now()
    with scope(demo.pk):
        conversations = list(Conversation.objects.select_related("holder__user", "contact"))
        states = Counter(conversation.state for conversation in conversations)
        written = [c for c in conversations if c.window_expires]
        assert (len(written), states["outbound"]) == (41, 40)
        assert min(states[state] for state in ("unclaimed", "claimed", "closed")) >= 7
        holders = {c.holder.user.username for c in conversations if c.holder}
        assert holders == {"agent1", "agent2", "marketer", "admin"}
        left = [(c.window_expires - now).total_seconds() / 3600 for c in written]
        assert sum(hours < 0 for hours in left) >= 5
        assert sum(0 < hours < 2 for hours in left) >= 3
        assert sum(hours > 20 for hours in left) >= 10
        statuses = set(Message.objects.filter(outgoing=True).values_list("status", flat=True))
        assert statuses == {
            Message.Status.UNCONFIRMED,
            Message.Status.SENT,
            Message.Status.FAILED,
            Message.Status.DELIVERED,
            Message.Status.READ,
        }
        assert set(
            Message.objects.filter(status=Message.Status.FAILED).values_list("error_code", flat=True)
        ) == {
            130429,
            131026,
        }
        assert Message.objects.exclude(context_wamid="").exists()
        assert {"image", "audio", "order", "location"} <= set(Message.objects.values_list("kind", flat=True))
        assert SystemLine.objects.filter(kind="transferred").exclude(note="").exists()
        assert any(c.contact.phone is None for c in conversations)
        assert not Message.objects.filter(at__gt=now).exists()


def test_counts_unread_and_claims_follow_from_what_happened(db):
    fill()

    for workspace in Workspace.objects.all():
        with scope(workspace.pk):
            conversations = list(Conversation.objects.all())
            counted = counts(workspace.pk)["all"]
            states = Counter(conversation.state for conversation in conversations)
            assert {state: counted[state] for state in states} == states
            assert Claim.objects.filter(ended=None).count() == states["claimed"]
            assert all(c.unread > 0 for c in conversations if c.state == "unclaimed")
            assert all(c.unread == 0 for c in conversations if c.state == "closed")


def test_a_second_start_leaves_everything_as_it_is(db):
    fill()
    with crossing():
        before = list(Conversation.objects.order_by("id").values())

    fill()

    with crossing():
        assert list(Conversation.objects.order_by("id").values()) == before


def test_the_simulator_remembers_the_same_windows(db, tmp_path, monkeypatch):
    monkeypatch.setenv("SIM_STATE_FILE", str(tmp_path / "simulator.json"))
    fill()

    world = World(DEFAULT_NUMBERS, [], version=1)
    memory.load(tmp_path / "simulator.json", world)

    with crossing():
        for conversation in Conversation.objects.exclude(state="outbound").select_related("number"):
            first = conversation.messages.filter(outgoing=False).earliest("at")
            wa_id = first.payload.get("from")
            known = world.threads[conversation.number.phone_number_id, wa_id]
            assert abs(known.window_until() - conversation.window_expires.timestamp()) < 0.01


def test_a_campaign_with_its_people_consent_and_answers_is_there(db):
    fill()

    demo = Workspace.objects.get(slug="demo")
    with scope(demo.pk):
        campaign = Campaign.objects.select_related("broadcast").get()
        people = Counter(Recipient.objects.values_list("state", flat=True))
        assert (campaign.state, people) == ("done", {Recipient.State.HANDED: 45, Recipient.State.SKIPPED: 3})
        sent = Message.objects.filter(broadcast=campaign.broadcast, outgoing=True)
        assert sent.count() == 45
        assert Conversation.objects.filter(pinned=campaign.broadcast, state="unclaimed").count() == 5
        assert set(List.objects.values_list("name", flat=True)) == {
            "Amman showroom visitors",
            "VIP customers",
            "Arabic speakers",
        }
        assert Contact.objects.filter(marketing=Marketing.OPTED_OUT).count() == 3
        assert Template.objects.filter(status="APPROVED").count() >= 8
