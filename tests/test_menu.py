"""The menu: every page is there, has a name of its own, and says whom it is for."""

from __future__ import annotations

from pathlib import Path

from risk.access import ACTIONS
from risk.ui import menu

PAGES = Path(menu.__file__).parent / "pages"


def test_every_page_file_stands_in_the_menu_once():
    files = [entry.file for entry in menu.MENU]
    assert sorted(files) == sorted(p.name for p in PAGES.glob("*_page.py")) + sorted(
        p.name for p in PAGES.glob("training_*.py")
    )
    assert len({entry.name for entry in menu.MENU}) == len(files)
    assert menu.PAGES == {entry.name: entry.file for entry in menu.MENU}


def test_each_entry_asks_for_a_right_that_exists_and_each_question_belongs_to_a_page():
    assert {entry.action for entry in menu.MENU} <= set(ACTIONS)
    assert set(menu.QUESTIONS) <= set(menu.PAGES)
