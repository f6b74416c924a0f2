"""A whole plan played in real browsers, from opening the lobby to deleting the answers.

    python -m benchmarks.play_plan [taster-10 | lesson-45 | lesson-90 | by-hand …] [--people 5] [--workspace W]

One trainer with the board beside the room, and some trainees on phones, each in a browser context of their own
against the real web server. Every question and every item of every step is answered as people do: by touching
what is on the screen. It stops with the page's own text when something expected is not there within a minute,
and prints, per plan, what was done, what was found in the store afterwards, and every complaint of any page.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from benchmarks.bench_class import serve, wait_for
from benchmarks.measure import table
from risk import workbench
from risk.classroom import ready_plan
from risk.classroom.plan import MODES, Plan, Step
from risk.hall import Hall, by_hand, stream_for
from risk.ui.present.training_words import KIND_TITLES, MODE_TITLES, PLAN_TITLES
from risk.workbench import Workspace

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
PICKED = 3
RIGHT = ("Of 100 parcels that score", "Why the score is higher", "This detail moved")


@dataclass
class Person:
    """One person at one browser, and what their page complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    acts: int = 0

    @classmethod
    def at(cls, browser: Browser, url: str, size: dict[str, int]) -> Person:
        """A fresh browser context."""
        context = browser.new_context(viewport=size, base_url=url, locale="en-GB", accept_downloads=True)
        return cls.on(context.new_page())

    @classmethod
    def on(cls, page: Page) -> Person:
        """A page that notes its complaints."""
        me = cls(page)
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda e: me.complaints.append(str(e)))
        page.on("console", lambda m: me.note(m.text) if m.type == "error" else None)
        page.on("response", lambda r: me.note(f"{r.status} {r.url}") if r.status >= 400 else None)
        return me

    def note(self, text: str) -> None:
        """Keep a complaint. Streamlit itself looks for its server under the page's address first: no fault."""
        if "/_stcore/" not in text and "Failed to load resource" not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(path)
        self.page.wait_for_selector(DRAWN)

    def press(self, name: str) -> None:
        """Press a button whose label begins so."""
        self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()
        self.page.wait_for_selector(DRAWN)

    def sees(self, words: str) -> None:
        """Wait until these words are on the page."""
        self.page.get_by_text(words).first.wait_for()

    def text(self) -> str:
        """What the page says."""
        return self.page.locator("[data-testid=stMain]").inner_text()

    def item(self) -> str:
        """The item on the screen."""
        return self.page.locator(".rk-id").first.inner_text()


def answer_questions(one: Person, choices: tuple[str, ...]) -> None:
    """Choose an answer to each question and send them."""
    for words in choices:
        one.page.get_by_text(words).first.click()
    one.press("Answer")
    one.acts += 1


def judge(one: Person, step: Step, number: int) -> None:
    """Answer the item on the screen: first alone, then, where there is advice, once more."""
    item_id = one.item()
    limited = step.capacity and f"{step.capacity} of {step.capacity}" in one.text()
    one.page.get_by_text(("60 %", "80 %", "90 %")[number % 3], exact=True).click()
    if number % 2:
        one.page.get_by_text(("Value", "Weight")[number % 4 // 2], exact=True).last.click()
    action = "Release" if limited or number % 3 == 0 else "Examine"
    one.page.get_by_role("button", name=action, exact=True).click()
    one.acts += 1
    if MODES[step.mode].advice == "none":
        return moved_on(one, item_id, step)
    one.sees("Your first answer")
    if MODES[step.mode].advice == "why" and number % 4 < 3:
        one.press("Why this score")
        one.sees("What the model cannot see")
    final = "Release" if limited else ("Examine", "Release")[number // 2 % 2]
    one.page.get_by_role("button", name=re.compile(f": {final}$")).click()
    one.acts += 1
    return moved_on(one, item_id, step)


def moved_on(one: Person, item_id: str, step: Step) -> None:
    """Wait until the page has taken the answer."""
    if step.pacing == "trainer":
        return one.sees("Recorded:")
    one.page.wait_for_function(
        "was => { const e = document.querySelector('.rk-id'); return !e || e.innerText !== was; }", arg=item_id
    )
    one.page.wait_for_selector(DRAWN)
    return None


def play_step(step: Step, trainer: Person, board: Person, people: list[Person]) -> None:
    """Everything that people do in a step, until nothing is left of it."""
    if step.kind == "check":
        for one in people:
            one.sees("What does that tell you?")
            answer_questions(one, RIGHT)
            one.sees("Right.")
        board.sees(f"{3 * len(people)} of {3 * len(people)} answered")
    elif step.kind == "exit":
        for one in people:
            answer_questions(one, ("A little", "Sometimes", "Nothing new"))
            one.sees("Thank you. Your answers are recorded.")
    elif step.kind == "debrief":
        for one in people:
            one.sees("Your card,")
    elif step.judges and step.pacing == "self":
        for number in range(step.items):
            for k, one in enumerate(people):
                one.page.locator(".rk-id").first.wait_for()
                judge(one, step, number + k)
        for one in people:
            one.sees("You have judged all items")
        total = step.items * len(people)
        board.sees(f"{total} of {total} answered")
        trainer.press("Close this part")
        if step.kind == "block":
            board.sees("Irregular examined")
    elif step.judges:
        play_together(step, trainer, board, people)


def play_together(step: Step, trainer: Person, board: Person, people: list[Person]) -> None:
    """Items that the trainer opens and closes."""
    for number in range(step.items):
        trainer.press("Open the first item" if number == 0 else "Open the next item")
        for k, one in enumerate(people):
            one.page.get_by_role("button", name="Examine", exact=True).wait_for()
            judge(one, step, number + k)
        board.sees(f"{len(people)} of {len(people)} answered")
        trainer.press("Close the item")
        board.sees("In truth:")
        for one in people:
            one.sees("Closed. Your answer")


def title_of(step: Step) -> str:
    """What a step is called on the screen."""
    return MODE_TITLES[step.mode] if step.mode else KIND_TITLES[step.kind]


def open_session(trainer: Person, plan: str) -> str:
    """Choose the plan, open the lobby, keep the key; returns the join code."""
    trainer.go("/training")
    trainer.page.get_by_text(PLAN_TITLES[plan], exact=True).click()
    trainer.page.wait_for_selector(DRAWN)
    if plan == "by-hand":
        pick_by_hand(trainer)
    trainer.press("Open the lobby")
    trainer.sees("Write these down now")
    code = trainer.page.get_by_label("Join code").inner_text().replace(" ", "")
    trainer.press("Keep my key in this browser")
    trainer.page.get_by_label("Join code").wait_for()
    return code


def plan_of(name: str) -> Plan:
    """The steps of a plan by name."""
    return by_hand(PICKED) if name == "by-hand" else ready_plan(name)


def pick_by_hand(trainer: Person) -> None:
    """Search for items by what they are, pick some, save them under a name."""
    box = trainer.page.get_by_role("combobox", name="Items")
    for number in range(PICKED):
        box.click()
        box.fill(("regular item · model wrong", "irregular item · model wrong", "model right")[number % 3])
        trainer.page.get_by_role("option").nth(1).click()  # the first takes all that match
        trainer.sees(f"{number + 1} item")
    trainer.page.keyboard.press("Escape")
    trainer.page.get_by_label("Save these as").fill("Played")
    trainer.page.keyboard.press("Tab")
    trainer.press("Save the set")
    trainer.sees(f"Saved: Played, {PICKED} items.")


def finish(trainer: Person, people: list[Person]) -> str:
    """End the session, read the report, delete the answers; returns the report's text."""
    trainer.press("End the session")
    for one in people:
        one.sees("Your card,")
    trainer.page.get_by_role("link", name="Open the report").click()
    trainer.sees("A discussion in four steps")
    told = trainer.text()
    for name in ("Report to print", "Figures (CSV)", "Figures (JSON)"):
        with trainer.page.expect_download() as kept:
            trainer.page.get_by_role("button", name=name).click()
        assert Path(kept.value.path()).stat().st_size > 200, f"{name} is empty"
    return told


def delete(trainer: Person, people: list[Person]) -> None:
    """Delete every answer, and see that no page shows any more of them."""
    trainer.go("/training")
    trainer.press("Delete all answers now")
    trainer.page.get_by_text("Yes, delete them").click()
    trainer.page.get_by_role("button", name="Delete", exact=True).click()
    trainer.sees("All answers and names of this session are deleted")
    for one in people:
        one.page.reload()
        one.page.wait_for_selector(DRAWN)
        one.page.get_by_text("Join with the code on the board").first.wait_for()


def play(browser: Browser, url: str, plan: str, count: int) -> tuple[list[Person], str]:
    """One plan from its lobby to its end."""
    trainer = Person.at(browser, url, DESK)
    code = open_session(trainer, plan)
    board = Person.on(trainer.page.context.new_page())
    board.go("/board")
    people = [Person.at(browser, url, PHONE) for _ in range(count)]
    for one in people:
        one.page.goto(f"/join/{code}")
        one.page.get_by_role("button", name="Join").click()
        one.page.wait_for_url("**/class")
        one.sees("You are in")
    board.sees(f"{count} joined")
    steps = plan_of(plan).steps
    for step in steps[1:]:
        began = time.perf_counter()
        trainer.press(f"Go on to: {title_of(step)}")
        play_step(step, trainer, board, people)
        print(f"  {plan}: {title_of(step)}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return [trainer, board, *people], finish(trainer, people)


@contextmanager
def running(space: Workspace):
    """The web server on a workspace; yields its address."""
    import asyncio

    server, host = serve(space)
    try:
        asyncio.run(wait_for(host))
        yield f"http://{host}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def prepared(given: str, folder: Path) -> Workspace:
    """A workspace with a model and a class stream: a copy of the one given, or made."""
    space = Workspace.at(folder / "w")
    if given:
        for part in ("models", "results", "classes"):
            if (Path(given) / part).exists():
                shutil.copytree(Path(given) / part, space.root / part)
        return space
    workbench.generate(folder / "stream", items=20_000, seed=7)
    workbench.train(workbench.load_data(folder / "stream"), seed=7, workspace=space)
    stream_for(space)
    return space


def kept(space: Workspace, plan: str) -> tuple[int, int]:
    """(answers in the store, those expected of each person) of the plan's newest session."""
    with space.store(read_only=True) as store:
        rooms = Hall(space, store).rooms
        header = next(h for h in rooms.headers() if h.plan == plan)
        seats = rooms.room(header.session_id).present
        return sum(len(s.answers) for s in seats), sum(s.items for s in plan_of(plan).steps) * len(seats)


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("plans", nargs="*", default=["taster-10", "lesson-45", "lesson-90", "by-hand"])
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--workspace", default="")
    given = parser.parse_args()
    rows, bad = [], []
    with tempfile.TemporaryDirectory() as own:
        space = prepared(given.workspace, Path(own))
        with running(space) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for plan in given.plans:
                began = time.perf_counter()
                everyone, told = play(browser, url, plan, given.people)
                stored, wanted = kept(space, plan)
                delete(everyone[0], everyone[2:])
                bad += [c for one in everyone for c in one.complaints]
                rows.append([plan, str(given.people), str(sum(p.acts for p in everyone)), f"{stored} of {wanted}",
                             str(told.count("cannot tell")), f"{time.perf_counter() - began:.0f} s"])  # fmt: skip
                bad += [f"{plan}: {stored} answers stored, expected {wanted}"] * (stored != wanted)
                for one in (everyone[0], *everyone[2:]):
                    one.page.context.close()
            browser.close()
    heads = ["plan", "trainees", "acts in browsers", "answers in the store", "“cannot tell” in the report", "took"]
    print(table(heads, rows))
    for complaint in dict.fromkeys(bad):
        print("complaint:", complaint)
    sys.exit(bool(bad))


if __name__ == "__main__":
    try:
        main()
    except (TimeoutError, subprocess.SubprocessError) as error:
        sys.exit(f"play_plan: something expected did not come: {error}")
