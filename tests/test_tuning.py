"""Folds follow time, settings reach the estimator, and a trial is the same wherever it runs."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from risk import tuning, workbench
from risk.settings import SETTINGS
from risk.training import FIT, Plan, slices_of

QUICK = Plan("logistic", "truth", 7)
SAMPLE = Path(__file__).parent.parent / "data_synthetic" / "sample"


@pytest.fixture(scope="module")
def sample():
    return workbench.load_data(SAMPLE)


@pytest.mark.parametrize("kind", sorted(set(SETTINGS) - {"rules"}))
def test_each_setting_reaches_the_estimator(kind: str, sample) -> None:
    """A model with a changed setting is another model; the fold's judge sees it."""
    quick = {"max_iter": 3, "n_bags": 1} if kind in ("profiles", "ga2m") else {}
    search = tuning.prepare(sample, Plan(kind, "truth", 1, settings=quick), truth=workbench.load_truth(SAMPLE))
    name = {"logistic": "C", "scorecard": "ridge"}.get(kind, "learning_rate")
    low, high = ((1e-4, 100.0) if kind == "logistic" else (0.01, 10.0) if kind == "scorecard" else (0.01, 0.9))
    from risk.recipes import RECIPES

    fold = search.folds[-1]
    one, two = (RECIPES[kind](replace(fold.lesson, settings={**search.plan.settings, name: v})) for v in (low, high))
    assert not np.array_equal(one.margins(fold.x), two.margins(fold.x))


def test_folds_follow_time_and_touch_nothing_later(data) -> None:
    data = replace(data, declarations=data.declarations.head(28_000))
    search = tuning.prepare(data, Plan("logistic", seed=3))
    slices = slices_of(data.declarations, data.dictionary, seed=3)
    fit = int(slices.rows(FIT).sum())
    assert [len(f.lesson.y) / fit for f in search.folds] == pytest.approx([0.6, 0.8], abs=0.01)
    later = data.outcomes["reported_utc"] > slices.fit_until
    flipped = replace(data, outcomes=data.outcomes.assign(
        found=np.where(later, ~data.outcomes["found"], data.outcomes["found"])))
    again = tuning.prepare(flipped, Plan("logistic", seed=3))
    for one, two in zip(search.folds, again.folds, strict=True):
        np.testing.assert_array_equal(one.lesson.x, two.lesson.x)
        np.testing.assert_array_equal(one.lesson.y, two.lesson.y)
        np.testing.assert_array_equal(one.y, two.y)


def test_a_search_can_be_sent_to_another_process(sample) -> None:
    search = tuning.prepare(sample, QUICK, truth=workbench.load_truth(SAMPLE))
    assert tuning.judged_trial(pickle.loads(pickle.dumps(search)), 3) == tuning.judged_trial(search, 3)
