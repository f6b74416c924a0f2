"""Retraining by script: a configuration file, a search over settings that can be interrupted, and the whole job.

From data to a registered, evaluated model with its card. Every trial of a search is kept in a file of its own
as soon as it is judged, so a search that was stopped, even by ``kill -9``, goes on where it was; a longer search
begins with the trials of a shorter one.

>>> TrainConfig.from_text('model = "ga2m"\\nseed = 7\\n[tune]\\ntrials = 20').tune.trials
20
>>> TrainConfig.from_text('modle = "ga2m"')
Traceback (most recent call last):
    ...
risk.errors.BadSetting: modle is 'ga2m'; expected a key of the configuration: data, schema, workspace, model, \
labels, seed, without, threads, settings, tune. Did you mean 'model'?
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from risk import batch, champions, training, tuning, workbench
from risk.errors import BadSetting, Refused, nearest
from risk.fitted import FittedModel
from risk.intake import Data, load_truth
from risk.results import Evaluation
from risk.training import Plan
from risk.workbench import Workspace

__all__ = ["Retrained", "TrainConfig", "Tune", "retrain", "tune"]

Progress = batch.Progress
_SEARCH_FORMAT = 1


@dataclass(frozen=True)
class Tune:
    """How to search: how many trials, how many at once on this machine, or on a Dask scheduler's workers."""

    trials: int = 20
    parallel: int = 1
    cluster: str | None = None


@dataclass(frozen=True)
class TrainConfig:
    """Everything about a training run, as a TOML file states it (``docs/models.md``); all of it has a default.

    Attributes
    ----------
    data, schema, workspace : Path or None
        What to train on, its dictionary if it is a single file, and where to register. In a file, relative to it.
    model, labels, seed, without
        As in `risk.training.Plan`.
    threads : int
        Threads of a fit; they change nothing but the time.
    settings : Mapping
        Of the kind of model (`risk.settings.SETTINGS`).
    tune : Tune or None
        A search over the settings that are not given.
    """

    data: Path | None = None
    schema: Path | None = None
    workspace: Path | None = None
    model: str = "auto"
    labels: str = "examined"
    seed: int = 0
    without: tuple[str, ...] = ()
    threads: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    tune: Tune | None = None

    @property
    def plan(self) -> Plan:
        """What is to be fitted. Errors: `BadSetting`."""
        made = Plan(self.model, self.labels, self.seed, tuple(self.without), settings=dict(self.settings))
        made.check()
        return made

    @classmethod
    def load(cls, path: str | Path) -> "TrainConfig":
        """Read a configuration file. Errors: `Refused` where it cannot be read, `BadSetting` where a key is wrong."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise Refused(
                f"Expected a configuration in TOML at {path.name}; it cannot be read. No model was made."
            ) from None
        return cls.from_text(text, folder=path.parent)

    @classmethod
    def from_text(cls, text: str, *, folder: Path = Path(".")) -> "TrainConfig":
        """From the text of a TOML file that stands in `folder`. Errors: as `load`."""
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Refused(f"Expected a configuration in TOML; {error}. No model was made.") from None
        given = _checked(given, _FORMS, "")
        if "tune" in given:
            given["tune"] = Tune(**_checked(given["tune"], _TUNE_FORMS, "tune."))
        paths = {k: folder / given[k] for k in ("data", "schema", "workspace") if k in given}
        made = cls(**given | paths | {"without": tuple(given.get("without", ()))})
        _ = made.plan  # says at once what makes no sense
        return made


Form = tuple[type, str]
_TEXT, _COUNT = (str, "a text"), (int, "a whole number, at least 1")
_FORMS: dict[str, Form] = {
    "data": _TEXT, "schema": _TEXT, "workspace": _TEXT, "model": _TEXT, "labels": _TEXT,
    "seed": (int, "a whole number, at least 0"), "without": (list, "a list of texts"), "threads": _COUNT,
    "settings": (dict, "a table"), "tune": (dict, "a table"),
}  # fmt: skip
_TUNE_FORMS: dict[str, Form] = {"trials": _COUNT, "parallel": _COUNT, "cluster": _TEXT}


def _checked(given: Mapping[str, Any], forms: Mapping[str, Form], where: str) -> dict[str, Any]:
    """The same table, when every key is known and has the right form. Errors: `BadSetting`."""
    for name, value in given.items():
        if name not in forms:
            what = "a key of the configuration" if not where else f"a key of [{where[:-1]}]"
            raise BadSetting(f"{where}{name}", got=value, expected=f"{what}: {', '.join(forms)}",
                             todo=nearest(name, forms).strip())  # fmt: skip
        kind, words = forms[name]
        least = 1 if "at least 1" in words else 0
        fits = isinstance(value, kind) and not isinstance(value, bool) and (kind is not int or value >= least)
        if not fits or (kind is list and not all(isinstance(v, str) for v in value)):
            raise BadSetting(f"{where}{name}", got=value, expected=words)
    return dict(given)


@dataclass(frozen=True)
class Retrained:
    """What a run made: the registered model, what it is worth on newer items, and where its card is."""

    model: FittedModel
    evaluation: Evaluation
    card: Path


def retrain(
    data: Data, config: TrainConfig, *, workspace: Workspace, progress: Progress | None = None
) -> Retrained:
    """Search where asked, fit, register, evaluate on newer items, and write the card.

    Parameters
    ----------
    data
        From `risk.load_data`.
    config
        Its paths are not read here.
    workspace
        Where trials are kept and the model is registered.
    progress
        Called with what is being done, how much is done, and of how much.
    """
    plan, tell = config.plan, progress or (lambda phase, done, total: None)
    truth, more = load_truth(data.source) if config.labels == "truth" else None, {}
    if config.tune is not None:
        plan, more["tuning"] = tune(data, plan, config.tune, workspace=workspace, progress=tell)
    tell("fit, register, evaluate", 0, 3)
    model = training.fit_model(data, plan, truth=truth, threads=config.threads)
    model = workbench.register(workspace, replace(model, facts={**model.facts, **more}), data)
    tell("fit, register, evaluate", 1, 3)
    evaluation = workbench.evaluate(model, data, workspace=workspace)
    tell("fit, register, evaluate", 2, 3)
    card, _page = champions.write_card(workspace, model.model_id)
    tell("fit, register, evaluate", 3, 3)
    return Retrained(model, evaluation, card)


def tune(
    data: Data, plan: Plan, how: Tune, *, workspace: Workspace, progress: Progress | None = None
) -> tuple[Plan, dict[str, Any]]:
    """Search over a plan's settings; returns the plan with the best, and the facts of the search.

    Trials that an earlier call left in the workspace are not judged again. Errors: as `risk.tuning.prepare`.
    """
    search = tuning.prepare(data, plan, truth=load_truth(data.source) if plan.labels == "truth" else None)
    folder = workspace.root / "tuning" / _digest(data, search.plan)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [k for k in range(how.trials) if not _file(folder, k).exists()]
    tell, done = progress or (lambda phase, done, total: None), how.trials - len(wanted)
    tell("trials", done, how.trials)
    for _one in _run(search, folder, wanted, how):
        done += 1
        tell("trials", done, how.trials)
    trials = [json.loads(_file(folder, k).read_text(encoding="utf-8")) for k in range(how.trials)]
    best = tuning.best_of(trials)
    facts = {"trials": how.trials, "best_trial": best["trial"], "best": best["score"], "own": trials[0]["score"],
             "measure": "average precision on later parts of the fit slice",
             "given": dict(plan.settings)}  # fmt: skip
    return replace(search.plan, settings=best["settings"]), facts


def _run(search: tuning.Search, folder: Path, wanted: list[int], how: Tune) -> Iterator[int]:
    """Trials as they are judged, in any order; each leaves its file whole, wherever it runs."""
    jobs = [delayed(_trial)(search, folder.resolve(), k) for k in wanted]
    with batch.joblib_on(how.cluster):
        n_jobs = None if how.cluster else how.parallel
        yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)


def _trial(search: tuning.Search, folder: Path, trial: int) -> int:
    found = tuning.judged_trial(search, trial)
    beside = folder / f".{trial}.{os.getpid()}.new"
    beside.write_text(json.dumps(found), encoding="utf-8")
    os.replace(beside, _file(folder, trial))
    return trial


def _file(folder: Path, trial: int) -> Path:
    return folder / f"trial-{trial:05d}.json"


def _digest(data: Data, plan: Plan) -> str:
    """Names a search: the same data, plan and libraries give the same trials."""
    said = {"format": _SEARCH_FORMAT, "data": data.digest(), "model": plan.model, "labels": plan.labels,
            "seed": plan.seed, "without": list(plan.without), "shares": list(plan.shares),
            "settings": dict(plan.settings), "scikit-learn": version("scikit-learn")}  # fmt: skip
    return f"{plan.model}-{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]}"
