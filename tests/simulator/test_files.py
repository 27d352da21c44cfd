"""Files: media of a number and what sends do with it, and resumable uploads of samples."""

import hashlib
from typing import Any

import pytest

from tests.simulator import samples
from tests.simulator.conftest import NUMBER, OTHER_NUMBER, WABA, Api, Receiver

PICTURE = b"\x89PNG\r\n\x1a\n--not-the-boundary\r\n\x00\xff"
APP = "900000000000001"


def uploaded(api: Api, content: bytes = PICTURE, mime: str = "image/png", number: str = NUMBER) -> str:
    answer = api.graph(
        "POST",
        f"{number}/media",
        number,
        data={"messaging_product": "whatsapp", "type": mime},
        files={"file": ("lamp.png", content, mime)},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def sale(media: dict[str, str]) -> list[Any]:
    suffix = samples.button(2, "url", "text", "text", "wa")
    return [samples.header("image", media), *samples.body("a", "b"), suffix]


def test_an_uploaded_file_can_be_read_back_byte_for_byte(api: Api) -> None:
    media_id = uploaded(api)

    node = api.graph("GET", media_id, params={"phone_number_id": NUMBER}).json()

    assert {**node, "url": ""} == {
        "messaging_product": "whatsapp",
        "url": "",
        "mime_type": "image/png",
        "sha256": hashlib.sha256(PICTURE).hexdigest(),
        "file_size": len(PICTURE),
        "id": media_id,
    }
    assert api.get(node["url"]).content == PICTURE
    assert api.get(node["url"], headers={"Authorization": ""}).status_code == 401


def test_a_file_belongs_to_its_number(api: Api) -> None:
    media_id = uploaded(api)

    assert api.graph("GET", media_id, OTHER_NUMBER).json()["error"]["error_subcode"] == 33
    assert api.graph("GET", media_id, params={"phone_number_id": OTHER_NUMBER}).status_code == 400


def test_a_deleted_file_is_gone(api: Api) -> None:
    media_id = uploaded(api)

    assert api.graph("DELETE", media_id).json() == {"success": True}
    assert api.graph("GET", media_id).json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize(
    ("data", "files", "words"),
    [
        ({}, {"file": ("a.png", b"x", "image/png")}, "messaging_product is required"),
        ({"messaging_product": "whatsapp"}, {"other": ("a.png", b"x", "image/png")}, "file is required"),
        (
            {"messaging_product": "whatsapp"},
            {"file": ("a.exe", b"x", "application/x-dosexec")},
            "allowed type",
        ),
        ({"messaging_product": "whatsapp"}, {"file": ("a.png", b"", "image/png")}, "1 byte to 5 MB"),
        (
            {"messaging_product": "whatsapp"},
            {"file": ("a.png", b"x" * 5_000_001, "image/png")},
            "1 byte to 5 MB",
        ),
    ],
)
def test_a_bad_upload_is_refused(api: Api, data: dict[str, str], files: dict[str, Any], words: str) -> None:
    answer = api.graph("POST", f"{NUMBER}/media", data=data, files=files)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert words in answer.json()["error"]["message"]


def test_a_body_that_is_no_form_is_refused(api: Api) -> None:
    assert api.graph("POST", f"{NUMBER}/media", json={"file": "x"}).json()["error"]["code"] == 100


def test_a_send_may_refer_to_an_uploaded_file(api: Api) -> None:
    assert api.post_template("autumn_sale", sale({"id": uploaded(api)})).status_code == 200


def test_an_unknown_file_is_131009(api: Api) -> None:
    assert api.post_template("autumn_sale", sale({"id": "1234"})).json()["error"]["code"] == 131009
    other = uploaded(api, number=OTHER_NUMBER)
    assert api.post_template("autumn_sale", sale({"id": other})).json()["error"]["code"] == 131009


@pytest.mark.parametrize("by_link", [True, False])
def test_a_file_that_does_not_work_fails_later(api: Api, receiver: Receiver, by_link: bool) -> None:
    media = {"link": "https://files.invalid/a.jpg"}
    if not by_link:
        media = {"id": uploaded(api, b"%PDF", "application/pdf")}

    assert api.post_template("autumn_sale", sale(media)).status_code == 200

    status = receiver.take().value["statuses"][0]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131053)


def begun(api: Api, size: int) -> str:
    query = {"file_name": "lamp.png", "file_length": str(size), "file_type": "image/png"}
    upload_id = str(api.graph("POST", f"{APP}/uploads", params=query).json()["id"])
    assert upload_id.startswith("upload:")
    return upload_id


def test_a_sample_is_uploaded_in_pieces_and_its_handle_used(api: Api) -> None:
    upload_id = begun(api, 6)

    first = api.graph("POST", upload_id, content=b"abc", headers={"file_offset": "0"})
    assert first.json() == {"id": upload_id, "file_offset": 3}
    assert api.graph("GET", upload_id).json() == {"id": upload_id, "file_offset": 3}
    again = api.graph("POST", upload_id, content=b"abc", headers={"file_offset": "0"})
    assert again.json()["error"]["code"] == 100
    handle = api.graph("POST", upload_id, content=b"def", headers={"file_offset": "3"}).json()["h"]
    assert handle.startswith("4::")

    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}}
    draft = samples.draft(components=[header, *samples.draft()["components"]])
    assert api.graph("POST", f"{WABA}/message_templates", json=draft).status_code == 200


def test_a_sample_of_another_size_or_type_is_refused(api: Api) -> None:
    upload_id = begun(api, 2)

    answer = api.graph("POST", upload_id, content=b"abc", headers={"file_offset": "0"})
    assert answer.json()["error"]["code"] == 100
    query = {"file_name": "a", "file_length": "3", "file_type": "image/gif"}
    assert api.graph("POST", f"{APP}/uploads", params=query).json()["error"]["code"] == 100
    assert api.graph("POST", "upload:nothing", content=b"abc").json()["error"]["error_subcode"] == 33
