"""The bodies of outgoing messages, as documented, and what cannot be one."""

from typing import Any

import pytest

from tests.whatsapp.graph import NUMBER, TAKEN, answer, scripted
from whatsapp.outgoing import template_message, text_message

BODY = {"type": "body", "parameters": [{"type": "text", "text": "Rania"}]}


def template(**more: Any) -> dict[str, Any]:
    return template_message(**{"to": "+4915550001111", "name": "hello_world", "language": "en_US", **more})


def test_a_template_is_as_documented() -> None:
    assert template(components=[BODY], opaque="7.1") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+4915550001111",
        "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US"}, "components": [BODY]},
        "biz_opaque_callback_data": "7.1",
    }


def test_a_template_without_parameters_names_no_components() -> None:
    assert template(components=[])["template"] == {"name": "hello_world", "language": {"code": "en_US"}}


def test_a_text_is_as_documented() -> None:
    assert text_message(recipient="US.134912", body="Hello", context_wamid="wamid.1") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient": "US.134912",
        "type": "text",
        "text": {"preview_url": False, "body": "Hello"},
        "context": {"message_id": "wamid.1"},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": None},
        {"to": "4915550001111"},
        {"to": "+49 1555"},
        {"to": None, "recipient": "4915550001111"},
        {"name": "Hello World"},
        {"name": ""},
        {"language": "en-US"},
        {"language": ""},
        {"opaque": "x" * 513},
    ],
)
def test_what_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        template(**wrong)


def test_the_client_sends_a_template() -> None:
    with scripted(answer(200, TAKEN)) as (server, calls):
        accepted = calls.send_template(
            NUMBER, to="+4915550001111", name="hello_world", language="en_US", components=[BODY], opaque="7.1"
        )

    assert accepted.wamid == "wamid.out.1"
    assert server.requests[0].json == template(components=[BODY], opaque="7.1")
