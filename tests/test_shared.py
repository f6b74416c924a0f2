"""What all sessions share: made once, never before the first page needs it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from risk.ui import shared
from risk.workbench import Workspace
from tests.fixtures_browser import fill


def test_what_is_kept_is_made_once_and_a_failure_is_tried_again():
    made = []

    @shared.kept(4)
    def double(n):
        made.append(n)
        if len(made) == 1:
            raise ValueError
        return 2 * n

    with pytest.raises(ValueError):
        double(3)
    with ThreadPoolExecutor(8) as many:
        assert set(many.map(double, [3] * 64)) == {6}
    assert made == [3, 3]


def test_the_first_page_does_not_wait_for_the_first_item(tmp_path, monkeypatch, space, model, data):
    """Start to first page is what a person waits for; the model is loaded while they read it."""
    own = Workspace.at(tmp_path)
    fill(own, space, model, data)
    monkeypatch.setenv("RISK_WORKSPACE", str(own.root))
    made, frozen = Event(), Event()
    monkeypatch.setattr(shared, "item", lambda batch, item_id: made.set())
    monkeypatch.setattr(shared.gc, "freeze", frozen.set)
    monkeypatch.setattr(shared, "FIRST_PAGE_SECONDS", 60.0)
    shared.warm_up()
    assert not made.wait(0.2), "it waits until the first page is there"
    monkeypatch.setattr(shared, "FIRST_PAGE_SECONDS", 0.0)
    shared.warm_up()
    assert made.wait(10) and frozen.wait(10)
    shared.close()
