"""Pages of the phonebook as trees, and what fills them."""

from accounts.tenancy import scope
from phonebook import actions
from phonebook.models import Contact, Label
from tests.inbox.dom import parse


def put_labels(world, contact, *names):
    actions.set_labels(member=world.agent1, contact_id=contact.pk, label_ids=[], new=names)


def update(world, contact, **fields):
    with scope(world.id):
        Contact.objects.filter(pk=contact.pk).update(**fields)


def fresh(world, contact):
    with scope(world.id):
        return Contact.objects.get(pk=contact.pk)


def page(client, world, path=""):
    return parse(client.get(world.url(f"phonebook/{path}")))


def rows(tree):
    return [
        (row.one("td", "cell-main").text, *(cell.text for cell in row.all("td")[1:]))
        for body in tree.all("tbody")
        for row in body.all("tr")
    ]


def of(contact, path=""):
    return f"contacts/{contact.pk}/{path}"


def label_id(world):
    with scope(world.id):
        return Label.objects.get().pk
