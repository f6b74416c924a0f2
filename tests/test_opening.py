"""Opening a queue in two steps: all of it, once, or none of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from risk import workbench
from risk.access import SYSTEM
from risk.opening import Selection, open_prepared, prepare
from risk.workbench import Workspace


def test_the_queue_holds_what_was_selected(model, data, tmp_path: Path) -> None:
    space = Workspace.at(tmp_path)
    newest = workbench.newest(data, days=7)
    batch = workbench.open_queue(space, model, newest, how=workbench.Selection(40, random_share=0.25, seed=1))
    with closing(space.store(read_only=True)) as store:
        from risk.store import CaseFilter

        red = store.cases(CaseFilter(lanes=("red",)), size=100)
        assert red.total == 40 and store.verify().ok
        assert sum(c.channel == "random" for c in red.rows) == 10
        case = red.rows[0]
    row = workbench.queue_item(space, batch, case.item_id).iloc[0]
    phi = sum(row[c] for c in row.index if c.startswith("phi_"))
    assert row["base_value"] + phi == pytest.approx(case.margin, abs=1e-6)
    again = workbench.open_queue(space, model, newest, how=workbench.Selection(40, random_share=0.25, seed=1))
    assert again.batch_id == batch.batch_id, "opening the same queue twice must not make two"


def test_nothing_is_opened_until_the_second_step_and_twice_is_once(model, data, tmp_path: Path) -> None:
    space, rows = Workspace.at(tmp_path / "w"), data.declarations.tail(200)
    for name in ("one", "two"):
        assert prepare(tmp_path / name, model, rows, Selection(8, seed=2)) >= 8
    assert not space.root.exists() or not list(space.root.iterdir()), "so far only the drafts are written"
    with closing(space.store()) as store:
        first = open_prepared(space.root / "queues", store, tmp_path / "one", actor=SYSTEM)
        again = open_prepared(space.root / "queues", store, tmp_path / "two", actor=SYSTEM)
        assert first == again and len(store.batches()) == 1
    assert not (tmp_path / "one").exists() and not (tmp_path / "two").exists(), "what was taken is gone from there"
