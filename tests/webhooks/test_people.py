"""Whoever writes is the contact that is there already: imported, typed or merged, in whatever spelling of the number."""

import pytest

from accounts.tenancy import scope
from inbox.models import Conversation, Message
from phonebook import actions, queries
from phonebook.actions import Details
from phonebook.models import Contact, Identity
from tests.webhooks.bodies import body, text
from tests.webhooks.test_processing import drained

SPELLINGS = [
    ("+55 11 98765 4321", "551187654321"),
    ("+55 11 8765 4321", "5511987654321"),
    ("+52 55 1234 5678", "5215512345678"),
    ("+52 1 55 1234 5678", "525512345678"),
    ("+54 11 2345 6789", "5491123456789"),
    ("+54 9 11 2345 6789", "541123456789"),
    ("0790 123 456", "962790123456"),
]


def create(world, **details):
    return actions.create_contact(member=world.agent1, details=Details(**details))


def writers(world):
    with scope(world.id):
        return [
            (message.conversation.contact_id, message.body)
            for message in Message.objects.select_related("conversation").order_by("id")
        ]


@pytest.mark.parametrize(("typed", "wa_id"), SPELLINGS)
def test_a_contact_with_the_number_in_another_spelling_is_the_person_who_writes(demo, rival, typed, wa_id):
    contact = create(demo, name="Ana", phone=typed)

    drained(body(text(wa_id, "Hello", name="ana ✨")))

    assert writers(demo) == [(contact.pk, "Hello")]
    with scope(demo.id):
        kept = Contact.objects.get()
        assert (kept.name, kept.profile_name, kept.phone) == ("Ana", "ana ✨", contact.phone)
        assert Identity.objects.count() == 1
    with scope(rival.id):
        assert not Contact.objects.exists()


@pytest.mark.parametrize(("typed", "wa_id"), SPELLINGS)
def test_whoever_wrote_first_is_found_by_the_number_in_another_spelling(demo, typed, wa_id):
    drained(body(text(wa_id, name="Ana")))

    found = actions.contact_of_number(member=demo.agent1, text=typed)

    with scope(demo.id):
        assert Contact.objects.get().pk == found.pk


def test_both_spellings_in_one_batch_are_one_person_and_one_thread(demo):
    drained(body(text("5511987654321", "one"), text("551187654321", "two")))

    with scope(demo.id):
        assert (Contact.objects.count(), Conversation.objects.count()) == (1, 1)


def test_a_contact_of_another_workspace_with_the_number_is_left_alone(demo, rival):
    theirs = actions.create_contact(
        member=rival.agent1, details=Details(name="Theirs", phone="+5511987654321")
    )

    drained(body(text("551187654321", name="Ana")))

    with scope(rival.id):
        kept = Contact.objects.get()
        assert (kept.pk, kept.profile_name) == (theirs.pk, "")


def test_after_a_merge_both_numbers_write_as_the_one_that_was_kept(demo):
    winner = create(demo, name="Rania", phone="0790000001")
    loser = create(demo, name="Rania H.", phone="0790000002")
    actions.merge(member=demo.marketer, winner_id=winner.pk, loser_id=loser.pk)

    drained(body(text("962790000002", "from the old one"), text("962790000001", "from the new one")))

    assert writers(demo) == [(winner.pk, "from the old one"), (winner.pk, "from the new one")]
    with scope(demo.id):
        assert Conversation.objects.count() == 1
        assert Contact.objects.get(pk=loser.pk).profile_name == ""


def test_a_username_whose_number_becomes_known_is_shown_as_the_twin_of_who_has_it(demo):
    typed = create(demo, name="Rania", phone="0790000001")
    with scope(demo.id):
        other = Contact.objects.create(workspace=demo.workspace, username="rania.h", phone="+962790000001")
        Identity.objects.create(
            workspace=demo.workspace,
            contact=other,
            portfolio_id="p-demo",
            kind="bsuid",
            value="JO.USER1",
        )
    with scope(demo.id):
        assert queries.twin(other).pk == typed.pk
        assert queries.twin(typed) is None
