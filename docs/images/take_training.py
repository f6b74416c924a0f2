"""Take the trainer's guide's pictures again: ``python docs/images/take_training.py [WORKSPACE] [FOLDER]``.

Plays a few classes of made-up people through the real hall in a copy of the workspace (as ``make demo``
leaves it), then looks at every page of the training room as the trainer, a trainee and the projector see it.

``python docs/images/take_training.py WORKSPACE FOLDER --every`` takes every page in every state instead: on a
desk (1440 × 900) and a phone (390 × 844), light and dark, first the window and then the whole page.
``--lang fr`` takes them in French, ``--scheme light`` in one theme, ``--only A,B`` those with A or B in their name.
Look at them before a change of the pages is delivered.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from made_class import Class, copy_of, play
from take import DESK, FLAGS, PHONE, keep, serve

from risk.hall import Key

DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def connected(url: str, seats: list[Key]) -> Iterator[None]:
    """Hold the event streams of some seats, as their pages would."""
    with ExitStack() as held:
        for seat in seats:
            request = urllib.request.Request(f"{url}/classroom/changes?as=seat")
            request.add_header("Cookie", f"seat={seat.text()}")
            held.enter_context(urllib.request.urlopen(request))
        yield


def look(browser: Browser, url: str, cookies: dict[str, str], size: dict[str, int], **more: str) -> Page:
    """A page with the cookies of a person."""
    context = browser.new_context(viewport=size, base_url=url, **more)
    context.add_cookies([{"name": k, "value": v, "url": url} for k, v in cookies.items()])
    page = context.new_page()
    page.set_default_timeout(60_000)
    return page


def open_at(page: Page, path: str, *, wait: int = 2500) -> None:
    """Go there and wait until everything is drawn; pages outside Streamlit are drawn at once."""
    page.goto(path)
    if not path.startswith(("/join", "/direct", "/watch")):
        page.wait_for_selector(DRAWN)
        page.wait_for_timeout(wait)


def whole(page: Page) -> None:
    """Make the window as tall as the page."""
    tall = page.evaluate(
        "Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".filter(Boolean).map(e => e.scrollHeight))"
    )
    page.set_viewport_size({"width": page.viewport_size["width"], "height": min(6000, max(400, tall))})
    page.wait_for_timeout(700)


#: Classes of the guide's pictures.
GUIDE = ("lobby", "item", "closed", "block", "debrief")


# -- the guide --------------------------------------------------------------------------------------------


def pictures(browser: Browser, url: str, classes: dict[str, Class], out: Path) -> None:
    """The pictures of the trainer's guide."""

    def shoot(cookies: dict, path: str, name: str, size: dict, *, full: bool = False) -> None:
        page = look(browser, url, cookies, size)
        open_at(page, path)
        if full:
            whole(page)
        keep(page, out, name)
        page.context.close()

    trainer = {name: {"trainer": c.made.trainer.text()} for name, c in classes.items()}
    shoot({}, "/training", "training-start", DESK)
    for name, page, file in (("lobby", "board", "board-lobby"), ("closed", "board", "board-item"),
                             ("block", "board", "board-block"), ("lobby", "training", "training-lobby"),
                             ("item", "training", "training-item"),
                             ("debrief", "debrief", "training-report")):  # fmt: skip
        shoot(trainer[name], f"/{page}", file, DESK)
    for name, page, file in (("item", "training", "training-item"), ("block", "board", "board-block")):
        shoot(trainer[name], f"/{page}", f"{file}-phone", PHONE)
    seats = classes["item"].seats
    for seat, file in ((seats[0], "seat-answer"), (seats[2], "seat-score")):
        for size, more in ((PHONE, "-phone"), (DESK, "")):
            shoot({"seat": seat.text()}, "/class", file + more, size, full=size is PHONE)
    mine = {"seat": classes["debrief"].seats[0].text()}
    shoot(mine, "/class", "seat-card-phone", PHONE, full=True)
    shoot({}, f"/join/{classes['lobby'].made.code}", "seat-join-phone", PHONE)


# -- every state ------------------------------------------------------------------------------------------

#: Picture, who looks (a seat's number, trainer, watch or nobody), class, page.
STATES = (
    ("seat-lobby", 0, "lobby", "class"), ("seat-check", 5, "check", "class"),
    ("seat-checked", 0, "check", "class"), ("seat-warm", 0, "warm", "class"),
    ("seat-warm-score", 1, "warm", "class"), ("seat-warm-told", 3, "warm", "class"),
    ("seat-blind", 0, "blind", "class"), ("seat-blind-done", 4, "blind", "class"),
    ("seat-score", 1, "score", "class"), ("seat-why", 1, "why", "class"), ("seat-why-open", 2, "why", "class"),
    ("seat-burst", 0, "burst", "class"), ("seat-burst-told", 3, "burst", "class"),
    ("seat-office", 0, "office", "class"), ("seat-office-score", 1, "office", "class"),
    ("seat-office-done", 4, "office", "class"), ("seat-before", 0, "before", "class"),
    ("seat-waits", 8, "item", "class"), ("seat-sees", 0, "closed", "class"),
    ("seat-hand", 0, "hand", "class"), ("seat-card", 0, "debrief", "class"),
    ("seat-card-taster", 0, "taster", "class"), ("seat-exit", 6, "exit", "class"),
    ("seat-exited", 0, "exit", "class"), ("seat-over", 0, "over", "class"),
    ("seat-removed", 0, "locked", "class"), ("seat-gone", 0, "gone", "class"), ("seat-none", -1, "", "class"),
    ("room-start", -1, "", "training"), ("room-lobby", "trainer", "lobby", "training"),
    ("room-empty", "trainer", "empty", "training"), ("room-check", "trainer", "check", "training"),
    ("room-warm", "trainer", "warm", "training"), ("room-before", "trainer", "before", "training"),
    ("room-item", "trainer", "item", "training"), ("room-closed", "trainer", "closed", "training"),
    ("room-blind", "trainer", "blind", "training"), ("room-block", "trainer", "block", "training"),
    ("room-office", "trainer", "office", "training"), ("room-locked", "trainer", "locked", "training"),
    ("room-debrief", "trainer", "debrief", "training"), ("room-exit", "trainer", "exit", "training"),
    ("room-over", "trainer", "over", "training"), ("room-gone", "trainer", "gone", "training"),
    ("board-lobby", "watch", "lobby", "board"), ("board-empty", "watch", "empty", "board"),
    ("board-check", "watch", "check", "board"), ("board-warm", "watch", "warm", "board"),
    ("board-before", "watch", "before", "board"), ("board-item", "watch", "item", "board"),
    ("board-closed", "trainer", "closed", "board"), ("board-few", "watch", "few", "board"),
    ("board-blind", "watch", "blind", "board"), ("board-office", "watch", "office", "board"),
    ("board-block", "watch", "block", "board"), ("board-last", "trainer", "last", "board"),
    ("board-debrief", "watch", "debrief", "board"),
    ("board-exit", "watch", "exit", "board"), ("board-over", "watch", "over", "board"),
    ("board-gone", "watch", "gone", "board"), ("board-none", -1, "", "board"),
    ("report-45", "trainer", "debrief", "debrief"), ("report-few", "trainer", "few-debrief", "debrief"),
    ("report-90", "trainer", "ninety", "debrief"), ("report-taster", "trainer", "taster", "debrief"),
    ("report-gone", "trainer", "gone", "debrief"), ("report-none", -1, "", "debrief"),
    ("door-join", -1, "", "join"), ("door-direct", -1, "", "direct"), ("door-watch", -1, "", "watch"),
    ("door-wrong", -1, "", "join/ZZZZZZ"), ("door-locked", -1, "locked", "join"),
    ("room-hand", -1, "", "training"),
)  # fmt: skip


def _cookies(who: int | str, here: Class | None) -> dict[str, str]:
    if here is None or who == -1:
        return {}
    if isinstance(who, int):
        return {"seat": here.seats[who].text()}
    return {who: getattr(here.made, who).text()}


def _do_first(page: Page, name: str, here: Class | None) -> None:
    """What a person does before the picture."""
    if name in ("door-wrong", "door-locked"):
        if here:
            page.fill("#code", here.made.code)
        page.click("button")
        page.get_by_role("alert").wait_for()
    elif name == "room-hand":
        page.locator("label", has=page.get_by_role("radio")).last.click()
        page.wait_for_timeout(9000)


def every(
    browser: Browser, url: str, classes: dict[str, Class], states: list, given: argparse.Namespace
) -> None:
    """Every page in every state, on a desk and a phone, light and dark."""
    for name, who, cls, path in states:
        here = classes.get(cls)
        for scheme in ("light", "dark") if given.scheme == "both" else (given.scheme,):
            for size, kind in ((DESK, "desk"), (PHONE, "phone")):
                page = look(browser, url, _cookies(who, here), dict(size), color_scheme=scheme,
                            locale={"en": "en-GB", "fr": "fr-FR"}[given.lang])  # fmt: skip
                open_at(page, f"/{path}", wait=1500)
                _do_first(page, name, here)
                file = f"{name}-{kind}-{scheme}"
                if scheme == "light":
                    keep(page, given.folder, f"{file}-window")
                whole(page)
                keep(page, given.folder, file)
                page.context.close()


def main() -> None:
    """Play, serve, take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("workspace", nargs="?", default="workspace")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--lang", choices=("en", "fr"), default="en")
    parser.add_argument("--only", default="")
    parser.add_argument("--scheme", choices=("light", "dark", "both"), default="both")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own:
        space = copy_of(given.workspace, Path(own))
        states = [s for s in STATES if any(part in s[0] for part in given.only.split(","))]
        names = {s[2] for s in states if s[2]} if given.every else set(GUIDE)
        classes = play(space, names)
        with serve(space.root) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            here = [seat for name in names - {"gone", "locked"} for seat in classes[name].seats[:-1]]
            with connected(url, here):
                if given.every:
                    every(browser, url, classes, states, given)
                else:
                    pictures(browser, url, classes, given.folder)
            browser.close()


if __name__ == "__main__":
    main()
