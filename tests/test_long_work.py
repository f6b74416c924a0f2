"""Long work beside the app: it makes what the app would have made, whole or not at all."""

from __future__ import annotations

import time
from pathlib import Path

from risk import long_work, workbench
from risk.workbench import Workspace
from tests.fixtures_tasks import asked


def test_a_stream_appears_whole_or_not_at_all(tmp_path):
    space = Workspace.at(tmp_path)
    task = long_work.make_stream(space, "calm", 400_000, 7)
    for _ in range(400):  # until it is under way, so that the stop comes in the middle
        if task.progress().words == "make" or task.progress().state != "running":
            break
        time.sleep(0.05)
    assert task.progress().state == "running"
    task.stop()
    assert not (tmp_path / "data").exists() and not task.draft.exists()
    again = asked(tmp_path / "tasks" / "again", what="make", root=str(tmp_path), world="calm", items=1000, seed=7)
    long_work.main(again.folder)
    assert again.progress().made == {"stream": "calm-1000-7"}, again.progress()
    assert len(workbench.load_data(tmp_path / "data" / "calm-1000-7").declarations) == 1000


def test_a_queue_scored_beside_the_app_is_the_queue_scored_in_it(tmp_path, space, model, data):
    import shutil

    here, there = Workspace.at(tmp_path / "here"), Workspace.at(tmp_path / "there")
    rows = data.declarations.tail(300)
    for one in (here, there):
        shutil.copytree(space.root / "models", one.root / "models")
    told = workbench.check_upload("table.csv", rows.to_csv(index=False).encode())
    items = workbench.known(told.data, model.dictionary).declarations
    inside = workbench.open_queue(here, model, items, how=workbench.Selection(9), source=told.data)
    task = asked(there.root / "tasks" / "one", what="score", root=str(there.root), model=model.model_id, capacity=9)
    (task.draft / "table.csv").write_bytes(rows.to_csv(index=False).encode())
    long_work.main(task.folder)
    assert task.progress().state == "done", task.progress().words
    assert not Path(there.database).exists(), "cases are opened by the app, which holds the store"
    beside = long_work.finish_queue(there, task, actor=workbench.SYSTEM)
    assert (beside.digest, beside.cases, beside.data_digest) == (inside.digest, inside.cases, inside.data_digest)
    assert not task.draft.exists()
    assert sorted(p.name for p in workbench.queue_folder(there, beside).path.iterdir()) == sorted(
        p.name for p in workbench.queue_folder(here, inside).path.iterdir()
    )
