"""Data: make a stream, or bring a file through the gate; then score it and open a queue."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from risk import champions, long_work, workbench
from risk.access import may, require
from risk.datasets import Upload, check_upload
from risk.errors import Refused, RiskError
from risk.store import Batch
from risk.tasks import Progress, Task
from risk.ui import html, lookups, shared, working
from risk.ui.i18n import _, number
from risk.ui.session import PAGES, actor, attempt, flash, headline, show_flash

SHOWN = 100
MOST = 500_000
UPLOAD_MB = 25
SLOT = "data"


def draw() -> None:
    """Draw the page."""
    headline("data")
    show_flash()
    verdict = may(actor(), "bring_data")
    if not verdict:
        st.html(html.note(verdict.reason))
        return
    working.watch(SLOT, _done)
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
        st.form_submit_button(_("Make it"), type="primary", on_click=_make_it, disabled=working.busy(SLOT))


def _make_it() -> None:
    world, items, seed = (st.session_state[f"make-{k}"] for k in ("world", "items", "seed"))

    def start() -> Task:
        require(actor(), "bring_data")
        name = long_work.stream_name(world, items, seed)
        if (_folder() / name).exists():
            raise Refused(_("{name} is already there. Choose it below.", name=name))
        return long_work.make_stream(shared.house().workspace, world, items, seed)

    working.begin(SLOT, start)


def _done(task: Task, told: Progress) -> None:
    """What follows when the work that was watched is done."""
    made = told.made
    if "stream" in made:
        flash(_("Made: {name}. Choose it below to score it.", name=made["stream"]))
    elif "model" in made:
        _trained(made["model"])
    elif "cases" in made:
        opened = attempt(_opened, task)
        if opened is not None:
            flash(_("The queue is open: {n} cases.", n=number(opened.cases)))
            st.switch_page(PAGES["queue"])
    st.rerun()


def _trained(name: str) -> None:
    space = shared.writing()
    if space.registry.champion() is None and may(actor(), "promote"):
        attempt(champions.promote, space, name, reason="the first model of this workspace", actor=actor())
    flash(_("Trained: {model}. See it on the Model page, beside the one in use.", model=name))


def _opened(task: Task) -> Batch:
    require(actor(), "select")
    return long_work.finish_queue(shared.writing(), task, actor=actor())


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
        files = {f"table{Path(file.name).suffix.lower()}": file.getvalue()}
        if given:
            files["schema.json"] = given.getvalue()
        model_id = _model()
        if model_id:
            n = len(workbench.known(told.data, shared.model(model_id).dictionary).declarations)
            _score(n, model_id, f"upload:{file.file_id}", partial(long_work.score_upload, files=files))


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
    look, train = st.columns([1, 3])
    if look.button(_("Look at it"), key="look"):
        st.session_state["looked"] = (name, days)
    if may(actor(), "train"):
        train.button(
            _("Train a model on it"), key="train", on_click=_train, args=(name,), disabled=working.busy(SLOT)
        )
    model_id = _model() if st.session_state.get("looked") == (name, days) else ""
    if model_id:
        try:
            n = lookups.newest_count(str(_folder() / name), days)
        except RiskError as error:
            st.html(html.note(str(error), "bad"))
            return
        _score(n, model_id, f"stream:{name}:{days}", partial(long_work.score_stream, stream=name, days=days))


def _train(stream: str) -> None:
    def start() -> Task:
        require(actor(), "train")
        return long_work.train_model(shared.house().workspace, stream)

    working.begin(SLOT, start)


def _model() -> str:
    """The model in use; says so where there is none."""
    name = shared.house().workspace.registry.champion()
    if name is None:
        st.html(html.note(_("No model is registered yet, so nothing can be scored. Train one on a stream below.")))
    return name or ""


def _score(n: int, model_id: str, key: str, start: Callable[..., Task]) -> None:
    st.html(html.tag("p", _("{n} items would be scored by {model}.", n=number(n), model=model_id)))
    most = max(1, n // 2)
    st.number_input(
        _("Items that can be examined"), 1, most, min(most, max(1, n // 20)), key=f"capacity:{key}"
    )
    st.button(
        _("Accept, score and open a queue"),
        key=f"open:{key}",
        type="primary",
        on_click=_begin_scoring,
        args=(model_id, f"capacity:{key}", start),
        disabled=working.busy(SLOT),
    )


def _begin_scoring(model_id: str, key: str, start: Callable[..., Task]) -> None:
    capacity = int(st.session_state[key])

    def begin() -> Task:
        require(actor(), "select")
        return start(shared.house().workspace, model_id=model_id, capacity=capacity)

    working.begin(SLOT, begin)


def _folder() -> Path:
    return shared.house().workspace.root / "data"


if __name__ == "__main__":
    draw()
