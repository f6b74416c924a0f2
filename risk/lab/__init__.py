"""The lab's bench: years from the made world, runs of policies × seeds, kept results, the experiments.

>>> study = study_of("random,targeted", world="calm", weeks=4, seeds=2)
>>> study.policies, study.seeds, study.recipe.weeks
(('random', 'targeted'), (1, 2), 12)
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from risk.errors import BadSetting
from risk.lab.runs import TABLES, Cancelled, Study, results, run_study
from risk.lab.years import LAB_WORLDS, Recipe, make_year, year_of
from risk.simulation import Plan, named_policies
from risk.simulation.estimators import estimates
from risk.simulation.measures import KEYS, summary

__all__ = [
    "Cancelled",
    "LAB_WORLDS",
    "Plan",
    "Recipe",
    "Study",
    "make_year",
    "plan_of",
    "results",
    "run_study",
    "study_of",
    "table_of",
    "year_of",
]

_TABLES = ("summary", "estimates", *TABLES)


def plan_of(*, capacity: float = 0.02, warm_up: int = 8, weights: str = "none", cap: float = 10.0) -> Plan:
    """The settings that all runs of a study share. See `risk.simulation.Plan`."""
    return Plan(capacity=capacity, warm_up=warm_up, weights=weights, cap=cap)


def study_of(
    policies: str,
    *,
    world: str = "teaching",
    weeks: int = 52,
    seeds: int = 1,
    items_a_week: int = 4000,
    plan: Plan | None = None,
) -> Study:
    """A study from plain values: policies with commas between, seeds 1…`seeds`, weeks after the warm-up."""
    plan = plan or plan_of()
    if weeks < 1:
        raise BadSetting("weeks", got=weeks, expected="at least 1")
    names = tuple(p.name for p in named_policies(policies))
    study = Study(
        names, tuple(range(1, seeds + 1)), Recipe(world, 1, weeks + plan.warm_up, items_a_week), plan
    )
    study.check()
    return study


def table_of(study: Study, folder: Path, name: str = "summary") -> pd.DataFrame:
    """A table over all runs of a study that are there.

    ``summary``: means over seeds of the measures by window, with the number of seeds and the standard error
    of norm-precision. ``estimates``: the three of the stream's rate, per run. Else one of `TABLES`.
    """
    if name not in _TABLES:
        raise BadSetting("table", got=name, expected=f"one of {', '.join(_TABLES)}")
    if name == "estimates":
        return _estimates(results(study, folder))
    if name != "summary":
        return results(study, folder, name)
    runs = summary(results(study, folder))
    by = runs.groupby(["world", "policy", "weights", "window"], sort=False)
    out = by.mean(numeric_only=True).drop(columns="seed")
    return out.assign(seeds=by.size(), norm_precision_se=by["norm_precision"].sem()).reset_index()


def _estimates(weekly: pd.DataFrame) -> pd.DataFrame:
    parts = [
        estimates(t).assign(**dict(zip(KEYS, key, strict=True)))
        for key, t in weekly.groupby(KEYS, sort=False)
    ]
    whole = pd.concat(parts, ignore_index=True)
    return whole[[*KEYS, *(c for c in whole if c not in KEYS)]]
