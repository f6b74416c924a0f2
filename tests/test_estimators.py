"""Estimates of the whole stream's rate: hand-computed sums, and intervals that hold in 200 runs."""

from __future__ import annotations

import numpy as np
import pytest

from risk.evaluation.estimators import ESTIMATORS, Sums, rate, tally
from risk.simulation.policies import draw, hybrid

RUNS, N, CAPACITY = 200, 20_000, 1_200


def test_sums_add_over_weeks() -> None:
    a, b = tally(np.array([1.0, 0.25]), np.array([1, 1]), n=9), tally(np.array([0.5]), np.array([0]), n=7)
    assert a + b == Sums(16, 3, 2, 1, 1, 6.0, 4.0, 20.0)


def test_horvitz_thompson_by_hand() -> None:
    sums = tally(np.array([1.0, 1.0, 0.2, 0.2]), np.array([1, 0, 1, 0]), n=12)
    assert rate(sums, "horvitz-thompson")[0] == pytest.approx((1 + 5) / 12)
    assert rate(sums, "hajek")[0] == pytest.approx((1 + 10 * (5 / 10)) / 12)
    assert rate(sums, "naive")[0] == pytest.approx(2 / 4)


@pytest.fixture(scope="module")
def runs() -> dict[str, np.ndarray]:
    """Per estimator whether the interval held the truth, and the estimate over the truth, in each run."""
    out: dict[str, list] = {kind: [] for kind in ESTIMATORS}
    for seed in range(RUNS):
        rng = np.random.default_rng([seed, 17])
        margin = rng.normal(-5, 1.2, N)
        find = rng.random(N) < 1 / (1 + np.exp(-margin))
        sums, truth = Sums(), find.mean()
        for week in np.split(np.arange(N), 10):
            pi = hybrid(margin[week], CAPACITY // 10, 0.3).probability
            at = draw(pi, rng)
            sums = sums + tally(pi[at], find[week][at], n=len(week))
        for kind in ESTIMATORS:
            value, low, high = rate(sums, kind)
            out[kind].append((low <= truth <= high, value / truth))
    return {k: np.array(v) for k, v in out.items()}


@pytest.mark.parametrize("kind", ["horvitz-thompson", "hajek"])
def test_intervals_cover_the_truth(kind: str, runs: dict[str, np.ndarray]) -> None:
    covered, ratio = runs[kind].T
    assert covered.mean() >= 0.93
    assert abs(ratio.mean() - 1) < 3 * ratio.std() / np.sqrt(RUNS)  # right on average


def test_the_naive_estimate_is_far_off_and_its_interval_never_holds(runs: dict[str, np.ndarray]) -> None:
    covered, ratio = runs["naive"].T
    assert covered.mean() < 0.05 and ratio.mean() > 2


def test_targeted_only_says_that_it_does_not_know() -> None:
    value, low, high = rate(tally(np.ones(10), np.ones(10), n=100), "horvitz-thompson")
    assert (value, low) == (0.1, 0.1) and high == 1.0
