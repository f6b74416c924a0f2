"""A run that somebody started from the app: in a process of its own, with progress, and it can be stopped.

A job is a folder: ``asked.json`` (what to run), ``progress.json`` (written by the process), and at the end
the tables of `risk.lab.shown`. So a page that is loaded again, or a server that starts again, still sees it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from risk.errors import Refused, RiskError
from risk.lab.runs import Study, run_study
from risk.lab.shown import make_shown, save_shown

__all__ = ["Job", "Progress", "main", "start_job"]

_RUNNING: dict[str, subprocess.Popen] = {}


@dataclass(frozen=True)
class Progress:
    """How far a job is: ``running``, ``done``, ``stopped`` or ``failed``, with words for a person."""

    state: str
    done: int = 0
    total: int = 1
    words: str = ""

    @property
    def share(self) -> float:
        """Part of the runs that are done, 0–1."""
        return min(1.0, self.done / max(self.total, 1))


@dataclass(frozen=True)
class Job:
    """A job by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.folder.name

    def progress(self) -> Progress:
        """How far it is; a process that ended without a last word has failed."""
        told = _read(self.folder / "progress.json")
        process = _RUNNING.get(self.name)
        ended = process is not None and process.poll() is not None
        if told.state == "running" and ended:
            return Progress(
                "failed", told.done, told.total, "The run ended before it was done. Start it again."
            )
        return told

    def stop(self) -> None:
        """End it; runs that were finished are kept, and are not run again."""
        process = _RUNNING.pop(self.name, None)
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(10)
        _write(self.folder, Progress("stopped", words="Stopped. Finished runs are kept."))


def start_job(folder: Path, asked: dict[str, object]) -> Job:
    """Start a study in a process of its own.

    Parameters
    ----------
    folder
        The workspace's folder of the lab.
    asked
        Named values of `risk.lab.study_of`; checked before anything starts.

    Raises
    ------
    risk.errors.Refused
        When another job of this workspace is still running here.
    """
    _study(asked).check()
    busy = [name for name, process in _RUNNING.items() if process.poll() is None]
    if busy:
        raise Refused(
            "Another run is under way on this machine. Wait for it or stop it. Nothing was started."
        )
    job = Job(folder / "jobs" / uuid.uuid4().hex[:12])
    job.folder.mkdir(parents=True)
    (job.folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    _write(job.folder, Progress("running", words="Starting"))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    _RUNNING[job.name] = subprocess.Popen(_command(job.folder, folder), **quiet)
    return job


def _command(folder: Path, runs: Path) -> list[str]:
    return [sys.executable, "-m", "risk.lab.jobs", str(folder), str(runs)]


def _study(asked: dict[str, object]) -> Study:
    from risk.lab import plan_of, study_of

    given = dict(asked)
    plan = plan_of(**{k: given.pop(k) for k in ("capacity", "warm_up", "weights") if k in given})
    return study_of(**given, plan=plan)


def _read(path: Path) -> Progress:
    try:
        return Progress(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Progress("stopped", words="This run is not here any more.")


def _write(folder: Path, progress: Progress) -> None:
    beside = folder / ".progress.new"
    beside.write_text(json.dumps(progress.__dict__), encoding="utf-8")
    os.replace(beside, folder / "progress.json")


def main(folder: Path, runs: Path) -> None:
    """What the process does."""
    study = _study(json.loads((folder / "asked.json").read_text(encoding="utf-8")))
    try:
        run_study(
            study,
            runs,
            progress=lambda done, total, words: _write(folder, Progress("running", done, total, words)),
        )
        save_shown(make_shown([study], runs), folder)
        _write(folder, Progress("done", 1, 1, "Done"))
    except RiskError as error:
        _write(folder, Progress("failed", words=str(error)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
