"""Long work on a page: how far it is, a button that stops it, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from risk.tasks import Progress, Task
from risk.ui import html
from risk.ui.i18n import N_, _
from risk.ui.session import attempt, flash

__all__ = ["STEPS", "begin", "busy", "watch"]

#: The steps that tasks name, in words.
STEPS = {
    "make": N_("Making parcels …"),
    "read": N_("Reading and checking …"),
    "train": N_("Training …"),
    "judge": N_("Judging it on newer items …"),
    "audit": N_("Auditing the explanations …"),
    "score": N_("Scoring, explaining and selecting …"),
}


def begin(slot: str, start: Callable[[], Task]) -> None:
    """Start a task and remember it for this session under the name of its place on the page."""
    task = attempt(start)
    if task is not None:
        st.session_state[_key(slot)] = str(task.folder)


def busy(slot: str) -> bool:
    """Whether this session's task of a place is still to be watched."""
    return _key(slot) in st.session_state


def watch(slot: str, done: Callable[[Task, Progress], None], *, stopped: str = "") -> None:
    """Show how far the task of a place is, every second; `done` is called once, with what it made.

    `stopped` says what is kept when somebody stops it; by default nothing is.
    """
    if not busy(slot):
        return
    task = Task(Path(st.session_state[_key(slot)]))
    told = task.progress()
    if told.state == "running":
        _bar(slot, str(task.folder), stopped)
        return
    del st.session_state[_key(slot)]
    if told.state == "done":
        done(task, told)
    else:
        flash(_(told.words), "bad" if told.state == "failed" else "plain")
        st.rerun()


@st.fragment(run_every=1.0)
def _bar(slot: str, folder: str, stopped: str) -> None:
    """Drawn again every second while the work goes on; then the page is."""
    task = Task(Path(folder))
    told = task.progress()
    if told.state != "running":
        st.rerun(scope="app")
    st.progress(told.share, text=_(STEPS.get(told.words, told.words)))
    st.button(_("Stop"), key=f"stop:{slot}", on_click=_stop, args=(task, stopped))
    st.html(html.tag("p", _("You can go on working on other pages; come back here to see how far it is."), "rk-small"))


def _stop(task: Task, stopped: str) -> None:
    attempt(task.stop, stopped) if stopped else attempt(task.stop)


def _key(slot: str) -> str:
    return f"task:{slot}"
