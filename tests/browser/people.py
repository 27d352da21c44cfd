"""People at their browsers: one browser context each, watched for everything that goes wrong in it."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.test import Client
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Response,
    WebSocket,
    WebSocketRoute,
    expect,
)

from accounts.models import Membership
from tests.worlds import PASSWORD

# Chromium says so of every answer from 400 on, also where it is the answer that a test wants.
REFUSED = {code: rf"the server responded with a status of {code} " for code in (404, 409, 422)}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


class Person:
    """One browser of one person. Locators are of the page that is open."""

    def __init__(self, name: str, page: Page) -> None:
        self.name, self.page = name, page
        self.complaints: list[str] = []
        self.frames: list[str] = []  # what the live sockets said
        self._expected: list[str] = []
        self._wire: Wire | None = None
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("response", self._answered)
        page.on("websocket", self._listens)

    # What a person does

    def opens(self, path: str) -> None:
        """Goes to a page; marks the document, so that `stayed` can tell a reload."""
        self.page.goto(path)
        self.page.evaluate("window.journey = 'unbroken'")

    def stayed(self) -> bool:
        """Whether the document is the one that `opens` opened."""
        return bool(self.page.evaluate("window.journey === 'unbroken'"))

    def logs_in(self, login: str) -> None:
        """Through the form, with the password of the tests."""
        self.page.goto("/")
        self.page.locator("[name=login]").fill(login)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("[name=password]").press("Enter")

    def claims(self) -> None:
        """Presses the button of an unclaimed conversation's composer, and waits until a reply can be sent."""
        self.composer.locator(".send").click()
        expect(self.page.locator("#composer[data-reply]")).to_be_visible()

    def sends(self, text: str) -> None:
        """Types a reply and presses Enter."""
        self.field.fill(text)
        self.field.press("Enter")

    def presses(self, button: str, *, within: str = "#main") -> None:
        """Presses the visible button of this name."""
        self.page.locator(within).get_by_role("button", name=button, exact=True).click()

    def posts(self, path: str, **form: str) -> int:
        """Sends a form that no page offers, with session and CSRF token; returns the status of the answer."""
        token = self.page.evaluate("document.body.dataset.csrf")
        headers = {"X-CSRFToken": token, "HX-Request": "true"}
        return self.page.request.post(path, form=form, headers=headers).status

    def gets(self, path: str) -> int:
        """The status of a page that is asked for beside the one on the screen."""
        return self.page.request.get(path).status

    # What a person sees

    @property
    def field(self) -> Locator:
        """Where the reply is typed."""
        return self.page.locator("#composer textarea:not([readonly])")

    @property
    def composer(self) -> Locator:
        """The composer in whatever state."""
        return self.page.locator("#composer")

    @property
    def head(self) -> Locator:
        """The thread's header."""
        return self.page.locator("#controls-head")

    @property
    def log(self) -> Locator:
        """The thread's messages and lines."""
        return self.page.locator("#log")

    @property
    def held(self) -> Locator:
        """What changed meanwhile, above a reply that was not sent for it."""
        return self.page.locator("#composer .held")

    @property
    def toasts(self) -> Locator:
        """What was said about the last action."""
        return self.page.locator("#toasts")

    def count(self, name: str) -> Locator:
        """The number on a tab: unclaimed, claimed, closed, mine."""
        return self.page.locator(f"#list [data-count={name}]").first

    def row(self, conversation_id: int) -> Locator:
        """The conversation in the list."""
        return self.page.locator(f"#rows #row-{conversation_id}")

    def message(self, text: str) -> Locator:
        """The bubble with this text."""
        return self.log.locator(".msg").filter(
            has=self.page.locator(".text", has_text=re.compile(f"^{re.escape(text)}$"))
        )

    def ticks(self, text: str) -> Locator:
        """The state of an own message; its name is the aria-label."""
        return self.message(text).locator(".meta [role=img]")

    def reads(self, *texts: str, where: str = "log") -> None:
        """Waits until all of this can be read there: what is on the screen, not what is only in the document."""
        for text in texts:
            expect(getattr(self, where)).to_contain_text(text, use_inner_text=True)

    def verbs(self, menu: str) -> list[str]:
        """What an open menu offers, in order."""
        items = self.page.locator(f"#{menu}:popover-open [data-verb]")
        return [item.get_attribute("data-verb") or "" for item in items.all()]

    def overflow(self) -> list[str]:
        """What is wider than its place: the page, or a pane of it."""
        panes = ["html", "body", ".app", ".list", "#rows", ".thread", "#log", "#composer"]
        script = """panes => panes.filter(pane => [...document.querySelectorAll(pane)].some(
            each => each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1))"""
        found: list[str] = self.page.evaluate(script, panes)
        return found

    # What goes wrong

    def expects(self, pattern: str) -> None:
        """A console error that belongs to the journey; without it the test fails too."""
        self._expected.append(pattern)

    def expects_refusal(self, code: int) -> None:
        """Some request of the page is going to be answered with this status."""
        self.expects(REFUSED[code])

    def faults(self) -> list[str]:
        """Everything that was not expected, and what was and did not come."""
        missing = [
            each for each in self._expected if not any(re.search(each, said) for said in self.complaints)
        ]
        strange = [
            said for said in self.complaints if not any(re.search(each, said) for each in self._expected)
        ]
        return [f"{self.name}: {said}" for said in [*strange, *(f"never came: {each}" for each in missing)]]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} for {response.url}")

    def _listens(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    # A bad line

    def goes_deaf(self) -> None:
        """From now on nothing that the server says arrives, and the page does not know. Needs people.open(wired=True)."""
        assert self._wire is not None
        self._wire.is_dead = True

    def hears_again(self) -> None:
        """The dead connection breaks at last, and the page connects anew."""
        assert self._wire is not None
        self._wire.is_dead = False
        self._wire.hang_up()

    def wire(self) -> None:
        """Puts a switch between the page and its socket."""
        self._wire = Wire()
        self.page.route_web_socket(re.compile("/ws/"), self._wire.connect)


class Wire:
    """The line between a page and the live socket."""

    def __init__(self) -> None:
        self.is_dead = False
        self._open: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    def connect(self, page: WebSocketRoute) -> None:
        """Called for every socket that the page opens."""
        server = page.connect_to_server()
        server.on_message(lambda text: None if self.is_dead else page.send(text))
        self._open.append((page, server))

    def hang_up(self) -> None:
        """Both ends learn that the line is gone."""
        for page, server in self._open:
            page.close(code=4000)
            server.close(code=4000)
        self._open.clear()


class People:
    """Opens the browsers of a test, and closes them."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self.everybody: list[Person] = []

    def stranger(self, name: str = "stranger", **options: Any) -> Person:
        """Somebody who is not logged in. Options are those of a Playwright context."""
        options.setdefault("viewport", DESK)
        context = self._browser.new_context(base_url=self._url, **options)
        person = Person(name, context.new_page())
        self.everybody.append(person)
        return person

    def open(self, member: Membership, path: str = "", *, wired: bool = False, **options: Any) -> Person:
        """A member who is logged in already, at a page of the workspace's inbox."""
        person = self.stranger(f"{member.name} of {member.workspace.slug}", **options)
        client = Client()
        client.force_login(member.user)
        person.page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self._url}]
        )
        if wired:
            person.wire()
        person.opens(f"/w/{member.workspace.slug}/inbox/{path}")
        return person

    def pictures(self, folder: Path, test: str) -> None:
        """What everybody sees now."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, person in enumerate(self.everybody):
            with suppress(Error):  # a picture less must not hide what went wrong
                person.page.screenshot(path=folder / f"{test}-{number}.png", timeout=5000)

    def faults(self) -> list[str]:
        """What went wrong in any of the browsers."""
        return [fault for person in self.everybody for fault in person.faults()]

    def close(self) -> None:
        """Closes every browser."""
        for person in self.everybody:
            person.page.context.close()
