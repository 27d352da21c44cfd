"""Files for headers: known by their bytes, kept once, shown to members only, uploaded once per number."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import PhoneNumber
from accounts.tenancy import scope
from templates_wa import actions, files, media
from templates_wa.models import HeaderFile
from whatsapp.errors import NotSent

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 64
THREE_GP = b"\0\0\0\x18ftyp3gp5" + b"\0" * 64
PDF = b"%PDF-1.7\n" + b"\0" * 64


def upload(content, name="a.png", mime="image/png"):
    return SimpleUploadedFile(name, content, mime)


def keep(member, content=PNG, name="a.png", kind=""):
    return actions.keep_file(member=member, upload=upload(content, name), kind=kind)


@pytest.mark.parametrize(
    ("content", "sort"),
    [
        (PNG, files.PNG),
        (JPEG, files.JPEG),
        (MP4, files.MP4),
        (THREE_GP, files.THREE_GP),
        (PDF, files.PDF),
        (b"<svg xmlns='x'></svg>", None),
        (b"<html>", None),
        (b"GIF89a", None),
        (b"RIFF\0\0\0\0WEBP", None),
        (b"PK\x03\x04", None),
        (b"\0\0\0\x18ftypheic", None),
        (b"\0\0\0\x18ftypqt  ", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(content, sort):
    assert files.sort_of(content) == sort


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Price list.pdf", "Price list.pdf"),
        ("page.html", "page.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\x\\a.pdf", "a.pdf"),
        ('a"\r\nX-Y: 1.pdf', "a_X-Y_ 1.pdf"),
        ("قائمة الأسعار.pdf", "قائمة الأسعار.pdf"),
        ("inv\u202efdp.exe", "inv_fdp.pdf"),
        ("", "document.pdf"),
        (".pdf", "document.pdf"),
    ],
)
def test_a_name_is_made_harmless_and_has_the_ending_of_what_the_file_is(name, shown):
    assert files.clean_name(name, files.PDF) == shown


def test_the_type_is_never_taken_from_the_browser(demo):
    kept = actions.keep_file(member=demo.agent1, upload=upload(PDF, "a.html", "text/html"))
    assert (kept.mime, kept.name) == ("application/pdf", "a.pdf")


def test_the_same_bytes_are_kept_once(demo, rival):
    first = keep(demo.agent1)
    assert keep(demo.agent2, name="b.png").pk == first.pk
    assert keep(rival.agent1).pk != first.pk


def test_two_who_upload_the_same_at_once_get_the_same_file(demo):
    def one(_):
        try:
            return keep(demo.agent1).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(one, range(4)))) == 1


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"<html>", "", "Choose a JPEG or PNG picture, an MP4 or 3GP video, or a PDF document."),
        (PDF, "image", "Choose a JPEG or PNG picture."),
        (PNG, "video", "Choose an MP4 or 3GP video."),
        (PNG, "document", "Choose a PDF document."),
    ],
)
def test_what_does_not_fit_is_refused_in_words(demo, content, kind, words):
    with pytest.raises(actions.Refused) as refused:
        keep(demo.agent1, content, kind=kind)
    assert str(refused.value.message) == words
    with scope(demo.id):
        assert not HeaderFile.objects.exists()


def test_a_workspace_keeps_only_so_much_and_another_one_s_files_do_not_count(demo, rival, monkeypatch):
    monkeypatch.setattr(files, "KEPT_AT_MOST", len(PNG) + len(JPEG))
    first = keep(demo.agent1, PNG)
    keep(rival.agent1, PNG)
    keep(demo.agent1, JPEG)
    with pytest.raises(actions.Refused, match="no room for more"):
        keep(demo.agent1, MP4)
    assert keep(demo.agent2, PNG).pk == first.pk
    with scope(demo.id):
        assert HeaderFile.objects.count() == 2


def test_a_file_that_is_too_large_is_refused(demo):
    keep(demo.agent1, PNG + b"\0" * (5 * files.MEGABYTE - len(PNG)))
    with pytest.raises(actions.Refused) as refused:
        keep(demo.agent1, PNG + b"\0" * (5 * files.MEGABYTE - len(PNG) + 1))
    assert str(refused.value.message) == (
        "This file is too large: at most 5 MB. A larger one can be given as a link."
    )


def served(world, client, kept):
    return client.get(world.url(f"templates/files/{kept.pk}/"))


def test_members_see_a_picture_inline_and_save_a_document(demo, browser):
    client = browser(demo.agent2)
    picture = served(demo, client, keep(demo.agent1))
    assert (picture.content, picture["Content-Type"]) == (PNG, "image/png")
    assert picture["X-Content-Type-Options"] == "nosniff"
    assert picture["Content-Disposition"] == 'inline; filename="a.png"'
    assert picture["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in picture["Cache-Control"]
    document = served(demo, client, keep(demo.agent1, PDF, "قائمة.pdf"))
    assert document["Content-Disposition"].startswith("attachment; filename*=utf-8''")


def test_a_file_of_another_workspace_does_not_exist(demo, rival, browser):
    kept = keep(rival.agent1)
    assert served(demo, browser(demo.admin), kept).status_code == 404
    assert served(rival, browser(demo.admin), kept).status_code == 404


def resolved(world, *values, number=None):
    return media.media_of(
        workspace_id=world.id,
        number_id=(number or world.number).pk,
        values={f"card.{n}.header.media": value for n, value in enumerate(values)},
    )


def test_a_file_is_uploaded_once_per_number(demo, graph):
    value = f"file:{keep(demo.agent1, PDF, 'Prices.pdf').pk}"
    with scope(demo.id):
        other = PhoneNumber.objects.create(
            workspace=demo.workspace, business_account=demo.account, phone_number_id="100000000000009"
        )
    first = {value: {"id": "media-1", "filename": "Prices.pdf"}}
    assert resolved(demo, value, value, "https://cdn.example/a.png") == first
    assert resolved(demo, value) == first
    assert resolved(demo, value, number=other) == {value: {"id": "media-2", "filename": "Prices.pdf"}}
    assert graph.paths == ["/v26.0/100000000000001/media", "/v26.0/100000000000009/media"]
    assert graph.asked[0][2] == "Bearer demo-token-100000000000001"
    assert PDF in graph.uploads[0]
    assert resolved(demo, value) == first


def test_an_upload_that_is_nearly_a_month_old_is_made_again(demo, graph):
    kept = keep(demo.agent1)
    ask = {"workspace_id": demo.id, "number_id": demo.number.pk, "file_id": kept.pk}
    assert media.media_id(**ask) == "media-1"
    with scope(demo.id):
        old = {str(demo.number.pk): {"id": "media-1", "at": int(time.time()) - 29 * 24 * 3600 - 1}}
        HeaderFile.objects.filter(pk=kept.pk).update(uploads=old)
    assert media.media_id(**ask) == "media-2"


def test_without_files_nothing_is_asked(demo, graph):
    assert resolved(demo, "https://cdn.example/a.png") == {}
    assert graph.asked == []


def test_a_file_that_is_gone_or_somebody_else_s_is_not_sent(demo, rival, graph):
    for value in ("file:999999", f"file:{keep(rival.agent1).pk}"):
        with pytest.raises(LookupError):
            resolved(demo, value)
    assert graph.asked == []


def test_a_failed_upload_leaves_no_trace(demo, settings):
    settings.WHATSAPP_GRAPH_URL = "http://127.0.0.1:9"
    kept = keep(demo.agent1)
    with pytest.raises(NotSent):
        resolved(demo, f"file:{kept.pk}")
    with scope(demo.id):
        assert HeaderFile.objects.get(pk=kept.pk).uploads == {}
