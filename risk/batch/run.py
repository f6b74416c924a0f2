"""The run itself: phases in order, progress, resuming, and the move of the finished scores to their name."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from risk.batch.engines import Engine, Run, serial
from risk.batch.files import whole
from risk.batch.plan import GIGABYTE, Plan, make_plan
from risk.batch.tasks import past, score, score_file, spread, unknown_file
from risk.errors import Refused
from risk.fitted import FittedModel

__all__ = ["Means", "Progress", "Scored", "score_data_set"]

#: Called with the phase's name, items done in it, and items in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Means:
    """Where tasks run (`engine`), how many at once, and the bytes they may take together on one machine."""

    engine: Engine = serial
    memory: int = 2 * GIGABYTE
    at_once: int = 1


@dataclass(frozen=True)
class Scored:
    """What a run did: items scored, and by feature how many had a value that the model has never seen."""

    items: int
    unknown: Mapping[str, int]


def score_data_set(
    model: FittedModel,
    source: str | Path,
    out: str | Path,
    *,
    explain: bool = False,
    means: Means | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Score a data set of any size.

    Parameters
    ----------
    model
        Trained and calibrated; it travels to the workers, a few hundred kilobytes.
    source
        A Data Package folder, a folder of Parquet parts, or one Parquet file.
    out
        One Parquet file where the declarations are one file, else a folder of as many parts. It appears
        when all are done, and takes the place of what an earlier run left there.
    explain
        Whether to write base value and attributions as well.
    means
        Where tasks run and what they may take; by default one at a time in this process, within 2 GB.
    progress
        Called after each task.

    Notes
    -----
    Work in progress stands beside `out` in a hidden folder named after it. A later call with the same
    model and input goes on there; with another model or input it begins anew.
    """
    out, means = Path(out), means or Means()
    given = {"explain": explain, "memory": means.memory, "at_once": means.at_once}
    plan = _prepared(make_plan(model, Path(source), _work_folder(out), **given))
    tell = progress or (lambda phase, done, total: None)
    parts = [(plan, p) for p in plan.parts]
    buckets = [(plan, k, b) for k in range(len(plan.parties)) for b in range(plan.buckets)]
    with means.engine() as run:
        _phase("parties", run, spread, parts if plan.buckets else [], tell, plan)
        _phase("past", run, past, buckets, tell, plan)
        _phase("scores", run, score, parts, tell, plan)
    unknown = _unknown(plan)
    _publish(plan, out)
    return Scored(plan.n_items, unknown)


def _unknown(plan: Plan) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for part in plan.parts:
        counts.update(json.loads(unknown_file(plan, part.index).read_text(encoding="utf-8")))
    return dict(counts)


def _work_folder(out: Path) -> Path:
    return (out.parent / f".{out.name}.work").resolve()


def _prepared(plan: Plan) -> Plan:
    """The plan with its folder in place; what another plan left there is removed."""
    digest, note = plan.digest(), plan.folder / "plan.json"
    begun = json.loads(note.read_text(encoding="utf-8"))["digest"] if note.exists() else None
    if begun != digest:
        shutil.rmtree(plan.folder, ignore_errors=True)
        plan.folder.mkdir(parents=True)
        with whole(note) as beside:
            beside.write_text(json.dumps({"digest": digest}), encoding="utf-8")
    for name in ("spread", "past", "scores", "unknown"):
        (plan.folder / name).mkdir(exist_ok=True)
    return plan


def _phase(
    name: str,
    run: Run,
    function: Callable[..., int],
    tasks: Sequence[tuple[Any, ...]],
    tell: Progress,
    plan: Plan,
) -> None:
    if not tasks:
        return
    total = plan.n_items * (len(plan.parties) if function is past else 1)
    done = 0
    tell(name, 0, total)
    for rows in run(function, tasks):
        done += rows
        tell(name, done, total)


def _publish(plan: Plan, out: Path) -> None:
    """Give the finished scores their name: the file itself for one part, else the folder of parts."""
    made = score_file(plan, 0) if plan.single else plan.folder / "scores"
    missing = [p.index for p in plan.parts if not score_file(plan, p.index).exists()]
    if missing:
        raise Refused(
            f"{len(missing)} parts have no scores. Finished parts are kept: run the same command again."
        )
    _tidy(plan.folder / "scores")
    if out.is_dir() and made.is_dir():
        old = out.with_name(f".{out.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        os.rename(out, old)
        os.rename(made, out)
        shutil.rmtree(old, ignore_errors=True)
    elif out.is_dir() or (made.is_dir() and out.exists()):
        raise Refused(
            f"{out.name} exists and is of another form (file or folder) than these scores. Choose "
            "another name, or remove it; the scores are kept meanwhile."
        )
    else:
        os.replace(made, out)
    shutil.rmtree(plan.folder, ignore_errors=True)


def _tidy(folder: Path) -> None:
    """Remove what killed tasks had begun to write under hidden names."""
    for left in folder.glob(".*.new"):
        left.unlink(missing_ok=True)
