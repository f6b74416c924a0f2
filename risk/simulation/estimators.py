"""The three estimates of `risk.evaluation.estimators` over the weeks of a run, beside the truth."""

from __future__ import annotations

import pandas as pd

from risk.evaluation.estimators import ESTIMATORS, Sums, rate

__all__ = ["estimates", "sums_of"]


def sums_of(weekly: pd.DataFrame) -> Sums:
    """The sums of some weeks of a run's weekly table."""
    t = weekly.sum(numeric_only=True)
    return Sums(
        t["n"],
        t["examined"],
        t["found"],
        t["certain"],
        t["found_certain"],
        t["rest_weight"],
        t["rest_found_weight"],
        t["rest_weight_squared"],
    )


def estimates(weekly: pd.DataFrame) -> pd.DataFrame:
    """The three over all weeks of a run, beside the truth: ``estimator, rate, low, high, truth, covers``."""
    sums, truth = sums_of(weekly), weekly["findable"].sum() / weekly["n"].sum()
    rows = [
        dict(zip(("estimator", "rate", "low", "high"), (kind, *rate(sums, kind)), strict=True))
        for kind in ESTIMATORS
    ]
    out = pd.DataFrame(rows).assign(truth=truth)
    return out.assign(covers=(out["low"] <= truth) & (truth <= out["high"]))
