"""A fast learner for weekly retraining: boosted one-split trees over fixed bins, kept as one table a feature.

It is the additive part of the workbench's GA²M (Lou et al. 2012), fitted on bins that were cut once, so that
a year of retraining costs seconds. Ordered features split at a threshold, with missing values (the last
bin) on either side; categories split into the lower and higher part of their present order (Fisher 1958, as
LightGBM does). Directions from the dictionary hold.

>>> bins = np.array([[0], [0], [1], [1]] * 30, np.uint8)
>>> model = fit_tables(bins, np.array([0.0, 0, 1, 1] * 30), Form.of([2]))
>>> bool(model.margins(bins)[2] > 0 > model.margins(bins)[0])
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

__all__ = ["Form", "Setting", "Tables", "fit_bags", "fit_tables"]


@dataclass(frozen=True)
class Form:
    """What the columns of a bin matrix are.

    Attributes
    ----------
    sizes
        Bins of each feature, the last for missing values, shape (p,).
    unordered
        Whether bins are categories, shape (p,).
    direction
        -1, 0 or +1: how the margin may move with the bin, shape (p,).
    """

    sizes: np.ndarray
    unordered: np.ndarray
    direction: np.ndarray

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        *,
        unordered: Sequence[bool] | None = None,
        direction: Sequence[int] | None = None,
    ) -> "Form":
        """From plain lists; ordered and free by default."""
        p = len(sizes)
        return cls(
            np.asarray(sizes, np.int64),
            np.asarray([False] * p if unordered is None else unordered, np.bool_),
            np.asarray([0] * p if direction is None else direction, np.int64),
        )


@dataclass(frozen=True)
class Setting:
    """How to boost. `rounds` of one split each, steps shortened by `rate`, ridge `l2` on each leaf."""

    rounds: int = 200
    rate: float = 0.10
    l2: float = 2.0
    least: float = 1.0


@dataclass(frozen=True)
class Tables:
    """A fitted model: ``base`` plus one table entry a feature, log-odds; `table` has shape (p, most bins)."""

    base: float
    table: np.ndarray

    def margins(self, bins: np.ndarray) -> np.ndarray:
        """Log-odds, shape (n_items,), for uint8 `bins` (n_items, p)."""
        return _look_up(bins, self.table, self.base)

    def effects(self, bins: np.ndarray) -> np.ndarray:
        """Each feature's table entry, shape (n_items, p), log-odds."""
        return self.table[np.arange(self.table.shape[0])[None, :], bins]


def fit_tables(
    bins: np.ndarray,
    y: np.ndarray,
    form: Form,
    *,
    weight: np.ndarray | None = None,
    setting: Setting = Setting(),
) -> Tables:
    """Fit to labels `y` in {0, 1}, shape (n_rows,), with weights of the same shape (their mean is made 1)."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    w = w / w.mean()
    found = float(np.clip((w @ y + 0.5) / (w.sum() + 1.0), 1e-6, 1 - 1e-6))
    base = float(np.log(found / (1 - found)))
    table = _boost(
        np.ascontiguousarray(bins, np.uint8),
        np.asarray(y, float),
        w,
        base,
        (form.sizes, form.unordered, form.direction),
        (setting.rounds, setting.rate, setting.l2, setting.least),
    )
    return Tables(base, table)


def fit_bags(
    bins: np.ndarray,
    y: np.ndarray,
    form: Form,
    *,
    weight: np.ndarray,
    rng: np.random.Generator,
    n_bags: int = 8,
    setting: Setting = Setting(),
) -> list[Tables]:
    """Models of Bayesian-bootstrap resamples (exponential weights, Rubin 1981)."""
    return [
        fit_tables(bins, y, form, weight=weight * rng.exponential(size=len(y)), setting=setting)
        for _ in range(n_bags)
    ]


@numba.njit(cache=True, nogil=True)
def _look_up(bins, table, base):  # pragma: no cover - compiled
    out = np.empty(bins.shape[0])
    for i in range(bins.shape[0]):
        total = base
        for j in range(bins.shape[1]):
            total += table[j, bins[i, j]]
        out[i] = total
    return out


@numba.njit(cache=True, nogil=True)
def _boost(bins, y, w, base, form, setting):  # pragma: no cover - compiled
    sizes, unordered, direction = form
    rounds, rate, l2, least = setting
    n, p = bins.shape
    table = np.zeros((p, sizes.max()))
    margin = np.full(n, base)
    low, best_low = np.zeros(sizes.max(), np.bool_), np.zeros(sizes.max(), np.bool_)
    for _ in range(rounds):
        g, h = _gradients(bins, y, w, margin, sizes.max())
        best, at, left, right = 0.0, -1, 0.0, 0.0
        for j in range(p):
            gain, a, b = _best_split(
                g[j, : sizes[j]], h[j, : sizes[j]], unordered[j], direction[j], l2, least, low
            )
            if gain > best:
                best, at, left, right = gain, j, a, b
                best_low[:] = low
        if at < 0:
            break
        for k in range(sizes[at]):
            table[at, k] += rate * (left if best_low[k] else right)
        for i in range(n):
            margin[i] += rate * (left if best_low[bins[i, at]] else right)
    return table


@numba.njit(cache=True, nogil=True)
def _gradients(bins, y, w, margin, most):  # pragma: no cover - compiled
    n, p = bins.shape
    g, h = np.zeros((p, most)), np.zeros((p, most))
    for i in range(n):
        chance = 1.0 / (1.0 + np.exp(-margin[i]))
        slope, bend = w[i] * (y[i] - chance), w[i] * chance * (1.0 - chance)
        for j in range(p):
            g[j, bins[i, j]] += slope
            h[j, bins[i, j]] += bend
    return g, h


@numba.njit(cache=True, nogil=True)
def _best_split(g, h, unordered, direction, l2, least, low):  # pragma: no cover - compiled
    """Best gain and the two leaf values of one feature; `low` is filled with the bins of the lower leaf."""
    size = len(g)
    ranked = np.argsort(g / (h + 10.0)) if unordered else np.arange(size)
    all_g, all_h = g.sum(), h.sum()
    best, best_k, best_missing, left, right = 0.0, -1, False, 0.0, 0.0
    for missing in range(1 if unordered else 2):
        sum_g = g[size - 1] if missing else 0.0
        sum_h = h[size - 1] if missing else 0.0
        for k in range(size - 1):
            sum_g += g[ranked[k]]
            sum_h += h[ranked[k]]
            if sum_h < least or all_h - sum_h < least:
                continue
            a, b = sum_g / (sum_h + l2), (all_g - sum_g) / (all_h - sum_h + l2)
            if direction * (b - a) < 0.0:
                continue
            gain = a * sum_g + b * (all_g - sum_g) - all_g * all_g / (all_h + l2)
            if gain > best:
                best, best_k, best_missing, left, right = gain, k, missing == 1, a, b
    low[:] = False
    for k in range(best_k + 1):
        low[ranked[k]] = True
    if best_missing:
        low[size - 1] = True
    return best, left, right
