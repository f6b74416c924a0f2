"""Data: make a stream, or bring a file through the gate; then score it and open a queue."""

from pathlib import Path

import streamlit as st

from risk import workbench
from risk.access import may, require
from risk.datasets import Upload, check_upload
from risk.errors import RiskError
from risk.intake import Data
from risk.ui import html, shared
from risk.ui.i18n import _, number
from risk.ui.session import PAGES, actor, attempt, flash, show_flash

SHOWN = 100
MOST = 500_000
UPLOAD_MB = 25


def draw() -> None:
    """Draw the page."""
    st.title(_("Data"))
    show_flash()
    verdict = may(actor(), "bring_data")
    if not verdict:
        st.html(html.note(verdict.reason))
        return
    _make()
    _bring()
    _use()


def _make() -> None:
    st.subheader(_("Make a stream of parcels"), anchor=False)
    with st.form("make"):
        world, items, seed = st.columns(3)
        with world:
            st.selectbox(_("World"), list(workbench.PRESETS), key="make-world")
        with items:
            st.number_input(_("Items"), 1000, MOST, 20_000, 1000, key="make-items")
        with seed:
            st.number_input(_("Seed"), 0, 2**31 - 1, 7, 1, key="make-seed")
        asked = st.form_submit_button(_("Make it"), type="primary")
    if asked:
        with st.spinner(_("Making parcels …")):
            made = attempt(_made, st.session_state["make-world"], st.session_state["make-items"])
        if made:
            flash(_("Made: {name}. Choose it below to score it.", name=made))
        st.rerun()


def _made(world: str, items: int) -> str:
    require(actor(), "bring_data")
    seed = int(st.session_state["make-seed"])
    name = f"{world}-{items}-{seed}"
    folder = _folder() / name
    if not (folder / "datapackage.json").exists():
        workbench.generate(folder, world=world, items=int(items), seed=seed)
    return name


def _bring() -> None:
    st.subheader(_("Bring a file"), anchor=False)
    words = _(
        "CSV or Parquet, at most {n} MB, with the columns of the postal data dictionary – or bring your own "
        "dictionary as JSON. Every finding is shown; nothing is imported until you accept it.",
        n=number(UPLOAD_MB),
    )
    st.html(html.tag("p", words, "rk-small"))
    table, schema = st.columns(2)
    with table:
        file = st.file_uploader(_("Declarations"), ["csv", "parquet"], key="file", max_upload_size=UPLOAD_MB)
    with schema:
        given = st.file_uploader(
            _("Data dictionary (if your own)"), ["json"], key="schema", max_upload_size=1
        )
    if file is None:
        return
    try:
        with st.spinner(_("Checking …")):
            told = check_upload(file.name, file, schema=given.getvalue() if given else None)
    except RiskError as error:
        st.html(html.note(str(error), "bad"))
        return
    _findings(told)
    if told.data is not None:
        _score(told.data, key=f"upload:{file.file_id}")


def _findings(told: Upload) -> None:
    good = told.data is not None
    st.html(html.tag("div", told.sentence, f"rk-note rk-note-{'good' if good else 'bad'}", role="status"))
    listed = told.findings.listed[:SHOWN]
    if not listed:
        return
    total = sum(told.findings.counts.values())
    words = _("{shown} of {total} findings", shown=number(len(listed)), total=number(total))
    headers = (_("Row"), _("Column"), _("Code"), _("What was expected and what came"))
    rows = [(f.row or _("file"), f.column, f.code, f.message) for f in listed]
    st.html(html.table(headers, rows, caption=words, right=frozenset({0})))


def _use() -> None:
    st.subheader(_("Score a stream that was made here"), anchor=False)
    folders = sorted(p.parent.name for p in _folder().glob("*/datapackage.json"))
    if not folders:
        st.html(html.note(_("There is no stream yet. Make one above.")))
        return
    name = st.selectbox(_("Stream"), folders, key="stream", persist_state="session")
    days = st.number_input(_("Newest days to score"), 1, 60, 7, 1, key="days")
    if st.button(_("Look at it"), key="look"):
        st.session_state["looked"] = (name, days)
    if st.session_state.get("looked") == (name, days):
        try:
            data = _load(str(_folder() / name))
        except RiskError as error:
            st.html(html.note(str(error), "bad"))
            return
        _score(data, key=f"stream:{name}:{days}", days=days)


@st.cache_resource(show_spinner=False, max_entries=1)
def _load(path: str) -> Data:
    return workbench.load_data(path)


def _score(data: Data, *, key: str, days: float | None = None) -> None:
    registry = shared.house().workspace.registry
    name = registry.champion()
    if name is None:
        st.html(
            html.note(_("No model is registered yet, so nothing can be scored. Train one: risk train DATA"))
        )
        return
    dictionary = shared.model(name).dictionary
    items = workbench.newest(data, days=days) if days else workbench.known(data, dictionary).declarations
    words = _("{n} items would be scored by {model}.", n=number(len(items)), model=name)
    st.html(html.tag("p", words))
    most = max(1, len(items) // 2)
    capacity = st.number_input(
        _("Items that can be examined"), 1, most, max(1, len(items) // 20), key=f"capacity:{key}"
    )
    if st.button(_("Accept, score and open a queue"), key=f"open:{key}", type="primary"):
        with st.spinner(_("Scoring …")):
            opened = attempt(_open, data, items, int(capacity))
        if opened is not None:
            flash(_("The queue is open: {n} cases.", n=number(opened.cases)))
            st.switch_page(PAGES["queue"])
        st.rerun()


def _open(data: Data, items, capacity: int):
    require(actor(), "select")
    model = shared.model(shared.house().workspace.registry.champion())
    return workbench.open_queue(shared.writing(), model, items, capacity=capacity, actor=actor(), source=data)


def _folder() -> Path:
    return shared.house().workspace.root / "data"


if __name__ == "__main__":
    draw()
