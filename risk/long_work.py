"""Long work that a person starts from the app: make a stream, train a model, score items for a queue.

Each is a task (`risk.tasks`): it writes into its draft and moves what it made as its last step, so that one
that is stopped leaves nothing. Opening a scored queue's cases is left to the app, which holds the store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from risk import workbench
from risk.access import Actor
from risk.errors import Refused
from risk.intake import Data
from risk.opening import Selection, prepare
from risk.store import Batch
from risk.tasks import Say, Task, start_task, work
from risk.workbench import Workspace

__all__ = ["KINDS", "audit_reasons", "finish_queue", "main", "make_stream", "score_stream", "score_upload",
           "stream_name", "train_model"]

MODULE = "risk.long_work"


def stream_name(world: str, items: int, seed: int) -> str:
    """What a made stream is called in the workspace's ``data`` folder.

    >>> stream_name("calm", 1000, 7)
    'calm-1000-7'
    """
    return f"{world}-{items}-{seed}"


def make_stream(space: Workspace, world: str, items: int, seed: int) -> Task:
    """Begin to make a stream; its name, once it is made, is `stream_name`."""
    return _start(space, "make", world=world, items=int(items), seed=int(seed))


def train_model(space: Workspace, stream: str) -> Task:
    """Begin to train a model on a stream of the workspace, and to judge it where the stream has truth."""
    return _start(space, "train", stream=stream)


def score_stream(space: Workspace, stream: str, *, days: float, model_id: str, capacity: int) -> Task:
    """Begin to score the newest days of a stream of the workspace; `finish_queue` opens the queue."""
    return _start(space, "score", stream=stream, days=days, model=model_id, capacity=capacity)


def score_upload(space: Workspace, files: Mapping[str, bytes], *, model_id: str, capacity: int) -> Task:
    """Begin to score an uploaded table (and its dictionary, if it brought one); `finish_queue` opens the queue.

    `files` are named ``table.csv`` or ``table.parquet``, and ``schema.json``.
    """
    asked = {"what": "score", "root": str(space.root), "model": model_id, "capacity": capacity}
    return start_task(space.root / "tasks", MODULE, asked, files=files)


def audit_reasons(space: Workspace, stream: str, model_id: str) -> Task:
    """Begin to audit a model's explanations on a made stream of the workspace; `Results.audit_of` has it then."""
    return _start(space, "audit", stream=stream, model=model_id)


def finish_queue(space: Workspace, task: Task, *, actor: Actor) -> Batch:
    """Open the cases of a queue that a task has scored."""
    return workbench.open_prepared(space, task.draft, actor=actor)


def _start(space: Workspace, what: str, **asked: Any) -> Task:
    return start_task(space.root / "tasks", MODULE, {"what": what, "root": str(space.root), **asked})


# -- what the process does -------------------------------------------------------------------------------


def _make(asked: Mapping[str, Any], task: Task, say: Say) -> dict[str, Any]:
    from data_synthetic import generate_package, load_world, make_source

    name = stream_name(asked["world"], asked["items"], asked["seed"])
    source = make_source(load_world(asked["world"]), asked["items"], seed=asked["seed"])
    generate_package(task.draft / name, source, progress=lambda done, total: say(done, total, "make"))
    target = Path(asked["root"]) / "data" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.replace(task.draft / name, target)
    task.clear()
    return {"stream": name}


def _train(asked: Mapping[str, Any], task: Task, say: Say) -> dict[str, Any]:
    space = Workspace.at(asked["root"])
    say(0, 3, "read")
    data = workbench.load_data(space.root / "data" / asked["stream"])
    say(1, 3, "train")
    model = workbench.train(data, workspace=space)
    say(2, 3, "judge")
    workbench.evaluate(model, data, workspace=space)
    return {"model": model.model_id}


def _score(asked: Mapping[str, Any], task: Task, say: Say) -> dict[str, Any]:
    say(0, 3, "read")
    space = Workspace.at(asked["root"])
    model = space.registry.load(asked["model"])
    data = _data(asked, task, space)
    days = asked.get("days")
    items = workbench.newest(data, days=days) if days else workbench.known(data, model.dictionary).declarations
    say(1, 3, "score")
    return {"cases": prepare(task.draft, model, items, Selection(asked["capacity"]), source=data)}


def _audit(asked: Mapping[str, Any], task: Task, say: Say) -> dict[str, Any]:
    from risk import explaining

    say(0, 2, "read")
    space = Workspace.at(asked["root"])
    data = workbench.load_data(space.root / "data" / asked["stream"])
    say(1, 2, "audit")
    found = explaining.audit_explanations(space.registry.load(asked["model"]), data)
    space.results.keep_audit(asked["model"], found.tables)
    return {"audited": asked["model"]}


def _data(asked: Mapping[str, Any], task: Task, space: Workspace) -> Data:
    if "stream" in asked:
        return workbench.load_data(space.root / "data" / asked["stream"])
    table = next(task.draft.glob("table.*"))
    schema = task.draft / "schema.json"
    told = workbench.check_upload(table.name, table.read_bytes(),
                                  schema=schema.read_bytes() if schema.exists() else None)
    if told.data is None:
        raise Refused(told.sentence)
    return told.data


#: What can be asked for.
KINDS: dict[str, Callable[[Mapping[str, Any], Task, Say], dict[str, Any]]] = {
    "make": _make, "train": _train, "score": _score, "audit": _audit}


def main(folder: Path) -> None:
    """What the process does."""
    work(folder, lambda task, say: KINDS[task.asked["what"]](task.asked, task, say))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
