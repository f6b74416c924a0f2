"""A search over a model's settings, judged only on what came later: time-ordered folds of the fit slice.

Each fold learns from an early part of the slice and is judged on the part that follows, with features fitted
on the early part and labels known by its end, as it would have been on the day. The calibration and evaluation
slices take no part, so what is reported on them stays honest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from risk.errors import BadSetting, Refused
from risk.features import with_past
from risk.intake import Data
from risk.recipes import RECIPES, Lesson, capped
from risk.settings import SETTINGS, drawn_settings
from risk.training import FIT, Plan, fit_families, judge_of, labels_of, lesson_of, slices_of

__all__ = ["Fold", "Search", "best_of", "judged_trial", "prepare"]

#: Each fold learns up to the first share of the fit slice, in time order, and is judged up to the second.
_FOLDS = ((0.6, 0.8), (0.8, 1.0))
_MIN_JUDGED = 3


@dataclass(frozen=True)
class Fold:
    """What is learnt from, and the later rows that judge: features (n, p), labels and weights (n,)."""

    lesson: Lesson
    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Search:
    """A search made ready: the plan with its kind settled, and the folds that judge its trials."""

    plan: Plan
    folds: tuple[Fold, ...]

    def settings(self, trial: int) -> dict[str, Any]:
        """The settings of one trial; those that the plan states stay as they are."""
        return drawn_settings(self.plan.model, trial, seed=self.plan.seed) | dict(self.plan.settings)


def prepare(data: Data, plan: Plan, *, truth: pd.DataFrame | None = None) -> Search:
    """Make the folds of a search.

    Raises
    ------
    risk.errors.Refused
        When there are too few finds to learn from, or to judge by.
    risk.errors.BadSetting
        When this kind of model has nothing to search over.
    """
    plan.check()
    truth, d = judge_of(plan, truth), data.dictionary
    declarations = with_past(data.declarations, d, outcomes=data.outcomes)
    slices = slices_of(declarations, d, shares=plan.shares, seed=plan.seed)
    fit, until = slices.rows(FIT), slices.fit_until
    plan = plan.settled(fit_families(data, fit, known_by=until, truth=truth))
    if not SETTINGS[plan.model]:
        raise BadSetting("tune", got=plan.model, expected="a kind of model with settings to search over")
    place = _places(declarations, fit, d.clock, d.id_field, plan.seed)
    labels = labels_of(data, known_by=until, truth=truth)
    folds = []
    for learnt, judged in _FOLDS:
        known_by = None if until is None else declarations.loc[fit & (place <= learnt), d.clock].max()
        lesson = lesson_of(data, declarations, fit & (place <= learnt), plan=plan, known_by=known_by, truth=truth)
        later = fit & (place > learnt) & (place <= judged) & labels["y"].notna().to_numpy()
        y = labels["y"].to_numpy()[later]
        if _MIN_JUDGED <= y.sum() < len(y):
            x = lesson.features.transform(declarations[later]).to_numpy(np.float32)
            folds.append(Fold(lesson, x, y, capped(labels["weight"].to_numpy()[later])))
    if not folds:
        raise Refused(f"Expected at least {_MIN_JUDGED} finds in a later part of the fit slice to judge trials by; "
                      "there are fewer. Train without --tune, or on a longer period. No model was made.")
    return Search(plan, tuple(folds))


def _places(declarations: pd.DataFrame, fit: np.ndarray, clock: str | None, id_field: str, seed: int) -> np.ndarray:
    """Each row's place in the fit slice, 0–1: by time, or by a hash of its id where there is no time."""
    if clock is None:
        ids = declarations[id_field].astype("str") + f"|tune|{seed}"
        return pd.util.hash_pandas_object(ids, index=False).to_numpy() / 2**64
    time = declarations[clock].astype("int64").to_numpy()
    return np.searchsorted(np.sort(time[fit]), time, side="right") / max(int(fit.sum()), 1)


def judged_trial(search: Search, trial: int) -> dict[str, Any]:
    """One trial: its settings, its average precision on each fold, and their mean (weighted by capped inverse
    inclusion probability)."""
    settings, scores = search.settings(trial), []
    for fold in search.folds:
        made = RECIPES[search.plan.model](replace(fold.lesson, settings=settings))
        margin = made.margins(fold.x)
        scores.append(float(average_precision_score(fold.y, margin, sample_weight=fold.weight)))
    return {"trial": trial, "settings": settings, "scores": scores, "score": float(np.mean(scores))}


def best_of(trials: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The trial with the highest mean score; of equals, the earliest.

    >>> best_of([{"trial": 0, "score": 0.2}, {"trial": 2, "score": 0.3}, {"trial": 1, "score": 0.3}])["trial"]
    1
    """
    return min(trials, key=lambda t: (-t["score"], t["trial"]))
