"""The pages of the app: to add one, put its file into ``pages/`` and its line here."""

from __future__ import annotations

from dataclasses import dataclass

from risk.ui.i18n import N_

__all__ = ["MENU", "PAGES", "QUESTIONS", "Entry"]


@dataclass(frozen=True)
class Entry:
    """One page: its name in links and addresses, its file, its title, its part of the menu.

    `action` is a key of `risk.access.ACTIONS`: who may not do it does not see the page in the menu (the
    page itself still asks at every act).
    """

    name: str
    file: str
    title: str
    part: str
    action: str


MENU = (
    Entry("queue", "queue_page.py", N_("Queue"), N_("Review"), "view_queue"),
    Entry("item", "item_page.py", N_("Item"), N_("Review"), "view_item"),
    Entry("log", "log_page.py", N_("Log"), N_("Review"), "view_log"),
    Entry("model", "model_page.py", N_("Model"), N_("Understand"), "view_model"),
    Entry("drift", "drift_page.py", N_("Drift alarms"), N_("Understand"), "view_model"),
    Entry("lab", "lab_page.py", N_("Policy lab"), N_("Understand"), "simulate"),
    Entry("quality", "quality_page.py", N_("Quality"), N_("Understand"), "view_model"),
    Entry("data", "data_page.py", N_("Data"), N_("Understand"), "bring_data"),
    Entry("training", "training_control.py", N_("Training room"), N_("Train"), "run_session"),
    Entry("board", "training_board.py", N_("Board"), N_("Train"), "run_session"),
    Entry("debrief", "training_debrief.py", N_("Debrief"), N_("Train"), "run_session"),
    Entry("class", "training_trainee.py", N_("My seat"), N_("Train"), "answer"),
    Entry("help", "help_page.py", N_("Help"), N_("Understand"), "view_model"),
)

#: Page files by name: `st.switch_page` and links use these.
PAGES = {entry.name: entry.file for entry in MENU}

#: The question that a page answers, shown under its title.
QUESTIONS = {
    "queue": N_("Which items come next, and what does examining them buy?"),
    "item": N_("What was declared, why does it score so, and does that hold for this item?"),
    "log": N_("Who did what, when – and has anything been changed since?"),
    "model": N_("What has the model learnt, what is it worth, and where does it fail?"),
    "quality": N_("Can the data, the scores and the process be relied on?"),
    "data": N_("Where do items come from, and are they fit to be scored?"),
    "help": N_("How is all this to be read, and what must it not be used for?"),
}
