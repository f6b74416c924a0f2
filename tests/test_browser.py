"""The whole job in a real browser: queue, item, reasons, decision, log; two people; hostile text; offline."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Locator, TimeoutError

from risk import workbench
from risk.store import EntryFilter
from risk.ui.server import HEADERS
from tests.fixtures_browser import HOSTILE, app, axe, axe_script, browser, faults, settle  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser


class Person:
    """One person at one browser, who notes every request and every complaint of the page."""

    def __init__(self, browser, app, name: str = "", **settings) -> None:  # noqa: F811
        self.app, self.requests, self.complaints = app, [], []
        self.context = browser.new_context(viewport={"width": 1440, "height": 1000}, **settings)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.go("/")
        if name:
            self.page.get_by_label("Your name in the log", exact=True).fill(name)
            self.page.keyboard.press("Enter")
            self.page.get_by_text(f"Working as {name}").wait_for()

    def go(self, path: str) -> None:
        self.page.goto(self.app.url + path)
        self.settle()

    def settle(self) -> None:
        settle(self.page)

    def text(self) -> str:
        return self.page.locator("[data-testid=stMain]").inner_text()

    def choose_reason(self, words: str) -> None:
        self.page.get_by_text(words, exact=True).click()

    def pick(self, label: str, option: str) -> None:
        """Choose from a list as a person does: open it, type, click, see that it is chosen.

        A list closes when the page moves under it (a chart that comes in late), and is then opened again.
        """
        box = self.page.get_by_label(label, exact=True)
        wanted = self.page.get_by_role("option", name=option, exact=True)
        for _ in range(6):
            self.settle()
            box.scroll_into_view_if_needed()
            box.click()
            box.fill(option)
            try:
                wanted.click(timeout=3_000)
            except TimeoutError:
                self.page.keyboard.press("Escape")
            self.settle()
            if self.chosen(label, option):
                return self.page.keyboard.press("Tab")  # a list of several stays open, the rest hidden behind it
        pytest.fail(f"the list '{label}' never took '{option}':\n{self.text()[:2000]}")

    def chosen(self, label: str, option: str) -> bool:
        """Whether a list shows an option as its value, or among its values."""
        lists = self.page.locator("[data-testid=stSelectbox], [data-testid=stMultiSelect]")
        named = self.page.get_by_test_id("stWidgetLabel").get_by_text(label, exact=True)
        box = lists.filter(has=named).first
        return option in (*box.inner_text().splitlines(), *(i.input_value() for i in box.locator("input").all()))

    def bring(self, label: str, file: Path) -> None:
        """Give a file to the place of that name: the parts of a page come in any order."""
        places = self.page.locator("[data-testid=stFileUploader]")
        places.filter(has_text=label).locator("input[type=file]").set_input_files(file)

    def until(self, act: Callable[[], None], shown: Locator) -> None:
        """Do something until it shows, as a person does whose click fell on a page that was still being drawn."""
        for _ in range(5):
            self.settle()
            act()
            try:
                return shown.wait_for(timeout=4_000)
            except TimeoutError:
                continue
        pytest.fail(f"nothing came of it:\n{self.text()[:2000]}")

    def download(self, button: str) -> Path:
        """Press a button that hands out a file, again where the first press fell on a page being drawn."""
        for _ in range(4):
            self.settle()
            try:
                with self.page.expect_download(timeout=5_000) as kept:
                    self.page.get_by_role("button", name=button).click()
                return Path(kept.value.path())
            except TimeoutError:
                continue
        pytest.fail(f"'{button}' handed out nothing:\n{self.text()[:2000]}")

    def ask_what_if(self) -> None:
        box = self.page.get_by_label("Change", exact=True)
        if not box.is_visible():
            self.page.get_by_text("What if it had been declared differently?").click()
            box.wait_for()
        self.pick("Change", "Gross weight")

    def change_weight(self, grams: int) -> None:
        self.page.get_by_label("Gross weight (g)").fill(str(grams))
        self.page.keyboard.press("Enter")

    def item(self) -> str:
        self.page.wait_for_url(re.compile(r"item=[A-Z]{2}\d{9}[A-Z]{2}"))
        self.settle()  # the address changes before the page is drawn
        return re.search(r"item=([A-Z0-9]+)", self.page.url).group(1)


@pytest.fixture
def person(browser, app):  # noqa: F811
    made = []

    def make(name: str = "", **settings) -> Person:
        made.append(Person(browser, app, name, **settings))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def test_from_the_queue_to_the_log(person, app) -> None:  # noqa: F811
    ann = person("ann")
    ann.page.get_by_text("Open", exact=True).first.click()
    item_id = ann.item()
    ann.page.get_by_text("What raises the score").wait_for()
    ann.settle()
    assert re.search(r"(raises|lowers) the odds \d", ann.text())
    assert re.search(r"Of such items, (about )?.*of 1[0,]+ are irregular", ann.text())
    chart = ann.page.get_by_label(re.compile("^Waterfall from"))  # the chart's text equivalent
    chart.first.wait_for(state="attached")
    ann.choose_reason("Value implausible")
    ann.page.get_by_role("button", name="Record: examine").click()
    ann.page.get_by_text(f"Recorded: {item_id} – examine").wait_for()
    assert ann.item() != item_id, "after deciding, the next item is shown"
    ann.page.get_by_role("link", name="Log").click()
    ann.page.get_by_text("The log is intact").wait_for()
    ann.page.get_by_role("cell", name=item_id).first.wait_for()  # the table is drawn after the verdict
    told = ann.text()
    assert item_id in told and "Case decided" in told and "ann" in told
    assert workbench.verify_log(app.space).ok
    with app.space.store(read_only=True) as store:
        decided = store.entries(EntryFilter(events=("case_decided",), item_id=item_id)).rows
        assert [e.actor for e in decided] == ["ann"]


def test_an_override_needs_a_sentence(person) -> None:
    eve = person("eve")
    eve.page.get_by_role("button", name="Take the next item").click()
    item_id = eve.item()
    eve.page.get_by_text("Release", exact=True).click()
    eve.page.get_by_role("button", name="Record: release").wait_for()
    eve.choose_reason("Ordinary explanation")
    eve.page.get_by_role("button", name="Record: release").click()
    eve.page.get_by_text("an override needs a comment").wait_for()
    eve.page.get_by_label(re.compile("^Comment")).fill("The value fits a second-hand article.")
    eve.page.get_by_role("button", name="Record: release").click()
    eve.page.get_by_text(f"Recorded: {item_id} – release").wait_for()


def test_two_people_never_get_the_same_item(person) -> None:
    kim, lee = person("kim"), person("lee")
    for one in (kim, lee):
        one.page.get_by_role("button", name="Take the next item").click(no_wait_after=True)
    assert kim.item() != lee.item()
    lee.go(f"/item?item={kim.item()}")
    lee.page.get_by_text("kim is working on it").wait_for()
    assert lee.page.get_by_role("button", name=re.compile("^Record")).count() == 0


def test_hostile_text_is_shown_literally_and_every_page_works_offline(person, app) -> None:  # noqa: F811
    guest = person(color_scheme="dark")
    guest.go(f"/item?item={app.hostile_id}")
    guest.page.get_by_text("**bold**").wait_for()
    assert HOSTILE in guest.text()
    assert guest.page.title() != "hit"
    for path in (*EVERYWHERE, "/"):
        guest.go(path)
    guest.page.get_by_text("What would another capacity buy?").click()
    guest.page.get_by_text("by score: about").first.wait_for()
    away = [u for u in guest.requests if not u.startswith((app.url, "data:", "blob:"))]
    assert not away, f"requests left this machine: {away}"
    loaded = Path(f"/proc/{app.pid}/maps").read_text()
    heavy = [name for name in ("/shap/", "/matplotlib/", "/dask/") if name in loaded]
    assert "/numpy/" in loaded and not heavy, f"a page brought in {heavy}, seconds that every start would wait"
    refused = [c for c in guest.complaints if "Content Security Policy" in c or "Error:" in c]
    assert not refused, refused


def test_every_answer_carries_the_safe_headers(app) -> None:  # noqa: F811
    with urllib.request.urlopen(app.url + "/", timeout=5) as answer:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    assert "unsafe-eval'" not in HEADERS["content-security-policy"].replace("wasm-unsafe-eval", "")


def test_what_if_and_evidence_pack(person, tmp_path) -> None:
    pat = person("pat")
    pat.page.get_by_role("button", name="Take the next item").click()
    item_id = pat.item()
    pat.until(pat.ask_what_if, pat.page.get_by_label("Gross weight (g)"))
    pat.until(lambda: pat.change_weight(30_000), pat.page.get_by_text("With gross weight 30,000 g"))
    assert "would" in pat.text()
    pat.page.get_by_text("Everything the log says about this item").wait_for()
    page = pat.download("Evidence pack").read_text(encoding="utf-8")
    assert item_id in page and "case_claimed" in page and "pat" in page
    pat.page.get_by_role("link", name="Log").click()
    with zipfile.ZipFile(pat.download("Export with verifier")) as archive:
        archive.extractall(tmp_path)
    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    told = unescape(re.search(r"<pre>(.*?)</pre>", page, re.DOTALL).group(1)).splitlines()
    assert told and set(told) <= set(log), "what the pack says of the item is in the log, byte by byte"
    seal = re.search(r"--seal ([0-9A-Z-]{19})", page).group(1)
    for wrong, code in ((False, 0), (True, 1)):
        given = "0000-0000-0000-0000" if wrong else seal
        alone = [sys.executable, "-I", "verify_log.py", "log.jsonl", "--seal", given]
        assert subprocess.run(alone, cwd=tmp_path, check=False, capture_output=True).returncode == code


def test_the_language_is_changed_without_losing_anything(person) -> None:
    luc = person("luc")
    one = luc.page.locator(".rk-rows .rk-id").first.inner_text()
    luc.page.get_by_label("Item id", exact=True).fill(one)
    luc.page.keyboard.press("Enter")
    luc.page.get_by_text("1–1 of 1", exact=True).wait_for()
    luc.pick("Language · Langue", "Français")
    luc.page.get_by_role("heading", name="File", exact=True).wait_for()
    luc.page.get_by_text("1–1 sur 1", exact=True).wait_for()
    assert luc.page.locator(".rk-rows .rk-id").all_inner_texts() == [one]
    assert luc.page.get_by_label("Votre nom dans le journal", exact=True).input_value() == "luc"
    luc.page.get_by_role("link", name="Journal").click()
    luc.page.get_by_text("Le journal est intact").wait_for()


def test_filters_narrow_the_queue_and_every_item_can_be_opened(person, app) -> None:  # noqa: F811
    kai = person("kai")
    kai.page.get_by_text("Every item", exact=True).click()
    with app.space.store(read_only=True) as store:
        folder = workbench.queue_folder(app.space, store.batches()[0])
        value, n = next(iter(folder.counts("mail_class").items()))
    kai.page.get_by_text("More filters, and items flagged").click()
    words = workbench.default_dictionary()["mail_class"].level(value)
    kai.pick("Mail class", words)
    kai.page.get_by_text(re.compile(rf"of {n:,}$")).wait_for()
    kai.page.get_by_role("button", name="Show all again").click()
    kai.page.get_by_text("further filter is set").wait_for(state="detached")
    assert not kai.chosen("Mail class", words), "and the panel is still open"
    kai.pick("Mail class", words)
    kai.page.get_by_text("1 further filter is set").wait_for()
    kai.page.locator("[data-testid=stMain] a", has_text="Open").first.click()
    kai.item()
    kai.page.get_by_text("Would one other statement have changed the lane?").click()
    kai.page.get_by_text(re.compile("one field changed alone|No single field")).wait_for()


#: Pages that need nothing in their address.
EVERYWHERE = ("/model", "/quality", "/drift", "/lab", "/data", "/log", "/help")


def test_axe_finds_nothing_serious(person, axe, app) -> None:  # noqa: F811
    """Every page of the reviewers, light and dark; in the dark only colours can be worse."""
    one, found = person(bypass_csp=True), {}
    for path in ("/", f"/item?item={app.hostile_id}", *EVERYWHERE):
        one.page.emulate_media(color_scheme="light")
        one.go(path)
        one.page.wait_for_timeout(800)  # parts are drawn one by one; what is not drawn is not checked
        found |= faults(one.page, axe, path)
        one.page.emulate_media(color_scheme="dark")
        one.page.wait_for_timeout(400)
        found |= faults(one.page, axe, f"{path} in the dark", ["color-contrast"])
    assert not found, found


def test_a_bad_file_is_refused_row_by_row_and_a_good_one_opens_a_queue(person, app, data, tmp_path) -> None:  # noqa: F811
    dot = person("dot", accept_downloads=True)
    good = data.declarations.tail(300)
    good.to_csv(tmp_path / "good.csv", index=False)
    bad = good.assign(gross_weight_g=good["gross_weight_g"].where(good.index != good.index[16], -3.0))
    bad.to_csv(tmp_path / "bad.csv", index=False)
    with app.space.store(read_only=True) as store:
        before = len(store.batches())
    dot.go("/data")
    dot.bring("Declarations", tmp_path / "bad.csv")
    dot.page.get_by_text("Nothing was imported").first.wait_for()
    assert "gross_weight_g" in dot.text() and "17" in dot.text()
    assert dot.page.get_by_role("button", name="Accept, score and open a queue").count() == 0
    dot.go("/data")
    dot.bring("Declarations", tmp_path / "good.csv")
    dot.page.get_by_role("button", name="Accept, score and open a queue").click()
    dot.page.get_by_text("The queue is open").wait_for(timeout=90_000)  # a process of its own scores it
    with app.space.store(read_only=True) as store:
        assert len(store.batches()) == before + 1


def test_long_work_is_shown_and_can_be_stopped(person, app) -> None:  # noqa: F811
    zoe = person("zoe")
    zoe.page.get_by_role("link", name="Data").click()
    zoe.page.get_by_label("Items", exact=True).fill("400000")
    zoe.page.keyboard.press("Tab")
    zoe.page.get_by_role("button", name="Make it").click()
    zoe.page.get_by_text("Making parcels").wait_for(timeout=60_000)
    zoe.page.get_by_role("button", name="Stop", exact=True).click()
    zoe.page.get_by_text("Stopped. Nothing was kept.").wait_for()
    assert not list(app.space.root.glob("data/*-400000-*"))
    assert not list((app.space.root / "tasks").glob("*/draft"))
