"""A class in real browsers: a trainer and three trainees, one who reloads and one who joins late."""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import pytest

from risk.hall import Hall
from risk.store import EntryFilter
from tests.fixtures_browser import ROOT, app, axe, axe_script, browser, faults, settle  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@dataclass
class Who:
    """One person at one browser."""

    page: object
    complaints: list = field(default_factory=list)

    def settle(self) -> None:
        settle(self.page)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
        self.settle()

    def text(self) -> str:
        return self.page.locator("[data-testid=stMain]").inner_text()

    def sees(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def join(self, app, code: str) -> None:  # noqa: F811
        self.page.goto(f"{app.url}/join/{code}")
        self.page.get_by_role("button", name="Join").click()
        self.page.wait_for_url("**/class")
        self.settle()

    def name(self) -> str:
        return self.page.get_by_label("Your name in this session").inner_text()

    def answer(self, action: str, sure: str = "70 %") -> None:
        button = self.page.get_by_role("button", name=action, exact=True)
        button.wait_for()
        self.page.get_by_text(sure, exact=True).click()
        button.click()
        self.page.get_by_text("Your first answer").wait_for()
        self.settle()

    def decide(self, action: str) -> None:
        button = self.page.get_by_role("button", name=re.compile(f": {action}$"))
        button.click()
        button.wait_for(state="detached")
        self.settle()


@pytest.fixture(scope="module")
def room(app):  # noqa: F811
    """The app's workspace with a class stream at hand (the 2,000 items that ship): nothing has to be made."""
    from risk.hall.material import STREAM_ITEMS, STREAM_SEED

    streams = app.space.root / "classes" / "streams"
    streams.mkdir(parents=True)
    os.symlink(ROOT / "data_synthetic" / "sample", streams / f"teaching-{STREAM_ITEMS}-{STREAM_SEED}")
    return app


@pytest.fixture(scope="module")
def enter(browser):  # noqa: F811
    """Makes a person at a fresh browser."""
    made = []

    def make(size: dict, scheme: str = "light") -> Who:
        context = browser.new_context(viewport=size, color_scheme=scheme)
        made.append(context)
        who = Who(context.new_page())
        who.page.on("pageerror", lambda e: who.complaints.append(str(e)))
        who.page.on(
            "console", lambda m: who.complaints.append(m.text) if "Content Security" in m.text else None
        )
        return who

    yield make
    for context in made:
        context.close()


@pytest.fixture(scope="module")
def led(enter, room) -> tuple[Who, str]:
    """A trainer, working in the dark theme, who has opened a session; and its code."""
    trainer = enter(LAPTOP, "dark")
    return trainer, open_class(trainer, room)


def open_class(trainer: Who, room) -> str:
    trainer.page.goto(f"{room.url}/training")
    trainer.settle()
    trainer.press("Open the lobby")
    trainer.sees("Write these down now")
    code = trainer.page.get_by_label("Join code").inner_text().replace(" ", "")
    trainer.press("Keep my key in this browser")
    trainer.page.get_by_label("Join code").wait_for()
    return code


def test_from_the_lobby_to_the_debrief(room, enter, axe_script) -> None:  # noqa: F811
    trainer, ann, ben, cem = enter(LAPTOP), enter(PHONE), enter(PHONE), enter(LAPTOP)
    found: dict[str, list[str]] = {}
    code = open_class(trainer, room)
    board = Who(trainer.page.context.new_page())
    board.page.goto(f"{room.url}/board")
    board.settle()
    ann.join(room, code)
    ben.join(room, code)
    board.page.get_by_text("2 joined · 2 connected").wait_for()  # the board follows by itself

    trainer.press("Go on to: Reading")
    ann.sees("What does that tell you?")
    found |= faults(ann.page, axe_script, "check")
    for one in (ann, ben):
        one.sees("What does that tell you?")  # so do the trainees
        for words in ("Of 100 parcels that score", "Why the score is higher", "This detail moved"):
            one.page.get_by_text(words).first.click()
        one.press("Answer")
        one.sees("Right.")
    trainer.press("Go on to: Warm-up")
    for _ in range(2):
        ann.answer("Examine")
        assert "Following the score alone" in ann.text(), "the score comes after the first answer"
        ann.decide("Release")
    ann.sees("You have judged all items of this part")
    assert re.search("It is (ir)?regular", ann.text()), "warm-ups tell what it was"
    trainer.press("Go on to: With score")

    trainer.press("Open the first item")
    ann.answer("Release", "80 %")
    before = (ann.name(), ann.page.locator(".rk-id").inner_text())
    ann.page.reload()  # in the middle of an item
    ann.sees("Your first answer: Release, 80 % sure")
    assert (ann.name(), ann.page.locator(".rk-id").inner_text()) == before
    second = Who(ann.page.context.new_page())  # a second tab is the same person
    second.page.goto(f"{room.url}/class")
    second.sees("Your first answer: Release, 80 % sure")
    assert second.name() == before[0]
    cem.join(room, code)  # late: enters with the next item
    cem.sees("You enter with the next item")
    assert cem.page.locator(".rk-id").count() == 0
    ann.press("Why this score")
    ann.sees("What the model cannot see")
    found |= faults(ann.page, axe_script, "reasons")
    ann.decide("Examine")
    ann.sees("Recorded: Release, 80 % sure; after the score: Examine, 80 % sure")
    second.page.get_by_role("button", name="Stay: Release").click()  # the other tab is behind
    second.sees("has your answer already")
    ben.answer("Examine")
    ben.decide("Examine")
    board.page.get_by_text("2 of 2 answered").wait_for()
    assert "In truth" not in board.text() and ann.name() not in board.text()
    trainer.press("Close the item")
    board.sees("In truth:")
    assert "Answers are shown from 5 people on." in board.text()
    found |= faults(board.page, axe_script, "closed item") | faults(trainer.page, axe_script, "leading")
    ben.sees("Closed. Your answer")

    trainer.press("Open the next item")
    for one in (ann, ben, cem):
        one.answer("Examine")
        one.decide("Examine")
    trainer.press("Go on to: Debrief")
    for one in (ann, ben, cem):
        one.sees(f"Your card, {one.name()}")
        assert "Only you see this" in one.text()
    found |= faults(cem.page, axe_script, "card")
    trainer.page.get_by_role("link", name="Open the report").click()
    trainer.sees("A discussion in four steps")
    told = trainer.text()
    found |= faults(trainer.page, axe_script, "report")
    assert not found, found
    assert "shown from 5 people on" in told and not [n for n in (ann.name(), cem.name()) if n in told]
    for who in (trainer, board, ann, ben, cem):
        assert not who.complaints
    with room.space.store(read_only=True) as store:
        (header,) = [h for h in Hall(room.space, store).rooms.headers() if h.code == code]
        room_now = Hall(room.space, store).rooms.room(header.session_id)
        counts = sorted(len([k for k in s.answers if k[0] == 3]) for s in room_now.present)
        assert counts == [1, 2, 2], "nothing lost, nothing twice, the late one began with the second item"
        noted = store.entries(EntryFilter(events=("class_step",))).rows
        assert len(noted) == 4 and store.verify().ok


def test_a_trainee_cannot_open_the_trainers_pages(enter, room, led) -> None:
    eve = enter(LAPTOP)
    eve.join(room, led[1])
    for path in ("/training", "/debrief", "/board", "/queue"):
        eve.page.goto(room.url + path)
        eve.settle()
        assert eve.page.get_by_role("button", name=re.compile("^Go on to|^Open the lobby")).count() == 0
        eve.sees("You are in")  # whatever the address, this browser has one page
    (seat,) = [c["value"] for c in eve.page.context.cookies() if c["name"] == "seat"]
    for name in ("trainer", "watch"):  # nor is her seat's key worth anything under another name
        news = urllib.request.Request(f"{room.url}/classroom/changes?as={name}", headers={"Cookie": f"{name}={seat}"})
        assert refused(news)[0] == 403


def test_everything_can_be_read_in_the_dark_and_done_with_the_keyboard(enter, room, led, axe_script) -> None:  # noqa: F811
    trainer, dan = led[0], enter(PHONE, "dark")
    dan.page.goto(f"{room.url}/join/{led[1]}")
    found = faults(dan.page, axe_script, "join")
    dan.page.keyboard.press("Tab")
    dan.page.keyboard.press("Enter")  # from the code to the button's form
    dan.page.wait_for_url("**/class")
    found |= faults(trainer.page, axe_script, "room")
    trainer.press("Go on to: Reading")
    dan.sees("What does that tell you?")
    trainer.press("Go on to: Warm-up")
    dan.page.get_by_role("button", name="Examine", exact=True).wait_for()
    found |= faults(dan.page, axe_script, "item")
    assert reach(dan, "50 %"), "how sure one is can be reached with Tab"
    for _ in range(4):
        dan.page.keyboard.press("ArrowRight")
    sure = dan.page.get_by_role("radio", name="90 %")
    if sure.get_attribute("aria-checked") != "true":
        dan.page.keyboard.press("Space")
    assert reach(dan, "Release"), "so can the answer"
    dan.page.keyboard.press("Enter")
    dan.sees("Your first answer: Release, 90 % sure")
    found |= faults(dan.page, axe_script, "score")
    board = Who(trainer.page.context.new_page())
    board.page.goto(f"{room.url}/board")
    board.sees("0 of ")
    found |= faults(board.page, axe_script, "board")
    assert not found, found


def reach(who: Who, label: str, most: int = 20) -> bool:
    """Whether Tab reaches what has this label within `most` presses."""
    for _ in range(most):
        who.page.keyboard.press("Tab")
        if who.page.evaluate("() => document.activeElement.innerText.trim()") == label:
            return True
    return False


def refused(url: str | urllib.request.Request, data: bytes | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, data, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_doors_refuse_in_words_and_show_what_was_typed_literally(room, led) -> None:
    for path, data, words in (
        ("/join", b"code=ZZZZZZ", "no session has this code"),
        ("/direct", b"key=s1.0000", "does not fit"),
        ("/watch", b"key=nonsense", "not a key"),
        ("/classroom/changes?as=trainer", None, "no place in a session"),
    ):
        status, told = refused(room.url + path, data)
        assert status == 403 and words in told, path
    told = [refused(f"{room.url}/join", b"code=ZZZZZ%d" % (n % 8 + 2))[1] for n in range(10)]
    assert "too many wrong codes" in told[-1], "codes cannot be guessed for long"
    assert "too many wrong codes" in refused(f"{room.url}/join", f"code={led[1]}".encode())[1]
    status, page = refused(f"{room.url}/join/%3Cscript%3E")
    assert status == 200 and "<script>" not in page and "&lt;script&gt;" in page
