"""Which feature pairs deserve a joint table: those whose residual pattern an additive model leaves over.

In the spirit of FAST (Lou et al. 2013): cut both features into a few bins, and ask in how far the
additive model's gradient, summed by cell of the grid, is larger than chance would leave there.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

__all__ = ["rank_pairs"]

_BINS = 8
_CLEAR = 3.0


def rank_pairs(X: np.ndarray, y: np.ndarray, p: np.ndarray, *,
               weight: np.ndarray | None = None) -> list[tuple[int, int]]:
    """Pairs whose residual score stands clearly above chance, strongest first.

    Parameters
    ----------
    X : (n_items, n_features)
        Numbers, NaN for missing.
    y, p : (n_items,)
        Labels in {0, 1} and the additive model's probabilities.
    weight : (n_items,), optional

    Notes
    -----
    Under "no interaction" the sum over cells of G²/H has about as many degrees of freedom as cells; the
    score is its excess in standard deviations, and pairs below 3 are not offered.
    """
    w = np.ones(len(y)) if weight is None else weight / weight.mean()
    gradient, hessian = w * (y - p), w * w * p * (1 - p)
    codes = [_coarse(X[:, j]) for j in range(X.shape[1])]
    scored = [(_excess(codes[a] * (_BINS + 1) + codes[b], gradient, hessian), (a, b))
              for a, b in combinations(range(X.shape[1]), 2)]
    return [pair for score, pair in sorted(scored, reverse=True) if score > _CLEAR]


def _coarse(x: np.ndarray) -> np.ndarray:
    """Quantile bins 0 … 7, missing 8."""
    known = x[~np.isnan(x)]
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else []
    return np.where(np.isnan(x), _BINS, np.searchsorted(cuts, x)).astype(np.int64)


def _excess(cell: np.ndarray, gradient: np.ndarray, hessian: np.ndarray) -> float:
    size = (_BINS + 1) ** 2
    g, h = np.bincount(cell, gradient, size), np.bincount(cell, hessian, size)
    full = h > 0.5  # a cell with less information than half an observation at p = ½ says nothing
    cells = int(full.sum())
    return float(((g[full] ** 2 / h[full]).sum() - cells) / np.sqrt(2 * cells)) if cells > 3 else 0.0
