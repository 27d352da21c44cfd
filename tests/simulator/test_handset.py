"""The customer's page: strict files, news only when there is news, reading by looking."""

import re

from tests.simulator.conftest import NUMBER, RANIA, Api, Receiver


def test_the_page_needs_nothing_but_its_own_files(api: Api) -> None:
    page = api.get("/")

    assert (
        "default-src 'none'; script-src 'self'; style-src 'self'" in page.headers["content-security-policy"]
    )
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(files) == 4
    modules = re.findall(r'from "\./([\w.]+)"', api.get("/static/main.js").text)
    for name in [*files, *(f"/static/{module}" for module in modules)]:
        answer = api.get(name)
        assert answer.status_code == 200
        assert not re.search(r"https?://(?!www\.w3\.org/)", answer.text)


def test_the_state_is_only_sent_when_it_changed(api: Api) -> None:
    version = api.get("/handset/state").json()["version"]

    assert api.get("/handset/state", params={"version": version}).status_code == 204
    api.inbound()
    assert api.get("/handset/state", params={"version": version}).status_code == 200


def test_a_message_gets_its_second_tick_when_the_business_answers_200(api: Api, receiver: Receiver) -> None:
    api.control("switches", retry=False)
    receiver.answers.append(500)
    api.inbound(text="lost")
    api.inbound(text="arrived")

    messages = api.get("/handset/state").json()["thread"]["messages"]

    assert [(m["text"], m["status"]) for m in messages] == [("lost", "sent"), ("arrived", "delivered")]


def test_what_is_typed_reaches_the_business(api: Api, receiver: Receiver, open_window: str) -> None:
    typed = {
        "phone_number_id": NUMBER,
        "wa_id": RANIA,
        "text": "Typed",
        "type": "text",
        "reply_to": open_window,
    }

    assert api.post("/handset/say", json=typed).status_code == 202
    assert api.post("/handset/say", json=typed | {"text": "  "}).status_code == 400

    message = receiver.take().value["messages"][0]
    assert (message["text"]["body"], message["context"]["id"]) == ("Typed", open_window)


def test_looking_at_the_chat_reads_it_once(api: Api, receiver: Receiver, open_window: str) -> None:
    api.control("switches", receipts_first=True)
    wamids = [api.sent(), api.sent()]
    receiver.already()
    assert api.get("/handset/state").json()["thread"]["unread"] == 2

    look = {"phone_number_id": NUMBER, "wa_id": RANIA}
    assert api.post("/handset/look", json=look).json() == {"read": 2}
    assert api.post("/handset/look", json=look).json() == {"read": 0}

    read = [receiver.take().value["statuses"][0] for _ in range(2)]
    assert sorted((status["id"], status["status"]) for status in read) == sorted((w, "read") for w in wamids)
    assert api.get("/handset/state").json()["thread"]["unread"] == 0


def test_another_site_cannot_press_the_buttons(api: Api) -> None:
    foreign = {"sec-fetch-site": "cross-site"}

    assert api.post("/control/reset", headers=foreign).status_code == 403
    assert api.post("/control/reset", headers={"sec-fetch-site": "same-origin"}).status_code == 200
