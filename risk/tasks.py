"""Long work in a process of its own: it tells how far it is, can be stopped, and leaves nothing half-written.

A task is a folder: ``asked.json`` (what to do), ``progress.json`` (written by its process) and ``draft/``,
where it writes. What is to stay is moved out of the draft whole, as the last step; so a task that is stopped,
or dies, leaves nothing behind. One task of a workspace runs at a time: the machine has other people to serve.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from risk.errors import Refused, RiskError

__all__ = ["Progress", "Say", "Task", "start_task", "stop_all", "work"]

#: Tells how far a task is: steps done, steps in all, and which one is under way.
Say = Callable[[int, int, str], None]
_RUNNING: dict[str, subprocess.Popen] = {}
_NOTHING_KEPT = "Stopped. Nothing was kept."


@dataclass(frozen=True)
class Progress:
    """How far a task is: ``running``, ``done``, ``stopped`` or ``failed``, with words for a person.

    `made` is what it made, once it is done.
    """

    state: str
    done: int = 0
    total: int = 1
    words: str = ""
    made: Mapping[str, Any] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Part of the steps that are done, 0–1."""
        return min(1.0, self.done / max(self.total, 1))


@dataclass(frozen=True)
class Task:
    """A task by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.folder.name

    @property
    def draft(self) -> Path:
        """Where its process writes."""
        return self.folder / "draft"

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for."""
        return json.loads((self.folder / "asked.json").read_text(encoding="utf-8"))

    def progress(self) -> Progress:
        """How far it is; a process that ended without a last word has failed."""
        process = _RUNNING.get(self.name)
        ended = process is not None and process.poll() is not None  # asked before its last word is read
        told = _read(self.folder / "progress.json")
        if told.state == "running" and ended:
            return Progress("failed", told.done, told.total, "It ended before it was done. Start it again.")
        return told

    def stop(self, words: str = _NOTHING_KEPT) -> None:
        """End its process and remove its draft."""
        process = _RUNNING.pop(self.name, None)
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(10)
        self.clear()
        if self.progress().state == "running":
            _write(self.folder, Progress("stopped", words=words))

    def clear(self) -> None:
        """Remove its draft."""
        shutil.rmtree(self.draft, ignore_errors=True)


def start_task(folder: Path, module: str, asked: Mapping[str, Any], *,
               files: Mapping[str, bytes] | None = None) -> Task:
    """Start a task in a process of its own, ``python -m MODULE FOLDER``.

    Parameters
    ----------
    folder
        Where tasks of this workspace are kept; its own folder is made in there.
    module
        Its main part calls `work`.
    asked
        What to do; JSON-able.
    files
        Laid into its draft before it starts, by name.

    Raises
    ------
    risk.errors.Refused
        When another task of this program is still running.
    """
    if any(process.poll() is None for process in _RUNNING.values()):
        raise Refused("Another run is under way on this machine. Wait for it or stop it. Nothing was started.")
    task = Task(folder / uuid.uuid4().hex[:12])
    task.draft.mkdir(parents=True)
    for name, content in (files or {}).items():
        (task.draft / Path(name).name).write_bytes(content)
    (task.folder / "asked.json").write_text(json.dumps(dict(asked)), encoding="utf-8")
    _write(task.folder, Progress("running", words="Starting"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    _RUNNING[task.name] = subprocess.Popen(_command(module, task.folder), **quiet)
    return task


def stop_all() -> None:
    """Stop every task of this program: when it ends, nothing goes on without it."""
    for name, process in list(_RUNNING.items()):
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        _RUNNING.pop(name, None)


def work(folder: Path, do: Callable[[Task, Say], Mapping[str, Any] | None]) -> None:
    """What a task's process does: `do` the work, and write its last word."""
    task = Task(folder)

    def say(done: int, total: int, words: str) -> None:
        _write(folder, Progress("running", done, total, words))

    try:
        made = do(task, say)
    except RiskError as error:
        task.clear()
        _write(folder, Progress("failed", words=str(error)))
    else:
        _write(folder, Progress("done", 1, 1, "Done", dict(made or {})))


def _command(module: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", module, str(folder)]


def _read(path: Path) -> Progress:
    try:
        return Progress(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Progress("stopped", words="This run is not here any more.")


def _write(folder: Path, progress: Progress) -> None:
    beside = folder / f".progress.{os.getpid()}"
    beside.write_text(json.dumps(asdict(progress)), encoding="utf-8")
    os.replace(beside, folder / "progress.json")
