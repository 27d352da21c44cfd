"""Imports in tests: a file sent, taken as far as wanted, by a worker that is this process."""

from accounts.tenancy import scope
from phonebook import tasks
from phonebook.actions import imports as actions
from phonebook.importing import work
from phonebook.importing.mapping import Mapping
from phonebook.models import Contact, Import


def table(*rows):
    """A CSV file."""
    return "\n".join(",".join(row) for row in rows).encode()


def send(world, content, name="people.csv", member=None):
    """A file that was sent and read."""
    row = actions.start_import(member=member or world.marketer, name=name, content=content)
    return step(row)


def step(row):
    """One step of a worker; the row as it is then."""
    work.advance(row.pk, row.workspace_id, tasks.STEPS)
    return fresh(row)


def fresh(row):
    with scope(row.workspace_id):
        return Import.objects.get(pk=row.pk)


def change(row, **fields):
    with scope(row.workspace_id):
        Import.objects.filter(pk=row.pk).update(**fields)
    return fresh(row)


def check(world, content, mapping=None, **options):
    """A file that was checked: with its columns as guessed, or as said."""
    row = send(world, content)
    options.setdefault("country", "JO")
    actions.map_import(
        member=world.marketer,
        import_id=row.pk,
        mapping=mapping or Mapping.load(row.mapping),
        **options,
    )
    return step(row)


def start(world, content, mapping=None, **options):
    """A file whose import was started."""
    row = check(world, content, mapping, **options)
    return actions.run_import(member=world.marketer, import_id=row.pk)


def imported(world, content, mapping=None, **options):
    """A file that was imported."""
    return step(start(world, content, mapping, **options))


def contacts(world):
    """Everybody in the phonebook: number → name."""
    with scope(world.id):
        return dict(Contact.objects.order_by("phone").values_list("phone", "name"))
