"""What people do to an import: send a file, say what its columns are, start it, throw it away.

Everything that takes time is a state of its row and a task; see phonebook/importing. Nothing here reads the file.
"""

import phonenumbers
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.tenancy import retrying_deadlocks
from phonebook import tasks
from phonebook.actions.lists import named, writing
from phonebook.actions.refusals import Refused
from phonebook.importing import refusal
from phonebook.importing.files import BYTES_AT_MOST
from phonebook.importing.mapping import BadMapping, Mapping, checked
from phonebook.importing.verdicts import GOOD
from phonebook.importing.work import zone_of
from phonebook.models import Import, List

UNFINISHED_AT_MOST = 20  # files that a workspace may leave lying about
FINISHED = (Import.State.DONE, Import.State.FAILED)
_NOT_NOW = _("This import has gone on meanwhile. Look at it again.")


def start_import(*, member: Membership, name: str, content: bytes) -> Import:
    """Keeps a file of at most 20 MB and has it read. Raises Refused."""
    if len(content) > BYTES_AT_MOST:
        raise Refused(refusal.words("large"), "file")
    if not content:
        raise Refused(refusal.words("empty"), "file")
    with writing(member):
        if Import.objects.exclude(state__in=FINISHED).count() >= UNFINISHED_AT_MOST:
            raise Refused(_("There are 20 unfinished imports. Finish or discard some of them first."), "file")
        made = Import.objects.create(
            workspace_id=member.workspace_id,
            name=name.replace("\x00", "")[-255:] or "file",
            content=content,
            country=member.workspace.country,
            created_by=member,
        )
        tasks.enqueue(workspace_id=made.workspace_id, import_id=made.pk)
    return made


@retrying_deadlocks
def map_import(
    *,
    member: Membership,
    import_id: int,
    mapping: Mapping,
    country: str,
    list_id: int | None = None,
    new_list: str = "",
) -> Import:
    """Says what the columns are and whose numbers have no country code, and has every row checked.

    The people go on the list `list_id`, or on a new one of that name, or on none. May be said again until the import
    was started. Raises Refused, Import.DoesNotExist.
    """
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise Refused(_("Choose a country."), "country")
    with writing(member):
        row = _locked(import_id, Import.State.MAPPING, Import.State.CHECKED)
        row.list = _target(member, list_id, new_list.strip())
        mapping = _checked(row, mapping, member)
        row.rows += bool(row.mapping.get("headings", True)) - mapping.headings
        row.mapping, row.country = mapping.kept(), country
        row.state, row.at_row, row.counts, row.lease = Import.State.CHECKING, 0, {}, None
        row.save(update_fields=["list", "rows", "mapping", "country", "state", "at_row", "counts", "lease"])
        tasks.enqueue(workspace_id=row.workspace_id, import_id=row.pk)
    return row


@retrying_deadlocks
def run_import(*, member: Membership, import_id: int) -> Import:
    """Starts the import of the rows that the dry run found good. Raises Refused, Import.DoesNotExist."""
    with writing(member):
        row = _locked(import_id, Import.State.CHECKED)
        if not any(row.counts.get(verdict) for verdict in GOOD):
            raise Refused(_("There is no row that can be imported."))
        row.state, row.at_row, row.taken, row.lease = Import.State.RUNNING, 0, {}, None
        row.save(update_fields=["state", "at_row", "taken", "lease"])
        tasks.enqueue(workspace_id=row.workspace_id, import_id=row.pk)
    return row


@retrying_deadlocks
def discard_import(*, member: Membership, import_id: int) -> None:
    """Deletes the file, its rows and its figures, not its contacts. Raises Refused, Import.DoesNotExist."""
    with writing(member):
        states = [state for state in Import.State if state != Import.State.RUNNING]
        _locked(import_id, *states).delete()


def _locked(import_id: int, *states: Import.State) -> Import:
    """The import without its file, locked until COMMIT. Raises Refused when it is in no such state."""
    chosen = Import.objects.defer("content", "prepared").select_for_update(no_key=True)
    row = chosen.get(pk=import_id)
    if row.state not in states:
        raise Refused(_NOT_NOW)
    return row


def _checked(row: Import, mapping: Mapping, member: Membership) -> Mapping:
    today = timezone.now().astimezone(zone_of(member.workspace_id)).date()
    try:
        return checked(mapping, width=len(row.columns), has_list=row.list_id is not None, today=today)
    except BadMapping as bad:
        raise Refused(bad.message, bad.field) from bad


def _target(member: Membership, list_id: int | None, new_list: str) -> List | None:
    if new_list:
        try:
            return named(List(workspace_id=member.workspace_id, created_by=member), new_list)
        except Refused as refused:
            raise Refused(refused.message, "new_list") from refused
    if list_id is None:
        return None
    target = List.objects.filter(pk=list_id, rule__isnull=True).first()
    if target is None:
        raise Refused(_("Choose a list whose people are chosen one by one."), "target_list")
    return target
