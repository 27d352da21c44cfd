"""Puts kept files where WhatsApp finds them: one upload per number, good for 30 days, remembered for 29.

Only for workers: it talks to WhatsApp, and holds no transaction while it does.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
from django.conf import settings
from django.db import connection

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from templates_wa.models import HeaderFile
from whatsapp.management import Management

# An upload lives for 30 days (Meta, Media, 2026-09); one that dies while a message waits would be lost.
FRESH_SECONDS = 29 * 24 * 3600


def media_of(
    *, workspace_id: int, number_id: int, values: Mapping[str, str], http: httpx.Client | None = None
) -> dict[str, dict[str, Any]]:
    """What `definition.components` wants as `media` for these values; empty without kept files.

    `number_id` is the PhoneNumber row that sends. Raises LookupError when a file is gone, ValueError (no usable token),
    and `NotSent`, `GraphError`, `Ambiguous` of the upload, which is safe to repeat.
    """
    found: dict[str, dict[str, Any]] = {}
    for value in set(values.values()):
        number = value.removeprefix("file:")
        if number != value and number.isascii() and number.isdigit():
            media, name = _uploaded(workspace_id, number_id, int(number), http)
            found[value] = {"id": media, "filename": name}
    return found


def media_id(*, workspace_id: int, number_id: int, file_id: int, http: httpx.Client | None = None) -> str:
    """The media id of one kept file at one number; uploads it when there is none or it is too old."""
    return _uploaded(workspace_id, number_id, file_id, http)[0]


def _uploaded(workspace_id: int, number_id: int, file_id: int, http: httpx.Client | None) -> tuple[str, str]:
    with scope(workspace_id):
        file = HeaderFile.objects.defer("content").filter(pk=file_id).first()
        if file is None:
            raise LookupError(f"no file {file_id}")
        known = file.uploads.get(str(number_id), {})
        if known.get("at", 0) > time.time() - FRESH_SECONDS:
            return known["id"], file.name
        content = bytes(file.content)
        number = PhoneNumber.objects.select_related("business_account").get(pk=number_id)
    at = int(time.time())  # before the upload: better a day too early than a minute too late
    with Management(
        settings.WHATSAPP_GRAPH_URL,
        settings.WHATSAPP_GRAPH_VERSION,
        number.business_account.access_token,
        settings.WHATSAPP_APP_SECRETS[0],
        http=http,
    ) as calls:
        made = calls.upload_media(number.phone_number_id, file.name, file.mime, content)
    _remember(workspace_id, file_id, number_id, made, at)
    return made, file.name


def _remember(workspace_id: int, file_id: int, number_id: int, made: str, at: int) -> None:
    """Two numbers may be uploaded to at once: each adds its own entry."""
    with scope(workspace_id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE templates_wa_headerfile SET uploads = uploads || %s::jsonb WHERE id = %s",
            [json.dumps({str(number_id): {"id": made, "at": at}}), file_id],
        )
