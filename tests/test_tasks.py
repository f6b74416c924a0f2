"""Long work: it ends whole, or it was never there."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from risk import long_work, tasks, workbench
from risk.errors import Refused
from risk.tasks import Progress, Task, start_task
from risk.workbench import Workspace


def asked(folder: Path, **what) -> Task:
    task = Task(folder)
    task.draft.mkdir(parents=True)
    (folder / "asked.json").write_text(json.dumps(what))
    return task


def wait(task: Task, state: str) -> Progress:
    for _ in range(400):
        if task.progress().state == state:
            break
        time.sleep(0.05)
    return task.progress()


def test_one_at_a_time_and_stopping_leaves_no_draft(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "_command", lambda *a: ["sleep", "60"])
    task = start_task(tmp_path, "risk.long_work", {}, files={"../table.csv": b"1"})
    assert (task.draft / "table.csv").read_bytes() == b"1", "a name is never a path"
    with pytest.raises(Refused, match="under way"):
        start_task(tmp_path, "risk.long_work", {})
    task.stop()
    assert task.progress() == Progress("stopped", words="Stopped. Nothing was kept.")
    assert not task.draft.exists()


def test_a_process_that_died_has_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "_command", lambda *a: ["false"])
    assert wait(start_task(tmp_path, "risk.long_work", {}), "failed").state == "failed"


def test_what_was_done_before_the_stop_came_stays_done(tmp_path):
    task = asked(tmp_path / "one")
    tasks.work(task.folder, lambda task, say: {"n": 1})
    task.stop()
    assert task.progress() == Progress("done", 1, 1, "Done", {"n": 1})


def test_a_refusal_is_told_in_words_and_leaves_no_draft(tmp_path):
    def refuse(task, say):
        raise Refused("Row 3 is wrong. Nothing was kept.")

    task = asked(tmp_path / "one")
    tasks.work(task.folder, refuse)
    assert task.progress().words == "Row 3 is wrong. Nothing was kept." and not task.draft.exists()


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
