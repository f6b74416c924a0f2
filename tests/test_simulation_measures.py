"""The lab's measures, by hand: norms, rolling windows, times of schemes, burden, calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from risk.simulation.measures import ROLLING, burden, calibration, scheme_times, summary, weekly_measures


def weeks(n: int, **columns) -> pd.DataFrame:
    """A weekly table of one run: 10 examined, 4 irregular of which 2 examined, unless said otherwise."""
    base = {"n": 100, "examined": 10, "found": 1, "irregular_examined": 2, "irregular": 4, "oracle_irregular": 3.0,
            "findable": 3, "stated": 5.0, "random_share": 0.1}
    return pd.DataFrame({"week": range(n), "policy": "p", "seed": 1, **{k: [v] * n for k, v in base.items()}}).assign(
        **columns)


def test_norm_precision_is_the_mean_of_weekly_ratios_and_norm_detection_the_ratio_of_sums() -> None:
    t = weekly_measures(weeks(2, irregular_examined=[1, 2], oracle_irregular=[2.0, 8.0], irregular=[4, 10]))
    assert t["norm_precision"].iloc[-1] == pytest.approx((1 / 2 + 2 / 8) / 2, abs=1e-12)
    assert t["norm_detection"].iloc[-1] == pytest.approx(3 / 10, abs=1e-12)
    assert t["norm_hindsight"].iloc[-1] == pytest.approx((1 / 4 + 2 / 10) / 2, abs=1e-12)


def test_a_week_without_irregular_items_counts_in_no_mean() -> None:
    t = weekly_measures(weeks(2, irregular=[4, 0], oracle_irregular=[2.0, 0.0], irregular_examined=[1, 0]))
    assert t["norm_precision"].iloc[-1] == pytest.approx(0.5, abs=1e-12)


def test_rolling_measures_forget_after_their_window() -> None:
    n = ROLLING + 5
    t = weekly_measures(weeks(n, irregular_examined=[0] * 5 + [3] * ROLLING))
    assert t["norm_precision"].iloc[-1] == pytest.approx(1.0, abs=1e-12)
    assert t["norm_precision"].iloc[-2] < 1


def test_the_summary_has_a_row_a_run_and_window_and_leaves_out_windows_as_long_as_the_run() -> None:
    both = pd.concat([weeks(20), weeks(20, seed=2, found=3)])
    s = summary(both).set_index(["seed", "window"])
    assert set(s.index.get_level_values("window")) == {"all", "last 13"}
    assert s.loc[(1, "all"), "yield"] == pytest.approx(10.0) and s.loc[(2, "all"), "hit_rate"] == pytest.approx(0.3)
    assert s.loc[(1, "last 13"), "weeks"] == 13
    assert s.loc[(1, "all"), "stated_rate"] == pytest.approx(0.05) and s.loc[(1, "all"), "true_rate"] == pytest.approx(
        0.03)


def test_scheme_times_count_from_the_scheme_s_first_item() -> None:
    t = pd.DataFrame({"policy": "p", "week": [0, 1, 2, 3], "scheme": "s", "existing": [0, 4, 4, 4],
                      "examined": [0, 0, 1, 4]})
    row = scheme_times(t, trailing=1).iloc[0]
    assert (row["first_week"], row["weeks_to_first"], row["weeks_to_half"]) == (1, 1.0, 2.0)
    assert row["coverage"] == pytest.approx(5 / 12, abs=1e-12)


def test_a_scheme_never_examined_has_no_time_and_one_that_never_came_no_row() -> None:
    t = pd.DataFrame({"policy": "p", "week": [0, 1] * 2, "scheme": ["s", "s", "never", "never"],
                      "existing": [1, 1, 0, 0], "examined": 0})
    times = scheme_times(t)
    assert times["scheme"].tolist() == ["s"] and np.isnan(times["weeks_to_first"].iloc[0])


def test_burden_is_false_alarms_per_thousand_of_the_origin() -> None:
    t = pd.DataFrame({"policy": "p", "group": ["QM", "QM", "QN"], "n": [500, 500, 100], "examined": [5, 5, 10],
                      "false_alarms": [3, 4, 10]})
    b = burden(t).set_index("group")
    assert b.loc["QM", "false_alarms_per_1000"] == pytest.approx(7.0, abs=1e-12)
    assert b.loc["QN", "examination_rate"] == pytest.approx(0.1, abs=1e-12)


def test_calibration_sets_stated_beside_true_and_beside_what_was_examined() -> None:
    row = calibration(weeks(3)).iloc[0]
    assert (row["stated"], row["true"], row["examined"]) == pytest.approx((0.05, 0.03, 0.1), abs=1e-12)
