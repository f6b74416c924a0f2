"""How irregular is the whole stream? Three answers from examined items only, with 95 % intervals.

*Naive*: finds per examined item, as if they had been picked blindly. *Horvitz–Thompson* (1952): each find
counts as 1/π items. *Hájek* (1971): the same divided by the estimated instead of the known number of items.

Items taken for certain (π = 1) tell about themselves only and add no uncertainty. For the rest the
interval is Clopper and Pearson's at the effective sample size of Korn and Graubard (1998), which holds up
where finds are few. All of them estimate what examinations would show; divide by the sensitivity of an
examination to speak of irregular items. Nothing can be said of items that a policy never examines (π = 0).

>>> t = tally(np.array([1.0, 0.1, 0.1]), np.array([1, 0, 1]), n=21)
>>> [round(rate(t, kind)[0], 3) for kind in ESTIMATORS]
[0.667, 0.524, 0.524]
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy.stats import beta

__all__ = ["ESTIMATORS", "Sums", "estimate_table", "rate", "tally"]

ESTIMATORS = ("naive", "horvitz-thompson", "hajek")
_CERTAIN = 1 - 1e-9


@dataclass(frozen=True)
class Sums:
    """Sums that the estimators need: add them over weeks.

    `n` items in all; `examined`, `found`; `certain`, `found_certain` of those with π = 1; and over the other
    examined ones ``Σ 1/π``, ``Σ find/π``, ``Σ 1/π²``.
    """

    n: float = 0.0
    examined: float = 0.0
    found: float = 0.0
    certain: float = 0.0
    found_certain: float = 0.0
    weight: float = 0.0
    found_weight: float = 0.0
    weight_squared: float = 0.0

    @property
    def effective(self) -> float:
        """How many items picked with equal chances would say as much about the rest (Kish): (Σw)² / Σw²."""
        return self.weight**2 / self.weight_squared if self.weight_squared else 0.0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def tally(probability: np.ndarray, find: np.ndarray, *, n: int) -> Sums:
    """Sums of one week's examined items: their inclusion probabilities and finds, of `n` items in all."""
    pi, y = np.asarray(probability, float), np.asarray(find, float)
    rest = pi < _CERTAIN
    w = 1.0 / pi[rest]
    return Sums(
        float(n),
        float(len(pi)),
        float(y.sum()),
        float((~rest).sum()),
        float(y[~rest].sum()),
        float(w.sum()),
        float(w @ y[rest]),
        float(w @ w),
    )


def rate(sums: Sums, kind: str, *, level: float = 0.95) -> tuple[float, float, float]:
    """Estimate and interval of the share of items in which an examination would find something."""
    if kind == "naive":
        return (sums.found / max(sums.examined, 1.0), *_exact(sums.found, sums.examined, level))
    left = max(sums.n - sums.certain, 0.0)
    if sums.weight <= 0.0 or left <= 0.0:
        share = sums.found_certain / max(sums.n, 1.0)
        return share, share, share + (left / max(sums.n, 1.0))
    per_item = sums.found_weight / (left if kind == "horvitz-thompson" else sums.weight)
    low, high = _exact(min(per_item, 1.0) * sums.effective, sums.effective, level)
    return tuple(float((sums.found_certain + left * p) / sums.n) for p in (per_item, low, high))


def estimate_table(
    margin: np.ndarray,
    y: np.ndarray,
    probability: np.ndarray,
    *,
    rates: tuple[float, ...],
    truth: np.ndarray | None = None,
) -> pd.DataFrame:
    """The three estimates of a stream's rate, and of the rate among its highest scores, with 95 % intervals.

    Parameters
    ----------
    margin
        Of every item, examined or not, shape (n_items,).
    y
        What the examination showed, NaN where there was none, shape (n_items,).
    probability
        Inclusion probability of each examined item, shape (n_items,).
    rates
        Shares of the highest scores to estimate for, besides all items (1.0).
    truth
        Whether each item is irregular, where that is known, shape (n_items,).

    Returns
    -------
    DataFrame
        ``among, items, examined, found, estimator, rate, low, high`` and, with `truth`, ``truth``.

    >>> y, probability = np.array([0, np.nan, np.nan, 1]), np.array([0.2, 1, 1, 1])
    >>> t = estimate_table(np.arange(4.0), y, probability, rates=(0.25,))
    >>> t.loc[t["estimator"] == "hajek", ["among", "rate"]].values.tolist()
    [[1.0, 0.25], [0.25, 1.0]]
    """
    order, rows = np.argsort(-margin, kind="stable"), []
    for share in (1.0, *rates):
        inside = order[: max(1, round(share * len(order)))]
        seen = inside[np.isfinite(y[inside])]
        sums = tally(probability[seen], y[seen], n=len(inside))
        known = {} if truth is None else {"truth": float(np.mean(truth[inside]))}
        for kind in ESTIMATORS:
            value, low, high = rate(sums, kind)
            rows.append(
                {"among": share, "items": len(inside), "examined": len(seen), "found": int(y[seen].sum()),
                 "estimator": kind, "rate": value, "low": low, "high": high, **known}  # fmt: skip
            )
    return pd.DataFrame(rows)


def _exact(found: float, n: float, level: float) -> tuple[float, float]:
    """Clopper and Pearson's interval, for numbers that need not be whole."""
    if n <= 0:
        return 0.0, 1.0
    a = (1 - level) / 2
    low = float(beta.ppf(a, found, n - found + 1)) if found > 0 else 0.0
    high = float(beta.ppf(1 - a, found + 1, n - found)) if found < n else 1.0
    return low, high
