"""Two models on the same items: a paired bootstrap, and a verdict that claims no more than it shows.

The same resampled items judge both models, so what makes a sample easy or hard for both drops out of the
difference (Efron and Tibshirani 1993, ch. 16). Items are resampled one by one; items of one party are
alike, so true intervals are a little wider.

>>> y = np.array([0, 0, 0, 1] * 50)
>>> right, wrong = y + 0.0, -y + 0.0
>>> compare_margins(right, wrong, y, repeats=50)[["measure", "verdict"]].values.tolist()[0]
['average_precision', 'A is better']
>>> set(compare_margins(right, right, y, repeats=50)["verdict"])
{'we cannot tell'}
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from risk.errors import BadSetting, Refused
from risk.evaluation import RATES
from risk.evaluation.ranked import Ranked

__all__ = ["CANNOT_TELL", "compare_margins"]

CANNOT_TELL = "we cannot tell"
_LOWER_IS_BETTER = ("brier",)


def compare_margins(
    a: np.ndarray,
    b: np.ndarray,
    y: np.ndarray,
    *,
    weight: np.ndarray | None = None,
    repeats: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Measures of two models, their difference with a 95 % interval, and a verdict.

    Parameters
    ----------
    a, b
        Margins (log-odds) of the two models on the same items, shape (n_items,).
    y
        What an examination would show, in {0, 1}, shape (n_items,).
    weight
        How many items of the stream each row stands for; None when every item is judged.
    repeats
        Bootstrap samples, at least 50.

    Returns
    -------
    DataFrame
        ``measure, a, b, difference, low, high, verdict``; `difference` is b − a, and the verdict is
        "we cannot tell" wherever its interval covers 0.

    Raises
    ------
    risk.errors.BadSetting, risk.errors.Refused
        Too few samples; no irregular item, or nothing else.
    """
    if repeats < 50:
        raise BadSetting("repeats", got=repeats, expected="a whole number, at least 50")
    y = np.asarray(y, float)
    if not 0 < y.sum() < len(y):
        raise Refused(
            f"Expected irregular and regular items to compare on; got {int(y.sum())} irregular of {len(y)}. "
            "Compare on a longer period."
        )
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    ranked = Ranked.of(a), Ranked.of(b)
    whole = [r.measures(y, w, rates=RATES) for r in ranked]
    gaps = pd.DataFrame(_gaps(ranked, y, w, repeats=repeats, seed=seed))
    rows = []
    for name in whole[0]:
        low, high = (float(gaps[name].quantile(q)) for q in (0.025, 0.975))
        one, two = whole[0][name], whole[1][name]
        rows.append({"measure": name, "a": one, "b": two, "difference": two - one, "low": low, "high": high,
                     "verdict": _verdict(low, high, lower_is_better=name in _LOWER_IS_BETTER)})  # fmt: skip
    return pd.DataFrame(rows)


def _gaps(
    ranked: tuple[Ranked, Ranked], y: np.ndarray, w: np.ndarray, *, repeats: int, seed: int
) -> list[dict[str, float]]:
    rng, out = np.random.default_rng([seed, 61]), []
    while len(out) < repeats:
        times = np.bincount(rng.integers(0, len(y), len(y)), minlength=len(y))
        if 0 < (times * y).sum() < times.sum():  # a sample without a find, or with nothing else, judges nothing
            a, b = (r.measures(y, w * times, rates=RATES) for r in ranked)
            out.append({name: b[name] - a[name] for name in a})
    return out


def _verdict(low: float, high: float, *, lower_is_better: bool) -> str:
    if low <= 0 <= high:
        return CANNOT_TELL
    return "B is better" if (low > 0) != lower_is_better else "A is better"
