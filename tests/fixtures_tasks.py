"""A task as it stands when its process begins."""

from __future__ import annotations

import json
from pathlib import Path

from risk.tasks import Task


def asked(folder: Path, **what) -> Task:
    task = Task(folder)
    task.draft.mkdir(parents=True)
    (folder / "asked.json").write_text(json.dumps(what))
    return task
