"""The Graph API's side of files: media of a number, and resumable uploads of samples.

Meta, Media, 2026-09, and Resumable uploads as SDKs use them. What a file is used for is nobody's business
here; its bytes are only handed back.
"""

import hashlib
import re
import secrets
import time
from typing import NamedTuple

from simulator import asgi, errors
from simulator.asgi import Request, Response
from simulator.errors import GraphError
from simulator.files import MediaFile
from simulator.runtime import Simulator
from simulator.state import Number

MEGABYTE = 1_000_000
# What may be uploaded, and how large it may be.
_LARGEST = {
    "image/jpeg": 5,
    "image/png": 5,
    "image/webp": 0.5,
    "video/mp4": 16,
    "video/3gpp": 16,
    "audio/aac": 16,
    "audio/amr": 16,
    "audio/mpeg": 16,
    "audio/mp4": 16,
    "audio/ogg": 16,
    "text/plain": 100,
    "application/pdf": 100,
    "application/msword": 100,
    "application/vnd.ms-excel": 100,
    "application/vnd.ms-powerpoint": 100,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100,
}
_SAMPLES = frozenset({"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"})
_DISPOSITION = re.compile(r'\b(name|filename)="([^"]*)"')


class Part(NamedTuple):
    """One field of a form."""

    filename: str | None
    mime: str
    content: bytes


def form_of(request: Request) -> dict[str, Part]:
    """The fields of a multipart body by name. Raises GraphError 100 for anything else."""
    found = re.search(r'boundary="?([^";]+)"?', request.headers.get("content-type", ""))
    if found is None:
        raise GraphError(100, message="(#100) The body must be multipart/form-data")
    parts = {}
    # The first piece is empty, the last one the closing dashes.
    for piece in (b"\r\n" + request.body).split(b"\r\n--" + found[1].encode("latin-1"))[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = dict(
            line.split(":", 1) for line in head.decode("utf-8", "replace").split("\r\n") if ":" in line
        )
        headers = {name.strip().lower(): value.strip() for name, value in lines.items()}
        names = dict(_DISPOSITION.findall(headers.get("content-disposition", "")))
        mime = headers.get("content-type", "text/plain").split(";")[0].strip().lower()
        if "name" in names:
            parts[names["name"]] = Part(names.get("filename"), mime, content)
    return parts


def upload(sim: Simulator, number: Number, request: Request) -> Response:
    """Take a file in for one number. Answers `{id}`."""
    form = form_of(request)
    product = form.get("messaging_product")
    if product is None or product.content != b"whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    file = form.get("file")
    if file is None or file.filename is None:
        raise GraphError(100, message="(#100) The parameter file is required.")
    mime = (
        form["type"].content.decode("latin-1") if "type" in form and file.mime == "text/plain" else file.mime
    )
    largest = _LARGEST.get(mime)
    if largest is None:
        raise GraphError(100, message=f"(#100) Param file must be a file of an allowed type, not {mime}")
    if not file.content or len(file.content) > largest * MEGABYTE:
        raise GraphError(100, message=f"(#100) Param file of type {mime} must have 1 byte to {largest:g} MB")
    stored = MediaFile(
        media_id=str(1_300_000_000_000_000 + secrets.randbelow(10**14)),
        phone_number_id=number.phone_number_id,
        mime=mime,
        name=file.filename,
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        at=time.time(),
        content=file.content,
    )
    sim.world.files.add(stored)
    sim.world.counts["uploads"] += 1
    sim.world.touch()
    return asgi.json({"id": stored.media_id})


def read(file: MediaFile, request: Request) -> Response:
    """What is known of a file. Its address wants the token like everything else."""
    asked = request.query.get("phone_number_id", file.phone_number_id)
    if asked != file.phone_number_id:
        raise errors.missing_object("GET", file.media_id)
    version = request.path.split("/")[1]
    return asgi.json(
        {
            "messaging_product": "whatsapp",
            "url": f"http://{request.headers.get('host', '')}/{version}/{file.media_id}/content",
            "mime_type": file.mime,
            "sha256": file.sha256,
            "file_size": file.size,
            "id": file.media_id,
        }
    )


def content(file: MediaFile) -> Response:
    """The bytes, unless they were given up to make room."""
    if not file.content:
        raise errors.missing_object("GET", file.media_id)
    return Response(body=file.content, content_type=file.mime)


def delete(sim: Simulator, file: MediaFile) -> Response:
    del sim.world.files.media[file.media_id]
    return asgi.json({"success": True})


def begin_sample(sim: Simulator, request: Request) -> Response:
    """Open a resumable upload: `POST /{app}/uploads?file_name&file_length&file_type` → `{id: "upload:…"}`."""
    query = request.query
    mime = query.get("file_type", "")
    if mime not in _SAMPLES:
        raise GraphError(100, message=f"(#100) Param file_type must be one of {sorted(_SAMPLES)}")
    if not query.get("file_length", "").isdigit() or int(query["file_length"]) < 1:
        raise GraphError(100, message="(#100) Param file_length must be the number of bytes")
    started = sim.world.files.begin(query.get("file_name", ""), mime, int(query["file_length"]))
    return asgi.json({"id": started.upload_id})


def continue_sample(sim: Simulator, upload_id: str, request: Request) -> Response:
    """Take the next bytes of a sample. Answers `{h}` when it is complete, else where to go on."""
    started = sim.world.files.uploads.get(upload_id)
    if started is None:
        raise errors.missing_object("POST", upload_id)
    offset = request.headers.get("file_offset", "")
    if offset != str(len(started.content)):
        raise GraphError(100, message=f"(#100) file_offset must be {len(started.content)}")
    started.content += request.body
    if len(started.content) > started.size:
        started.content.clear()
        raise GraphError(100, message="(#100) More bytes than file_length said")
    if len(started.content) < started.size:
        return asgi.json({"id": upload_id, "file_offset": len(started.content)})
    return asgi.json({"h": sim.world.files.finish(started)})


def sample_offset(sim: Simulator, upload_id: str) -> Response:
    """How far a sample has come: `{id, file_offset}`."""
    started = sim.world.files.uploads.get(upload_id)
    if started is None:
        raise errors.missing_object("GET", upload_id)
    offset = started.size if started.handle else len(started.content)
    return asgi.json({"id": upload_id, "file_offset": offset})
