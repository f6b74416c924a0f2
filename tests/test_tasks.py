"""Long work: it ends whole, or it was never there."""

from __future__ import annotations

import time

import pytest

from risk import tasks
from risk.errors import Refused
from risk.tasks import Progress, Task, start_task
from tests.fixtures_tasks import asked


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
