"""The phonebook as a CSV file, as far as the filter goes."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from accounts.tenancy import reading
from phonebook import queries
from phonebook.downloads import csv_response
from phonebook.models import Marketing
from phonebook.queries import Cursor, Row
from phonebook.views.access import senders_only
from phonebook.views.place import Place

ROWS_PER_BATCH = 1000


@require_safe
@senders_only
def export(request: WorkspaceRequest) -> StreamingHttpResponse:
    """Streams everybody the filter means, by name, with all their free fields."""
    with reading(request.workspace.pk):
        place = Place.read(request.GET, request.workspace.pk)
    headings = [
        _("Name"),
        _("WhatsApp name"),
        _("Phone number"),
        _("Username"),
        _("Language"),
        _("Labels"),
        _("Marketing"),
        _("Since"),
        _("Blocked"),
        _("First seen"),
    ]
    name = f"contacts-{request.workspace.slug}-{timezone.now():%Y-%m-%d}.csv"
    return csv_response(request, name, _batches(request.workspace.pk, place, headings))


def _batches(workspace_id: int, place: Place, headings: list[str]) -> Iterator[list[list[object]]]:
    # A scope for each batch, and none while the file waits to be fetched.
    with reading(workspace_id):
        fields = queries.field_names(workspace_id)
    words = {int(choice): str(choice.label) for choice in Marketing}
    yield [[*headings, *fields]]
    after: Cursor | None = None
    while True:
        with reading(workspace_id):
            page = queries.page(workspace_id, place.chosen, after, size=ROWS_PER_BATCH)
        yield [_cells(row, words, fields) for row in page.rows]
        if page.more is None:
            return
        after = page.more


def _cells(row: Row, words: dict[int, str], fields: list[str]) -> list[object]:
    contact = row.contact
    return [
        contact.name,
        contact.profile_name,
        contact.phone,
        contact.username,
        contact.language,
        ", ".join(label.name for label in row.labels),
        words[contact.marketing],
        contact.marketing_at.isoformat() if contact.marketing_at else "",
        contact.blocked.isoformat() if contact.blocked else "",
        contact.created.isoformat(),
        *(contact.fields.get(name, "") for name in fields),
    ]
