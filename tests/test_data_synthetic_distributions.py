"""Every distribution: what `sample` draws at 1e5 draws is what `log_prob` says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from data_synthetic.densities import Densities
from data_synthetic.distributions import Categorical, LogLogistic, NominalValue, Repeats
from data_synthetic.world import load_world

DRAWS = 100_000
LAWS = {
    "categorical": (Categorical(("a", "b", "c"), np.array([0.7, 0.29, 0.01])), np.arange(3)),
    "one label": (Categorical(("a",), np.array([1.0])), np.arange(1)),
    "pieces": (LogLogistic(0.9, 0.42, 1, 50), np.arange(1, 51)),
    "weight, cut": (LogLogistic(180.0, 0.3, 1, 300), np.arange(1, 301)),
    "weight, far tail": (LogLogistic(20_000.0, 0.3, 1, 300), np.arange(1, 301)),
    "value": (NominalValue(0.1, LogLogistic(90.0, 0.5, 1, 5000)), np.arange(0, 5001))}


def excess(drawn: np.ndarray, values: np.ndarray, log_prob: np.ndarray) -> float:
    """Chi-square of the histogram against the stated law, over its 99.99 % point; cells expect 50 or more."""
    p = np.exp(log_prob)
    count = np.bincount(np.searchsorted(values, drawn), minlength=len(values))
    cell = np.minimum((np.cumsum(p) - p / 2) * len(drawn) / 50, len(drawn) / 50).astype(int)
    expected, seen = np.bincount(cell, p) * len(drawn), np.bincount(cell, count)
    keep = expected > 0
    assert not seen[~keep].any()
    cells = max(keep.sum() - 1, 1)
    return (((seen - expected)[keep] ** 2) / expected[keep]).sum() / chi2.ppf(0.9999, cells)


@pytest.mark.parametrize("name", LAWS)
def test_the_histogram_of_a_sample_agrees_with_log_prob(name: str) -> None:
    law, values = LAWS[name]
    drawn = law.sample(np.random.default_rng(1), DRAWS)
    log_prob = law.log_prob(values)
    assert np.exp(log_prob).sum() == pytest.approx(1.0, abs=1e-9)
    assert np.isin(drawn, values).all() and excess(drawn, values, log_prob) < 1


def test_a_wrong_density_would_be_noticed() -> None:
    law, values = LAWS["pieces"]
    other = LogLogistic(0.95, 0.42, 1, 50)
    assert excess(law.sample(np.random.default_rng(1), DRAWS), values, other.log_prob(values)) > 1


def test_repeats_say_how_often_a_counterpart_is_new() -> None:
    law = Repeats(0.3)
    drawn = law.sample(np.random.default_rng(2), DRAWS)
    assert drawn[0] == 1 and law.log_prob(drawn)[0] == 0
    assert excess(drawn[1:], np.arange(2), law.log_prob(np.array([1, 0, 1]))[1:]) < 1


@settings(max_examples=60, deadline=None)
@given(median=st.floats(0.1, 1e5), spread=st.floats(0.05, 3), high=st.integers(1, 400))
def test_log_logistic_sums_to_one_and_never_leaves_its_limits(
    median: float, spread: float, high: int
) -> None:
    law, values = LogLogistic(median, spread, 1, high), np.arange(1, high + 1)
    assert np.exp(law.log_prob(values)).sum() == pytest.approx(1.0, abs=1e-6)
    drawn = law.sample(np.random.default_rng(0), 200)
    assert drawn.min() >= 1 and drawn.max() <= high and (drawn == np.floor(drawn)).all()


def test_every_table_of_the_world_draws_as_it_says() -> None:
    """All categorical fields of the world, in their first context row and week, under six modes each."""
    densities = Densities(load_world("operational"), weeks=27)
    rng = np.random.default_rng(3)
    for name, table in densities.table.items():
        for mode in rng.choice(densities.modes, 6, replace=False):
            zero = np.zeros(DRAWS, dtype=np.int64)
            drawn = table.sample(zero, zero, zero + mode, rng.random(DRAWS))
            levels = np.arange(len(table.levels))
            log_prob = table.log_prob(levels * 0, levels * 0, levels)[:, mode]
            assert np.exp(log_prob).sum() == pytest.approx(1.0, abs=1e-9), name
            assert excess(drawn, levels, log_prob) < 1, (name, mode)
