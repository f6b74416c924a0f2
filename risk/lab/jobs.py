"""A run of the policy lab that somebody started from the app: a task in a process of its own.

Finished runs are kept beside the jobs and are not run again; at the end the job's folder holds the tables of
`risk.lab.shown`. So a page that is loaded again, or a server that starts again, still sees it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from risk.lab.runs import Study, run_study
from risk.lab.shown import make_shown, save_shown
from risk.tasks import Progress, Say, Task, start_task, work

__all__ = ["STOPPED", "Job", "Progress", "main", "start_job"]

Job = Task
STOPPED = "Stopped. Finished runs are kept."


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
    return start_task(folder / "jobs", "risk.lab.jobs", asked)


def _study(asked: dict[str, object]) -> Study:
    from risk.lab import plan_of, study_of

    given = dict(asked)
    plan = plan_of(**{k: given.pop(k) for k in ("capacity", "warm_up", "weights") if k in given})
    return study_of(**given, plan=plan)


def main(folder: Path) -> None:
    """What the process does; runs are kept in the folder that holds the jobs' folder."""

    def run(task: Task, say: Say) -> None:
        study, runs = _study(task.asked), folder.parent.parent
        run_study(study, runs, progress=say)
        save_shown(make_shown([study], runs), folder)

    work(folder, run)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
