"""What members do with templates: wish for a newer copy, keep a file for a header. One verb, one transaction.

Nothing here talks to WhatsApp: a wish is a row and a task.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import BigIntegerField, F, Func, Sum
from django.utils.translation import gettext_lazy as _

from accounts.actions import Refused
from accounts.models import BusinessAccount, Membership
from accounts.tenancy import retrying_deadlocks, scope
from templates_wa import files, sync, tasks
from templates_wa.models import HeaderFile, Sync

__all__ = ["Refused", "keep_file", "keep_files", "request_sync"]

_FILE = "f:"  # what the file inputs of _slots.html are called, before the slot's key


@retrying_deadlocks
def request_sync(*, member: Membership) -> list[Sync]:
    """A member wants to see the templates as WhatsApp has them now; the page shows how far it is.

    While one is waited for, nothing new is asked. Raises Refused when no account is connected.
    """
    with scope(member.workspace_id, durable=True):
        accounts = list(
            BusinessAccount.objects.exclude(access_token="").order_by("id").values_list("pk", flat=True)
        )
        if not accounts:
            raise Refused(_("No WhatsApp account is connected yet. An admin adds one under Settings."))
        busy = set(Sync.objects.filter(state=Sync.State.WAITING).values_list("account_id", flat=True))
        sync.want([account for account in accounts if account not in busy])
        for account_id in accounts:
            tasks.enqueue_sync(workspace_id=member.workspace_id, account_id=account_id)
        return list(Sync.objects.select_related("account").order_by("account_id"))


@retrying_deadlocks
def keep_file(*, member: Membership, upload: UploadedFile, kind: str = "") -> HeaderFile:
    """Keeps a file for the header of templates; the same bytes are kept once.

    `kind` is what the header wants: image, video, document, or "" for any. Raises Refused.
    """
    content, sort = _checked(upload, kind)
    sha256 = hashlib.sha256(content).hexdigest()
    with scope(member.workspace_id, durable=True):
        _check_room(sha256, len(content))
        HeaderFile.objects.bulk_create(
            [
                HeaderFile(
                    workspace_id=member.workspace_id,
                    name=files.clean_name(upload.name or "", sort),
                    mime=sort.mime,
                    sha256=sha256,
                    content=content,
                )
            ],
            ignore_conflicts=True,
        )
        return HeaderFile.objects.defer("content").get(sha256=sha256)


def keep_files(
    *, member: Membership, uploads: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str | Any]]:
    """Keeps what was chosen in the file inputs of _slots.html (`request.FILES`).

    Returns the values ("header.media": "file:12") and what was refused, both by slot key.
    """
    values: dict[str, str] = {}
    refused: dict[str, Any] = {}
    for name, upload in uploads.items():
        if not name.startswith(_FILE):
            continue
        key, _colon, kind = name.removeprefix(_FILE).partition(":")
        try:
            values[key] = f"file:{keep_file(member=member, upload=upload, kind=kind).pk}"
        except Refused as error:
            refused[key] = error.message
    return values, refused


def _check_room(sha256: str, size: int) -> None:
    """A file stays for as long as a thread may show it, so there must be an end to how many."""
    if HeaderFile.objects.filter(sha256=sha256).exists():
        return
    length = Func(F("content"), function="octet_length", output_field=BigIntegerField())
    kept: int = HeaderFile.objects.aggregate(bytes=Sum(length))["bytes"] or 0
    if kept + size > files.KEPT_AT_MOST:
        raise Refused(
            _(
                "This workspace keeps %(limit)s MB of files already, and there is no room for more. Give a link instead."
            )
            % {"limit": files.KEPT_AT_MOST // files.MEGABYTE}
        )


def _checked(upload: UploadedFile, kind: str) -> tuple[bytes, files.Sort]:
    head = upload.read(64)
    sort = files.sort_of(head)
    if sort is None or (kind and sort.kind != kind):
        raise Refused(
            {
                "image": _("Choose a JPEG or PNG picture."),
                "video": _("Choose an MP4 or 3GP video."),
                "document": _("Choose a PDF document."),
            }.get(kind, _("Choose a JPEG or PNG picture, an MP4 or 3GP video, or a PDF document."))
        )
    if (upload.size or 0) > sort.limit:
        raise Refused(
            _("This file is too large: at most %(limit)s MB. A larger one can be given as a link.")
            % {"limit": sort.limit // files.MEGABYTE}
        )
    return head + upload.read(), sort
