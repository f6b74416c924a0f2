"""Take the screenshots of the guides again: ``python docs/images/take.py [WORKSPACE] [FOLDER]``.

Starts the app on a copy of the workspace (default: ``workspace``, as ``make demo`` leaves it) and drives
Debian's Chromium: a desk (1440 × 900) and a phone (390 × 844), light and dark.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


@contextmanager
def serve(workspace: Path) -> Iterator[str]:
    """The app on a copy of the workspace; yields its address."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        own = Path(folder) / "workspace"
        shutil.copytree(workspace, own)
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
        environment = os.environ | {"RISK_WORKSPACE": str(own), "PYTHONPATH": str(ROOT)}
        quiet = subprocess.DEVNULL
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
        try:
            _wait(f"http://localhost:{port}")
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(url + "/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            pass
        time.sleep(0.25)
    raise SystemExit("The app did not answer within a minute.")


def settle(page: Page) -> None:
    """Wait until the page is drawn, charts included."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=30_000)
    page.wait_for_timeout(900)


def keep(page: Page, out: Path, name: str) -> None:
    """Write one picture, 256 colours where Pillow is at hand, to keep the repository small."""
    page.screenshot(path=out / f"{name}.png")
    try:
        from PIL import Image
    except ImportError:
        return
    picture = Image.open(out / f"{name}.png").convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(out / f"{name}.png", optimize=True)


def open_page(browser: Browser, url: str, *, dark: bool = False, phone: bool = False) -> Page:
    """A fresh visitor on a desk or a phone."""
    context = browser.new_context(
        viewport=PHONE if phone else DESK, color_scheme="dark" if dark else "light", locale="en-GB"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    settle(page)
    return page


def take_item(page: Page) -> str:
    """Take the next item; returns its id."""
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url(re.compile("item="))
    settle(page)
    return re.search(r"item=(\w+)", page.url).group(1)


def ask_what_if(page: Page) -> None:
    """Open the what-if panel and change the gross weight."""
    page.get_by_text("What if it had been declared differently?").click()
    box = page.get_by_label("Change", exact=True)
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list closes, and forgets what was typed, when the page scrolls
    box.click()
    page.get_by_role("option").first.wait_for()
    box.press_sequentially("Gross w")
    page.get_by_role("option", name="Gross weight", exact=True).click()
    page.keyboard.press("Tab")
    page.get_by_label("Gross weight (g)").fill("20000")
    page.keyboard.press("Enter")
    page.get_by_text("With gross weight").wait_for()
    settle(page)
    page.get_by_text("What if it had been declared differently?").scroll_into_view_if_needed()
    page.mouse.move(600, 500)
    page.mouse.wheel(0, 350)
    page.wait_for_timeout(400)


def visit(page: Page, url: str, out: Path, suffix: str) -> None:
    """All pages as one visitor sees them."""
    keep(page, out, f"queue{suffix}")
    item = take_item(page)
    keep(page, out, f"item{suffix}")
    ask_what_if(page)
    keep(page, out, f"what-if{suffix}")
    for name in ("model", "quality", "drift", "data", "log", "help"):
        page.goto(f"{url}/{name}")
        settle(page)
        keep(page, out, f"{name}{suffix}")
    if not suffix:
        sections(page, url, out)
    page.goto(f"{url}/item?item={item}")
    settle(page)


def sections(page: Page, url: str, out: Path) -> None:
    """The parts of the model page, on a taller desk."""
    page.set_viewport_size({"width": 1440, "height": 1300})
    page.goto(f"{url}/model")
    settle(page)
    for title in ("What it is worth", "What each detail does", "Groups", "Compared", "Explanations"):
        page.locator("[data-testid=stMain]").get_by_text(title, exact=True).first.click()
        page.wait_for_timeout(600)
        settle(page)
        keep(page, out, "model-" + title.lower().replace(" ", "-"))
    page.set_viewport_size(DESK)


def main() -> None:
    """Take them all."""
    workspace = Path(sys.argv[1] if len(sys.argv) > 1 else "workspace")
    out = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "docs" / "images")
    out.mkdir(parents=True, exist_ok=True)
    with serve(workspace) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for dark in (False, True):
            for phone in (False, True):
                suffix = ("-phone" if phone else "") + ("-dark" if dark else "")
                visit(open_page(browser, url, dark=dark, phone=phone), url, out, suffix)
        browser.close()


if __name__ == "__main__":
    main()
