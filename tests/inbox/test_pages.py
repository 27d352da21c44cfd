"""Who gets in, signing off, and the pieces that htmx and the socket use."""

from uuid import uuid4

import pytest
from django.template.loader import render_to_string

from accounts.tenancy import reading, scope
from inbox import queries
from inbox.models import Message, SystemLine
from tests.inbox.browsing import HTMX, browser, piece
from tests.inbox.dom import parse
from tests.inbox.rows import fresh
from tests.worlds import make_conversation, make_message


def every_url(world, conversation):
    base = world.url(f"inbox/{conversation.pk}/")
    gets = [
        world.url("inbox/"),
        base,
        *(f"{base}{name}/" for name in ("menu", "controls", "older", "transfer")),
    ]
    posts = [f"{base}{name}/" for name in ("claim", "unclaim", "close", "transfer", "reply", "read")]
    sign_off = world.url("sign-off/")
    return [
        *(("get", url) for url in [*gets, sign_off]),
        *(
            ("post", url)
            for url in [*posts, sign_off, f"{base}messages/{conversation.last_message_id}/again/"]
        ),
    ]


def test_anonymous_visitors_are_asked_to_log_in(demo, client, held):
    for method, url in every_url(demo, held):
        answer = getattr(client, method)(url)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/account/login/"), url
    assert fresh(demo, held).holder_id == demo.agent1.pk


def test_an_outsider_finds_nothing_under_either_workspace(demo, rival, held):
    outsider = browser(rival.agent1)
    theirs = every_url(demo, held)
    # The right workspace in the URL and somebody else's conversation behind it.
    smuggled = [
        (method, url.replace("/w/demo/", "/w/rival/"))
        for method, url in theirs
        if "/inbox/" in url and not url.endswith("/inbox/")
    ]
    data = {"text": "x", "request_id": str(uuid4()), "seen_version": 0, "seen_message": 0}
    for method, url in [*theirs, *smuggled]:
        assert getattr(outsider, method)(url, data).status_code == 404, url
    with scope(demo.id):
        assert Message.objects.count() == 1
    assert fresh(demo, held).state == "claimed"


def test_a_verb_is_a_post(demo, agent1, held):
    for method, url in every_url(demo, held):
        name = url.rstrip("/").rsplit("/", 1)[1]
        if method == "post" and name in {"claim", "unclaim", "close", "reply", "read", "again"}:
            assert agent1.get(url).status_code == 405
    assert fresh(demo, held).state == "claimed"


@pytest.mark.parametrize(("choice", "state"), [("release", "unclaimed"), ("keep", "claimed")])
def test_who_signs_off_is_asked_what_becomes_of_what_they_hold(demo, agent1, choice, state):
    mine = [make_conversation(demo, holder=demo.agent1) for _ in range(2)]
    colleagues = make_conversation(demo, holder=demo.agent2)
    page = parse(agent1.get(demo.url("sign-off/")))
    assert page.one("h1").text == "You hold 2 conversations"
    assert [button["value"] for button in page.all("button", css="choice")] == ["release", "keep"]

    answer = agent1.post(demo.url("sign-off/"), {"claims": choice})

    assert (answer.status_code, answer["Location"]) == (303, "/account/login/")
    assert agent1.get(demo.url("inbox/")).status_code == 302
    assert [fresh(demo, row).state for row in mine] == [state, state]
    assert fresh(demo, colleagues).holder_id == demo.agent2.pk


def test_who_holds_nothing_only_logs_out(demo, agent1):
    page = parse(agent1.get(demo.url("sign-off/")))
    assert (page.one("h1").text, page.all("button", css="choice")) == ("Log out?", [])


def test_opening_a_row_answers_the_thread_alone(demo, agent1, held):
    answer = piece(agent1, demo.url(f"inbox/{held.pk}/?tab=claimed"), "main")
    page = parse(answer)
    assert page.one("title").text == "Rania Haddad · WhatsApp"
    assert page.id("main")["data-thread"] == str(held.pk)
    assert page.id("panel")["hx-swap-oob"] == "true"
    assert page.id("list") is None
    assert {"HX-Request", "HX-Target"} <= set(answer["Vary"].split(", "))
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-cache"}


def test_another_tab_answers_the_list_alone_and_keeps_the_thread(demo, agent1, held):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/?tab=claimed")))
    closed = page.all("a", css="tab")[2]
    # Relative, because the thread beside the list changes without it.
    assert closed["hx-get"] == closed["href"] == "?tab=closed"
    fragment = parse(piece(agent1, demo.url(f"inbox/{held.pk}/?tab=closed"), "list"))
    assert fragment.id("list")["data-query"] == "?tab=closed"
    assert fragment.id("main") is None


def test_a_verb_in_the_thread_answers_what_depends_on_the_member(demo, agent1):
    conversation = make_conversation(demo)
    url = demo.url(f"inbox/{conversation.pk}/claim/?tab=unclaimed")
    answer = agent1.post(url, {"text": "typed"}, headers={**HTMX, "HX-Target": "composer"})
    page = parse(answer)
    assert page.id("composer").get("hx-swap-oob") is None
    assert page.id("composer").form()["text"] == "typed"
    for name in ("controls-head", "panel-claim", "panel-history"):
        assert page.id(name)["hx-swap-oob"] == "true"
    assert page.one(css="toast--ok").text == "Claimed. It is yours now."
    assert page.id("list") is None


def test_a_verb_on_a_row_answers_a_toast_and_a_claim_opens_the_thread(demo, agent1):
    conversation = make_conversation(demo)
    base = demo.url(f"inbox/{conversation.pk}/")
    answer = agent1.post(f"{base}claim/?tab=unclaimed", {"from": "row"}, headers=HTMX)
    assert f'"path": "{base}?tab=unclaimed"' in answer["HX-Location"]
    page = parse(agent1.post(f"{base}unclaim/", {"from": "row"}, headers=HTMX))
    assert [node.text for node in page.all(css="toast")] == [
        "Claimed. It is yours now.",
        "Returned to Unclaimed.",
    ]
    assert page.id("composer") is None
    refused = agent1.post(f"{base}unclaim/", {"from": "row"}, headers=HTMX)
    assert (refused.status_code, parse(refused).one(css="toast--danger").text) == (
        409,
        "Nobody holds this conversation.",
    )
    answer = agent1.post(f"{base}close/?tab=unclaimed", {"from": "row"})
    assert (answer.status_code, answer["Location"]) == (303, demo.url("inbox/?tab=unclaimed"))


def test_a_transfer_dialog_answers_with_everything_beside_it(demo, admin, held):
    url = demo.url(f"inbox/{held.pk}/transfer/")
    dialog = parse(admin.get(url, headers=HTMX)).one("dialog")
    assert (dialog["id"], dialog.get("data-modal")) == ("transfer", "")
    answer = admin.post(
        url, {"to": demo.agent2.pk, "text": "typed"}, headers={**HTMX, "HX-Target": "transfer"}
    )
    page = parse(answer)
    assert page.id("composer")["hx-swap-oob"] == "true"
    assert page.id("transfer") is None
    assert page.id("composer").one(css="kept").one("textarea").text == "typed"


def test_controls_are_the_pieces_that_a_browser_puts_back_by_id(demo, agent2, held):
    page = parse(agent2.get(demo.url(f"inbox/{held.pk}/controls/"), headers=HTMX))
    assert [node["id"] for node in page.children if not isinstance(node, str)] == [
        "controls-head",
        "composer",
        "panel-claim",
        "panel-history",
    ]


def test_the_socket_s_partials_are_the_page_s_without_a_request(demo, agent1, held):
    make_message(
        demo, held, outgoing=True, status=Message.Status.FAILED, error_code=131026, sender=demo.agent1
    )
    with scope(demo.id):
        line = SystemLine.objects.create(
            workspace=demo.workspace, conversation=held, kind="claimed", actor=demo.agent1
        )
    page = agent1.get(demo.url(f"inbox/{held.pk}/")).content.decode()
    with reading(demo.id):
        [row] = queries.rows([held.pk])
        message = queries.messages([held.last_message_id])[0]
        [event] = queries.lines([held.pk], since=line.at)
        pushed = [
            render_to_string("inbox/_message.html", {"message": message}).strip(),
            render_to_string("inbox/_line.html", {"line": event}).strip(),
        ]
        drawn = render_to_string("inbox/_row.html", {"conversation": row}).strip()
    for html in pushed:
        # The browser works out the runs; everything else is word for word the page's.
        assert html in page.replace(" is-first", "")
    here = drawn.replace(f'/inbox/{held.pk}/"', f'/inbox/{held.pk}/?tab=claimed"').replace(
        "menu/?from=row", "menu/?tab=claimed&amp;from=row"
    )
    assert here in page.replace(' aria-current="true"', "")


def test_in_arabic_the_page_is_mirrored_and_numbers_are_isolated(demo, agent1, held):
    page = parse(agent1.get(demo.url(f"inbox/{held.pk}/"), headers={"accept-language": "ar"}))
    html = page.one("html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    assert page.id("panel").one(css="phone").one("bdi").classes == ["ltr", "num"]
    assert page.id("reply")["dir"] == "auto"
