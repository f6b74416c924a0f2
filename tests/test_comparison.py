"""Comparing two models: the measures are scikit-learn's, and a verdict claims no more than its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from risk.comparison import CANNOT_TELL, compare_margins
from risk.errors import BadSetting, Refused
from risk.evaluation import RATES, capacity_table


def judged(n: int, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 6])
    y = (rng.random(n) < 0.1).astype(float)
    return np.round(2 * y - 3 + noise * rng.normal(size=n), 1), y  # rounding makes ties


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), n=st.integers(80, 400))
def test_measures_are_those_of_scikit_learn_and_the_capacity_table(seed: int, n: int) -> None:
    margin, y = judged(n, seed, 1.0)
    if not 0 < y.sum() < n:
        return
    w = np.random.default_rng([seed, 7]).uniform(0.5, 5, n)
    table = compare_margins(margin, -margin, y, weight=w, repeats=50).set_index("measure")
    for column, m in (("a", margin), ("b", -margin)):
        p = 1 / (1 + np.exp(-m))
        assert table.at["average_precision", column] == pytest.approx(average_precision_score(y, m, sample_weight=w))
        assert table.at["auc", column] == pytest.approx(roc_auc_score(y, m, sample_weight=w))
        assert table.at["brier", column] == pytest.approx(brier_score_loss(y, p, sample_weight=w))
        rates = capacity_table({"m": m}, y, weight=w).query("policy == 'm'").set_index("examination_rate")
        for rate in RATES:
            wanted = rates.at[rate, "detection_rate"]
            assert table.at[f"detection_rate at {rate:.1%}", column] == pytest.approx(wanted, abs=1e-9)


def test_the_same_model_twice_is_never_told_apart() -> None:
    margin, y = judged(2000, 1, 1.0)
    table = compare_margins(margin, margin, y, repeats=50)
    assert (table[["difference", "low", "high"]] == 0).all(axis=None) and set(table["verdict"]) == {CANNOT_TELL}


def test_two_models_of_equal_worth_are_mostly_not_told_apart() -> None:
    """A 95 % interval misses about once in twenty; far more often would be a broken interval."""
    told = 0
    for seed in range(30):
        rng = np.random.default_rng([seed, 8])
        y = (rng.random(600) < 0.2).astype(float)
        a, b = (2 * y + rng.normal(size=600) for _ in range(2))
        table = compare_margins(a, b, y, repeats=100, seed=seed).set_index("measure")
        told += table.at["auc", "verdict"] != CANNOT_TELL
    assert told <= 6


def test_a_clearly_better_one_is_told_either_way_round() -> None:
    good, y = judged(4000, 2, 0.7)
    poor, _ = judged(4000, 3, 0.7)
    one = compare_margins(poor, good, y, repeats=100).set_index("measure")
    two = compare_margins(good, poor, y, repeats=100).set_index("measure")
    assert one.at["auc", "verdict"] == "B is better" and two.at["auc", "verdict"] == "A is better"
    assert one.at["brier", "verdict"] == "B is better", "a lower Brier score is better"
    np.testing.assert_allclose(one["difference"], -two["difference"])


def test_pairing_narrows_the_interval() -> None:
    """Against a slightly worse copy of itself, a model is told apart by a fraction of its own uncertainty."""
    good, y = judged(3000, 4, 1.0)
    worse = good - 0.3 * y
    paired = compare_margins(good, worse, y, repeats=200).set_index("measure").loc["auc"]
    apart = compare_margins(good, judged(3000, 5, 1.0)[0], y, repeats=200).set_index("measure").loc["auc"]
    assert paired["high"] - paired["low"] < 0.5 * (apart["high"] - apart["low"])
    assert paired["verdict"] == "A is better"


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(Refused, match="got 0 irregular of 9"):
        compare_margins(np.zeros(9), np.zeros(9), np.zeros(9))
    with pytest.raises(BadSetting, match="repeats is 3; expected"):
        compare_margins(np.zeros(9), np.zeros(9), np.arange(9) % 2, repeats=3)
