"""Take the trainer's guide's pictures again: ``python docs/images/take_training.py [WORKSPACE] [FOLDER]``.

Plays a few classes of made-up people through the real hall in a copy of the workspace (as ``make demo``
leaves it), then looks at every page of the training room as the trainer, a trainee and the projector see it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from take import DESK, FLAGS, PHONE, serve

from risk.access import local_actor
from risk.classroom import control, ready_plan, rules
from risk.classroom import events as ev
from risk.hall import Hall, Key, Order, make_pool, stream_for
from risk.hall.hall import Opened
from risk.workbench import Workspace


class Class:
    """A class of made-up people in one session."""

    def __init__(self, hall: Hall, pool, plan: str, people: int, title: str) -> None:
        self.hall, self.rng = hall, np.random.default_rng(people)
        order = Order(ready_plan(plan), title, seed=5)
        self.made: Opened = hall.open(order, pool, actor=local_actor("trainer"))
        self.seats: list[Key] = [hall.join(self.made.code, visitor="x") for _ in range(people)]

    def go(self, to: int) -> None:
        """Move on, answering what is asked on the way."""
        for step in range(self.room.stage.step + 1, to + 1):
            self.hall.direct(self.made.trainer, control.go_on, to=step)
            if self.room.step.kind == "check":
                for key in self.seats:
                    for n, code in enumerate(("frequency", "reason", "bar")):
                        choice = (1, 2, 0)[n] if self.rng.random() < 0.7 else 1
                        self._do(key, rules.check, lambda s, c=code, v=choice: ev.Checked(s, c, v))
            if self.room.step.judges and step < to:
                self.judge_all()

    @property
    def room(self):
        return self.hall.rooms.room(self.made.session_id)

    def _do(self, key: Key, rule, event) -> None:
        self.hall.answer(key, rule, event, click="")

    def judge_all(self) -> None:
        """Everyone judges what is before them until nothing is left."""
        for key in self.seats:
            while self.judge(key):
                pass

    def judge(self, key: Key, *, commit_only: bool = False) -> bool:
        """One act of one person: right two times in three, half follow the advice, some open the reasons."""
        room, seat = self.hall.seat(key)
        place = rules.place_of(room, seat)
        if place.does not in ("answer", "revise") or (commit_only and place.does == "revise"):
            return False
        item, sure = room.facts(place.item_id), int(self.rng.choice([50, 60, 70, 80, 90, 100]))
        other = {"examine": "release", "release": "examine"}
        said = item.truth if self.rng.random() < 0.66 else other[item.truth]
        if place.does == "answer":
            tags = (str(self.rng.choice(["value", "weight", "text", "route"])),)
            self._do(key, rules.answer, lambda s: ev.Answered(s, place.step, place.item_id, said, sure, tags))
            return True
        if room.mode(seat, place.step).advice == "why" and self.rng.random() < 0.7:
            self._do(key, rules.look, lambda s: ev.Looked(s, place.step, place.item_id))
        final = item.advice if self.rng.random() < 0.5 else place.answer.first
        self._do(key, rules.revise, lambda s: ev.Revised(s, place.step, place.item_id, final, sure))
        return True


def play(space: Workspace) -> dict[str, Class]:
    """The classes that the pictures show, each left where it is interesting."""
    model = space.registry.load("champion")
    pool = make_pool(model, stream_for(space))
    with space.store() as store:
        hall = Hall(space, store)
        out = {"lobby": Class(hall, pool, "lesson-45", 14, "Monday class")}
        out["item"] = item = Class(hall, pool, "taster-10", 9, "Ten minutes at the desk")
        item.go(3)
        hall.direct(item.made.trainer, control.next_item, item=0)
        for key in item.seats[2:]:
            item.judge(key)
        for key in item.seats[4:]:
            item.judge(key)
        out["closed"] = closed = Class(hall, pool, "taster-10", 9, "Ten minutes at the desk")
        closed.go(3)
        hall.direct(closed.made.trainer, control.next_item, item=0)
        closed.judge_all()
        hall.direct(closed.made.trainer, control.close_item)
        out["block"] = block = Class(hall, pool, "lesson-45", 12, "Monday class")
        block.go(5)
        block.judge_all()
        hall.direct(block.made.trainer, control.set_window, closed=True)
        out["debrief"] = debrief = Class(hall, pool, "lesson-45", 12, "Monday class")
        debrief.go(6)
    return out


def connect(url: str, seats: list[Key]) -> list:
    """Hold the event streams of some seats, as their pages would."""
    held = []
    for seat in seats:
        request = urllib.request.Request(f"{url}/classroom/changes?as=seat")
        request.add_header("Cookie", f"seat={seat.text()}")
        held.append(urllib.request.urlopen(request))
    return held


def look(browser: Browser, url: str, cookies: dict[str, str], size: dict[str, int]) -> Page:
    """A page with the cookies of a person."""
    context = browser.new_context(viewport=size, base_url=url)
    context.add_cookies([{"name": k, "value": v, "url": url} for k, v in cookies.items()])
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def shoot(page: Page, path: str, to: Path, *, tall: int = 0) -> None:
    """One picture of a settled page; `tall` widens the window so that the whole page is in it."""
    if tall:
        page.set_viewport_size({"width": page.viewport_size["width"], "height": tall})
    page.goto(path)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(2500)
    page.screenshot(path=to)


def pictures(browser: Browser, url: str, classes: dict[str, Class], folder: Path) -> None:
    """Every page of the training room."""
    trainer = {name: {"trainer": c.made.trainer.text()} for name, c in classes.items()}
    shoot(look(browser, url, {}, DESK), "/training", folder / "training-start.png")
    for name, page, file in (("lobby", "board", "board-lobby"), ("closed", "board", "board-item"),
                             ("block", "board", "board-block"), ("lobby", "training", "training-lobby"),
                             ("item", "training", "training-item"),
                             ("debrief", "debrief", "training-report")):  # fmt: skip
        shoot(look(browser, url, trainer[name], DESK), f"/{page}", folder / f"{file}.png")
    for name, page, file in (("item", "training", "training-item"), ("block", "board", "board-block")):
        shoot(look(browser, url, trainer[name], PHONE), f"/{page}", folder / f"{file}-phone.png")
    seats = classes["item"].seats
    for seat, file in ((seats[0], "seat-answer"), (seats[2], "seat-score")):
        for size, more in ((PHONE, "-phone"), (DESK, "")):
            page = look(browser, url, {"seat": seat.text()}, size)
            shoot(page, "/class", folder / f"{file}{more}.png", tall=1500 if size is PHONE else 0)
    mine = {"seat": classes["debrief"].seats[0].text()}
    shoot(look(browser, url, mine, PHONE), "/class", folder / "seat-card-phone.png", tall=1100)
    join = look(browser, url, {}, PHONE)
    join.goto(f"/join/{classes['lobby'].made.code}")
    join.screenshot(path=folder / "seat-join-phone.png")


def main(workspace: str = "workspace", folder: str = str(Path(__file__).parent)) -> None:
    """Play, serve, take."""
    with tempfile.TemporaryDirectory() as own:
        space = Workspace.at(Path(own) / "w")
        for part in ("models", "results", "classes"):
            if (Path(workspace) / part).exists():
                shutil.copytree(Path(workspace) / part, space.root / part)
        classes = play(space)
        with serve(space.root) as url, sync_playwright() as playwright:
            chromium = shutil.which("chromium")
            held = connect(url, [*classes["item"].seats[:8], *classes["lobby"].seats[:13]])
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            pictures(browser, url, classes, Path(folder))
            browser.close()
            for stream in held:
                stream.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
