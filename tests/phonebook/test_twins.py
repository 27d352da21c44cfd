"""Two contacts with one number are one person on the phone: what one refuses, the other does not get either."""

from django.utils import timezone

from accounts.tenancy import scope
from phonebook import actions
from phonebook.consent import Entry, record
from phonebook.models import Consent, Contact, Marketing
from tests.worlds import make_contact


def twins(world):
    """Imported with a number, and known by a user id until WhatsApp told the same number."""
    imported = make_contact(world, "Rania", "962790001234")
    with scope(world.id):
        written = Contact.objects.create(
            workspace=world.workspace, profile_name="Rania H", phone="+962790001234"
        )
    return imported, written


def say(world, contact, choice):
    with scope(world.id):
        record([Entry(world.id, contact.pk, choice, Consent.Source.KEYWORD, "STOP", timezone.now())])


def marketing(world, *contacts):
    with scope(world.id):
        found = Contact.objects.in_bulk([each.pk for each in contacts])
        return [found[each.pk].marketing for each in contacts]


def test_an_opt_out_of_one_is_an_opt_out_of_both_whoever_said_it(demo):
    imported, written = twins(demo)
    say(demo, written, Marketing.OPTED_OUT)
    assert marketing(demo, imported, written) == [Marketing.OPTED_OUT, Marketing.OPTED_OUT]
    say(demo, imported, Marketing.OPTED_IN)
    assert marketing(demo, imported, written) == [Marketing.OPTED_IN, Marketing.OPTED_IN]
    say(demo, imported, Marketing.OPTED_OUT)
    assert marketing(demo, imported, written) == [Marketing.OPTED_OUT, Marketing.OPTED_OUT]


def test_blocking_one_blocks_both_and_unblocking_too(demo):
    imported, written = twins(demo)
    actions.block(member=demo.agent1, contact_id=written.pk)
    with scope(demo.id):
        assert Contact.objects.filter(blocked=None).count() == 0
    actions.unblock(member=demo.agent1, contact_id=imported.pk)
    with scope(demo.id):
        assert Contact.objects.filter(blocked=None).count() == 2


def test_the_same_number_in_another_workspace_is_another_customer(demo, rival):
    imported, written = twins(demo)
    theirs, _other = twins(rival)
    say(demo, written, Marketing.OPTED_OUT)
    assert marketing(rival, theirs) == [Marketing.UNKNOWN]
    actions.block(member=demo.agent1, contact_id=imported.pk)
    with scope(rival.id):
        assert Contact.objects.exclude(blocked=None).count() == 0
