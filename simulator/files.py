"""Files that were uploaded: for the headers of messages, and as samples of templates.

Plain data. Their facts are kept as long as WhatsApp keeps them, their bytes only up to a total.
"""

import secrets
import time

import msgspec

KEPT_BYTES = 64_000_000
KEPT_UPLOADS = 1_000
LIFE_S = 30 * 24 * 3600  # of an uploaded media id (Meta, Media, 2026-09)


class MediaFile(msgspec.Struct, kw_only=True):
    """One uploaded file; it belongs to the number that uploaded it. `content` may be gone."""

    media_id: str
    phone_number_id: str
    mime: str
    name: str
    size: int
    sha256: str
    at: float
    content: bytes = b""


class Upload(msgspec.Struct, kw_only=True):
    """A resumable upload of a sample, under way or finished (then it has a `handle`)."""

    upload_id: str
    name: str
    mime: str
    size: int
    content: bytearray
    handle: str = ""


class Library:
    """All files of one run."""

    def __init__(self) -> None:
        self.media: dict[str, MediaFile] = {}
        self.uploads: dict[str, Upload] = {}
        self.handles: set[str] = set()

    def add(self, file: MediaFile) -> None:
        """Keep a file. The bytes of the oldest ones go first when all together are too many."""
        self.media[file.media_id] = file
        total = sum(len(one.content) for one in self.media.values())
        for one in self.media.values():
            if total <= KEPT_BYTES:
                break
            total -= len(one.content)
            one.content = b""

    def find(self, phone_number_id: str, media_id: str) -> MediaFile | None:
        """The number's file of this id, unless it is unknown, another number's, or older than 30 days."""
        file = self.media.get(media_id)
        if file is None or file.phone_number_id != phone_number_id or time.time() - file.at > LIFE_S:
            return None
        return file

    def begin(self, name: str, mime: str, size: int) -> Upload:
        """Open a resumable upload; the oldest one is forgotten when there are very many."""
        if len(self.uploads) >= KEPT_UPLOADS:
            del self.uploads[next(iter(self.uploads))]
        upload = Upload(
            upload_id=f"upload:{secrets.token_urlsafe(24)}",
            name=name,
            mime=mime,
            size=size,
            content=bytearray(),
        )
        self.uploads[upload.upload_id] = upload
        return upload

    def finish(self, upload: Upload) -> str:
        """Give a complete upload its handle, which `example.header_handle` then names."""
        upload.handle = upload.handle or f"4::{secrets.token_urlsafe(32)}"
        self.handles.add(upload.handle)
        upload.content.clear()
        return upload.handle
