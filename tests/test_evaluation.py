"""Rates at a capacity, intervals, calibration and groups: against counting by hand."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import Refused
from risk.evaluation import (
    capacity_table,
    cost_table,
    discrimination,
    estimate_table,
    group_table,
    reliability,
    scheme_table,
    wilson,
)


def test_wilson_is_the_textbook_formula() -> None:
    z, n, k = NormalDist().inv_cdf(0.975), 50, 7
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert wilson(k, n) == pytest.approx((centre - half, centre + half))
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 2**32 - 1))
def test_capacity_table_counts(seed: int) -> None:
    rng = np.random.default_rng([seed, 5])
    margin, y = rng.normal(size=200), (rng.random(200) < 0.2).astype(float)
    y[0] = 1
    table = capacity_table({"m": margin}, y, rates=(0.1,)).set_index("policy")
    top = np.argsort(-margin)[:20]
    assert table.at["m", "found"] == pytest.approx(y[top].sum())
    assert table.at["m", "hit_rate"] == pytest.approx(y[top].mean())
    assert table.at["m", "detection_rate"] == pytest.approx(y[top].sum() / y.sum())
    assert table.at["random", "hit_rate"] == pytest.approx(y.mean())


def test_ties_share_what_is_left() -> None:
    table = capacity_table({"flat": np.zeros(10)}, np.array([1.0] * 5 + [0.0] * 5), rates=(0.2,)).set_index("policy")
    assert table.at["flat", "hit_rate"] == pytest.approx(0.5)


def test_weights_stand_for_items() -> None:
    y, margin, w = np.array([1.0, 0, 1, 0]), np.array([4.0, 3, 2, 1]), np.array([1.0, 3, 2, 4])
    heavy = capacity_table({"m": margin}, y, weight=w, rates=(0.4,))
    repeat = np.repeat(np.arange(4), w.astype(int))
    plain = capacity_table({"m": margin[repeat]}, y[repeat], rates=(0.4,))
    bounds = ["hit_rate_low", "hit_rate_high"]
    pd.testing.assert_frame_equal(heavy.drop(columns=bounds), plain.drop(columns=bounds))


def test_an_interval_knows_how_few_items_were_weighed() -> None:
    """Ten items that each stand for a hundred say no more than ten items."""
    y, margin = np.array([1.0] * 6 + [0] * 4), np.arange(10.0)[::-1]
    one, hundred = (capacity_table({"m": margin}, y, weight=w * np.ones(10), rates=(0.8,)) for w in (1, 100))
    columns = ["hit_rate", "hit_rate_low", "hit_rate_high"]
    pd.testing.assert_frame_equal(one[columns], hundred[columns])
    groups = [group_table(pd.Series(["a"] * 10), margin, y, rate=0.8, weight=w * np.ones(10)) for w in (1, 100)]
    pd.testing.assert_frame_equal(groups[0].drop(columns="n"), groups[1].drop(columns="n"))


def test_nothing_to_find_is_said() -> None:
    with pytest.raises(Refused, match="no irregular item"):
        capacity_table({"m": np.zeros(5)}, np.zeros(5))


def test_discrimination_intervals_hold_the_value() -> None:
    rng = np.random.default_rng([1, 5])
    y = (rng.random(800) < 0.2).astype(float)
    table = discrimination(y + rng.normal(size=800), y, repeats=100).set_index("measure")
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert table.at["auc", "value"] > 0.7


def test_reliability_of_an_honest_score() -> None:
    rng = np.random.default_rng([2, 5])
    margin = rng.normal(-1, 1.5, 40_000)
    y = (rng.random(40_000) < 1 / (1 + np.exp(-margin))).astype(float)
    table = reliability(margin, y)
    assert table["n"].sum() == 40_000
    assert (np.abs(table["stated"] - table["observed"]) < 0.02).all()
    off = reliability(margin + 1, y)
    assert (off["stated"] - off["observed"]).max() > 0.1


def test_groups_add_up() -> None:
    rng = np.random.default_rng([3, 5])
    y, margin = (rng.random(2000) < 0.1).astype(float), rng.normal(size=2000)
    groups = pd.Series(rng.choice(["QM", "QN", None], 2000))
    table = group_table(groups, margin, y, rate=0.1)
    assert set(table["group"]) == {"QM", "QN", "not stated"}
    assert (table["n"] * table["examination_rate"]).sum() == pytest.approx(200)
    assert (table["false_alarm_low"] <= table["false_alarm_rate"]).all()
    assert (table["false_alarm_rate"] <= table["false_alarm_high"]).all()


@given(st.integers(0, 2**32 - 1), st.floats(1.5, 300))
def test_cost_is_the_cheapest_of_all_capacities(seed: int, ratio: float) -> None:
    rng = np.random.default_rng([seed, 6])
    margin, y = rng.normal(size=60).round(1), (rng.random(60) < 0.2).astype(float)
    y[0] = 1
    row = cost_table({"m": margin}, y, ratios=(ratio,)).iloc[0]
    by_hand = [(margin >= t).sum() + ratio * y[margin < t].sum() for t in [np.inf, *margin]]
    assert row["cost"] == pytest.approx(1000 * min(by_hand) / 60)
    assert 0 <= row["saved"] < 1 and row["cost"] <= row["cost_as_stated"] + 1e-9
    followed = 1 / (1 + np.exp(-margin)) * ratio >= 1
    assert row["cost_as_stated"] == pytest.approx(1000 * (followed.sum() + ratio * y[~followed].sum()) / 60)


def test_the_weighted_estimates_hold_where_the_naive_one_cannot() -> None:
    """Examined mostly where the score is high, 40 times: naive never holds, the others nearly always."""
    held = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 45])
        margin = rng.normal(-4, 1.5, 5000)
        truth = rng.random(5000) < 1 / (1 + np.exp(-margin))
        probability = np.where(margin > -2, 0.6, 0.05)
        y = np.where(rng.random(5000) < probability, truth, np.nan)
        table = estimate_table(margin, y, probability, rates=(0.05,), truth=truth).set_index(["among", "estimator"])
        held.append((table["low"] <= table["truth"]) & (table["truth"] <= table["high"]))
    share = pd.concat(held, axis=1).mean(axis=1)
    assert share[(1.0, "naive")] == 0
    assert share.drop("naive", level="estimator").min() >= 0.85


def test_schemes_add_up_to_what_was_found() -> None:
    rng = np.random.default_rng([5, 5])
    margin, scheme = rng.normal(size=500), pd.Series(rng.choice(["one", "two", None], 500))
    table, y = scheme_table(scheme, margin, rates=(0.1,)), scheme.notna().to_numpy(dtype=float)
    whole = capacity_table({"m": margin}, y, rates=(0.1,)).set_index("policy")
    assert table["found"].sum() == pytest.approx(whole.at["m", "found"]) and set(table["scheme"]) == {"one", "two"}
    assert ((table["low"] <= table["detection_rate"]) & (table["detection_rate"] <= table["high"])).all()
