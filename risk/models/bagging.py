"""What bagged fits share: bootstrap samples, step functions on common thresholds, and where steps may go.

The mean of several fits on resampled items is steadier than one fit, and how far they lie apart is the
uncertainty of each shape (Breiman 1996; the outer bags of Lou et al. 2013).
"""

from __future__ import annotations

import numpy as np

__all__ = ["joined", "on_edges", "resample", "runs"]


def resample(kind: np.ndarray, *, seed: list[int]) -> np.ndarray:
    """A bootstrap sample of row numbers that keeps how many rows there are of each kind.

    >>> kind = np.array([0, 0, 0, 1])
    >>> np.bincount(kind[resample(kind, seed=[1])]).tolist()
    [3, 1]
    """
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.choice(rows, len(rows)) for k in np.unique(kind) for rows in [np.flatnonzero(kind == k)]]
    )


def on_edges(edges: np.ndarray, own_edges: np.ndarray, table: np.ndarray) -> np.ndarray:
    """A step function over bins, read at the upper end of each bin of other edges; the missing bin stays last.

    >>> on_edges(np.array([1.0, 2.0]), np.array([2.0]), np.array([5.0, 7.0, 9.0])).tolist()
    [5.0, 5.0, 7.0, 9.0]
    """
    at = np.searchsorted(own_edges, np.append(edges, np.float32(np.inf)), side="left")
    return np.concatenate([table[at], table[-1:]])


def runs(table: np.ndarray, tolerance: float) -> np.ndarray:
    """First bins of runs whose values stay within `tolerance` in every column; the missing bin left out.

    >>> runs(np.array([[0.0], [0.01], [0.5], [9.0]]), 0.05).tolist()
    [0, 2]
    """
    starts, low, high = [0], table[0], table[0]
    for i in range(1, len(table) - 1):
        low, high = np.minimum(low, table[i]), np.maximum(high, table[i])
        if (high - low).max() > tolerance:
            starts.append(i)
            low = high = table[i]
    return np.array(starts)


def joined(table: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The table with each run of bins replaced by its mean; the missing bin stays last.

    >>> joined(np.array([1.0, 3.0, 5.0, 9.0]), np.array([0, 2])).tolist()
    [2.0, 5.0, 9.0]
    """
    sizes = np.diff(np.append(starts, len(table) - 1)).reshape(-1, *[1] * (table.ndim - 1))
    return np.concatenate([np.add.reduceat(table[:-1], starts, axis=0) / sizes, table[-1:]])
